"""Values in one unit for each test, with what was sent beside them."""

from __future__ import annotations

import pytest

from tests.portal import make
from tests.portal.test_views import text
from xinglin.kernel.actor import SYSTEM
from xinglin.portal.rules import results, units
from xinglin.portal.rules.results import Flag
from xinglin.portal.rules.sources import Sources
from xinglin.record.door import open_as

GLUCOSE = make.concept("葡萄糖", loinc="2345-7")


@pytest.mark.parametrize(
    ("loinc", "unit", "shown"),
    [
        ("2345-7", "mmol/L", ("mmol/L", 1.0)),
        ("2345-7", "mg/dL", ("mmol/L", 0.0555084)),
        ("2345-7", "mmol/l", ("mmol/L", 1.0)),
        ("2160-0", "umol/L", ("μmol/L", 1.0)),
        ("718-7", "g/dL", ("g/L", 10.0)),
        ("2345-7", "%", ("%", 1.0)),
        ("4548-4", "mmol/mol", ("mmol/mol", 1.0)),
        (None, "mg/dL", ("mg/dL", 1.0)),
    ],
)
def test_unit_of_a_test_is_its_own_where_a_factor_is_known(loinc, unit, shown) -> None:
    found = units.normal(loinc, unit)

    assert (found.unit, found.factor) == shown


def test_values_in_two_units_are_one_series_with_what_was_sent_beside_them() -> None:
    one = make.quantity("a", GLUCOSE, "2026-01-01", 6.1, "mmol/L", referenceRange=make.bounds(3.9, 6.1))
    other = make.quantity("b", GLUCOSE, "2026-02-01", 126, "mg/dL", referenceRange=make.bounds(70, 110))

    (series,) = results.series([one, other], Sources())

    assert [(p.text, p.value, p.unit, p.sent) for p in series.points] == [
        ("6.1", 6.1, "mmol/L", ""),
        ("6.99", 6.99, "mmol/L", "126 mg/dL"),
    ]
    assert (series.last.low, series.last.high, series.last.reference) == (3.89, 6.11, "3.89–6.11")
    assert series.last.flag is Flag.HIGH


def test_sign_of_a_value_stays_before_it() -> None:
    less = make.quantity("a", GLUCOSE, "2026-01-01", 18, "mg/dL")
    less["valueQuantity"]["comparator"] = "<"

    (series,) = results.series([less], Sources())

    assert (series.last.text, series.last.sent) == ("<1.00", "<18 mg/dL")


def test_unit_without_a_known_factor_stays_a_series_of_its_own() -> None:
    one = make.quantity("a", make.concept("糖化血红蛋白", loinc="4548-4"), "2026-01-01", 7, "%")
    other = make.quantity("b", make.concept("糖化血红蛋白", loinc="4548-4"), "2026-02-01", 53, "mmol/mol")

    assert sorted(s.unit for s in results.series([one, other], Sources())) == ["%", "mmol/mol"]


def test_page_says_what_was_sent(doctor) -> None:
    open_as(SYSTEM).update(make.quantity("g", GLUCOSE, "2026-02-01", 126, "mg/dL", about="a"))

    assert "6.99 mmol/L 原值 126 mg/dL" in text(doctor.get("/residents/a/results/"))


def test_timeline_shows_one_kind_alone(doctor) -> None:
    whole = doctor.get("/residents/a/timeline/?years=0")
    images = doctor.get("/residents/a/timeline/?years=0&lane=imaging")
    unknown = doctor.get("/residents/a/timeline/?years=0&lane=nothing")

    assert {e.lane.value for e in images.context["events"]} == {"imaging"}
    assert len(images.context["events"]) < len(whole.context["events"]) == len(unknown.context["events"])
    assert "lane=imaging" in images.content.decode()
