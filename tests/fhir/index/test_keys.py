from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xinglin.fhir.index import keys
from xinglin.kernel.ids import make_id, self_number

TEXT = st.text(max_size=300)
PART = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)


@given(TEXT)
@example("ŉ ß İ ΐ ﬁ ｱﾞ ᾳ ǰ")
@example("ͅ")
@example("x" * 199 + " y")
def test_normalising_twice_is_normalising_once(text):
    once = keys.normalise(text)

    assert keys.normalise(once) == once
    assert len(once) <= keys.LONGEST
    assert once == once.strip()


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Müller \t SØREN ", "muller søren"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("Straße", "strasse"),
        ("José", "jose"),
        ("Jose\u0301", "jose"),
        ("张　三", "张 三"),
        ("が", "が"),
        ("한국", "한국"),
        ("ＬǙ", "lu"),
        ("", ""),
        ("\u00a0", ""),
    ],
)
def test_normalise_drops_what_search_ignores(text, normal):
    assert keys.normalise(text) == normal


@given(PART, PART, PART)
def test_hashes_fit_their_columns(path, system, code):
    tokens = [
        keys.token_hash(path, system, code),
        keys.code_hash(path, code),
        keys.system_hash(path, system),
        keys.of_type_hash(path, system, code, code),
        keys.uri_hash(path, code),
        keys.below_hash(path, code),
        keys.exact_hash(path, code),
        keys.gram_hash(path, code),
        keys.presence_hash(path),
        keys.absence_hash(path),
        keys.long_hash(path),
        keys.seed(path),
        keys.composite_hash(path, keys.seed(system), keys.seed(code)),
    ]
    numbers = [keys.key(path), keys.unit(code), keys.composite_key(path, keys.seed(code))]

    assert all(-(1 << 63) <= token < 1 << 63 for token in tokens)
    assert all(-(1 << 31) <= number < 1 << 31 for number in numbers)
    assert len(set(tokens[:-2])) == len(tokens) - 2  # no kind of token is another


@given(PART, PART)
def test_token_of_a_pair_is_no_other_pairs(system, code):
    swapped = keys.token_hash("p", code, system)

    assert (keys.token_hash("p", system, code) == swapped) == (system == code)
    assert keys.token_hash("p", system + "|", code) != keys.token_hash("p", system, "|" + code)


def test_hashes_never_change():
    """They are stored: another value here would make every index that exists worthless."""
    assert keys.seed("Observation.code") == 92_096_114_486_166_278
    assert keys.key("Observation.code") == -1_248_233_627
    assert keys.token_hash("Observation.code", "http://loinc.org", "8480-6") == -2_151_957_925_178_112_779
    assert keys.unit("mg") == -1_222_264_344
    assert keys.unit("") == 0
    assert keys.composite_hash("a$b", 1, -1) == 8_110_765_700_448_492_300
    assert keys.composite_key("a$b", 1, -1) == -1_027_357_580


def test_reference_hash_leads_back_to_the_resource():
    id_ = make_id(123_456_789, 17)
    hashed = keys.reference_hash("Observation.subject", "Patient", id_)

    assert hashed ^ keys.seed("Observation.subject") == self_number("Patient", id_) == 123_456_789


@pytest.mark.parametrize(
    ("uri", "above"),
    [
        ("http://a.cn/fhir/x", ["http://a.cn/fhir/x", "http://a.cn/fhir", "http://a.cn"]),
        ("http://a.cn/fhir/", ["http://a.cn/fhir", "http://a.cn"]),
        ("http://a.cn", ["http://a.cn"]),
        ("urn:oid:1.2.3", ["urn:oid:1.2.3"]),
        ("Questionnaire/1", ["Questionnaire/1"]),
    ],
)
def test_ancestors_go_up_by_segments(uri, above):
    assert list(keys.ancestors(uri)) == above


@given(st.text(min_size=1, max_size=80).map(keys.normalise).filter(bool), st.data())
def test_grams_of_a_part_are_grams_of_the_whole(text, data):
    head = text[: keys.GRAMMED]
    start = data.draw(st.integers(0, len(head) - 1))
    end = data.draw(st.integers(start + 1, len(head)))

    if end - start > 1:
        assert keys.grams(head[start:end]) <= keys.grams(text)


def test_grams_of_one_character_are_itself():
    assert keys.grams("张") == {"张"}
    assert keys.grams("") == set()
