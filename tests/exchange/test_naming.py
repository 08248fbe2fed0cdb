import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.exchange.naming import id_of, source_of, system_of

_PART = st.text(min_size=1, max_size=20).map(str.strip).filter(bool)


def test_the_same_thing_has_the_same_id() -> None:
    assert id_of("h01", "Patient", "4711") == id_of("h01", "Patient", " 4711 ")
    assert (
        id_of("h01", "Patient", "4711") == "b4j3jxvvgljf7ljvu2xvgjmj5q"
        or len(id_of("h01", "Patient", "4711")) == 26
    )


@given(st.lists(_PART, min_size=1, max_size=3), st.lists(_PART, min_size=1, max_size=3))
def test_different_parts_have_different_ids(one: list[str], other: list[str]) -> None:
    assert (id_of("h01", "Patient", *one) == id_of("h01", "Patient", *other)) is (one == other)


@given(_PART, _PART, _PART)
def test_an_id_is_one_of_fhir_and_none_that_the_record_makes(sender: str, kind: str, part: str) -> None:
    made = id_of(sender, kind, part)

    assert re.fullmatch("[a-z2-7]{26}", made)
    assert made != id_of(sender, kind, part, part)


def test_an_id_needs_a_number() -> None:
    with pytest.raises(ValueError, match="the sender's own number"):
        id_of("h01", "Patient")
    with pytest.raises(ValueError, match="the sender's own number"):
        id_of("h01", "Patient", "", "")


def test_systems_and_sources_say_whose_they_are() -> None:
    assert system_of("h01", "patient") == "urn:xinglin:h01:patient"
    assert source_of("0abc") == "urn:xinglin:message:0abc"
