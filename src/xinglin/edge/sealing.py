"""What keeps a stolen disk of a front machine from being read: everything that tells of somebody is sealed.

The key is a ring of the house (``crypto.folder``) in a folder of its own, which is not the buffer's.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import zstandard

from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.folder import KeyFolder, KeysUnusable
from xinglin.crypto.keys import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

BUFFER = Purpose(
    "edge-buffer", Use.SEAL, Algorithm.AES_256_GCM, "seals the messages that wait in a front machine"
)
_LARGEST = 1 << 30


class Seal:
    """Seals with the current key of the ring and opens with the one that sealed."""

    def __init__(self, folder: Path, now: Callable[[], datetime], *, make: bool = False) -> None:
        keys = KeyFolder(folder, now)
        if not make and not keys.has(BUFFER):
            raise KeysUnusable(
                f"There is no key in {folder}: restore edge-buffer.json from its copy, or make one for an empty buffer"
                " with `xinglin edge init`."
            )
        self._ring = keys.ring(BUFFER)
        # the first key of the ring makes the hashes, so that they stay what they are when the ring is rotated
        self._hashing = blake2b(b"xinglin-edge-hash-1", key=self._ring.keys[0].secret[:64]).digest()
        self.mark = blake2b(b"xinglin-mark-1", key=self._ring.keys[0].secret[:64], digest_size=8).hexdigest()

    def seal(self, plain: bytes, about: str) -> bytes:
        """Compressed and sealed; it opens only as what it is about."""
        key = self._ring.current
        packed = zstandard.ZstdCompressor(level=3).compress(plain)
        return key.version.to_bytes(2) + key.sealer.seal(packed, _about(key.version, about))

    def open(self, sealed: bytes, about: str) -> bytes:
        """What was sealed; raises ``KeysUnusable`` for what was altered or has another key."""
        version = int.from_bytes(sealed[:2])
        key = self._ring.key(version)
        packed = key.sealer.open(sealed[2:], _about(version, about)) if key else None
        if packed is None:
            raise KeysUnusable(
                f"The buffer is damaged, or was sealed with another key {version} than there is."
            )
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST)

    def hash(self, use: str, value: bytes) -> bytes:
        """A keyed hash of 16 bytes: equal values are found, and nothing is told of them."""
        return blake2b(use.encode() + b"\0" + value, key=self._hashing, digest_size=16).digest()


def _about(version: int, about: str) -> bytes:
    return f"xinglin-edge-1\0{version}\0{about}".encode()
