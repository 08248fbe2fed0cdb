"""Laws of dates with precision, of quantities with units, and of equality."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir.path import Quantity, Temporal, quantity, temporal, units
from xinglin.fhir.path.comparison import Bag, distinct, equal, equivalent, order, same

OFFSETS = st.none() | st.integers(-12 * 4, 14 * 4).map(lambda quarter: quarter * 15)


@st.composite
def moments(draw: st.DrawFn, *, margin: int = 2) -> Temporal:
    moment = draw(st.datetimes())
    year = min(max(moment.year, 1 + margin), 9999 - margin)
    second = Decimal(moment.second) + Decimal(draw(st.integers(0, 999))).scaleb(-3)
    parts = (year, moment.month, min(moment.day, 28), moment.hour, moment.minute, second)
    kept = draw(st.integers(1, 6))
    return Temporal("DateTime", parts[:kept], draw(OFFSETS) if kept > 3 else None)


@st.composite
def times(draw: st.DrawFn) -> Temporal:
    moment = draw(st.times())
    return Temporal("Time", (moment.hour, moment.minute, Decimal(moment.second))[: draw(st.integers(1, 3))])


@given(moments() | times())
def test_text_of_a_moment_is_read_as_the_same_moment(value: Temporal) -> None:
    assert temporal.parse(str(value), value.kind) == value


@given(moments(), moments())
def test_order_of_moments_turns_round_with_them(one: Temporal, other: Temporal) -> None:
    forth, back = temporal.compare(one, other), temporal.compare(other, one)

    assert (forth, back) in {(0, 0), (-1, 1), (1, -1), (None, None)}
    assert temporal.compare(one, one) == 0


@given(moments(), st.integers(-300, 300), st.sampled_from(["week", "day", "hour", "minute", "second"]))
def test_moving_forth_and_back_is_not_moving(value: Temporal, amount: int, unit: str) -> None:
    moved = temporal.shift(value, Decimal(amount), unit)

    assert moved is not None
    assert moved.precision == value.precision
    assert temporal.shift(moved, Decimal(-amount), unit) == value


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2024-01-31", "1", "month", "2024-02-29"),
        ("2024-02-29", "1", "year", "2025-02-28"),
        ("2024-03-31", "-1", "month", "2024-02-29"),
        ("2024", "18", "month", "2025"),
        ("2024-05", "45", "day", "2024-06"),
        ("2024-05-01", "36", "hour", "2024-05-02"),
        ("2024-05-01", "1.9", "day", "2024-05-02"),
        ("9999-12-31", "1", "day", None),
        ("0001-01-01", "-1", "month", None),
    ],
)
def test_dates_move_by_the_calendar(start: str, amount: str, unit: str, end: str | None) -> None:
    value = temporal.parse(start, "Date")
    assert value is not None

    moved = temporal.shift(value, Decimal(amount), unit)

    assert (None if moved is None else str(moved)) == end


def test_times_move_round_the_clock() -> None:
    late = Temporal("Time", (23, 30))

    assert temporal.shift(late, Decimal(1), "hour") == Temporal("Time", (0, 30))
    assert temporal.shift(late, Decimal("59.5"), "second") == late


@given(moments(), st.sampled_from([4, 6, 8, 14, 17]))
def test_bounds_enclose_what_they_bound(value: Temporal, digits: int) -> None:
    low = temporal.boundary(value, digits, high=False)
    high = temporal.boundary(value, digits, high=True)

    assert low is not None
    assert high is not None
    assert temporal.compare(low, high) in {-1, 0, None}
    assert (str(low)[:4], str(high)[:4]) == (str(value)[:4], str(value)[:4])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2026-03-01T08:00:00+08:00", "2026-03-01T00:00:00Z", 0),
        ("2026-03-01T08:00:00", "2026-03-01T00:00:00Z", None),
        ("2026-03-01T08:00:00", "2026-03-04T00:00:00Z", -1),
        ("2026-03", "2026-03-01", None),
        ("2026-03", "2026-04-01", -1),
        ("2026-03-01T10:30:00", "2026-03-01T10:30:00.000", 0),
    ],
)
def test_moments_compare_as_far_as_they_are_known(left: str, right: str, expected: int | None) -> None:
    one, other = temporal.parse(left, "DateTime"), temporal.parse(right, "DateTime")

    assert one is not None
    assert other is not None
    assert temporal.compare(one, other) == expected


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1 'g'", "1000 'mg'"),
        ("1 '[in_i]'", "2.54 'cm'"),
        ("1 'mm[Hg]'", "133.322 'Pa'"),
        ("60 '/min'", "1 'Hz'"),
        ("1 'mmol/L'", "1000 'umol/L'"),
        ("1 '10*3/uL'", "1 '10*9/L'"),
        ("1 'kg/m2'", "0.1 'g/cm2'"),
        ("37 'Cel'", "98.6 '[degF]'"),
        ("1 'm[iU]/mL'", "1000 'm[IU]/L'"),
        ("12 months", "1 year"),
        ("1 week", "168 'h'"),
        ("50 '%'", "0.5"),
        ("72 '{beats}/min'", "72 '/min'"),
        ("1 'L/(min.m2)'", "1000 'mL/min/m2'"),
    ],
)
def test_equal_quantities_are_equal_in_any_unit(left: str, right: str) -> None:
    one, other = quantity.parse(left), quantity.parse(right)

    assert same(one, other) is True
    assert same(other, one) is True
    assert order(one, other) == 0


@pytest.mark.parametrize(
    ("left", "right"), [("1 'g'", "1 'cm'"), ("1 'a'", "1 year"), ("1 'mo'", "1 month"), ("1 'xyz'", "1 'g'")]
)
def test_quantities_of_other_dimensions_are_neither_equal_nor_in_order(left: str, right: str) -> None:
    one, other = quantity.parse(left), quantity.parse(right)

    assert same(one, other) is None
    assert order(one, other) is None


@pytest.mark.parametrize("code", ["", "(g", "g)", "g//", "mg.", "xyz", "da", "kmin", "中"])
def test_an_unknown_unit_has_no_meaning(code: str) -> None:
    assert units.unit(code) is None


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from([Decimal("1.0"), Decimal(1), Decimal("1.5")]),
    st.sampled_from(["a", "A", "true", "1"]),
    st.sampled_from(
        [
            Quantity(Decimal(1), "g"),
            Quantity(Decimal(1000), "mg"),
            Quantity(Decimal(1)),
            Quantity(Decimal(1), "s"),
        ]
    ),
    moments(),
)


@given(VALUES, VALUES)
def test_equality_is_symmetric_and_implies_equivalence(one: Any, other: Any) -> None:
    assert same(one, other) == same(other, one)
    assert same(one, one) is True
    assert equivalent([one], [other]) == equivalent([other], [one])
    assert same(one, other) is not True or equivalent([one], [other])


@given(st.lists(VALUES, max_size=20))
def test_distinct_keeps_the_first_of_equal_items(items: list[Any]) -> None:
    kept: list[Any] = []
    for item in items:
        if not any(same(one, item) for one in kept):
            kept.append(item)

    assert [id(item) for item in distinct(items)] == [id(item) for item in kept]
    assert all(item in Bag(items) for item in items)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_equivalence_knows_no_order(items: list[Any]) -> None:
    assert equal(items, items) is True
    assert equivalent(items, items[::-1]) is True
