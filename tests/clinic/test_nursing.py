"""What a nurse measures, how urgent somebody is, and what the check of records finds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clinic import make
from tests.clinic.make import DOCTOR, HEAD, NOW, NURSE
from tests.clinic.test_day import of, refused
from xinglin.clinic import queries, reference, rules
from xinglin.clinic.actions import nursing, recording, registering
from xinglin.clinic.rules import Told, VisitState
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database


def come(*ids: str, **more):
    connection = database.connection()
    with connection.transaction():
        return [
            registering.register(connection, guest=make.patient(id_), actor=NURSE, now=NOW, **more)
            for id_ in ids
        ]


def measure(visit, level=None, note="", **typed):
    connection = database.connection()
    with connection.transaction():
        return nursing.measure(
            connection, visit=visit.id, typed=typed, level=level, note=note, actor=NURSE, now=NOW
        )


def test_vital_signs_stand_in_the_record_at_once(connection, clinic):
    (visit,) = come("p1")
    measure(visit, temperature="38.2", systolic="150", diastolic="95", pulse="88")

    found = {one["code"]["text"]: one for one in of("Observation", visit)}
    assert set(found) == {"体温", "脉搏", "血压"}
    assert found["体温"]["valueQuantity"] == {
        "value": 38.2, "unit": "℃", "system": "http://unitsofmeasure.org", "code": "Cel",
    }  # fmt: skip
    pressures = [
        (one["code"]["coding"][0]["code"], one["valueQuantity"]["value"])
        for one in found["血压"]["component"]
    ]
    assert pressures == [("8480-6", 150), ("8462-4", 95)]
    kept = queries.measurings(connection, "clinic", [visit.id])[visit.id]
    assert kept.body["values"] == {"temperature": 38.2, "systolic": 150, "diastolic": 95, "pulse": 88}


def test_the_last_measuring_counts_and_the_earlier_stays(connection, clinic):
    (visit,) = come("p1")
    measure(visit, temperature="38.2")
    measure(visit, temperature="37.0", note="物理降温后")

    kept = queries.measurings(connection, "clinic", [visit.id])[visit.id]
    assert (kept.body["values"], kept.body["note"]) == ({"temperature": 37.0}, "物理降温后")
    assert len(of("Observation", visit)) == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"temperature": "52"}, "30 to 45"),
        ({"pulse": "many"}, "no amount"),
        ({"systolic": "90", "diastolic": "95"}, "below"),
        ({}, "at least one"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_kept(connection, clinic, typed, said):
    (visit,) = come("p1")
    at = {"visit": visit.id, "typed": typed, "actor": NURSE, "now": NOW}
    assert said in refused(Kind.INVALID, nursing.measure, **at)
    assert queries.measurings(connection, "clinic", [visit.id]) == {}
    assert of("Observation", visit) == []


def test_a_measuring_is_never_changed(connection, clinic):
    (visit,) = come("p1")
    measure(visit, temperature="38.2")
    for sql in ("DELETE FROM clinic_measuring", "UPDATE clinic_measuring SET actor = 'x'"):
        with pytest.raises(Exception, match="only ever added"), connection.transaction():
            connection.execute(sql)


def test_triage_decides_who_is_called_first(connection, clinic):
    first, second, third = come("p1", "p2", "p3")
    measure(second, level=3)
    measure(third, level=1)

    waiting = queries.waiting(queries.visits(connection, "clinic", make.TODAY))
    assert [one.id for one in waiting] == [third.id, second.id, first.id]
    called = []
    for _ in range(3):
        with connection.transaction():
            called.append(registering.call_next(connection, room="1", actor=DOCTOR, now=NOW).id)
    assert called == [third.id, second.id, first.id]


def test_an_emergency_is_urgent_and_its_encounter_says_so(connection, clinic):
    (usual,) = come("p1")
    (visit,) = come("p2", kind="emergency")
    with connection.transaction():
        called = registering.call_next(connection, room="1", actor=DOCTOR, now=NOW)
        registering.move(connection, visit=called.id, to=VisitState.SEEN, actor=DOCTOR, now=NOW)

    assert called.id == visit.id
    (encounter,) = of("Encounter", visit)
    assert encounter["class"]["code"] == "EMER"
    with pytest.raises(Fault):
        come("p3", kind="inpatient")
    assert len(queries.visits(connection, "clinic", make.TODAY)) == 2
    assert usual.kind == "outpatient"


def test_levels_are_there_in_order_and_the_first_are_urgent():
    levels = reference.levels()
    assert list(levels) == [1, 2, 3, 4]
    assert [one.urgent for one in levels.values()] == [True, True, False, False]
    assert [one.minutes for one in levels.values()] == sorted(one.minutes for one in levels.values())


@pytest.mark.parametrize(
    ("kind", "birth", "sheet"),
    [
        ("outpatient", "2012-11-21", "child"),  # fourteen tomorrow
        ("outpatient", "2012-11-20", ""),  # fourteen today
        ("outpatient", "2012", ""),  # nobody knows
        ("emergency", "2020-01-01", "emergency"),
    ],
)
def test_sheets_of_prescriptions(kind, birth, sheet):
    assert rules.sheet(kind, birth, make.TODAY) == sheet


# -- the check of records


def told(**more):
    return Told(**{"written": True, "complete": True, "signed": NOW, "over": NOW, "drafted": False, **more})


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"written": False, "signed": None}, ["unwritten"]),
        ({"complete": False, "signed": None}, ["incomplete"]),
        ({"signed": None}, ["unsigned"]),
        ({"signed": NOW + timedelta(hours=25)}, ["late"]),
        ({"signed": None, "over": NOW - timedelta(hours=25)}, ["unsigned", "late"]),
        ({"signed": None, "over": None}, ["unsigned"]),  # the visit goes on
        ({"drafted": True}, ["drafted"]),
    ],
)
def test_what_a_record_lacks(given, found):
    assert rules.faults(told(**given), NOW) == found


def test_the_check_finds_each_visits_faults_and_a_doctor_sees_the_own_ones(connection, clinic):
    good, bad = make.seen(make.patient("p1")), make.seen(make.patient("p2"))
    make.write(good)
    with connection.transaction():
        recording.sign(connection, visit=good.id, actor=DOCTOR, now=NOW)
    make.write(bad, basis="")
    make.draft(bad, clinic.line("黄芪", 15))

    found = queries.checked(connection, "clinic", make.TODAY, make.TODAY, NOW)
    assert {one.visit.id: one.faults for one in found} == {good.id: (), bad.id: ("incomplete", "drafted")}
    own = queries.checked(connection, "clinic", make.TODAY, make.TODAY, NOW, doctor=make.OTHER.id)
    assert own == []
    assert queries.checked(connection, "hospital", make.TODAY, make.TODAY, NOW) == []
    assert rules.may(HEAD, "leading")
    assert not rules.may(DOCTOR, "leading")
