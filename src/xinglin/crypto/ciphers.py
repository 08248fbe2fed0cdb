"""Authenticated encryption behind one small interface, which a certified module can take the place of."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers import algorithms as blocks
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xinglin.crypto.algorithms import Algorithm

if TYPE_CHECKING:
    from collections.abc import Sequence

NONCE_BYTES = 12
TAG_BYTES = 16


class Sealer(Protocol):
    """Encrypts and decrypts with one key. ``about`` is not encrypted, but what is opened must name the same."""

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Nonce, ciphertext and tag."""

    def seal_with(self, nonce: bytes, plain: bytes, about: bytes) -> bytes:
        """As ``seal``, with a given nonce: never twice with one key."""

    def open(self, sealed: bytes, about: bytes) -> bytes | None:
        """What was sealed; None if a single bit of it or of ``about`` is another."""


class AesGcm:
    """AES-GCM with a key of 256 bits and a random nonce."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, about: bytes) -> bytes:
        return self.seal_with(secrets.token_bytes(NONCE_BYTES), plain, about)

    def seal_with(self, nonce: bytes, plain: bytes, about: bytes) -> bytes:
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes) -> bytes | None:
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            return None
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except InvalidTag:
            return None


class Sm4Gcm:
    """SM4 in Galois/counter mode: RFC 8998 §3.2. The key has 128 bits, the nonce is random."""

    def __init__(self, key: bytes) -> None:
        self._block = blocks.SM4(key)

    def seal(self, plain: bytes, about: bytes) -> bytes:
        return self.seal_with(secrets.token_bytes(NONCE_BYTES), plain, about)

    def seal_with(self, nonce: bytes, plain: bytes, about: bytes) -> bytes:
        cipher = Cipher(self._block, modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(about)
        return nonce + cipher.update(plain) + cipher.finalize() + cipher.tag

    def open(self, sealed: bytes, about: bytes) -> bytes | None:
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            return None
        nonce, body, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
        cipher = Cipher(self._block, modes.GCM(nonce, tag)).decryptor()
        cipher.authenticate_additional_data(about)
        try:
            return cipher.update(body) + cipher.finalize()
        except InvalidTag:
            return None


def seal_all(cipher: Sealer, plains: Sequence[bytes], about: bytes) -> list[bytes]:
    """Each sealed by ``cipher`` with a nonce of its own."""
    nonces = random_pieces(len(plains), NONCE_BYTES)
    return [cipher.seal_with(nonce, plain, about) for nonce, plain in zip(nonces, plains, strict=True)]


def random_pieces(count: int, size: int) -> list[bytes]:
    """``count`` random values of ``size`` bytes, of one look at the system's randomness."""
    block = secrets.token_bytes(count * size)
    return [block[first : first + size] for first in range(0, len(block), size)]


def sealer(algorithm: Algorithm, key: bytes) -> Sealer:
    """The cipher of a key of that algorithm."""
    if algorithm is Algorithm.AES_256_GCM:
        return AesGcm(key)
    if algorithm is Algorithm.SM4_GCM:
        return Sm4Gcm(key)
    raise ValueError(f"{algorithm} does not encrypt.")


def make_key(algorithm: Algorithm) -> bytes:
    """A new random key."""
    return secrets.token_bytes(32 if algorithm is Algorithm.AES_256_GCM else 16)
