"""What is sealed opens in its place alone, with whichever key of the ring sealed it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto.make import NOW, SEALING, ring
from xinglin.crypto import ciphers, digests
from xinglin.crypto.algorithms import Algorithm, Use
from xinglin.crypto.sealing import SealBroken, is_current, open_sealed, seal, search_hash, search_hashes

RINGS = {algorithm: ring(algorithm, Use.SEAL) for algorithm in SEALING}
every = pytest.mark.parametrize("algorithm", SEALING)
PLACE = "card/1/document"


@every
@given(text=st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_sealed_text_opens_again(algorithm, text):
    sealed = seal(RINGS[algorithm], text, about=PLACE)

    assert open_sealed(RINGS[algorithm], sealed, about=PLACE) == text


@every
@given(plains=st.lists(st.binary(max_size=40), max_size=6))
@settings(max_examples=50, deadline=None)
def test_many_sealed_at_once_open_as_one_by_one_and_share_no_nonce(algorithm, plains):
    cipher = ciphers.sealer(algorithm, ciphers.make_key(algorithm))

    sealed = ciphers.seal_all(cipher, plains, b"about")

    assert [cipher.open(one, b"about") for one in sealed] == plains
    assert len({one[: ciphers.NONCE_BYTES] for one in sealed}) == len(plains)


@every
@given(text=st.text(max_size=40), where=st.integers(min_value=0))
@settings(max_examples=80, deadline=None)
def test_flipped_bit_does_not_open(algorithm, text, where):
    sealed = bytearray(seal(RINGS[algorithm], text, about=PLACE).encode())
    bit = where % (7 * len(sealed))
    sealed[bit // 7] ^= 1 << bit % 7

    with pytest.raises(SealBroken):
        open_sealed(RINGS[algorithm], sealed.decode(), about=PLACE)


@every
def test_equal_texts_are_sealed_unlike(algorithm):
    assert seal(RINGS[algorithm], "x", about=PLACE) != seal(RINGS[algorithm], "x", about=PLACE)


@every
def test_sealed_text_does_not_open_elsewhere(algorithm):
    sealed = seal(RINGS[algorithm], "text", about=PLACE)

    with pytest.raises(SealBroken, match="another place"):
        open_sealed(RINGS[algorithm], sealed, about="card/2/document")


def test_other_ring_does_not_open():
    sealed = seal(ring(Algorithm.SM4_GCM, Use.SEAL), "text", about=PLACE)

    with pytest.raises(SealBroken):
        open_sealed(RINGS[Algorithm.SM4_GCM], sealed, about=PLACE)


def test_older_versions_stay_readable_after_a_change_of_algorithm():
    before = ring(Algorithm.SM4_GCM, Use.SEAL)
    sealed = seal(before, "text", about=PLACE)

    after = before.rotated(now=NOW, algorithm=Algorithm.AES_256_GCM)

    assert open_sealed(after, sealed, about=PLACE) == "text"
    assert [is_current(after, one) for one in (sealed, seal(after, "text", about=PLACE))] == [False, True]


def test_text_of_a_newer_key_is_not_opened_with_an_older():
    before = ring(Algorithm.SM4_GCM, Use.SEAL)
    sealed = seal(before.rotated(now=NOW), "text", about=PLACE)

    with pytest.raises(SealBroken, match="has no key 2"):
        open_sealed(before, sealed, about=PLACE)


@pytest.mark.parametrize(
    "text", ["", "s1", "s1.1.", "s1.0.AAAA", "s2.1.AAAA", "s1.1.AA=A", "s1.1.A", "s1.99999.AAAA"]
)
def test_what_is_no_sealed_text_is_told(text):
    with pytest.raises(SealBroken):
        open_sealed(RINGS[Algorithm.SM4_GCM], text, about=PLACE)


def test_search_hash_depends_on_key_field_and_text():
    keys = ring(Algorithm.HMAC_SM3, Use.HASH)
    made = {
        search_hash(keys, "document", "1"),
        search_hash(keys, "document", "2"),
        search_hash(keys, "phone", "1"),
        search_hash(ring(Algorithm.HMAC_SM3, Use.HASH), "document", "1"),
    }

    assert len(made) == 4
    assert search_hash(keys, "document", "1") in made


def test_text_is_found_under_the_hashes_of_all_versions():
    before = ring(Algorithm.HMAC_SM3, Use.HASH)
    kept = search_hash(before, "document", "1")
    after = before.rotated(now=NOW)

    assert search_hashes(after, "document", "1") == [kept, search_hash(after, "document", "1")]


@pytest.mark.parametrize(
    ("one", "other", "same"), [("a", "a", True), ("a", b"a", True), ("a", "b", False), ("甲", "甲", True)]
)
def test_comparison(one, other, same):
    assert digests.equal(one, other) is same
