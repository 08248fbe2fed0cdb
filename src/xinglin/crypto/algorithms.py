"""The algorithms by name. A key has one; nothing that is signed or sealed ever says which."""

from __future__ import annotations

from enum import StrEnum


class Algorithm(StrEnum):
    """What a key works with."""

    ED25519 = "ed25519"  # RFC 8032
    ECDSA_P256 = "ecdsa-p256"  # FIPS 186-5 with SHA-256
    ECDSA_P384 = "ecdsa-p384"  # the same with SHA-384
    SM2 = "sm2"  # GB/T 32918 with SM3
    HMAC_SM3 = "hmac-sm3"
    HMAC_SHA256 = "hmac-sha256"
    AES_256_GCM = "aes-256-gcm"  # NIST SP 800-38D
    SM4_GCM = "sm4-gcm"  # GB/T 32907 in the same mode, as RFC 8998 has it


class Use(StrEnum):
    """What a ring of keys is for."""

    SIGN = "sign"  # tokens and records
    SEAL = "seal"  # fields
    HASH = "hash"  # numbers and search keys that cannot be guessed


FIT: dict[Use, frozenset[Algorithm]] = {
    Use.SIGN: frozenset(
        {
            Algorithm.ED25519,
            Algorithm.ECDSA_P256,
            Algorithm.ECDSA_P384,
            Algorithm.SM2,
            Algorithm.HMAC_SM3,
            Algorithm.HMAC_SHA256,
        }
    ),
    Use.SEAL: frozenset({Algorithm.AES_256_GCM, Algorithm.SM4_GCM}),
    Use.HASH: frozenset({Algorithm.HMAC_SM3, Algorithm.HMAC_SHA256}),
}
"""Which algorithms a ring of that use may have."""
