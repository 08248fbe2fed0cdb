"""Tokens: what holds, and why something does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto.make import NOW, QUICK, SIGNING, ring
from xinglin.crypto import tokens
from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.keys import Key, KeyRing
from xinglin.crypto.tokens import TokenRefused, Why

RINGS = {algorithm: ring(algorithm) for algorithm in SIGNING}
SUBJECT = b"0123456789"


def make(keys: KeyRing, **more) -> str:
    return tokens.issue(keys, SUBJECT, **{"audience": "counter", "now": NOW, "seconds": 60, **more})


def refusal(keys: KeyRing, text: str, *, after: float = 1, audience: str = "counter") -> Why:
    with pytest.raises(TokenRefused) as refused:
        tokens.read(keys, text, audience=audience, now=NOW + timedelta(seconds=after))
    return refused.value.why


@pytest.mark.parametrize("algorithm", SIGNING)
def test_token_says_what_was_put_into_it(algorithm):
    read = tokens.read(RINGS[algorithm], make(RINGS[algorithm]), audience="counter", now=NOW)

    assert (read.subject, read.audience, read.key) == (SUBJECT, "counter", 1)
    assert (read.issued, read.expires) == (NOW, NOW + timedelta(seconds=60))
    assert len(read.nonce) == tokens.NONCE_BYTES


@pytest.mark.parametrize("algorithm", QUICK)
@given(subject=st.binary(max_size=40), audience=st.text(max_size=20), seconds=st.integers(1, 65535))
@settings(max_examples=40, deadline=None)
def test_any_subject_and_audience_come_back(algorithm, subject, audience, seconds):
    text = tokens.issue(RINGS[algorithm], subject, audience=audience, now=NOW, seconds=seconds)
    read = tokens.read(RINGS[algorithm], text, audience=audience, now=NOW)

    assert (read.subject, read.audience) == (subject, audience)
    assert read.expires - read.issued == timedelta(seconds=seconds)


@pytest.mark.parametrize("algorithm", QUICK)
@given(where=st.integers(min_value=0))
@settings(max_examples=150, deadline=None)
def test_flipped_bit_is_refused(algorithm, where):
    text = bytearray(make(RINGS[algorithm]).encode())
    bit = where % (7 * len(text))
    text[bit // 7] ^= 1 << bit % 7

    assert refusal(RINGS[algorithm], text.decode()) in {Why.MALFORMED, Why.UNKNOWN_KEY, Why.ALTERED}


@given(text=st.text(max_size=80))
@settings(deadline=None)
def test_what_is_no_token_is_malformed(text):
    assert refusal(RINGS[Algorithm.ED25519], text) is Why.MALFORMED


@given(raw=st.binary(max_size=200))
@settings(deadline=None)
def test_bytes_that_nobody_signed_are_refused(raw):
    text = tokens.PREFIX + tokens.encode(raw)

    assert refusal(RINGS[Algorithm.ED25519], text) in {Why.MALFORMED, Why.UNKNOWN_KEY, Why.ALTERED}


@given(raw=st.binary(max_size=100))
def test_base_32_comes_back(raw):
    assert tokens.decode(tokens.encode(raw)) == raw


@given(text=st.text(alphabet="0123456789ABCDEFGHJKMNPQRSTVWXYZ", max_size=30))
def test_no_two_texts_mean_the_same_bytes(text):
    raw = tokens.decode(text)

    assert raw is None or tokens.encode(raw) == text


@pytest.mark.parametrize(
    ("after", "expected"),
    [(59.9, None), (60, Why.EXPIRED), (3600, Why.EXPIRED), (-4, None), (-6, Why.NOT_YET)],
)
def test_token_holds_for_its_time(after, expected):
    keys = RINGS[Algorithm.HMAC_SM3]
    text = make(keys)
    if expected is None:
        assert (
            tokens.read(keys, text, audience="counter", now=NOW + timedelta(seconds=after)).subject == SUBJECT
        )
    else:
        assert refusal(keys, text, after=after) is expected


def test_token_for_another_audience_is_refused_and_known():
    keys = RINGS[Algorithm.ED25519]
    with pytest.raises(TokenRefused) as refused:
        tokens.read(keys, make(keys), audience="gate", now=NOW)

    assert refused.value.why is Why.AUDIENCE
    assert refused.value.token is not None
    assert refused.value.token.subject == SUBJECT


def test_token_of_another_purpose_is_altered_even_with_the_same_keys():
    keys = RINGS[Algorithm.ED25519]
    other = KeyRing(ring(Algorithm.ED25519, name="other").purpose, keys.keys)

    assert refusal(other, make(keys)) is Why.ALTERED


def test_token_of_a_foreign_ring_is_altered():
    assert refusal(ring(Algorithm.ED25519), make(RINGS[Algorithm.ED25519])) is Why.ALTERED


def test_older_key_still_verifies_until_it_is_revoked():
    before = ring(Algorithm.ED25519)
    text = make(before)
    after = before.rotated(now=NOW)

    assert tokens.read(after, text, audience="counter", now=NOW).key == 1
    assert refusal(after.without(1, now=NOW), text) is Why.UNKNOWN_KEY


@pytest.mark.parametrize("shown", [Algorithm.ED25519, Algorithm.ECDSA_P256, Algorithm.SM2])
@pytest.mark.parametrize("keyed", [Algorithm.HMAC_SM3, Algorithm.HMAC_SHA256])
def test_public_key_is_never_taken_for_a_shared_secret(shown, keyed):
    """The confusion of algorithms that tokens which name their own algorithm suffer from."""
    keys = RINGS[shown]
    public = keys.current.verifier.public
    forger = KeyRing(keys.purpose, (Key(1, keyed, public, NOW),))

    assert refusal(keys, make(forger)) in {Why.ALTERED, Why.MALFORMED}


def test_token_without_signature_is_refused():
    keys = RINGS[Algorithm.ED25519]
    raw = tokens.decode(make(keys).removeprefix(tokens.PREFIX))

    assert refusal(keys, tokens.PREFIX + tokens.encode(raw[:-64])) is Why.MALFORMED
    assert refusal(keys, tokens.PREFIX + tokens.encode(raw[:-64] + bytes(64))) is Why.ALTERED


def test_tokens_differ_by_their_nonce():
    keys = RINGS[Algorithm.HMAC_SM3]

    assert len({make(keys) for _ in range(100)}) == 100


@pytest.mark.parametrize("seconds", [0, -1, 65536])
def test_lifetime_has_bounds(seconds):
    with pytest.raises(ValueError, match="65535"):
        make(RINGS[Algorithm.HMAC_SM3], seconds=seconds)


def test_ring_of_another_use_cannot_be_made_for_signing():
    with pytest.raises(ValueError, match="cannot sign"):
        ring(Algorithm.SM4_GCM, Use.SIGN)
