"""The laws of the prefixes, asked of PostgreSQL and compared with the standard's own words."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import EPOCH_MS, floor_vid
from xinglin.record import database, search
from xinglin.record.search import ranges, values
from xinglin.record.search.fragments import Float8, Fragment, Int8
from xinglin.record.search.values import Moment, Number, Prefix

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.record.search.finding import Finder

pytestmark = pytest.mark.django_db

NOW = 1_000_000

# https://hl7.org/fhir/R4/search.html#prefix, for half-open intervals: (asked lo, hi), (stored lo, hi)
WORDS: dict[Prefix, Callable[[float, float, float, float], bool]] = {
    Prefix.EQ: lambda lo, hi, a, b: lo <= a and b <= hi,  # the asked fully contains the stored
    Prefix.NE: lambda lo, hi, a, b: not (lo <= a and b <= hi),
    Prefix.GT: lambda _, hi, __, b: b > hi,  # what lies above the asked overlaps the stored
    Prefix.LT: lambda lo, _, a, __: a < lo,
    Prefix.GE: lambda lo, hi, a, b: b > hi or (lo <= a and b <= hi),
    Prefix.LE: lambda lo, hi, a, b: a < lo or (lo <= a and b <= hi),
    Prefix.SA: lambda _, hi, a, __: a >= hi,  # above the asked, and not overlapping it
    Prefix.EB: lambda lo, _, __, b: b <= lo,
    Prefix.AP: lambda lo, hi, a, b: a < hi and lo < b,
}

spans = st.tuples(st.integers(-20, 20), st.integers(1, 10)).map(lambda pair: (pair[0], pair[0] + pair[1]))
stored_spans = spans | spans.map(lambda s: (-inf, float(s[1]))) | spans.map(lambda s: (float(s[0]), inf))


def holds(condition: Fragment, table: str, row: tuple[object, ...]) -> bool:
    statement = f"SELECT count(*) FROM (VALUES {table}) WHERE {condition.sql}"
    found = database.connection().execute(statement, (*row, *condition.values)).fetchone()
    assert found is not None
    return found[0] == 1


@settings(max_examples=150, deadline=None)
@given(prefix=st.sampled_from(Prefix), asked=spans, stored=stored_spans)
def test_dates_compare_as_the_standard_says(
    world: Finder, prefix: Prefix, asked: tuple[int, int], stored: tuple[float, float]
) -> None:
    moment = Moment(prefix, "", *asked)
    slack = abs(NOW - asked[0]) / 10 if prefix is Prefix.AP else 0

    condition = ranges.date_condition(moment, NOW)

    expected = WORDS[prefix](asked[0] - slack, asked[1] + slack, *stored)
    assert holds(condition, "(%s, %s)) x(lo, hi", tuple(map(Float8, stored))) is expected


@settings(max_examples=150, deadline=None)
@given(prefix=st.sampled_from(Prefix), asked=spans, stored=stored_spans)
def test_a_main_date_changes_nothing_in_what_is_found(
    world: Finder, prefix: Prefix, asked: tuple[int, int], stored: tuple[float, float]
) -> None:
    moment = Moment(prefix, "", *asked)
    plain = ranges.date_condition(moment, NOW)
    date = stored[0] if stored[0] > -inf else stored[1]

    helped = ranges.main_date_condition("x", moment, plain)

    row = tuple(map(Float8, (*stored, date)))
    assert holds(helped, "(%s, %s, %s)) x(lo, hi, date", row) == holds(
        plain, "(%s, %s, %s)) x(lo, hi, date", row
    )


@settings(max_examples=150, deadline=None)
@given(
    prefix=st.sampled_from(Prefix),
    asked=st.tuples(st.integers(-3000, 3000), st.integers(1, 5000)),
    millisecond=st.integers(-4, 8),
)
def test_versions_compare_like_dates_of_one_millisecond(
    world: Finder, prefix: Prefix, asked: tuple[int, int], millisecond: int
) -> None:
    start = (EPOCH_MS + 5) * 1000
    moment = Moment(prefix, "", start + asked[0], start + asked[0] + asked[1])
    version = EPOCH_MS + 5 + millisecond
    now = start + 50_000
    slack = int(abs(now - moment.lo) / 10) if prefix is Prefix.AP else 0

    condition = ranges.version_condition("x", moment, now)

    expected = WORDS[prefix](moment.lo - slack, moment.hi + slack, version * 1000, version * 1000 + 1000)
    assert holds(condition, "(%s)) x(vid", (Int8(floor_vid(version)),)) is expected


NUMBER_WORDS: dict[Prefix, Callable[[Number, float], bool]] = {
    Prefix.EQ: lambda n, x: n.lo <= x < n.hi,
    Prefix.NE: lambda n, x: not n.lo <= x < n.hi,
    Prefix.GT: lambda n, x: x > n.value,
    Prefix.LT: lambda n, x: x < n.value,
    Prefix.GE: lambda n, x: x >= n.value,
    Prefix.LE: lambda n, x: x <= n.value,
    Prefix.SA: lambda n, x: x > n.value,
    Prefix.EB: lambda n, x: x < n.value,
    Prefix.AP: lambda n, x: n.value - abs(n.value) * 0.1 <= x <= n.value + abs(n.value) * 0.1,
}


@settings(max_examples=150, deadline=None)
@given(
    prefix=st.sampled_from(Prefix),
    text=st.sampled_from(["100", "99.5", "1e2", "-2.50", "0", "0.0"]),
    stored=st.sampled_from(
        [95, 99.5, 99.4999, 100, 100.5, 105, -2.5, -2.505, -2.495, 0, 0.05, -0.5, 110, 90]
    ),
)
def test_numbers_compare_as_the_standard_says(
    world: Finder, prefix: Prefix, text: str, stored: float
) -> None:
    number = replace(values.number(text), prefix=prefix)

    condition = ranges.number_condition(number)

    assert holds(condition, "(%s, %s)) x(lo, hi", (Float8(stored), Float8(stored))) is NUMBER_WORDS[prefix](
        number, stored
    )


NAMES = [
    "name",
    "name:contains",
    "family:exact",
    "identifier",
    "identifier:of-type",
    "birthdate",
    "gender:not",
    "gender:in",
    "general-practitioner",
    "general-practitioner.name",
    "organization:identifier",
    "_id",
    "_lastUpdated",
    "_profile:below",
    "_source:above",
    "_has:Observation:patient:code-value-quantity",
    "_has:Observation:patient:value-quantity",
    "_sort",
    "_page",
]


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    value=st.text(max_size=20) | st.text(alphabet="0123456789.e-|$,\\TZ:gtlebn", max_size=20),
)
def test_any_value_is_answered_or_refused(world: Finder, name: str, value: str) -> None:
    try:
        query = search.parse("Patient", [(name, value)])
        page = search.run(database.connection(), query, secret="s", now=0)
    except Fault as refused:
        assert refused.kind in (Kind.INVALID, Kind.UNSUPPORTED)  # noqa: PT017 -- either outcome is right
    else:
        assert {entry.stored.type for entry in page.entries} <= {"Patient"}
    assert database.connection().info.transaction_status.name == "IDLE"


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
def test_what_no_database_can_hold_is_refused(world: Finder, value: str) -> None:
    with pytest.raises(Fault) as refused:
        search.parse("Patient", [("name", value)])

    assert refused.value.kind is Kind.INVALID
