"""Signatures behind two small interfaces, ``Signer`` and ``Verifier``, which a certified module can take the place of.

All have fixed lengths: 64 bytes for Ed25519, ECDSA with P-256 and SM2 (r and s), 96 with P-384, 32 for a keyed digest.
"""

from __future__ import annotations

import secrets
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xinglin.crypto import digests, sm2
from xinglin.crypto.algorithms import Algorithm

LENGTHS = {
    Algorithm.ED25519: 64,
    Algorithm.ECDSA_P256: 64,
    Algorithm.ECDSA_P384: 96,
    Algorithm.SM2: 64,
    Algorithm.HMAC_SM3: 32,
    Algorithm.HMAC_SHA256: 32,
}
"""How many bytes a signature has."""

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
_POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
_CURVES: dict[Algorithm, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    Algorithm.ECDSA_P256: (ec.SECP256R1(), hashes.SHA256()),
    Algorithm.ECDSA_P384: (ec.SECP384R1(), hashes.SHA384()),
}


class Verifier(Protocol):
    """Tells whether a signature is the signer's."""

    @property
    def algorithm(self) -> Algorithm: ...

    @property
    def public(self) -> bytes:
        """What may be given to everybody; empty where signer and verifier share a secret."""

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class Signer(Protocol):
    """Signs with one key, which it does not show."""

    @property
    def algorithm(self) -> Algorithm: ...

    def sign(self, message: bytes) -> bytes: ...

    def verifier(self) -> Verifier: ...


class Ed25519Verifier:
    algorithm = Algorithm.ED25519

    def __init__(self, public: bytes) -> None:
        self.public = public
        self._key = Ed25519PublicKey.from_public_bytes(public)

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Ed25519Signer:
    algorithm = Algorithm.ED25519

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def verifier(self) -> Ed25519Verifier:
        return Ed25519Verifier(self._key.public_key().public_bytes(*_RAW))


class EcdsaVerifier:
    def __init__(self, algorithm: Algorithm, public: bytes) -> None:
        self.algorithm = algorithm
        self.public = public
        curve, self._hash = _CURVES[algorithm]
        self._key = ec.EllipticCurvePublicKey.from_encoded_point(curve, public)

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != LENGTHS[self.algorithm]:
            return False
        half = len(signature) // 2
        pair = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        try:
            self._key.verify(utils.encode_dss_signature(*pair), message, ec.ECDSA(self._hash))
        except InvalidSignature:
            return False
        return True


class EcdsaSigner:
    def __init__(self, algorithm: Algorithm, secret: bytes) -> None:
        self.algorithm = algorithm
        curve, self._hash = _CURVES[algorithm]
        self._key = ec.derive_private_key(int.from_bytes(secret, "big"), curve)

    def sign(self, message: bytes) -> bytes:
        r, s = utils.decode_dss_signature(self._key.sign(message, ec.ECDSA(self._hash)))
        half = LENGTHS[self.algorithm] // 2
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")

    def verifier(self) -> EcdsaVerifier:
        return EcdsaVerifier(self.algorithm, self._key.public_key().public_bytes(*_POINT))


class KeyedDigest:
    """A keyed digest, by which the same secret signs and verifies: nobody else can do either."""

    public = b""

    def __init__(self, algorithm: Algorithm, secret: bytes) -> None:
        self.algorithm = algorithm
        self._secret = secret

    def sign(self, message: bytes) -> bytes:
        keyed = digests.hmac_sm3 if self.algorithm is Algorithm.HMAC_SM3 else digests.hmac_sha256
        return keyed(self._secret, message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        return digests.equal(self.sign(message), signature)

    def verifier(self) -> KeyedDigest:
        return self


def signer(algorithm: Algorithm, secret: bytes) -> Signer:
    """What signs with a key of that algorithm."""
    match algorithm:
        case Algorithm.ED25519:
            return Ed25519Signer(secret)
        case Algorithm.ECDSA_P256 | Algorithm.ECDSA_P384:
            return EcdsaSigner(algorithm, secret)
        case Algorithm.SM2:
            return sm2.Sm2Signer(secret)
        case Algorithm.HMAC_SM3 | Algorithm.HMAC_SHA256:
            return KeyedDigest(algorithm, secret)
        case _:
            raise ValueError(f"{algorithm} does not sign.")


def verifier(algorithm: Algorithm, public: bytes) -> Verifier:
    """What verifies with a public key alone."""
    match algorithm:
        case Algorithm.ED25519:
            return Ed25519Verifier(public)
        case Algorithm.ECDSA_P256 | Algorithm.ECDSA_P384:
            return EcdsaVerifier(algorithm, public)
        case Algorithm.SM2:
            return sm2.Sm2Verifier(public)
        case _:
            raise ValueError(f"{algorithm} has no public key.")


def make_secret(algorithm: Algorithm) -> bytes:
    """A new private key or secret: 32 bytes, 48 for P-384."""
    if algorithm is Algorithm.SM2:
        return sm2.make_secret()
    if algorithm in _CURVES:
        made = ec.generate_private_key(_CURVES[algorithm][0]).private_numbers().private_value
        return made.to_bytes(LENGTHS[algorithm] // 2, "big")
    return secrets.token_bytes(32)
