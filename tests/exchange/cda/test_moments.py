from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.exchange.cda import moments, values
from xinglin.exchange.cda.documents import Value


@pytest.mark.parametrize(
    ("text", "fhir"),
    [
        ("2026", "2026"),
        ("202601", "2026-01"),
        ("20260102", "2026-01-02"),
        ("2026010203", "2026-01-02T03:00:00+08:00"),
        ("20260102T030405", "2026-01-02T03:04:05+08:00"),
        ("20260102030405.123+0000", "2026-01-02T03:04:05+00:00"),
        ("20260230", ""),
        ("2026-01-02", ""),
        ("", ""),
    ],
)
def test_times_of_both_kinds(text, fhir):
    assert moments.to_fhir(text) == fhir


@given(st.datetimes(min_value=__import__("datetime").datetime(1900, 1, 1)))
def test_a_time_comes_back(moment):
    text = moment.strftime("%Y%m%d%H%M%S")

    assert moments.from_fhir(moments.to_fhir(text)) == text


@pytest.mark.parametrize("text", ["5.40", "0", "-3", "100.000", "12345678901234"])
def test_a_number_keeps_its_digits(text):
    value = Value("PQ", text=text, unit="mg")

    assert values.from_fhir(values.to_fhir(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        Value("PQ", text="about five", unit=""),
        Value("TS", text="yesterday"),
        Value("CD", null="UNK"),
        Value("", text="untyped"),
        Value("IVL_TS", low="20260101", high="20260102"),
        Value("CD", display="only words"),
    ],
)
def test_what_is_no_clean_value_is_kept_too(value):
    assert values.from_fhir(values.to_fhir(value)) == value
