"""SM2 signatures (GB/T 32918.2-2016, parameters of GB/T 32918.5-2017) by ``gmssl``.

``gmssl`` does the arithmetic of the curve, in Python, some milliseconds a signature and not in constant time. What
it leaves out is done here: the digest of the signer's identity, the checks that both numbers of a signature lie in
their range and that a public key is a point of the curve, and a good random number for each signature. It also
takes leading fours and noughts off a public key that begins with ``04``; here it is never given such a prefix.
"""

from __future__ import annotations

import secrets

from gmssl.sm2 import CryptSM2, default_ecc_table  # type: ignore[import-untyped]  # it has no types

from xinglin.crypto.algorithms import Algorithm
from xinglin.crypto.digests import sm3

IDENTITY = b"1234567812345678"  # the signer's identity where none is agreed: GM/T 0009-2012
BYTES = 32
_P = int(default_ecc_table["p"], 16)
_A = int(default_ecc_table["a"], 16)
_B = int(default_ecc_table["b"], 16)
_N = int(default_ecc_table["n"], 16)
_GENERATOR = bytes.fromhex(default_ecc_table["g"])


def make_secret() -> bytes:
    """A new private key: a number from 1 to n − 2."""
    return (secrets.randbelow(_N - 2) + 1).to_bytes(BYTES, "big")


def public_key(secret: bytes) -> bytes:
    """The point (x, y) that belongs to a private key, 64 bytes."""
    number = int.from_bytes(secret, "big")
    if len(secret) != BYTES or not 1 <= number <= _N - 2:
        raise ValueError("A private key of SM2 is a number from 1 to n − 2 in 32 bytes.")
    return bytes.fromhex(_curve()._kg(number, default_ecc_table["g"]))  # noqa: SLF001 -- it has no other way


def is_point(public: bytes) -> bool:
    """Whether 64 bytes are a point of the curve."""
    if len(public) != 2 * BYTES:
        return False
    x, y = int.from_bytes(public[:BYTES], "big"), int.from_bytes(public[BYTES:], "big")
    return x < _P and y < _P and (y * y - (x * x * x + _A * x + _B)) % _P == 0


def digest(public: bytes, message: bytes, identity: bytes = IDENTITY) -> bytes:
    """What is signed: SM3 of the signer's Z and the message (GB/T 32918.2 §5.5)."""
    curve = _A.to_bytes(BYTES, "big") + _B.to_bytes(BYTES, "big") + _GENERATOR
    z = sm3((8 * len(identity)).to_bytes(2, "big") + identity + curve + public)
    return sm3(z + message)


class Sm2Verifier:
    """Checks signatures of 64 bytes: r and s."""

    algorithm = Algorithm.SM2

    def __init__(self, public: bytes) -> None:
        if not is_point(public):
            raise ValueError("A public key of SM2 is a point of its curve in 64 bytes.")
        self.public = public
        self._gmssl = _curve()
        self._gmssl.public_key = public.hex()  # not through its constructor, see above

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * BYTES:
            return False
        r, s = int.from_bytes(signature[:BYTES], "big"), int.from_bytes(signature[BYTES:], "big")
        if not (1 <= r < _N and 1 <= s < _N) or (r + s) % _N == 0:
            return False
        return bool(self._gmssl.verify(signature.hex(), digest(self.public, message)))


class Sm2Signer:
    """Signs with a private key."""

    algorithm = Algorithm.SM2

    def __init__(self, secret: bytes) -> None:
        self.public = public_key(secret)
        self._gmssl = _curve(secret.hex())

    def sign(self, message: bytes) -> bytes:
        while True:
            signed = self.sign_with(secrets.randbelow(_N - 1) + 1, message)
            if signed is not None:
                return signed

    def sign_with(self, number: int, message: bytes) -> bytes | None:
        """As ``sign`` with a given random number: for the standard's example, never twice with one key.

        None for the few numbers that the standard has one choose again after.
        """
        signed = self._gmssl.sign(digest(self.public, message), f"{number:064x}")
        return bytes.fromhex(signed) if signed else None

    def verifier(self) -> Sm2Verifier:
        return Sm2Verifier(self.public)


def _curve(secret: str = "") -> CryptSM2:
    return CryptSM2(private_key=secret, public_key="")
