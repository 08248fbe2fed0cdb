"""SM3 and keyed digests, and the comparison that takes the same time whatever it finds.

SM3 is GB/T 32905-2016, by ``cryptography`` (OpenSSL); HMAC-SM3 is RFC 2104 with it.
"""

from __future__ import annotations

import hmac as _hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC


def sm3(data: bytes) -> bytes:
    """The 32 bytes of SM3."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The 32 bytes of HMAC-SM3."""
    return _keyed(hashes.SM3(), key, data)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The 32 bytes of HMAC-SHA-256."""
    return _keyed(hashes.SHA256(), key, data)


def _keyed(algorithm: hashes.HashAlgorithm, key: bytes, data: bytes) -> bytes:
    made = HMAC(key, algorithm)
    made.update(data)
    return made.finalize()


def equal(one: bytes | str, other: bytes | str) -> bool:
    """Whether both are the same, in a time that does not tell where they differ."""
    return _hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
