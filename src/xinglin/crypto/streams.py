r"""Encrypting what is too long to be held at once: files, archives, logs.

The text is cut into pieces of a mebibyte, each sealed with AES-256-GCM under a key of the file's own. The place of a
piece and whether it is the last are part of what is sealed, so that pieces can be neither altered nor dropped, swapped
or taken from another file: the construction called STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015). The file's
key comes from the given key and a random salt by HKDF-SHA-256 (RFC 5869).

A file: eight bytes ``XLSTRM1\n``, sixteen of salt, then the pieces, each sixteen bytes longer than its text.
"""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed import WriteableBuffer

MAGIC = b"XLSTRM1\n"
PIECE = 1 << 20
KEY_BYTES = 32
_SALT_BYTES = 16
_TAG_BYTES = 16
_NONCE = struct.Struct(">7xIB")  # zeros, the piece's number, 1 for the last


class Unreadable(ValueError):  # noqa: N818 -- says what is the matter
    """The text was not sealed with this key, or it is not as it was."""


class Sealing:
    """A text that is sealed as it comes: ``head``, then what ``add`` gives, then ``end``. ``key`` has 32 bytes."""

    def __init__(self, key: bytes) -> None:
        salt = os.urandom(_SALT_BYTES)
        self.head = MAGIC + salt
        self._cipher = _cipher(key, salt)
        self._number = 0
        self._held = bytearray()

    def add(self, piece: bytes) -> Iterator[bytes]:
        """Take a piece of any length; what can be written now."""
        held = self._held
        held += piece
        while len(held) > PIECE:  # one is kept back: it may be the last
            yield self._cipher.encrypt(_NONCE.pack(self._number, 0), bytes(held[:PIECE]), None)
            del held[:PIECE]
            self._number += 1

    def end(self) -> bytes:
        """The last piece."""
        return self._cipher.encrypt(_NONCE.pack(self._number, 1), bytes(self._held), None)


def seal(pieces: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """The sealed form of the bytes that ``pieces`` make together, whatever their lengths; ``key`` has 32 bytes."""
    sealing = Sealing(key)
    yield sealing.head
    for piece in pieces:
        yield from sealing.add(piece)
    yield sealing.end()


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


class Unsealed(io.RawIOBase):
    """The text of a sealed file, to be read at any place: pieces are opened as they are needed.

    ``source`` stands where the sealed stream begins, which goes on to the end of the file. It is closed with this.
    """

    name = ""  # those who read files ask for it

    def __init__(self, source: BinaryIO, key: bytes) -> None:
        head = source.read(len(MAGIC) + _SALT_BYTES)
        if len(head) != len(MAGIC) + _SALT_BYTES or not head.startswith(MAGIC):
            raise Unreadable("This is no sealed stream: its first bytes are others.")
        self._source = source
        self._cipher = _cipher(key, head[len(MAGIC) :])
        self._begin = source.tell()
        body = source.seek(0, io.SEEK_END) - self._begin
        self._last = max((body - 1) // (PIECE + _TAG_BYTES), 0)
        self.size = body - (self._last + 1) * _TAG_BYTES
        if self.size < 0:
            raise Unreadable("The stream was cut short.")
        self._place = 0
        self._open = (-1, b"")  # the piece that was opened last

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Give what is left of the piece that the place is in; raises ``Unreadable`` where it was altered."""
        if self._place >= self.size:
            return 0
        number, offset = divmod(self._place, PIECE)
        view = memoryview(buffer).cast("B")
        part = self._piece(number)[offset : offset + len(view)]
        view[: len(part)] = part
        self._place += len(part)
        return len(part)

    def close(self) -> None:
        self._source.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if self._open[0] != number:
            self._source.seek(self._begin + number * (PIECE + _TAG_BYTES))
            sealed = self._source.read(PIECE + _TAG_BYTES)
            try:
                plain = self._cipher.decrypt(_NONCE.pack(number, number == self._last), sealed, None)
            except InvalidTag:
                raise Unreadable(
                    f"Piece {number} was altered, or the stream was cut short, or the key is another."
                ) from None
            self._open = (number, plain)
        return self._open[1]


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"A key has {KEY_BYTES} bytes, not {len(key)}.")
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"xinglin stream").derive(key))
