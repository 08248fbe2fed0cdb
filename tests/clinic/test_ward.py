"""A stay from the bed to the bill, and what must not happen on the way."""

from __future__ import annotations

import threading
from dataclasses import replace

import psycopg
import pytest

from tests.clinic import make, ward
from tests.clinic.make import DOCTOR, ELSEWHERE, HEAD, NOW, NURSE, OTHER, SECOND
from tests.clinic.test_day import of
from tests.clinic.ward import refused
from xinglin.clinic import accounting
from xinglin.clinic import queries as clinic_queries
from xinglin.clinic.actions import stocking
from xinglin.clinic.actions.recording import Written
from xinglin.clinic.actions.stocking import Wanted as Priced
from xinglin.clinic.rules import UNIT, State, VisitState
from xinglin.clinic.ward import queries
from xinglin.clinic.ward.actions import admitting, billing, documenting, furnishing, ordering
from xinglin.clinic.ward.actions.admitting import Admission
from xinglin.clinic.ward.actions.furnishing import Place
from xinglin.clinic.ward.actions.ordering import Wanted
from xinglin.clinic.ward.rules import BedState, OrderState
from xinglin.exchange.cda import checking, reading, registry
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.record.door import open_as

ADMISSION = Admission("2", "腰痛1周", "second", "stable")


@pytest.fixture
def rooms(clinic):
    """The ward of the clinic."""
    return ward.open_ward(clinic.items)


def bed(number: str, rooms):
    return queries.bed(database.connection(), "clinic", rooms.beds[number])


def encounter(stay) -> dict:
    return open_as(SYSTEM).read("Encounter", stay.encounter).resource


# -- beds


def test_who_is_admitted_lies_in_the_bed_and_stands_in_the_record(rooms):
    stay = ward.stay(rooms)

    assert (stay.number, stay.room, stay.bed, stay.level) == (1, "201", "1", "second")
    assert bed("1", rooms).stay == stay.id
    kept = encounter(stay)
    assert kept["class"]["code"] == "IMP"
    assert kept["status"] == "in-progress"
    assert kept["location"][0]["location"]["display"] == "201病室1床"
    assert kept["hospitalization"]["admitSource"]["coding"][0]["code"] == "outp"


def test_one_bed_has_one_patient(connection, rooms):
    ward.stay(rooms)

    said = refused(
        Kind.CONFLICT, admitting.admit, guest=make.patient("p2"), bed=rooms.beds["1"], admission=ADMISSION,
        actor=DOCTOR, now=NOW,
    )  # fmt: skip
    assert "1" in said
    assert queries.open_stay(connection, "clinic", "p2") is None
    assert of("Encounter", make.seen(make.patient("p2")))[0]["class"]["code"] == "AMB"


def test_one_patient_has_one_open_stay(connection, rooms):
    guest = make.patient()
    ward.stay(rooms, guest)

    refused(
        Kind.CONFLICT, admitting.admit, guest=guest, bed=rooms.beds["2"], admission=ADMISSION, actor=DOCTOR, now=NOW
    )  # fmt: skip
    assert bed("2", rooms).stay is None


def test_of_two_who_want_a_bed_at_once_one_gets_it(connection, rooms):
    guests = [make.patient("p1"), make.patient("p2")]
    ready, came = threading.Barrier(2, timeout=30), []

    def admit(guest):
        with database.connect() as own:
            try:
                ready.wait()
                with own.transaction():
                    made = admitting.admit(
                        own, guest=guest, bed=rooms.beds["1"], admission=ADMISSION, actor=DOCTOR, now=NOW
                    )
                came.append(made.id)
            except Fault as fault:
                came.append(type(fault).__name__)

    workers = [threading.Thread(target=admit, args=[guest]) for guest in guests]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(str(one) for one in came if isinstance(one, str)) == ["Fault"]
    assert len(queries.stays(connection, "clinic")) == 1


def test_the_database_itself_refuses_a_second_person_in_a_bed(connection, rooms):
    first, second = ward.stay(rooms), ward.stay(rooms, make.patient("p2"), "2")

    with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
        connection.execute(
            "INSERT INTO clinic_lying (institution, id, stay, bed, since) VALUES ('clinic', 1, %s, %s, now())",
            [second.id, first.bed_id],
        )
    with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
        connection.execute(
            "INSERT INTO clinic_stay SELECT institution, 1, 99, patient, name, sex, birth, entrance, reason, doctor,"
            " doctor_name, admitted, NULL, '', NULL, actor FROM clinic_stay WHERE id = %s",
            [first.id],
        )


def test_a_move_leaves_a_bed_to_be_cleaned(connection, rooms):
    stay = ward.stay(rooms)
    with connection.transaction():
        moved = admitting.transfer(
            connection, stay=stay.id, bed=rooms.beds["3"], actor=NURSE, now=ward.after(hours=3)
        )

    assert moved.bed == "3"
    assert (bed("1", rooms).state, bed("1", rooms).stay) == (BedState.CLEANING, None)
    places = encounter(stay)["location"]
    assert [(one["location"]["display"], one["status"]) for one in places] == [
        ("201病室1床", "completed"), ("202病室3床", "active"),
    ]  # fmt: skip
    refused(
        Kind.CONFLICT, admitting.admit, guest=make.patient("p2"), bed=rooms.beds["1"], admission=ADMISSION,
        actor=DOCTOR, now=NOW,
    )  # fmt: skip
    with connection.transaction():
        furnishing.put_bed(connection, bed=rooms.beds["1"], state=BedState.READY, actor=NURSE)
    assert ward.stay(rooms, make.patient("p2"), "1").bed == "1"


def test_a_bed_is_not_closed_under_somebody(connection, rooms):
    ward.stay(rooms)

    refused(Kind.CONFLICT, furnishing.put_bed, bed=rooms.beds["1"], state=BedState.CLOSED, actor=HEAD)
    assert bed("1", rooms).state is BedState.READY


def test_beds_have_a_price_and_one_number_each(connection, rooms):
    today = make.TODAY

    refused(
        Kind.CONFLICT, furnishing.set_up, place=Place("203", "1", "单人间"), item=rooms.items["床位费"], today=today,
        actor=HEAD,
    )  # fmt: skip
    refused(
        Kind.INVALID, furnishing.set_up, place=Place("203", "9", "单人间"), item=rooms.items["针刺"], today=today,
        actor=HEAD,
    )  # fmt: skip
    refused(
        Kind.FORBIDDEN, furnishing.set_up, place=Place("203", "9", "单人间"), item=rooms.items["床位费"], today=today,
        actor=NURSE,
    )  # fmt: skip
    assert len(queries.beds(connection, "clinic")) == 4


# -- orders


def test_a_standing_order_is_checked_by_another_and_carried_out_so_often_a_day(connection, rooms):
    stay = ward.stay(rooms)
    order = ward.order(stay, rooms.items["针刺"], "肾俞、委中", "bid")
    refused(Kind.CONFLICT, ordering.carry_out, order=order.id, actor=NURSE, now=NOW)
    refused(Kind.FORBIDDEN, ordering.check, order=order.id, actor=DOCTOR, now=NOW)
    with connection.transaction():
        ordering.check(connection, order=order.id, actor=NURSE, now=NOW)
        for _ in range(2):
            ordering.carry_out(connection, order=order.id, note="得气", actor=SECOND, now=NOW)

    refused(Kind.CONFLICT, ordering.carry_out, order=order.id, actor=NURSE, now=NOW)
    with connection.transaction():
        ordering.carry_out(connection, order=order.id, actor=NURSE, now=ward.after(days=1))
    lines = queries.lines(connection, "clinic", stay.id)
    assert [(one.day.day, one.name, one.fen) for one in lines] == [
        (20, "针刺", 4500), (20, "针刺", 4500), (21, "针刺", 4500),
    ]  # fmt: skip
    assert len(of("Procedure", stay)) == 3
    assert {one["status"] for one in of("ServiceRequest", stay)} == {"active"}


def test_the_doctor_who_acts_first_is_that_of_a_stay_that_a_nurse_began(connection, rooms):
    stay = ward.stay(rooms, actor=NURSE)
    assert stay.doctor_name == ""
    ward.order(stay, rooms.items["针刺"])

    assert queries.stay(connection, "clinic", stay.id).doctor_name == DOCTOR.name
    assert encounter(stay)["participant"][0]["individual"]["display"] == DOCTOR.name


def test_an_order_for_once_is_done_once(connection, rooms):
    stay = ward.stay(rooms)
    order = ward.checked(stay, rooms.items["腰痛宁胶囊"], "餐后服", "")
    with connection.transaction():
        ordering.carry_out(connection, order=order.id, actor=NURSE, now=NOW)

    refused(Kind.CONFLICT, ordering.carry_out, order=order.id, actor=NURSE, now=ward.after(days=1))
    assert queries.order(connection, "clinic", order.id).state is OrderState.DONE
    assert [one["status"] for one in of("MedicationRequest", stay)] == ["completed"]
    assert [one["request"]["reference"] for one in of("MedicationAdministration", stay)] == [
        f"MedicationRequest/clinic-order-{order.id}"
    ]
    assert sum(one.fen for one in queries.lines(connection, "clinic", stay.id)) == 150


def test_a_medicine_that_is_given_leaves_the_stock(connection, rooms):
    stay = ward.stay(rooms)
    order = ward.checked(stay, rooms.items["腰痛宁胶囊"], "餐后服", "qid")
    with connection.transaction():
        for _ in range(3):
            ordering.carry_out(connection, order=order.id, actor=NURSE, now=NOW)
    said = refused(Kind.CONFLICT, ordering.carry_out, order=order.id, actor=NURSE, now=NOW)

    assert "腰痛宁胶囊 1" in said
    assert len(queries.lines(connection, "clinic", stay.id)) == 3
    names = [one.name for one in clinic_queries.batches(connection, "clinic")]
    assert "腰痛宁胶囊" not in names
    assert len(of("MedicationAdministration", stay)) == 3


def test_what_was_not_done_after_all_is_charged_no_more_and_can_be_done(connection, rooms):
    stay = ward.stay(rooms)
    order = ward.checked(stay, rooms.items["针刺"], "", "")
    with connection.transaction():
        done = ordering.carry_out(connection, order=order.id, actor=NURSE, now=NOW)
    refused(Kind.INVALID, ordering.take_back, execution=done.id, reason=" ", actor=NURSE, now=NOW)
    with connection.transaction():
        again = ordering.take_back(
            connection, execution=done.id, reason="点错患者", actor=NURSE, now=ward.after(hours=1)
        )

    assert again.state is OrderState.CHECKED
    assert queries.lines(connection, "clinic", stay.id) == []
    assert [one["status"] for one in of("Procedure", stay)] == ["entered-in-error"]
    assert [one["status"] for one in of("ServiceRequest", stay)] == ["active"]
    refused(Kind.CONFLICT, ordering.take_back, execution=done.id, reason="again", actor=NURSE, now=NOW)
    with connection.transaction():
        ordering.carry_out(connection, order=order.id, actor=NURSE, now=ward.after(hours=2))
    assert sum(one.fen for one in queries.lines(connection, "clinic", stay.id)) == 4500


def test_two_nurses_carry_out_once(connection, rooms):
    stay = ward.stay(rooms)
    order = ward.checked(stay, rooms.items["针刺"])
    ready, came = threading.Barrier(2, timeout=30), []

    def carry(actor):
        with database.connect() as own:
            ready.wait()
            try:
                with own.transaction():
                    ordering.carry_out(own, order=order.id, actor=actor, now=NOW)
                came.append("done")
            except Fault as fault:
                came.append(type(fault).__name__)

    workers = [threading.Thread(target=carry, args=[actor]) for actor in (NURSE, SECOND)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(came) == ["Fault", "done"]
    assert len(queries.lines(connection, "clinic", stay.id)) == 1


def test_a_stopped_order_is_not_carried_out_and_words_cost_nothing(connection, rooms):
    stay = ward.stay(rooms)
    needles, words = ward.checked(stay, rooms.items["针刺"]), ward.checked(stay, None, "卧硬板床")
    with connection.transaction():
        ordering.carry_out(connection, order=words.id, actor=NURSE, now=NOW)
        ordering.stop(connection, order=needles.id, actor=OTHER, now=NOW)

    refused(Kind.CONFLICT, ordering.carry_out, order=needles.id, actor=NURSE, now=NOW)
    assert queries.lines(connection, "clinic", stay.id) == []
    assert {one["code"]["text"]: one["status"] for one in of("ServiceRequest", stay)} == {
        "针刺": "revoked", "卧硬板床": "active",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("item", "words", "amount", "frequency"),
    [
        (None, " ", UNIT, "qd"),
        (None, "卧床", 0, "qd"),
        (None, "卧床", UNIT, "hourly"),
        ("茯苓", "", UNIT, "qd"),
    ],
)
def test_what_is_no_order_is_not_signed(connection, rooms, item, words, amount, frequency):
    stay = ward.stay(rooms)
    wanted = Wanted(rooms.items[item] if item else None, words, amount, frequency)

    refused(Kind.INVALID, ordering.sign, stay=stay.id, wanted=wanted, actor=DOCTOR, now=NOW)
    assert queries.orders(connection, "clinic", stay.id) == []


# -- days and money


def test_days_are_charged_once_however_often_it_is_run(connection, rooms):
    stay = ward.stay(rooms)
    new = []
    for days in (0, 1, 1, 3):
        with connection.transaction():
            new.append(billing.charge_days(connection, actor=NURSE, now=ward.after(days=days)))

    assert new == [0, 2, 0, 4]
    lines = queries.lines(connection, "clinic", stay.id)
    assert [(one.day.day, one.kind, one.fen) for one in lines] == [
        (day, kind, fen) for day in (20, 21, 22) for kind, fen in (("bed", 3500), ("nursing", 2000))
    ]


def test_a_day_that_is_spared_is_not_charged_again(connection, rooms):
    stay = ward.stay(rooms)
    with connection.transaction():
        billing.charge_days(connection, actor=NURSE, now=ward.after(days=2))
    spared = {"stay": stay.id, "source": "bed", "day": make.TODAY, "actor": NURSE, "now": NOW}
    refused(Kind.INVALID, billing.spare, **{**spared, "reason": ""})
    refused(Kind.INVALID, billing.spare, **{**spared, "source": "visit", "reason": "请假"})
    with connection.transaction():
        billing.spare(connection, **{**spared, "reason": "请假"})
        assert billing.charge_days(connection, actor=NURSE, now=ward.after(days=2)) == 0

    refused(Kind.CONFLICT, billing.spare, **{**spared, "reason": "请假"})
    lines = queries.lines(connection, "clinic", stay.id)
    assert [(one.day.day, one.kind) for one in lines] == [(20, "nursing"), (21, "bed"), (21, "nursing")]


def test_two_who_charge_the_days_at_once_charge_them_once(connection, rooms):
    stay = ward.stay(rooms)
    ready, new = threading.Barrier(2, timeout=30), []

    def charge():
        with database.connect() as own:
            ready.wait()
            with own.transaction():
                new.append(billing.charge_days(own, actor=NURSE, now=ward.after(days=2)))

    workers = [threading.Thread(target=charge) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sum(new) == 4
    assert len(queries.lines(connection, "clinic", stay.id)) == 4


def test_the_daily_upkeep_charges_all_who_have_prices(connection, rooms):
    stays = [ward.stay(rooms), ward.stay(rooms, make.patient("p2"), "2")]
    unpriced = stocking.put_item(connection, wanted=Priced("ward", "特需床位费", unit="日"), actor=HEAD)
    connection.execute("UPDATE clinic_bed SET item = %s WHERE number = '2'", [unpriced])

    assert [billing.daily(connection, ward.after(days=1)) for _ in range(2)] == [2, 0]
    assert [len(queries.lines(connection, "clinic", one.id)) for one in stays] == [2, 0]


def test_each_day_costs_what_held_at_its_end(connection, rooms):
    stay = ward.stay(rooms)
    with connection.transaction():
        admitting.care(
            connection, stay=stay.id, level="first", severity="serious", actor=DOCTOR, now=ward.after(days=1)
        )
        billing.charge_days(connection, actor=NURSE, now=ward.after(days=2))

    nursing = [one.fen for one in queries.lines(connection, "clinic", stay.id) if one.kind == "nursing"]
    assert nursing == [2000, 4000]


def test_who_leaves_on_the_day_of_admission_pays_one_day(connection, rooms):
    stay = ward.discharge(ward.stay(rooms), ward.after(hours=5))

    assert [one.kind for one in queries.lines(connection, "clinic", stay.id)] == ["bed", "nursing"]


def test_a_stay_is_settled_out_of_the_deposit_and_the_rest_given_back(connection, rooms):
    stay = ward.stay(rooms)
    ward.deposit(stay, 50000)
    order = ward.checked(stay, rooms.items["针刺"])
    with connection.transaction():
        ordering.carry_out(connection, order=order.id, actor=NURSE, now=NOW)
    refused(
        Kind.CONFLICT, billing.settle, stay=stay.id, way="cash", out=True, expected=4500, actor=NURSE, now=NOW
    )
    stay = ward.discharge(stay, ward.after(days=2))
    due = 2 * (3500 + 2000) + 4500
    assert billing.standing(connection, stay).due == due
    refused(
        Kind.CONFLICT,
        billing.settle,
        stay=stay.id,
        way="cash",
        out=True,
        expected=due - 1,
        actor=NURSE,
        now=NOW,
    )
    with connection.transaction():
        made = billing.settle(
            connection, stay=stay.id, way="cash", out=True, expected=due, actor=NURSE, now=ward.after(days=2)
        )

    assert [(one.kind, one.way, one.fen) for one in made] == [
        ("pay", "account", due), ("withdrawal", "cash", 50000 - due),
    ]  # fmt: skip
    assert accounting.account(connection, "clinic", stay.patient) == 0
    assert accounting.cash(accounting.unclosed(connection, "clinic")) == due
    refused(
        Kind.CONFLICT, billing.settle, stay=stay.id, way="cash", out=True, expected=0, actor=NURSE, now=NOW
    )


def test_what_the_deposit_lacks_is_put_in_at_the_end(connection, rooms):
    stay = ward.stay(rooms)
    ward.deposit(stay, 1000)
    stay = ward.discharge(stay, ward.after(days=1))
    with connection.transaction():
        made = billing.settle(
            connection,
            stay=stay.id,
            way="mobile",
            out=False,
            expected=5500,
            actor=NURSE,
            now=ward.after(days=1),
        )

    assert [(one.kind, one.way, one.fen) for one in made] == [
        ("deposit", "mobile", 4500), ("pay", "account", 5500),
    ]  # fmt: skip
    assert billing.standing(connection, queries.stay(connection, "clinic", stay.id)).due == 0


def test_lines_of_a_bill_are_never_changed(connection, rooms):
    stay = ward.discharge(ward.stay(rooms), ward.after(days=1))

    for sql in ("UPDATE clinic_line SET fen = 0 WHERE stay = %s", "DELETE FROM clinic_line WHERE stay = %s"):
        with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
            connection.execute(sql, [stay.id])


# -- from a visit, with herbs


def test_herbs_of_a_stay_are_prescribed_on_its_visit_and_stand_on_its_bill(connection, clinic, rooms):
    visit = make.seen(fee=clinic.items["挂号费"])
    make.pay(visit, 500)
    guest = make.patient()
    stay = ward.stay(rooms, guest, visit=visit.id, now=make.after(60))
    with connection.transaction():
        today = admitting.visit_of_today(connection, stay=stay.id, actor=DOCTOR, now=make.after(90))
        tomorrow = admitting.visit_of_today(connection, stay=stay.id, actor=DOCTOR, now=ward.after(days=1))
    assert today == visit.id
    held = make.draft(clinic_queries.visit(connection, "clinic", tomorrow), clinic.line("茯苓", 10), doses=2)
    with connection.transaction():
        from xinglin.clinic.actions import prescribing

        prescribing.sign(connection, prescription=held.id, actor=DOCTOR, now=ward.after(days=1))

    lines = queries.lines(connection, "clinic", stay.id)
    assert [(one.kind, one.name, one.fen) for one in lines] == [("herb", "茯苓", 130)]
    parts = open_as(SYSTEM).read("Encounter", f"clinic-visit-{tomorrow}").resource
    assert parts["partOf"]["reference"] == f"Encounter/{stay.encounter}"

    stay = ward.discharge(stay, ward.after(days=1, hours=2))
    assert clinic_queries.visit(connection, "clinic", tomorrow).state is VisitState.DONE
    due = billing.standing(connection, stay).due
    assert due == 130 + 5500
    with connection.transaction():
        billing.settle(
            connection,
            stay=stay.id,
            way="cash",
            out=True,
            expected=due,
            actor=NURSE,
            now=ward.after(days=1, hours=3),
        )
    assert make.again(held).state is State.PAID
    assert {one.payment is None for one in queries.lines(connection, "clinic", stay.id)} == {False}


def test_who_is_admitted_from_a_visit_has_to_be_there(connection, clinic, rooms):
    visit = make.seen()

    refused(
        Kind.CONFLICT, admitting.admit, guest=make.patient("p9"), bed=rooms.beds["1"], admission=ADMISSION,
        visit=visit.id, actor=DOCTOR, now=NOW,
    )  # fmt: skip
    assert queries.stays(connection, "clinic") == []


# -- discharge


def test_a_discharge_ends_what_stands_and_is_seen_elsewhere(connection, rooms):
    stay = ward.stay(rooms)
    order = ward.checked(stay, rooms.items["针刺"])
    over = ward.discharge(stay, ward.after(days=3))

    assert queries.order(connection, "clinic", order.id).state is OrderState.STOPPED
    assert bed("1", rooms).state is BedState.CLEANING
    kept = open_as(ELSEWHERE).read("Encounter", stay.encounter).resource
    assert kept["status"] == "finished"
    assert kept["hospitalization"]["dischargeDisposition"]["coding"][0]["code"] == "home"
    assert kept["location"][0]["period"]["end"] == kept["period"]["end"]
    assert over.last_day.isoformat() == "2026-11-23"
    refused(Kind.CONFLICT, admitting.discharge, stay=stay.id, way="1", actor=DOCTOR, now=NOW)
    assert ward.stay(rooms, bed="2", now=ward.after(days=4)).number == 2


# -- documents and signs


def test_a_signed_admission_record_stands_in_the_record(connection, rooms):
    stay = ward.stay(rooms)
    ward.write(stay, "admission")
    ward.sign(stay, "admission", ward.after(hours=2))

    (document,) = of("Composition", stay)
    assert document["type"]["coding"][0]["code"] == "C0034"
    assert document["encounter"]["reference"] == f"Encounter/{stay.encounter}"
    (condition,) = of("Condition", stay)
    assert condition["code"]["text"] == "不寐病（心脾两虚证）"
    (diagnosis,) = encounter(stay)["diagnosis"]
    assert diagnosis["use"]["coding"][0]["code"] == "AD"
    asked = next(one for one in of("Observation", stay) if one["code"]["text"] == "问诊")
    assert {one["code"]["text"]: one["valueBoolean"] for one in asked["component"]} == {
        "腰痛": True,
        "无发热": False,
    }


def test_documents_of_a_stay_are_shared_without_a_fault(connection, rooms):
    stay = ward.stay(rooms)
    for kind in ("first", "admission"):
        ward.write(stay, kind)
        ward.sign(stay, kind, ward.after(hours=2))
    stay = ward.discharge(stay, ward.after(days=2))
    ward.write(stay, "discharge")
    ward.sign(stay, "discharge", ward.after(days=2, hours=1))

    door, told = open_as(SYSTEM), {}
    for found in registry.find(door, registry.Wanted(patients=(stay.patient,))):
        read = reading.read(registry.original(door, found))
        assert [reason for reason in checking.check(read) if reason.severity == "error"] == []
        told[read.code] = {
            one.code: one.value.text for part in read.all_sections() for one in part.all() if one.value
        }
    assert set(told) == {"C0034", "C0049", "C0053"}
    assert told["C0034"]["DE02.10.071.00"] == ward.TEXTS["history"]
    assert told["C0049"]["DE06.00.296.00"] == ward.TEXTS["treatment"]
    assert told["C0049"]["DE06.00.193.00"] == ward.TEXTS["state"]


def test_the_discharge_record_adds_its_diagnoses(connection, rooms):
    stay = ward.stay(rooms)
    refused(
        Kind.CONFLICT, documenting.write, stay=stay.id, kind="discharge", number=1, written=Written(ward.TEXTS, {}),
        version=0, actor=DOCTOR, now=NOW,
    )  # fmt: skip
    ward.write(stay, "admission")
    ward.sign(stay, "admission", ward.after(hours=2))
    stay = ward.discharge(stay, ward.after(days=2))
    ward.write(stay, "discharge")
    ward.sign(stay, "discharge", ward.after(days=2, hours=1))

    assert [one["use"]["coding"][0]["code"] for one in encounter(stay)["diagnosis"]] == ["AD", "DD"]
    assert sorted(one["type"]["coding"][0]["code"] for one in of("Composition", stay)) == ["C0034", "C0049"]


def test_an_incomplete_document_is_not_signed(connection, rooms):
    stay = ward.stay(rooms)
    ward.write(stay, "first", differential="")

    said = refused(
        Kind.CONFLICT, documenting.sign, stay=stay.id, kind="first", number=1, actor=DOCTOR, now=NOW
    )
    assert "鉴别诊断" in said
    assert of("Composition", stay) == []


def test_an_amended_document_is_signed_anew_and_stays_in_time(connection, rooms):
    stay = ward.stay(rooms)
    for version, plan in enumerate(["针刺、推拿治疗。", "针刺、推拿、中药治疗。"]):
        ward.write(stay, "first", version=version, plan=plan)
        made = ward.sign(stay, "first", ward.after(hours=1 + 20 * version))

    (document,) = of("Composition", stay)
    assert document["meta"]["versionId"] != "1"
    assert made.first_signed == ward.after(hours=1)
    assert {one.kind: one.standing.value for one in documenting.owed(connection, stay, ward.after(hours=30))} == {
        "first": "in time", "admission": "overdue", "round": "due", "course": "due",
    }  # fmt: skip


def test_only_a_nurse_writes_a_nursing_note_and_only_a_doctor_a_course_note(connection, rooms):
    stay = ward.stay(rooms)
    for kind, actor in (("nursing", DOCTOR), ("course", NURSE)):
        refused(
            Kind.FORBIDDEN, documenting.write, stay=stay.id, kind=kind, number=1, written=Written(ward.TEXTS, {}),
            version=0, actor=actor, now=NOW,
        )  # fmt: skip
    ward.write(stay, "nursing")
    ward.write(stay, "nursing", number=2)

    assert [(one.kind, one.number) for one in queries.documents(connection, "clinic", stay.id)] == [
        ("nursing", 1), ("nursing", 2),
    ]  # fmt: skip


def test_what_is_measured_stands_in_the_record_and_a_mistake_is_marked(connection, rooms):
    stay = ward.stay(rooms)
    typed = {"temperature": "37.2", "pulse": "82", "systolic": "130", "diastolic": "80"}
    with connection.transaction():
        one = documenting.measure(
            connection,
            stay=stay.id,
            moment=ward.after(hours=1),
            typed=typed,
            actor=NURSE,
            now=ward.after(hours=2),
        )
    found = {each["code"]["text"]: each for each in of("Observation", stay)}
    assert found["体温"]["valueQuantity"]["value"] == 37.2
    assert [each["valueQuantity"]["value"] for each in found["血压"]["component"]] == [130, 80]

    with connection.transaction():
        documenting.mistake(connection, stay=stay.id, sign=one.id, actor=NURSE, now=ward.after(hours=2))
    assert {each["status"] for each in of("Observation", stay)} == {"entered-in-error"}
    refused(Kind.CONFLICT, documenting.mistake, stay=stay.id, sign=one.id, actor=NURSE, now=NOW)
    with connection.transaction():
        documenting.measure(
            connection,
            stay=stay.id,
            moment=ward.after(hours=1),
            typed=typed,
            actor=NURSE,
            now=ward.after(hours=2),
        )


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ({"temperature": "99"}, 1),
        ({}, 1),
        ({"systolic": "120"}, 1),
        ({"pulse": "80"}, 5),
        ({"pulse": "80"}, -1),
    ],
)
def test_what_cannot_be_measured_is_not_kept(connection, rooms, typed, hours):
    stay = ward.stay(rooms)

    refused(
        Kind.INVALID, documenting.measure, stay=stay.id, moment=ward.after(hours=hours), typed=typed, actor=NURSE,
        now=ward.after(hours=2),
    )  # fmt: skip
    assert queries.signs(connection, "clinic", stay.id) == []


def test_nothing_of_the_ward_is_there_for_another_clinic(connection, rooms):
    stay = ward.stay(rooms)
    order = ward.order(stay, rooms.items["针刺"])
    verbs = [
        (admitting.transfer, {"stay": stay.id, "bed": rooms.beds["2"]}),
        (admitting.discharge, {"stay": stay.id, "way": "1"}),
        (ordering.stop, {"order": order.id}),
        (ordering.check, {"order": order.id}),
        (billing.deposit, {"stay": stay.id, "way": "cash", "fen": 100}),
        (billing.spare, {"stay": stay.id, "source": "bed", "day": make.TODAY, "reason": "请假"}),
    ]
    for verb, more in verbs:
        refused(Kind.NOT_FOUND, verb, actor=ELSEWHERE, now=NOW, **more)

    assert queries.order(connection, "clinic", order.id).state is OrderState.SIGNED


def test_a_demonstration_has_two_people_in_the_ward(connection, clinic):
    from xinglin.clinic.ward import demonstrating

    everything = replace(NURSE, roles=frozenset({"doctor", "nurse", "administrator"}), id="demo")
    for number in range(3):
        make.patient(f"p{number}")
    for _ in range(2):
        with connection.transaction():
            demonstrating.open_ward(connection, actor=everything, skip=1, now=ward.after(days=5))

    stays = queries.stays(connection, "clinic")
    assert [(one.bed, len(queries.signs(connection, "clinic", one.id))) for one in stays] == [
        ("1", 6),
        ("4", 3),
    ]
    assert len(queries.beds(connection, "clinic")) == 4
    assert all(billing.standing(connection, one).due > 0 for one in stays)
