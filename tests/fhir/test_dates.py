from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir.dates import DAY, LOCAL_ZONE, MINUTE, SECOND, interval, moment
from xinglin.kernel.errors import Fault


def micros(text: str) -> int:
    """An independent reading: the standard library's."""
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2023", "2023-01-01T00:00:00+08:00", "2024-01-01T00:00:00+08:00"),
        ("2024", "2024-01-01T00:00:00+08:00", "2025-01-01T00:00:00+08:00"),
        ("2024-02", "2024-02-01T00:00:00+08:00", "2024-03-01T00:00:00+08:00"),
        ("2023-12", "2023-12-01T00:00:00+08:00", "2024-01-01T00:00:00+08:00"),
        ("2024-02-29", "2024-02-29T00:00:00+08:00", "2024-03-01T00:00:00+08:00"),
        ("2024-02-29T23:59", "2024-02-29T23:59:00+08:00", "2024-03-01T00:00:00+08:00"),
        ("2024-02-29T23:59Z", "2024-02-29T23:59:00+00:00", "2024-03-01T00:00:00+00:00"),
        ("2024-02-29T23:59-05:00", "2024-02-29T23:59:00-05:00", "2024-03-01T00:00:00-05:00"),
        ("2024-01-01T10:00:00.25", "2024-01-01T10:00:00.250+08:00", "2024-01-01T10:00:00.260+08:00"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59+00:00", "2024-03-01T00:00:00+00:00"),
        ("1969-12-31T23:59:59-05:00", "1969-12-31T23:59:59-05:00", "1970-01-01T00:00:00-05:00"),
        ("2024-01-01T10:00:00.5Z", "2024-01-01T10:00:00.500000+00:00", "2024-01-01T10:00:00.600000+00:00"),
        ("2024-01-01T10:00:00.123+08:00", "2024-01-01T10:00:00.123+08:00", "2024-01-01T10:00:00.124+08:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00", "2017-01-01T00:00:01+00:00"),
    ],
)
def test_interval_covers_what_was_said(text: str, first: str, after: str) -> None:
    assert interval(text) == (micros(first), micros(after))


def test_interval_finer_than_a_microsecond_is_one() -> None:
    first = micros("2024-01-01T10:00:00.123456+00:00")

    assert interval("2024-01-01T10:00:00.123456Z") == (first, first + 1)
    assert interval("2024-01-01T10:00:00.123456789Z") == (first, first + 1)


def test_interval_reaches_the_end_of_the_calendar() -> None:
    lo, hi = interval("9999-12-31")

    assert hi - lo == DAY
    assert interval("9999-12")[1] == interval("9999")[1] == hi


@pytest.mark.parametrize(
    "text",
    ["", "24", "2024-1", "2024-13", "2024-00", "2023-02-29", "2024-02-30", "2024-04-31",
     "2024-02-28T24:00:00Z", "2024-02-28T10", "2024-02-28T10:60:00Z", "2024-02-28T10:00+15:00",
     "２０２４", "0000", "2024-02-28T10:00:61Z",
     "2024-02-28 10:00:00", "2024-02-28T10:00:00+15:00", "2024-02-28T10:00:00.Z", "2024-02-28Z", " 2024", "2024\n"],
)  # fmt: skip
def test_interval_of_no_date_is_refused(text: str) -> None:
    with pytest.raises(Fault, match="is no date of FHIR"):
        interval(text)


@given(st.dates())
def test_a_day_lies_in_its_month_and_year(day: date) -> None:
    year, month, lo_hi = (interval(day.isoformat()[:n]) for n in (4, 7, 10))

    assert year[0] <= month[0] <= lo_hi[0] < lo_hi[1] <= month[1] <= year[1]
    assert lo_hi[1] - lo_hi[0] == DAY


@given(st.dates(max_value=date(9999, 12, 30)))
def test_days_follow_each_other_without_gap(day: date) -> None:
    assert interval(day.isoformat())[1] == interval((day + timedelta(days=1)).isoformat())[0]


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001 -- zone below
    st.integers(-14 * 60 + 1, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
def test_a_moment_is_the_same_in_every_zone(when: datetime, zone: timezone) -> None:
    text = when.replace(tzinfo=zone).isoformat(timespec="microseconds")

    lo, hi = interval(text)

    assert lo == micros(text)
    assert hi == lo + 1
    assert moment(lo) == when.replace(tzinfo=zone)


def test_a_value_without_zone_is_local() -> None:
    assert LOCAL_ZONE.utcoffset(None) == timedelta(hours=8)
    assert interval("2024-01-01T08:00:00") == interval("2024-01-01T08:00:00+08:00")
    assert interval("2024-01-01T08:00")[1] - interval("2024-01-01T08:00")[0] == MINUTE == 60 * SECOND
