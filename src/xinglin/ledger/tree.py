"""The Merkle tree of RFC 6962: hashes, proofs that an entry is in it, proofs that it only grew.

A *node* ``(height, number)`` is the hash of the entries from ``number * 2**height`` up to the next node of that
height, all of which must exist. Proofs are made from a function that gives nodes, wherever they are kept.
https://www.rfc-editor.org/rfc/rfc6962#section-2.1
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Node = Callable[[int, int], bytes]
EMPTY = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over ``hashes``, a power of two of them."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over any number of hashes of equal height."""
    if not hashes:
        return EMPTY
    peaks, place = [], 0
    for bit in range(len(hashes).bit_length() - 1, -1, -1):
        width = 1 << bit
        if len(hashes) & width:
            peaks.append(fold(hashes[place : place + width]))
            place += width
    return join(peaks)


def join(peaks: Sequence[bytes]) -> bytes:
    """The root over the hashes of ever smaller complete trees, the largest first."""
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = node_hash(peak, found)
    return found


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def subtree(node: Node, start: int, end: int) -> bytes:
    """The hash over entries ``start`` to ``end``, where ``start`` is aligned as RFC 6962 cuts trees."""
    size = end - start
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return node(height, start >> height)
    cut = start + _split(size)
    return node_hash(subtree(node, start, cut), subtree(node, cut, end))


def root(node: Node, size: int) -> bytes:
    return subtree(node, 0, size) if size else EMPTY


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """The proof that entry ``index`` is in the tree of ``size``: the siblings, from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"There is no entry {index} in a tree of {size}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        cut = start + _split(end - start)
        if index < cut:
            proof.append(subtree(node, cut, end))
            end = cut
        else:
            proof.append(subtree(node, start, cut))
            start = cut
    return proof[::-1]


def consistency(node: Node, old: int, new: int) -> list[bytes]:
    """The proof that the tree of ``new`` begins with the tree of ``old``; empty where there is nothing to prove."""
    if not 0 <= old <= new:
        raise ValueError(f"A tree of {new} cannot continue one of {old}")
    if old in {0, new}:
        return []
    proof = []
    start, end, whole = 0, new, True
    while end != old:
        cut = start + _split(end - start)
        if old <= cut:
            proof.append(subtree(node, cut, end))
            end = cut
        else:
            proof.append(subtree(node, start, cut))
            start, whole = cut, False
    if not whole:
        proof.append(subtree(node, start, end))
    return proof[::-1]


def includes(proof: Sequence[bytes], *, index: int, size: int, leaf: bytes, root: bytes) -> bool:
    """Whether ``proof`` shows that the entry with hash ``leaf`` is entry ``index`` of the tree.

    https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
    """
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def continues(proof: Sequence[bytes], *, old: int, new: int, old_root: bytes, new_root: bytes) -> bool:
    """Whether ``proof`` shows that the tree of ``new`` begins with the tree of ``old``.

    https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2
    """
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
