r"""Encrypting what is too long to be held at once: files, archives, logs.

The text is cut into pieces of a mebibyte, each sealed with AES-256-GCM under a key of the file's own. The place of a
piece and whether it is the last are part of what is sealed, so that pieces can be neither altered nor dropped, swapped
or taken from another file: the construction called STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015). The file's
key comes from the given key and a random salt by HKDF-SHA-256 (RFC 5869).

A file: eight bytes ``XLSTRM1\n``, sixteen of salt, then the pieces, each sixteen bytes longer than its text.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = b"XLSTRM1\n"
PIECE = 1 << 20
KEY_BYTES = 32
_SALT_BYTES = 16
_TAG_BYTES = 16
_NONCE = struct.Struct(">7xIB")  # zeros, the piece's number, 1 for the last


class Unreadable(ValueError):  # noqa: N818 -- says what is the matter
    """The text was not sealed with this key, or it is not as it was."""


def seal(pieces: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The sealed form of the bytes that ``pieces`` make together, whatever their lengths; ``key`` has 32 bytes."""
    salt = os.urandom(_SALT_BYTES)
    yield MAGIC + salt
    cipher = _cipher(key, salt)
    number, held = 0, bytearray()
    for piece in pieces:
        held += piece
        while len(held) > PIECE:  # one is kept back: it may be the last
            yield cipher.encrypt(_NONCE.pack(number, 0), bytes(held[:PIECE]), None)
            del held[:PIECE]
            number += 1
    yield cipher.encrypt(_NONCE.pack(number, 1), bytes(held), None)


def unseal(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The text, piece by piece; raises ``Unreadable`` before it gives out anything that was altered.

    What was cut short is noticed at the end: whoever reads must not use the text before that.
    """
    head = source.read(len(MAGIC) + _SALT_BYTES)
    if len(head) != len(MAGIC) + _SALT_BYTES or not head.startswith(MAGIC):
        raise Unreadable("This is no sealed stream: its first bytes are others.")
    cipher = _cipher(key, head[len(MAGIC) :])
    number, piece = 0, source.read(PIECE + _TAG_BYTES)
    while True:
        following = source.read(PIECE + _TAG_BYTES)
        try:
            yield cipher.decrypt(_NONCE.pack(number, 0 if following else 1), piece, None)
        except InvalidTag:
            raise Unreadable(
                f"Piece {number} was altered, or the stream was cut short, or the key is another."
            ) from None
        if not following:
            return
        number, piece = number + 1, following


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"A key has {KEY_BYTES} bytes, not {len(key)}.")
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"xinglin stream").derive(key))
