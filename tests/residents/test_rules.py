"""Phones, files, birthdays, ends: what is pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.kernel.errors import Fault
from xinglin.residents import rules
from xinglin.residents.rules import Kind

DAYS = st.dates(date(1930, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("15412345678", "15412345678"),
        ("+86 154-1234-5678", "15412345678"),
        ("0086（154）12345678", "15412345678"),
        ("1541234567", None),
        ("25412345678", None),
        ("154123456789", None),
        ("", None),
    ],
)
def test_a_phone_is_eleven_digits(text, phone):
    assert rules.phone_of(text) == phone


@given(st.text(max_size=30))
def test_what_is_taken_for_a_phone_is_one(text):
    found = rules.phone_of(text)

    assert found is None or (len(found) == 11 and rules.phone_of(found) == found)


def test_names_are_compared_without_blanks_and_with_one_dot():
    assert rules.name_of(" 阿依 古丽•买买提 ") == rules.name_of("阿依古丽·买买提")
    assert rules.name_of("王桂兰") != rules.name_of("王桂蓝")


@given(DAYS, st.integers(0, 100))
def test_somebody_is_as_old_as_that_from_the_birthday_on(born, age):
    day = rules.birthday(born, age)

    assert rules.years(born, day) == age
    assert rules.years(born, day - timedelta(days=1)) == age - 1


@given(DAYS, st.sampled_from(rules.relations()), DAYS, st.none() | DAYS)
def test_no_authority_over_a_child_outlives_its_childhood(born, relation, today, wanted):
    last = rules.ends(relation, born=born, wanted=wanted, today=today)

    if 0 <= rules.years(born, today) < 18:
        assert last is not None
        assert rules.years(born, last) < 18 or (wanted is not None and last <= wanted)
    if wanted is not None:
        assert last is not None
        assert last <= wanted
    if rules.kind_of(relation).code is Kind.MANDATE:
        assert last is not None
        assert last <= today + timedelta(days=730)


def test_a_last_day_is_over_at_midnight_here():
    assert rules.midnight_after(date(2026, 5, 31)) == datetime(2026, 5, 31, 16, tzinfo=UTC)
    assert rules.midnight_after(None) is None


def test_a_relation_that_gives_nothing_is_refused():
    with pytest.raises(Fault, match="no authority"):
        rules.kind_of("neighbour")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n...\n%%EOF\n", ("application/pdf", "pdf")),
        (b"\xff\xd8\xff\xe0 jpeg \xff\xd9", ("image/jpeg", "jpg")),
        (b"GIF89a;", None),
        (b" %PDF-1.7 %%EOF", None),
    ],
)
def test_a_file_is_what_its_content_says(content, found):
    assert rules.file_type(content) == found


@given(st.binary(max_size=200))
def test_any_content_is_told_without_a_fault(content):
    assert rules.file_type(content) in {
        None,
        ("application/pdf", "pdf"),
        ("image/jpeg", "jpg"),
        ("image/png", "png"),
    }
