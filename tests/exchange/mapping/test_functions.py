"""Dates, numbers and structures as institutions write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.exchange.mapping import functions
from xinglin.exchange.mapping.functions import Unusable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261126", "2026-11-26"),
        ("2026-11-26", "2026-11-26"),
        ("2026/1/6", "2026-01-06"),
        ("2026年11月26日", "2026-11-26"),
        ("202611", "2026-11"),
        ("2026", "2026"),
        ("20261126101500", "2026-11-26T10:15:00+08:00"),
        ("20261126T101500", "2026-11-26T10:15:00+08:00"),
        ("2026-11-26 10:15", "2026-11-26T10:15:00+08:00"),
        ("202611261015+0900", "2026-11-26T10:15:00+09:00"),
        ("20261126101500.5000Z", "2026-11-26T10:15:00.5Z"),
    ],
)
def test_a_moment_is_read_in_all_the_forms_that_institutions_write(text: str, expected: str) -> None:
    assert functions.to_datetime(text) == expected


@pytest.mark.parametrize(
    "text", ["", "00000000", "20260230", "2026-13-01", "20261126250000", "soon", "1-2-3"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Unusable):
        functions.to_datetime(text)


@pytest.mark.parametrize(("number", "last"), [(1, "2026-11-30"), ("3", "2026-12-02"), ("30", "2026-12-29")])
def test_the_last_of_so_many_days_counts_the_first(number: int | str, last: str) -> None:
    assert functions.nth_day("2026-11-30", number) == last


@pytest.mark.parametrize(
    ("first", "number"), [("2026-11", "3"), ("soon", "3"), ("2026-11-30", "x"), ("9999-12-31", "2")]
)
def test_days_cannot_be_counted_from_no_day_nor_by_no_number(first: str, number: str) -> None:
    with pytest.raises(Unusable):
        functions.nth_day(first, number)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_is_read_in_every_form(day: date) -> None:
    forms = (
        day.isoformat(),
        day.strftime("%Y%m%d"),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
    )

    assert {functions.to_date(form) for form in forms} == {day.isoformat()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.40", "Exact('5.40')"),
        ("5.4", "5.4"),
        ("120", "120"),
        ("１２．５", "12.5"),
        ("1,200", "1200"),
        (".5", "0.5"),
        ("+3", "3"),
    ],
)
def test_a_number_keeps_the_digits_it_was_written_with(text: str, expected: str) -> None:
    assert repr(functions.to_decimal(text)) == expected


def test_a_measured_value_may_have_a_comparator() -> None:
    assert functions.quantity("＜0.5", "ng/mL") == {"value": 0.5, "comparator": "<", "unit": "ng/mL"}


def test_yes_and_no_are_read_in_both_languages() -> None:
    assert [functions.to_boolean(text) for text in ("T", "1", "是", "F", "2", "无")] == [True] * 3 + [
        False
    ] * 3
    with pytest.raises(Unusable):
        functions.to_boolean("maybe")
