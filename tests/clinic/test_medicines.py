"""Patent medicines beside herbs, decoctions that the pharmacy boils, and what a doctor begins with."""

from __future__ import annotations

from datetime import date

import pytest

from tests.clinic import make
from tests.clinic.make import DOCTOR, HEAD, NOW, NURSE, OTHER, SECOND
from tests.clinic.test_day import of, refused
from xinglin.clinic import accounting, asking, queries
from xinglin.clinic.actions import dispensing, prescribing, stocking, templates
from xinglin.clinic.actions.stocking import Delivery, Wanted
from xinglin.clinic.rules import HERB, PATENT, State
from xinglin.clinic.values import PRESCRIPTION_DOCUMENT, Line
from xinglin.exchange.cda import checking, reading, registry
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Kind
from xinglin.record.door import open_as


@pytest.fixture
def patents(connection, clinic):
    """Two patent medicines on the price list, ten boxes of each in stock."""
    made = {}
    with connection.transaction():
        for name, fen in (("归脾丸", 1850), ("牛黄解毒片", 600)):
            made[name] = stocking.put_item(connection, wanted=Wanted(PATENT, name, unit="盒"), actor=HEAD)
            stocking.set_price(connection, item=made[name], fen=fen, since=date(2026, 1, 1), actor=HEAD)
            stocking.purchase(
                connection,
                delivery=Delivery(made[name], "B1", date(2027, 6, 30), 10_000),
                actor=NURSE,
                now=NOW,
            )
    return lambda name, boxes, usage="口服，一次6g，一日3次": Line(
        made[name], name, boxes * 1000, usage=usage, unit="盒"
    )


def draft_patents(visit, *lines, **more):
    connection = make.database.connection()
    written = prescribing.Written(lines, more.pop("doses", 1), "", kind=PATENT, **more)
    with connection.transaction():
        return prescribing.draft(connection, visit=visit.id, written=written, actor=DOCTOR, now=NOW)


def issue(prescription, *steps):
    for step, actor in steps:
        make.advance(prescription, step, actor)


def test_patent_medicines_go_from_prescription_to_issue_by_the_box(connection, clinic, patents):
    visit = make.seen()
    held = draft_patents(visit, patents("归脾丸", 3))
    assert make.sign(held) == []
    assert [(one.name, one.fen) for one in accounting.charges(connection, "clinic", visit.id)] == [
        ("归脾丸", 5550)
    ]

    make.pay(visit, 5550)
    issue(
        held, (State.REVIEWED, SECOND), (State.MIXED, NURSE), (State.CHECKED, SECOND), (State.ISSUED, NURSE)
    )

    (order,) = of("MedicationRequest", visit)
    assert (order["status"], order["medicationCodeableConcept"]["text"]) == ("completed", "归脾丸")
    assert order["dosageInstruction"] == [{"text": "口服，一次6g，一日3次"}]
    (given,) = of("MedicationDispense", visit)
    assert given["quantity"] == {"value": 3, "unit": "盒"}
    left = {one.name: one.left for one in queries.items(connection, "clinic", make.TODAY, kinds=[PATENT])}
    assert left == {"归脾丸": 7000, "牛黄解毒片": 10_000}


def test_patent_medicines_are_not_counted_in_doses_and_say_how_they_are_taken(connection, clinic, patents):
    visit = make.seen()
    for lines, more in (
        ([patents("归脾丸", 3)], {"doses": 7}),
        ([patents("归脾丸", 3)], {"boiled": True}),
        ([patents("归脾丸", 3, usage=" ")], {}),
        ([clinic.line("甘草", 3, usage="口服", unit="g")], {}),  # a herb is no patent medicine
    ):
        written = prescribing.Written(tuple(lines), more.pop("doses", 1), "", kind=PATENT, **more)
        refused(Kind.INVALID, prescribing.draft, visit=visit.id, written=written, actor=DOCTOR, now=NOW)
    assert queries.prescriptions(connection, "clinic", visit.id) == []


def test_herbs_are_checked_together_with_the_patent_medicines_of_the_visit(connection, clinic, patents):
    """牛黄解毒片 contains 甘草 and toxic 雄黄; beside 甘遂 its 甘草 clashes."""
    visit = make.seen()
    herbs = make.draft(visit, clinic.line("甘遂", 1), doses=3)
    alone = asking.reviewed(connection, herbs, actor=DOCTOR, now=NOW).report
    assert not [one for one in alone.findings if one.kind == "clash"]

    draft_patents(visit, patents("牛黄解毒片", 1))

    beside = asking.reviewed(connection, herbs, actor=DOCTOR, now=NOW).report
    assert [one.about for one in beside.findings if one.kind == "clash"]


def test_what_concerns_the_other_prescription_alone_is_not_said_here(connection, clinic, patents):
    visit = make.seen()
    patent = draft_patents(visit, patents("归脾丸", 1))
    make.draft(visit, clinic.line("甘草", 6), clinic.line("甘遂", 1), doses=3)

    said = asking.reviewed(connection, patent, actor=DOCTOR, now=NOW).report.findings
    assert not [one for one in said if one.about == ("甘草", "甘遂")]


def test_what_is_to_be_boiled_is_not_issued_before(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("黄芪", 15), doses=2)
    connection.execute("UPDATE clinic_prescription SET boiled = true")
    make.sign(held)
    make.pay(visit, accounting.charges(connection, "clinic", visit.id)[0].fen)
    issue(held, (State.REVIEWED, SECOND), (State.MIXED, NURSE), (State.CHECKED, SECOND))

    at = {"prescription": held.id, "actor": NURSE, "now": NOW}
    assert "boil" in refused(Kind.CONFLICT, dispensing.advance, to=State.ISSUED, **at)
    assert make.again(held).state is State.CHECKED
    issue(held, (State.BOILED, NURSE), (State.ISSUED, NURSE))
    assert [one.step for one in queries.steps(connection, "clinic", held.id)][-2:] == ["boiled", "issued"]


def test_what_is_not_to_be_boiled_is_not_boiled(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("黄芪", 15), doses=2)
    make.sign(held)
    make.pay(visit, accounting.charges(connection, "clinic", visit.id)[0].fen)
    issue(held, (State.REVIEWED, SECOND), (State.MIXED, NURSE), (State.CHECKED, SECOND))

    refused(Kind.CONFLICT, dispensing.advance, prescription=held.id, to=State.BOILED, actor=NURSE, now=NOW)
    assert make.again(held).state is State.CHECKED


def test_an_issued_prescription_is_a_shared_document_that_others_find(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("黄芪", 15), clinic.line("当归", 10), doses=7)
    make.sign(held)
    make.pay(visit, sum(one.fen for one in accounting.charges(connection, "clinic", visit.id)))
    issue(
        held, (State.REVIEWED, SECOND), (State.MIXED, NURSE), (State.CHECKED, SECOND), (State.ISSUED, NURSE)
    )

    door = open_as(SYSTEM)
    (found,) = registry.find(door, registry.Wanted(patients=(visit.patient,), codes=(PRESCRIPTION_DOCUMENT,)))
    assert found["id"] == held.document
    read = reading.read(registry.original(door, found))
    assert read.code == "C0005"
    assert read.patient.name == "李秋月"
    told = {one.code: one.value.text for part in read.all_sections() for one in part.all() if one.value}
    assert told["DE08.50.049.00"] == "黄芪 15g、当归 10g"
    assert told["DE08.50.050.00"] == "7"
    assert told["DE08.50.047.00"] == "水煎服，每日1剂，分2次温服"
    assert [reason for reason in checking.check(read) if reason.severity == "error"] == []


def test_a_kept_formula_begins_a_prescription_of_its_kind_only(connection, clinic, patents):
    visit = make.seen()
    herbs = make.draft(visit, clinic.line("黄芪", 15, role="君"), clinic.line("甘草", 3, role="使"))
    boxes = draft_patents(visit, patents("归脾丸", 2))
    with connection.transaction():
        for written, usage in ((herbs, "水煎服"), (boxes, "")):
            templates.keep_formula(
                connection, scope="institution", name="安神", written=written, usage=usage, actor=DOCTOR
            )

    (kept,) = templates.kept(connection, (HERB,), actor=OTHER)
    assert [(line["name"], line["amount"], line["role"]) for line in kept.body["lines"]] == [
        ("黄芪", 15_000, "君"), ("甘草", 3000, "使"),
    ]  # fmt: skip
    assert [one.name for one in templates.kept(connection, (PATENT,), actor=OTHER)] == ["安神"]


def test_somebody_elses_own_template_cannot_be_taken_away(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("黄芪", 15))
    with connection.transaction():
        templates.keep_formula(connection, scope="own", name="补气", written=held, usage="", actor=DOCTOR)
    (kept,) = templates.kept(connection, actor=DOCTOR)

    refused(Kind.NOT_FOUND, templates.forget, template=kept.id, actor=OTHER)
    assert templates.kept(connection, actor=DOCTOR) == [kept]
    with connection.transaction():
        templates.forget(connection, template=kept.id, actor=DOCTOR)
    assert templates.kept(connection, actor=DOCTOR) == []


def test_earlier_prescriptions_are_those_that_were_signed_at_earlier_visits(connection, clinic):
    first = make.seen()
    signed = make.draft(first, clinic.line("黄芪", 15))
    make.sign(signed)
    make.draft(first, clinic.line("当归", 10))
    connection.execute("UPDATE clinic_visit SET state = 'done'")
    second = make.seen(make.Guest(first.patient, first.name, first.sex, first.birth))

    assert [one.id for one in queries.earlier(connection, "clinic", second.patient, second.id)] == [signed.id]
    assert queries.earlier(connection, "clinic", first.patient, first.id) == []
