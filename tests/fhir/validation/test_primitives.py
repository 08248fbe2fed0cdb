from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir import dates, references
from xinglin.fhir.validation.primitives import PRIMITIVES
from xinglin.kernel.errors import Fault

CASES: dict[str, tuple[list[object], list[object]]] = {
    "boolean": ([True, False], ["true", 1, 0, None]),
    "integer": ([0, -1, 2**31 - 1, -(2**31)], [2**31, -(2**31) - 1, 1.0, "1", True]),
    "positiveInt": ([1, 2**31 - 1], [0, -1, 2**31]),
    "unsignedInt": ([0, 2**31 - 1], [-1, 2**31]),
    "decimal": ([0, -1, 1.5, 10**30, 1e300], ["1", True, float("nan"), float("inf")]),
    "string": (["x", " ", "\t\r\n", "汉", "\x7f", "\U0001f600"], ["", "\x00", "a\x0bb", "\x1f", "\ud800", 1]),
    "uri": (["http://x.org", "urn:uuid:x", "x", "#a", "汉"], ["", " ", "a b", "a\n", "\x00"]),
    "code": (["a", "a b", "汉", "a-b"], ["", " a", "a ", "a  b", "a\tb", "a\n"]),
    "id": (["a", "A-1.b", "x" * 64], ["", "x" * 65, "a_b", "a/b", "汉", "a\n"]),
    "oid": (["urn:oid:1.2.156"], ["1.2.156", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02"]),
    "uuid": (
        ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
        ["urn:uuid:C757873D-ec9a-4326-a141-556f43239520", "c757873d-ec9a-4326-a141-556f43239520"],
    ),
    "base64Binary": (["YWJj", "YWI=", " YWJj\nYWJj "], ["", "YWJ", "YW-j", "YW Jj"]),
    "date": (
        ["2024", "2024-02", "2024-02-29", "2000-02-29", "0004-02-29", "1900-02-28"],
        ["24", "2024-2", "2023-02-29", "1900-02-29", "0000-02-29", "0000", "2024-04-31", "2024-13", "2024-01-32"],
    ),
    "dateTime": (
        ["2024", "2024-02", "2024-02-29", "2024-02-29T10:00:00Z", "2024-02-29T23:59:60.123456789012+14:00"],
        ["2024-02-29T10:00:00", "2024-02-29T10:00Z", "2024-02-29T24:00:00Z", "2024-02-29T10:00:00+14:30", "2024-02Z"],
    ),
    "instant": (["2024-02-29T10:00:00.1-05:00"], ["2024-02-29", "2024-02-29T10:00:00", "2024"]),
    "time": (["00:00:00", "23:59:60.5"], ["24:00:00", "10:00", "10:00:00Z"]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, v) for name, (right, _) in CASES.items() for v in right])
def test_right_values_are_taken(name: str, value: object) -> None:
    assert PRIMITIVES[name].is_right(value)


@pytest.mark.parametrize(("name", "value"), [(name, v) for name, (_, wrong) in CASES.items() for v in wrong])
def test_wrong_values_are_not(name: str, value: object) -> None:
    assert not PRIMITIVES[name].is_right(value)


@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day: date) -> None:
    assert PRIMITIVES["date"].is_right(day.isoformat())


@given(
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True)
    | st.from_regex(r"[0-9]{4}(-[0-9]{2})?", fullmatch=True)
)
def test_a_date_is_right_exactly_if_it_covers_a_span(text: str) -> None:
    try:
        dates.interval(text)
        exists = text.isascii()
    except Fault:
        exists = False

    assert PRIMITIVES["date"].is_right(text) is exists


@given(
    st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-][01][0-9]:[0-6][0-9])",
                  fullmatch=True)
)  # fmt: skip
def test_every_right_moment_covers_a_span(text: str) -> None:
    if PRIMITIVES["instant"].is_right(text):
        lo, hi = dates.interval(text)
        assert lo < hi


@given(
    st.from_regex(r"(Patient|Nonsense)[/?#]?[A-Za-z0-9\-. /_|=]{0,70}|#\S*|[a-z:]+(//)?\S*", fullmatch=True)
)
def test_references_of_every_kind_are_told_without_failing(text: str) -> None:
    kind = references.kind(text)

    assert (references.parse(text) is not None) == (kind is references.Kind.RELATIVE)
