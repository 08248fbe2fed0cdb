"""Signatures behind two small interfaces, ``Signer`` and ``Verifier``, which a certified module can take the place of.

All have fixed lengths: 64 bytes for Ed25519, ECDSA and SM2 (r and s), 32 for a keyed digest.
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
    Algorithm.SM2: 64,
    Algorithm.HMAC_SM3: 32,
    Algorithm.HMAC_SHA256: 32,
}
"""How many bytes a signature has."""

_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
_POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


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
    algorithm = Algorithm.ECDSA_P256

    def __init__(self, public: bytes) -> None:
        self.public = public
        self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        pair = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._key.verify(utils.encode_dss_signature(*pair), message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class EcdsaSigner:
    algorithm = Algorithm.ECDSA_P256

    def __init__(self, secret: bytes) -> None:
        self._key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())

    def sign(self, message: bytes) -> bytes:
        r, s = utils.decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def verifier(self) -> EcdsaVerifier:
        return EcdsaVerifier(self._key.public_key().public_bytes(*_POINT))


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
        case Algorithm.ECDSA_P256:
            return EcdsaSigner(secret)
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
        case Algorithm.ECDSA_P256:
            return EcdsaVerifier(public)
        case Algorithm.SM2:
            return sm2.Sm2Verifier(public)
        case _:
            raise ValueError(f"{algorithm} has no public key.")


def make_secret(algorithm: Algorithm) -> bytes:
    """A new private key or secret, 32 bytes."""
    if algorithm is Algorithm.SM2:
        return sm2.make_secret()
    if algorithm is Algorithm.ECDSA_P256:
        return (secrets.randbelow(_P256_ORDER - 1) + 1).to_bytes(32, "big")
    return secrets.token_bytes(32)
