"""Every signer's signatures verify, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto.make import QUICK, SIGNING, ring
from xinglin.crypto import signatures
from xinglin.crypto.algorithms import Algorithm

KEYS = {algorithm: ring(algorithm).current for algorithm in SIGNING}
every = pytest.mark.parametrize("algorithm", SIGNING)


@every
def test_signature_has_its_length_and_verifies(algorithm):
    key = KEYS[algorithm]
    signature = key.signer.sign(b"message")

    assert len(signature) == signatures.LENGTHS[algorithm]
    assert key.verifier.verify(b"message", signature)
    assert key.verifier.algorithm is algorithm


@pytest.mark.parametrize("algorithm", QUICK)
@given(message=st.binary(max_size=100), where=st.integers(min_value=0))
@settings(max_examples=60, deadline=None)
def test_flipped_bit_of_message_or_signature_is_refused(algorithm, message, where):
    key = KEYS[algorithm]
    signature = key.signer.sign(message)
    whole = bytearray(message + signature)
    bit = where % (8 * len(whole))
    whole[bit // 8] ^= 1 << bit % 8

    assert not key.verifier.verify(bytes(whole[: len(message)]), bytes(whole[len(message) :]))


@pytest.mark.parametrize("bit", [0, 7, 100, 255, 256, 511])
def test_flipped_bit_of_an_sm2_signature_is_refused(bit):
    key = KEYS[Algorithm.SM2]
    forged = bytearray(key.signer.sign(b"message"))
    forged[bit // 8] ^= 1 << bit % 8

    assert not key.verifier.verify(b"message", bytes(forged))


@every
@pytest.mark.parametrize("signature", [b"", b"x", bytes(64), bytes(32), b"\xff" * 64])
def test_what_is_no_signature_is_refused(algorithm, signature):
    assert not KEYS[algorithm].verifier.verify(b"message", signature)


@every
def test_other_keys_signature_is_refused(algorithm):
    assert not KEYS[algorithm].verifier.verify(b"message", ring(algorithm).current.signer.sign(b"message"))


@pytest.mark.parametrize(
    "algorithm", [Algorithm.ED25519, Algorithm.ECDSA_P256, Algorithm.ECDSA_P384, Algorithm.SM2]
)
def test_public_key_alone_verifies(algorithm):
    key = KEYS[algorithm]

    assert signatures.verifier(algorithm, key.verifier.public).verify(b"message", key.signer.sign(b"message"))


@pytest.mark.parametrize("algorithm", [Algorithm.HMAC_SM3, Algorithm.HMAC_SHA256])
def test_shared_secret_is_never_shown_as_a_public_key(algorithm):
    assert KEYS[algorithm].verifier.public == b""
    with pytest.raises(ValueError, match="no public key"):
        signatures.verifier(algorithm, b"anything")


@pytest.mark.parametrize("algorithm", [Algorithm.AES_256_GCM, Algorithm.SM4_GCM])
def test_cipher_does_not_sign(algorithm):
    with pytest.raises(ValueError, match="does not sign"):
        signatures.signer(algorithm, bytes(32))
