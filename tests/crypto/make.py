"""Rings for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.keys import KeyRing, Purpose, new_ring

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SIGNING = (
    Algorithm.ED25519, Algorithm.ECDSA_P256, Algorithm.ECDSA_P384, Algorithm.SM2, Algorithm.HMAC_SM3,
    Algorithm.HMAC_SHA256,
)  # fmt: skip
QUICK = (Algorithm.ED25519, Algorithm.ECDSA_P256, Algorithm.ECDSA_P384, Algorithm.HMAC_SM3)
SEALING = (Algorithm.AES_256_GCM, Algorithm.SM4_GCM)


def ring(algorithm: Algorithm, use: Use = Use.SIGN, name: str = "test") -> KeyRing:
    return new_ring(Purpose(name, use, algorithm, "for tests"), now=NOW)
