"""Numbers and ids: time-ordered version numbers, the ids made from them, and the shard each id lives in.

A *version number* (``vid``) is 63 bits: milliseconds since 2020 (41), node (8), counter (14). It orders
versions by time, and carries ``meta.lastUpdated``.

An id made here is fifteen characters: thirteen of Crockford's base 32 for a version number and two for the
shard. Any other id came from a client. ``self_number`` is the one integer by which a resource is known in
every index: the number inside the id if we made it (so the primary key grows at its right edge), else a
negative 64-bit hash. The shard is a function of type and id alone, so that a uniqueness constraint that
contains it still keeps type and id unique.
"""

from __future__ import annotations

import os
import platform
import re
import threading

from xxhash import xxh3_64_intdigest

from xinglin.kernel import clock

EPOCH_MS = 1_577_836_800_000  # 2020-01-01T00:00:00Z
SHARDS = 1024
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {c: i for i, c in enumerate(_ALPHABET)}
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_OURS = re.compile(r"[0-7][0-9abcdefghjkmnpqrstvwxyz]{14}")
_SIGN = 1 << 63
_NODE_BITS = 8
_COUNTER_BITS = 14
_SHIFT = _NODE_BITS + _COUNTER_BITS
_LAST_MS = (1 << 63 - _SHIFT) - 1


def make_id(number: int, shard: int) -> str:
    """The id of a resource first stored as version ``number`` in ``shard``."""
    p = _PAIRS
    return (
        _ALPHABET[number >> 60]
        + p[number >> 50 & 1023]
        + p[number >> 40 & 1023]
        + p[number >> 30 & 1023]
        + p[number >> 20 & 1023]
        + p[number >> 10 & 1023]
        + p[number & 1023]
        + p[shard]
    )


def self_number(type_name: str, id_: str) -> int:
    """The signed 64-bit number by which ``type_name/id_`` is known in every index."""
    if len(id_) == 15 and _OURS.fullmatch(id_):
        number = 0
        for c in id_[:13]:
            number = number << 5 | _VALUE[c]
        return number
    return (xxh3_64_intdigest(f"{type_name}/{id_}".encode()) | _SIGN) - (1 << 64)


def shard_of(type_name: str, id_: str) -> int:
    """The shard (0 … 1023) in which ``type_name/id_`` lives."""
    if len(id_) == 15 and _OURS.fullmatch(id_):
        return _VALUE[id_[13]] << 5 | _VALUE[id_[14]]
    return xxh3_64_intdigest(f"{type_name}/{id_}".encode()) & (SHARDS - 1)


def moment_of(vid: int) -> int:
    """Milliseconds since 1970 at which version ``vid`` was made."""
    return (vid >> _SHIFT) + EPOCH_MS


def floor_vid(milliseconds: int) -> int:
    """The lowest version number of that millisecond; 0 for times before 2020, the last of all after 2089."""
    return min(max(milliseconds - EPOCH_MS, 0), _LAST_MS) << _SHIFT


def ceil_vid(milliseconds: int) -> int:
    """The highest version number of that millisecond."""
    return floor_vid(milliseconds) | ((1 << _SHIFT) - 1)


class VersionNumbers:
    """Makes version numbers, strictly rising, for one process.

    The node is taken from host and process. Two processes that happened on the same one could only make the
    same number in the same millisecond; the database's unique constraint refuses the second, which is then
    tried again.
    """

    def __init__(self, node: int | None = None) -> None:
        self._given = node
        self._process = 0
        self._node = 0
        self._last = 0
        self._lock = threading.Lock()

    def take(self, count: int, *, after: int = 0) -> range:
        """``count`` consecutive numbers, later than any made before and than ``after``.

        When a millisecond's counter overflows the numbers run on into the next millisecond.
        """
        with self._lock:
            if self._process != os.getpid():
                self._enter_process()
            first = max(floor_vid(clock.milliseconds()) | self._node, self._last + 1, after + 1)
            self._last = first + count - 1
            return range(first, first + count)

    def _enter_process(self) -> None:
        self._process = os.getpid()
        host = xxh3_64_intdigest(platform.node().encode())
        node = self._process + host if self._given is None else self._given
        self._node = (node & ((1 << _NODE_BITS) - 1)) << _COUNTER_BITS
