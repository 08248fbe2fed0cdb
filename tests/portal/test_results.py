"""Results over time, and the timeline."""

from __future__ import annotations

from datetime import date

import pytest

from tests.portal import make
from xinglin.fhir import json, reading
from xinglin.portal.rules import medicines, results, telling, timeline
from xinglin.portal.rules.results import Flag
from xinglin.portal.rules.sources import Sources

SOURCES = Sources({"Patient/p": "甲医院", "Patient/q": "乙医院"})
GLUCOSE = make.concept("空腹血糖", loinc="14771-0")


def glucose(id_: str, when: str, value: float, **more: object) -> dict[str, object]:
    return make.quantity(id_, GLUCOSE, when, value, "mmol/L", **more)


def test_results_of_one_code_are_one_series_in_order():
    sent = [
        glucose("1", "2026-01-02", 6.5),
        make.quantity("2", make.concept("FPG", loinc="14771-0"), "2025-01-02", 5.4, "mmol/L", about="q"),
    ]

    (found,) = results.series(sent, SOURCES)

    assert (found.name, found.others) == ("空腹血糖", ("FPG",))
    assert [(p.date, p.text, p.source.institution) for p in found.points] == [
        ("2025-01-02", "5.4", "乙医院"),
        ("2026-01-02", "6.5", "甲医院"),
    ]


def test_results_in_units_that_have_no_known_factor_are_never_joined():
    sent = [glucose("1", "2026-01-02", 5.4), make.quantity("2", GLUCOSE, "2026-01-03", 97.0, "%")]

    assert [s.unit for s in results.series(sent, SOURCES)] == ["%", "mmol/L"]


def test_results_with_either_micro_sign_are_joined():
    code = make.concept("肌酐", loinc="14682-9")
    sent = [
        make.quantity("1", code, "2026-01-02", 80, "\u00b5mol/L"),
        make.quantity("2", code, "2026-01-03", 81, "μmol/L"),
    ]

    assert [len(s.points) for s in results.series(sent, SOURCES)] == [2]


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({}, Flag.NONE),
        ({"referenceRange": make.bounds(3.9, 6.1)}, Flag.NORMAL),
        ({"referenceRange": make.bounds(high=4.9)}, Flag.HIGH),
        ({"referenceRange": make.bounds(low=5.1)}, Flag.LOW),
        ({"interpretation": [make.concept(code="HH")]}, Flag.HIGH),
        ({"interpretation": [make.concept(code="N")], "referenceRange": make.bounds(high=4.9)}, Flag.NORMAL),
        ({"interpretation": [make.concept(code="A")]}, Flag.ABNORMAL),
    ],
)
def test_result_is_flagged_as_the_laboratory_says_else_by_its_range(more, flag):
    sent = make.quantity("1", make.concept("未知", loinc="99999-9"), "2026-01-02", 5.0, "mmol/L", **more)

    (found,) = results.series([sent], SOURCES)

    assert found.last.flag is flag
    assert results.is_flagged(sent) is (flag not in {Flag.NONE, Flag.NORMAL})


def test_result_keeps_the_digits_that_it_was_sent_with():
    sent = json.parse(b'{"valueQuantity": {"value": 5.40, "unit": "mmol/L", "comparator": "<"}}')

    (found,) = results.series([{**glucose("1", "2026-01-02", 0), **sent}], SOURCES)

    assert found.last.text == "<5.40"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("5.40", "5.40"),
        ("7.0", "7.0"),
        ("120", "120"),
        ("91.47308876", "91.47"),
        ("0.1801962382", "0.1802"),
        ("1e3", "1000"),
        ("0.5", "0.5"),
    ],
)
def test_figure_is_read_as_sent_but_without_a_computers_decimals(sent, read):
    assert reading.number(json.parse(sent.encode())) == read


def test_result_in_words_has_no_number():
    sent = make.resource(
        "Observation",
        "1",
        status="final",
        code=make.concept("尿蛋白"),
        valueCodeableConcept=make.concept("阳性"),
    )

    (found,) = results.series([sent], SOURCES)

    assert (found.last.text, found.last.value, found.numeric) == ("阳性", None, ())


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_result_that_does_not_stand_is_left_out(status):
    assert results.series([{**glucose("1", "2026-01-02", 5), "status": status}], SOURCES) == ()


def pressure(id_: str, when: str, systolic: int, diastolic: int) -> dict[str, object]:
    parts = [("收缩压", "8480-6", systolic), ("舒张压", "8462-4", diastolic)]
    component = [
        {"code": make.concept(t, loinc=c), "valueQuantity": {"value": v, "unit": "mmHg"}} for t, c, v in parts
    ]
    return make.resource(
        "Observation",
        id_,
        status="final",
        code=make.concept("血压", loinc="85354-9"),
        effectiveDateTime=when,
        component=component,
    )


def test_blood_pressures_stand_on_one_chart():
    found = results.series(
        [pressure("1", "2026-01-02", 150, 90), pressure("2", "2026-02-02", 140, 85)], SOURCES
    )

    chart = results.alongside(found, "8462-4~mmHg")

    assert [s.name for s in chart] == ["舒张压", "收缩压"]
    assert [p.text for p in chart[1].points] == ["150", "140"]


def test_chart_of_an_unknown_test_is_empty():
    assert results.alongside(results.series([glucose("1", "2026-01-02", 5)], SOURCES), "x") == ()


def test_overview_shows_pressure_and_what_is_out_of_range_oftenest():
    sent = [pressure(f"p{i}", f"2026-0{i}-02", 150, 90) for i in (1, 2, 3)]
    sent += [glucose(f"g{i}", f"2026-0{i}-02", 9, referenceRange=make.bounds(3.9, 6.1)) for i in (1, 2, 3)]
    sent += [make.quantity(f"w{i}", make.concept("体重"), f"2026-0{i}-02", 60, "kg") for i in (1, 2, 3, 4)]

    found = telling.telling(results.series(sent, SOURCES))

    assert [[s.name for s in chart] for chart in found] == [["收缩压", "舒张压"], ["空腹血糖"]]


def test_series_out_of_range_come_first():
    sent = [
        make.quantity("1", make.concept("体重"), "2026-03-01", 60, "kg"),
        glucose("2", "2020-01-01", 9, referenceRange=make.bounds(3.9, 6.1)),
    ]

    assert [s.name for s in results.series(sent, SOURCES)] == ["空腹血糖", "体重"]


def test_grid_holds_every_value_of_the_latest_days():
    sent = [glucose(str(i), f"2026-01-0{i}", i) for i in (1, 2, 3)] + [glucose("4", "2026-01-03", 9)]
    sent.append(make.quantity("5", make.concept("体重"), "2026-01-01", 60, "kg"))

    found = results.grid(results.series(sent, SOURCES), 2)

    assert found.dates == ("2026-01-03", "2026-01-02")
    assert [(s.name, [[p.text for p in cell] for cell in cells]) for s, cells in found.rows] == [
        ("空腹血糖", [["3", "9"], ["2"]])
    ]


# -- the timeline


def encounter(
    id_: str, kind: str, start: str, end: str = "", department: str = "内科", about: str = "p"
) -> dict[str, object]:
    period = {"start": start, **({"end": end} if end else {})}
    return make.resource(
        "Encounter", id_, about, **{"class": {"code": kind}}, type=[make.concept(department)], period=period
    )


@pytest.mark.parametrize(
    ("kind", "department", "lane"),
    [
        ("AMB", "内科", timeline.Lane.OUTPATIENT),
        ("EMER", "急诊科", timeline.Lane.OUTPATIENT),
        ("IMP", "中医科", timeline.Lane.INPATIENT),
        ("AMB", "中医科", timeline.Lane.TCM),
        ("HH", "公共卫生科", timeline.Lane.PUBLIC),
    ],
)
def test_encounter_finds_its_lane(kind, department, lane):
    (found,) = timeline.visits([encounter("1", kind, "2026-01-01", department=department)], SOURCES)

    assert found.lane is lane


def test_stay_is_a_bar_and_a_visit_a_moment():
    found = timeline.events(
        encounters=[
            encounter("1", "IMP", "2026-01-01T08:00:00+08:00", "2026-01-09T08:00:00+08:00"),
            encounter("2", "AMB", "2026-02-01T23:30:00+08:00", "2026-02-02T00:10:00+08:00"),
        ],
        reports=[],
        immunisations=[],
        medicines=[],
        sources=SOURCES,
    )

    assert [(e.start, e.end, e.weight) for e in found] == [
        ("2026-02-01", "2026-02-01", 1),
        ("2026-01-01", "2026-01-09", 2),
    ]


def test_report_with_an_abnormal_result_weighs_more():
    reports = [
        make.resource(
            "DiagnosticReport",
            i,
            effectiveDateTime="2026-01-01",
            category=[make.concept(code="LAB")],
            result=[{"reference": f"Observation/{i}"}],
        )
        for i in ("1", "2")
    ]

    found = timeline.events(
        encounters=[],
        reports=reports,
        immunisations=[],
        medicines=[],
        sources=SOURCES,
        abnormal=frozenset({"Observation/2"}),
    )

    assert [(e.link, e.lane, e.weight) for e in found] == [
        ("DiagnosticReport/1", timeline.Lane.LABORATORY, 1),
        ("DiagnosticReport/2", timeline.Lane.LABORATORY, 2),
    ]


def test_prescriptions_that_follow_each_other_are_one_bar():
    sent = [
        make.request(str(i), make.concept("药"), day, 30)
        for i, day in enumerate(("2026-01-01", "2026-02-15", "2026-06-01"))
    ]
    found = medicines.medicines(sent, SOURCES, date(2026, 11, 21))

    events = timeline.events(encounters=[], reports=[], immunisations=[], medicines=found, sources=SOURCES)

    assert [(e.start, e.end) for e in events] == [("2026-06-01", "2026-07-01"), ("2026-01-01", "2026-03-17")]


def test_timeline_within_keeps_what_reaches_into_it():
    found = timeline.events(
        encounters=[
            encounter("1", "IMP", "2025-12-20", "2026-01-02"),
            encounter("2", "AMB", "2025-12-31"),
            encounter("3", "AMB", "2026-03-01", about="q"),
        ],
        reports=[],
        immunisations=[],
        medicines=[],
        sources=SOURCES,
    )

    assert [e.link for e in timeline.within(found, "2026-01-01")] == ["Encounter/3", "Encounter/1"]
    assert [e.link for e in timeline.within(found, "2026-01-01", "甲医院")] == ["Encounter/1"]
