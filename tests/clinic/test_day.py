"""A visit from the desk to the record, and what must not happen on the way."""

from __future__ import annotations

import threading

import pytest

from tests.clinic import make
from tests.clinic.make import DOCTOR, ELSEWHERE, NOW, NURSE, OTHER, SECOND
from xinglin.clinic import accounting, queries
from xinglin.clinic.actions import (
    charging,
    dispensing,
    prescribing,
    recording,
    registering,
    templates,
    treating,
)
from xinglin.clinic.rules import State, VisitState
from xinglin.exchange.cda import checking, reading, registry
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.record.door import open_as


def refused(kind: Kind, work, *args, **more) -> str:
    connection = database.connection()
    with pytest.raises(Fault) as found, connection.transaction():
        work(connection, *args, **more)
    assert found.value.kind is kind, str(found.value)
    return str(found.value)


def of(type_name: str, visit) -> list[dict]:
    page = open_as(SYSTEM).search(type_name, [("patient", f"Patient/{visit.patient}")])
    return [entry.stored.resource for entry in page.entries]


# -- queue


def test_numbers_of_a_day_have_no_gaps_and_urgent_goes_first(connection, clinic):
    guests = [make.patient(f"p{i}") for i in range(3)]
    with connection.transaction():
        made = [
            registering.register(connection, guest=guest, urgent=i == 2, actor=NURSE, now=NOW)
            for i, guest in enumerate(guests)
        ]
    assert [one.number for one in made] == [1, 2, 3]

    with connection.transaction():
        called = [registering.call_next(connection, room="1", actor=DOCTOR, now=NOW) for _ in range(4)]

    assert [one and one.number for one in called] == [3, 1, 2, None]
    assert {one.state for one in called if one} == {VisitState.CALLED}


def test_who_waits_is_not_registered_twice(connection, clinic):
    guest = make.patient()
    with connection.transaction():
        registering.register(connection, guest=guest, actor=NURSE, now=NOW)

    refused(Kind.CONFLICT, registering.register, guest=guest, actor=NURSE, now=NOW)
    assert len(queries.visits(connection, "clinic", make.TODAY)) == 1


def test_two_doctors_call_two_people(connection, clinic):
    with connection.transaction():
        for i in range(2):
            registering.register(connection, guest=make.patient(f"p{i}"), actor=NURSE, now=NOW)
    called, both = [], threading.Barrier(2, timeout=30)

    def call(actor):
        with database.connect() as own, own.transaction():
            found = registering.call_next(own, room="1", actor=actor, now=NOW)
            both.wait()
            called.append(found.number)

    workers = [threading.Thread(target=call, args=[actor]) for actor in (DOCTOR, OTHER)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(called) == [1, 2]


def test_the_fee_is_charged_at_the_desk(connection, clinic):
    visit = make.seen(fee=clinic.items["挂号费"])

    assert [(one.name, one.fen) for one in accounting.charges(connection, "clinic", visit.id)] == [
        ("挂号费", 500)
    ]


def test_names_lie_sealed_and_the_wall_shows_them_masked(connection, clinic):
    from xinglin.record import sealing

    visit = make.seen()
    kept = connection.execute("SELECT name FROM clinic_visit").fetchone()

    assert visit.name == "李秋月"
    assert visit.masked == "李*月"
    assert kept == (sealing.seal_text("李秋月"),) or kept[0] != "李秋月"


# -- the record


def test_a_signed_note_stands_in_the_record(connection, clinic):
    visit = make.seen()
    make.write(visit)
    with connection.transaction():
        note = recording.sign(connection, visit=visit.id, actor=DOCTOR, now=NOW)

    assert note.signer == DOCTOR.id
    (condition,) = of("Condition", visit)
    assert condition["code"]["text"] == "不寐病（心脾两虚证）"
    assert condition["evidence"][0]["code"][0]["coding"][0]["code"] == "B04.06.01.03.02"
    (composition,) = of("Composition", visit)
    assert composition["type"]["coding"][0]["code"] == "C0002"
    assert [one["title"] for one in composition["section"]][:2] == ["主诉", "现病史"]
    parts = {one["code"]["text"] for one in of("Observation", visit)}
    assert {"主诉", "现病史", "望诊（舌）", "问诊", "切诊（脉）", "辨证依据", "治法"} <= parts
    assert "闻诊" not in parts  # nothing was written there


def test_a_signed_note_is_a_shared_document_without_a_fault(connection, clinic):
    visit = make.seen()
    make.write(visit)
    with connection.transaction():
        recording.sign(connection, visit=visit.id, actor=DOCTOR, now=NOW)

    door = open_as(SYSTEM)
    (found,) = registry.find(door, registry.Wanted(patients=(visit.patient,), codes=("C0002",)))
    assert found["id"] == visit.document
    read = reading.read(registry.original(door, found))
    told = [(one.code, one.value) for part in read.all_sections() for one in part.all() if one.value]
    texts = {code: value.text for code, value in told}
    assert texts["DE04.01.119.00"] == make.TEXTS["complaint"]
    assert texts["DE02.10.071.00"] == make.TEXTS["history"]
    coded = [value.code for code, value in told if code == "DE05.10.130.00"]
    assert coded == [make.DIAGNOSES["disease"].code, make.DIAGNOSES["syndrome"].code]
    assert [reason for reason in checking.check(read) if reason.severity == "error"] == []


def test_findings_have_their_polarity_in_the_record(connection, clinic):
    visit = make.seen()
    make.write(visit)
    with connection.transaction():
        recording.sign(connection, visit=visit.id, actor=DOCTOR, now=NOW)

    asked = next(one for one in of("Observation", visit) if one["code"]["text"] == "问诊")
    said = {one["code"]["text"]: one["valueBoolean"] for one in asked["component"]}
    assert asked["valueString"] == make.TEXTS["asking"]
    assert said["心悸"] is True
    assert [there for name, there in said.items() if "口苦" in name] == [False]


def test_an_incomplete_note_is_not_signed_and_nothing_reaches_the_record(connection, clinic):
    visit = make.seen()
    make.write(visit, basis="")

    said = refused(Kind.CONFLICT, recording.sign, visit=visit.id, actor=DOCTOR, now=NOW)
    assert "辨证依据" in said
    assert of("Composition", visit) == []
    assert queries.note(connection, "clinic", visit.id).signed is None


def test_two_who_write_at_once_do_not_overwrite_each_other(connection, clinic):
    visit = make.seen()
    make.write(visit)

    with pytest.raises(Fault) as found:
        make.write(visit, version=0)
    assert found.value.kind is Kind.CONFLICT


def test_an_amended_note_is_the_next_version_of_the_same_document(connection, clinic):
    visit = make.seen()
    for version, advice in enumerate(["忌浓茶", "忌浓茶、咖啡"]):
        make.write(visit, version=version, advice=advice)
        with connection.transaction():
            recording.sign(connection, visit=visit.id, actor=DOCTOR, now=NOW)

    (composition,) = of("Composition", visit)
    assert composition["meta"]["versionId"] != "1"
    assert "咖啡" in composition["section"][-2]["text"]["div"]


# -- prescriptions


def test_a_prescription_goes_its_whole_way(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("黄芪", 15), clinic.line("当归", 10), clinic.line("茯苓", 10))
    assert make.sign(held) == []
    due = sum(one.fen for one in accounting.charges(connection, "clinic", visit.id))
    assert due == 7 * (120 + 110 + 65)
    make.pay(visit, due)
    make.advance(held, State.REVIEWED, NURSE)
    make.advance(held, State.MIXED, NURSE)
    make.advance(held, State.CHECKED, SECOND)
    make.advance(held, State.ISSUED, SECOND)

    (request,) = of("MedicationRequest", visit)
    (dispense,) = of("MedicationDispense", visit)
    assert request["status"] == "completed"
    assert [one["itemCodeableConcept"]["text"] for one in request["contained"][0]["ingredient"]] == [
        "黄芪", "当归", "茯苓",
    ]  # fmt: skip
    assert dispense["quantity"]["value"] == 7
    left = {one.name: one.remaining for one in queries.batches(connection, "clinic")}
    assert left["黄芪"] == 500_000 - 7 * 15_000
    steps = [one.step for one in queries.steps(connection, "clinic", held.id)]
    assert steps == ["signed", "paid", "reviewed", "mixed", "checked", "issued"]


def test_gancao_with_gansui_is_stopped_until_somebody_else_signs(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("甘草", 6), clinic.line("甘遂", 1))
    left = make.sign(held)
    stopped = [one for one in left if set(one.about) >= {"甘草", "甘遂"}]
    assert [one.level.value for one in stopped] == ["stop"]
    assert make.again(held).state is State.DRAFT

    left = make.sign(held, *((one.key, "classic", "") for one in left))
    assert {one.key for one in left} == {one.key for one in left if one.level.value == "stop"}
    assert make.again(held).state is State.HELD
    for one in left:
        refused(
            Kind.FORBIDDEN, prescribing.second, prescription=held.id, key=one.key, reason=("classic", ""), actor=DOCTOR,
            now=NOW,
        )  # fmt: skip
        with connection.transaction():
            prescribing.second(
                connection, prescription=held.id, key=one.key, reason=("classic", ""), actor=OTHER, now=NOW
            )

    assert make.again(held).state is State.SIGNED
    assert len(of("MedicationRequest", visit)) == 1


def test_xixin_6_g_needs_its_author_s_second_signature(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("细辛", 6), clinic.line("茯苓", 10))

    left = make.sign(held)
    assert {(one.level.value, one.about) for one in left} == {("second", ("细辛",))}
    assert of("MedicationRequest", visit) == []
    assert make.sign(held, *((one.key, "need", "") for one in left)) == []
    assert make.again(held).state is State.SIGNED


def test_signatures_do_not_hold_for_what_is_changed_afterwards(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("细辛", 4))
    left = make.sign(held)
    with connection.transaction():
        from xinglin.clinic import asking

        found = asking.reviewed(connection, held, actor=DOCTOR, now=NOW)
        for one in left:
            asking.overrule(
                connection, found, key=one.key, reason=("need", ""), part="author", actor=DOCTOR, now=NOW
            )
    changed = make.draft(visit, clinic.line("细辛", 20), prescription=held.id)

    assert [one.about for one in make.sign(changed)] == [("细辛",)]
    assert make.again(held).state is State.DRAFT


def test_only_its_author_signs(connection, clinic):
    held = make.draft(make.seen(), clinic.line("茯苓", 10))

    refused(Kind.FORBIDDEN, prescribing.sign, prescription=held.id, actor=OTHER, now=NOW)
    assert make.again(held).state is State.DRAFT


def test_what_is_not_on_the_price_list_is_not_prescribed(connection, clinic):
    from dataclasses import replace

    visit = make.seen()
    with pytest.raises(Fault) as found:
        make.draft(visit, replace(clinic.line("茯苓", 10), name="人参"))
    assert found.value.kind is Kind.INVALID
    assert queries.prescriptions(connection, "clinic", visit.id) == []


def test_who_mixed_does_not_check_and_who_prescribed_does_not_review(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("茯苓", 10))
    make.sign(held)
    make.pay(visit, 455)
    advance = dispensing.advance

    refused(Kind.FORBIDDEN, advance, prescription=held.id, to=State.REVIEWED, actor=DOCTOR, now=NOW)
    make.advance(held, State.REVIEWED, NURSE)
    make.advance(held, State.MIXED, NURSE)
    refused(Kind.FORBIDDEN, advance, prescription=held.id, to=State.CHECKED, actor=NURSE, now=NOW)
    assert make.again(held).state is State.MIXED


def test_unpaid_is_not_reviewed_and_no_step_is_left_out(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("茯苓", 10))
    make.sign(held)

    for to in (State.REVIEWED, State.MIXED, State.ISSUED):
        refused(Kind.CONFLICT, dispensing.advance, prescription=held.id, to=to, actor=NURSE, now=NOW)


def test_what_stock_does_not_have_is_not_mixed_in_part(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("茯苓", 10), clinic.line("黄芪", 100))
    assert make.sign(held) == []
    make.pay(visit, sum(one.fen for one in accounting.charges(connection, "clinic", visit.id)))
    make.advance(held, State.REVIEWED, NURSE)

    said = refused(
        Kind.CONFLICT, dispensing.advance, prescription=held.id, to=State.MIXED, actor=NURSE, now=NOW
    )
    assert "黄芪 200 g" in said
    assert {one.remaining for one in queries.batches(connection, "clinic")} == {500_000}


# -- treatment


def test_a_course_of_needles_is_paid_done_and_recorded(connection, clinic):
    visit = make.seen()
    with connection.transaction():
        held = treating.plan(
            connection, visit=visit.id, item=clinic.items["针刺"], points=["神门", "三阴交"], sessions=2, actor=DOCTOR,
            now=NOW,
        )  # fmt: skip
    refused(Kind.CONFLICT, treating.session, plan=held.id, note="", actor=NURSE, now=NOW)
    make.pay(visit, 9000)
    with connection.transaction():
        for _ in range(2):
            treating.session(connection, plan=held.id, note="留针30分钟", actor=NURSE, now=NOW)
    refused(Kind.CONFLICT, treating.session, plan=held.id, note="", actor=NURSE, now=NOW)

    done = of("Procedure", visit)
    assert [[site["text"] for site in one["bodySite"]] for one in done] == [["神门", "三阴交"]] * 2
    assert [one.number for one in queries.sessions(connection, "clinic", held.id)] == [1, 2]


def test_paid_treatment_is_given_back_before_its_first_session_alone(connection, clinic):
    visit = make.seen()
    with connection.transaction():
        held = treating.plan(
            connection,
            visit=visit.id,
            item=clinic.items["针刺"],
            points=[],
            sessions=2,
            actor=DOCTOR,
            now=NOW,
        )
    paid = make.pay(visit, 9000)
    charges = [one.id for one in accounting.charges(connection, "clinic", visit.id)]
    with connection.transaction():
        treating.session(connection, plan=held.id, note="", actor=NURSE, now=NOW)

    refused(
        Kind.CONFLICT, charging.refund, payment=paid.id, charges=charges, reason="x", actor=NURSE, now=NOW
    )


# -- tenants


def test_nothing_of_another_clinic_can_be_reached(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("茯苓", 10))
    make.write(visit)

    at = {"actor": ELSEWHERE, "now": NOW}
    refused(Kind.NOT_FOUND, registering.move, visit=visit.id, to=VisitState.DONE, **at)
    refused(Kind.NOT_FOUND, recording.sign, visit=visit.id, **at)
    refused(Kind.NOT_FOUND, prescribing.sign, prescription=held.id, **at)
    refused(Kind.NOT_FOUND, prescribing.void, prescription=held.id, **at)
    refused(Kind.NOT_FOUND, charging.pay, visit=visit.id, way="cash", expected=0, **at)
    refused(Kind.NOT_FOUND, dispensing.advance, prescription=held.id, to=State.REVIEWED, **at)
    assert make.again(held).state is State.DRAFT


def test_templates_are_seen_in_their_scope(connection, clinic):
    with connection.transaction():
        for scope in ("own", "institution"):
            templates.keep_texts(
                connection, scope=scope, name="不寐", texts={"method": "养血安神", "x": "y"}, actor=DOCTOR
            )

    def said(actor):
        return [(one.scope, one.name, one.body) for one in templates.kept(connection, actor=actor)]

    texts = {"method": "养血安神"}
    assert said(DOCTOR) == [("own", "不寐", texts), ("institution", "不寐", texts)]
    assert said(OTHER) == [("institution", "不寐", texts)]
