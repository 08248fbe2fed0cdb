"""Cards of a record: read through the door, counted, answered, and not said twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.reminders.conftest import (
    ATC,
    HL7,
    LOINC,
    UCUM,
    ago,
    allergy,
    door_of,
    drafts,
    encounter,
    medicine,
    person,
    potassium,
    stored,
)
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import self_number
from xinglin.record import access, database
from xinglin.reminders import actions, queries, rules
from xinglin.reminders.actions import Answer, Given, cards_for

VIEW, SIGN = "patient-view", "order-sign"


def fired(connection: Any) -> list[Any]:
    rows = connection.execute("SELECT rule, times, outcome, reason FROM reminders_firing ORDER BY rule")
    return list(rows.fetchall())


def test_a_critical_result_interrupts_and_is_counted(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))

    cards = cards_for(door, "p1", VIEW, {})

    assert [(one.rule, one.interrupts) for one in cards] == [("critical-result", True)]
    assert cards[0].summary.startswith("危急值：血钾 6.9 mmol/L")
    assert fired(connection) == [("critical-result", 1, "", "")]


def test_the_reading_is_noted_with_actor_and_purpose(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    access.flush()
    connection.execute("DELETE FROM record_access")

    cards_for(door, "p1", VIEW, {})

    access.flush()
    noted = connection.execute(
        "SELECT DISTINCT actor, purpose, action, patient FROM record_access"
    ).fetchall()
    assert noted == [("account/1", "TREAT", "everything", self_number("Patient", "p1"))]


def test_the_same_card_counts_once_in_an_encounter_and_anew_in_another(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))

    first = cards_for(door, "p1", VIEW, {"encounterId": "e1"})
    again = cards_for(door, "p1", VIEW, {"encounterId": "e1"})
    other = cards_for(door, "p1", VIEW, {"encounterId": "e2"})

    assert [one.uuid for one in first] == [one.uuid for one in again]
    assert first[0].uuid != other[0].uuid
    assert fired(connection) == [("critical-result", 2, "", ""), ("critical-result", 1, "", "")]


def test_nothing_of_the_patient_is_in_the_tables(door: Any, connection: Any) -> None:
    stored(person("p-secret"), potassium(6.9, patient="p-secret"))

    cards_for(door, "p-secret", VIEW, {"encounterId": "e-secret"})

    row = connection.execute("SELECT reminders_firing::text FROM reminders_firing").fetchone()
    assert row is not None
    assert "secret" not in row[0]


def test_what_was_set_aside_does_not_come_again_in_the_encounter(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    (card,) = cards_for(door, "p1", VIEW, {"encounterId": "e1"})

    actions.override(
        connection, rule=card.rule, hook=VIEW, actor=door.actor, now=clock.now(),
        given=Answer(card.uuid, rules.OVERRIDDEN, "done-elsewhere", "电话已通知"),
    )  # fmt: skip

    assert cards_for(door, "p1", VIEW, {"encounterId": "e1"}) == ()
    assert len(cards_for(door, "p1", VIEW, {"encounterId": "e2"})) == 1
    assert ("critical-result", 2, "overridden", "done-elsewhere") in fired(connection)
    kept = connection.execute("SELECT comment FROM reminders_firing WHERE outcome <> ''").fetchone()
    assert kept is not None
    assert "电话" not in kept[0]


def test_a_reason_that_the_rule_does_not_know_is_refused(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    (card,) = cards_for(door, "p1", VIEW, {})

    with pytest.raises(Fault) as refused:
        actions.override(
            connection, rule=card.rule, hook=VIEW, actor=door.actor, now=clock.now(),
            given=Answer(card.uuid, rules.OVERRIDDEN, "because"),
        )  # fmt: skip

    assert refused.value.kind is Kind.INVALID
    assert fired(connection) == [("critical-result", 1, "", "")]


def test_another_institution_cannot_answer_a_card(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    (card,) = cards_for(door, "p1", VIEW, {})
    other = door_of("doctor", 2, institution="elsewhere").actor

    with pytest.raises(Fault) as refused:
        actions.answer(
            connection, [Answer(card.uuid, rules.ACCEPTED)], hook=VIEW, actor=other, now=clock.now()
        )

    assert refused.value.kind is Kind.NOT_FOUND
    assert fired(connection) == [("critical-result", 1, "", "")]


def test_one_click_makes_the_order_that_the_card_proposes(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    (card,) = cards_for(door, "p1", VIEW, {})
    ((suggestion, _, _),) = card.suggestions

    actions.accept(door, patient="p1", hook=VIEW, encounter="", card=card.uuid, suggestion=suggestion)

    kept = door.search("ServiceRequest", [("patient", "Patient/p1")]).entries
    assert [one.stored.resource["code"]["coding"][0]["code"] for one in kept] == ["2823-3"]
    assert fired(connection) == [("critical-result", 1, "accepted", "")]


def test_a_suggestion_of_a_card_that_is_gone_is_refused_and_makes_nothing(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    (card,) = cards_for(door, "p1", VIEW, {})
    ((suggestion, _, _),) = card.suggestions
    stored(potassium(4.2, days=1, id_="k2"))

    with pytest.raises(Fault) as refused:
        actions.accept(door, patient="p1", hook=VIEW, encounter="", card=card.uuid, suggestion=suggestion)

    assert refused.value.kind is Kind.NOT_FOUND
    assert door.search("ServiceRequest", [("patient", "Patient/p1")]).entries == ()
    assert fired(connection) == [("critical-result", 1, "", "")]


def test_who_has_no_right_is_refused_before_anything_is_read(connection: Any) -> None:
    stored(person(), potassium(6.9))
    access.flush()
    connection.execute("DELETE FROM record_access")

    with pytest.raises(Fault) as refused:
        cards_for(door_of("steward"), "p1", VIEW, {})

    access.flush()
    assert refused.value.kind is Kind.FORBIDDEN
    assert connection.execute("SELECT count(*) FROM record_access").fetchone() == (0,)
    assert fired(connection) == []


def test_drafts_are_checked_against_the_record(door: Any) -> None:
    stored(
        person(), allergy(),
        medicine("B01AA03", "m1", status="completed", authoredOn=ago(5)[:10]),
    )  # fmt: skip
    context = {"draftOrders": drafts(medicine("J01CA04"), medicine("M01AE01", "d2"))}

    found = [(one.rule, str(one.indicator)) for one in cards_for(door, "p1", SIGN, context)]

    assert found == [("allergy-medicine", "critical"), ("interaction-major", "warning")]


def test_old_orders_are_let_lie_and_what_is_said_to_be_taken_is_not(door: Any) -> None:
    bounds = [{"timing": {"repeat": {"boundsPeriod": {"start": "2005-01-04"}}}}]
    statement = {
        "resourceType": "MedicationStatement", "id": "s1", "status": "active",
        "subject": {"reference": "Patient/p1"}, "effectivePeriod": {"start": "2019-03-01"},
        "medicationCodeableConcept": {"text": "华法林钠片"},
    }  # fmt: skip
    stored(
        person(), statement,
        medicine("C10AA05", "m1", status="completed", authoredOn=ago(300)[:10]),
        medicine("C09CA03", "m2", status="completed", authoredOn=ago(5)[:10], dosageInstruction=bounds),
    )  # fmt: skip
    context = {
        "draftOrders": drafts(medicine("M01AE01"), medicine("C10AA05", "d2"), medicine("C03DA01", "d3"))
    }

    found = [(one.rule, one.about) for one in cards_for(door, "p1", SIGN, context)]

    assert sorted(found) == [
        ("interaction-major", ("MedicationRequest/m2",)), ("interaction-major", ("MedicationRequest/m2",)),
        ("interaction-major", ("MedicationStatement/s1",)),
    ]  # fmt: skip


def test_an_older_critical_result_gives_way_to_the_next_that_was_not_taken_back(door: Any) -> None:
    stored(
        person(), potassium(6.9, 3, "k1"), potassium(4.1, 1, "k2", status="entered-in-error"),
        potassium(5.0, 400, "k0"),
    )  # fmt: skip

    assert [one.rule for one in cards_for(door, "p1", VIEW, {})] == ["critical-result"]


def test_a_result_that_the_laboratory_marks_counts_and_its_repeat_ends_it(door: Any) -> None:
    mark: dict[str, Any] = {
        "interpretation": [{"coding": [{"system": f"{HL7}v3-ObservationInterpretation", "code": "HH"}]}]
    }
    troponin: dict[str, Any] = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "10839-9"}], "text": "肌钙蛋白I"}
    }
    stored(person(), potassium(9.2, 2, "t1", **mark, **troponin))
    first = [one.rule for one in cards_for(door, "p1", VIEW, {})]
    stored(potassium(0.1, 1, "t2", **troponin))

    assert first == ["critical-result"]
    assert cards_for(door, "p1", VIEW, {}) == ()


def test_a_rule_that_is_switched_off_says_nothing(connection: Any) -> None:
    from xinglin.reminders.values import State

    door, steward = door_of("doctor"), door_of("steward").actor
    stored(person(), potassium(6.9))
    rule = queries.rule("critical-result")
    actions.decide(connection, rule=rule, state=State.OFF, words="试停", actor=steward, now=clock.now())

    assert cards_for(door, "p1", VIEW, {}) == ()
    assert fired(connection) == []


def test_counts_are_of_an_institution_and_of_a_time(door: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    (card,) = cards_for(door, "p1", VIEW, {"encounterId": "e1"})
    cards_for(door_of("doctor", 2, institution="elsewhere"), "p1", VIEW, {"encounterId": "e1"})
    actions.answer(
        connection, [Answer(card.uuid, rules.ACCEPTED)], hook=VIEW, actor=door.actor, now=clock.now()
    )
    now = clock.now()
    day = timedelta(days=1)

    here = queries.counts(connection, "hospital", now - day, now + day)
    region = queries.counts(connection, "", now - day, now + day)
    before = queries.counts(connection, "", now - 3 * day, now - 2 * day)

    (one,) = here.values()
    assert (one.fired, one.accepted, one.overridden) == (1, 1, 0)
    assert [each.fired for each in region.values()] == [2]
    assert before == {}


def test_the_bench_tries_a_rule_and_only_then_lets_it_go_live(connection: Any) -> None:
    from xinglin.reminders import bench
    from xinglin.reminders.values import State

    stored(
        person(), encounter("e1", 10), encounter("e2", 5), potassium(3.0, 12),
        medicine("C01AA05", "m1", status="completed", authoredOn=ago(10)[:10], encounter={"reference": "Encounter/e1"}),
        medicine("C08CA01", "m2", status="completed", authoredOn=ago(5)[:10], encounter={"reference": "Encounter/e2"}),
    )  # fmt: skip
    steward, rule = door_of("steward"), queries.rule("digoxin-potassium")

    with pytest.raises(Fault) as refused:
        actions.decide(
            connection, rule=rule, state=State.LIVE, words="", actor=steward.actor, now=clock.now()
        )
    tried = bench.replay(steward, rule, now=clock.now())
    actions.decide(
        connection, rule=rule, state=State.LIVE, words="可上线", actor=steward.actor, now=clock.now()
    )

    assert refused.value.kind is Kind.CONFLICT
    assert (tried.encounters, tried.of, tried.fired, tried.findings) == (2, 2, 1, 1)
    assert "digoxin-potassium" in queries.live(database.connection())
    assert fired(connection) == []
    assert [(one.state, one.words) for one in queries.decisions(connection, rule)] == [(State.LIVE, "可上线")]


def test_the_bench_sees_an_encounter_as_it_was_then(connection: Any) -> None:
    from xinglin.reminders import bench

    stored(person(), encounter("e1", 10), potassium(6.9, 11, "k1"), potassium(4.1, 2, "k2"))

    tried = bench.replay(door_of("steward"), queries.rule("critical-result"), now=clock.now())

    assert (tried.encounters, tried.fired) == (1, 1)


def test_only_who_decides_on_rules_may_try_them(connection: Any) -> None:
    from xinglin.reminders import bench

    with pytest.raises(Fault) as refused:
        bench.replay(door_of("doctor"), queries.rule("critical-result"), now=clock.now())

    assert refused.value.kind is Kind.FORBIDDEN


def test_two_at_once_count_the_same_cards(connection: Any) -> None:
    from threading import Barrier, Thread

    stored(person(), allergy(), medicine("B01AA03", "m1", status="completed", authoredOn=ago(5)[:10]))
    context = {"encounterId": "e1", "draftOrders": drafts(medicine("J01CA04"), medicine("M01AE01", "d2"))}
    together, failed = Barrier(2), []

    def ask(number: int) -> None:
        try:
            together.wait()
            for _ in range(5):
                cards_for(door_of("doctor", number), "p1", SIGN, context)
        except Exception as error:  # noqa: BLE001 -- told by the test
            failed.append(error)
        finally:
            database.close()

    threads = [Thread(target=ask, args=[number]) for number in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert failed == []
    assert [row[:2] for row in fired(connection)] == [("allergy-medicine", 10), ("interaction-major", 10)]


def metformin(id_: str, days: int, **more: Any) -> dict[str, Any]:
    supply = {"expectedSupplyDuration": {"value": 30, "unit": "d", "system": UCUM, "code": "d"}}
    concept = {"coding": [{"system": ATC, "code": "A10BA02"}], "text": "二甲双胍片"}
    more = {"status": "completed", "dispenseRequest": supply, "authoredOn": ago(days)[:10], **more}
    return medicine("A10BA02", id_, **{"medicationCodeableConcept": concept, **more})


def filtration() -> dict[str, Any]:
    return potassium(
        29, 5, "egfr", code={"coding": [{"system": LOINC, "code": "62238-1"}], "text": "eGFR"},
        valueQuantity={"value": 29, "unit": "mL/min/1.73m2"},
    )  # fmt: skip


def test_medicine_in_use_is_told_since_its_first_order_however_old(door: Any, connection: Any) -> None:
    named = {
        "medicationCodeableConcept": {"text": "盐酸二甲双胍片 0.5g"}
    }  # an institution that sends no code
    void = metformin("m4", 2000, status="entered-in-error")
    stored(
        person(), filtration(), metformin("m1", 1500), metformin("m2", 90, **named), metformin("m3", 3), void
    )

    (card,) = cards_for(door, "p1", VIEW, {})

    assert card.rule == "renal-taken"
    assert f"{ago(1500)[:10]} 首次开具，最近一次 {ago(3)[:10]}，共 3 次" in card.detail


def test_medicine_that_was_ordered_once_is_told_since_that_day(door: Any, connection: Any) -> None:
    stored(person(), filtration(), metformin("m1", 3))

    (card,) = cards_for(door, "p1", VIEW, {})

    assert f"{ago(3)[:10]} 起" in card.detail
    assert "首次开具" not in card.detail


def test_orders_that_a_client_sends_are_counted_once_and_its_own_patients_are_not_looked_up(
    door: Any, connection: Any
) -> None:
    stored(person(), filtration(), metformin("m1", 400), metformin("m2", 3))
    sent = Given([metformin("m2", 3)], frozenset({"MedicationRequest"}))
    foreign = Given([person(), filtration(), metformin("m1", 40), metformin("m2", 3)], foreign=True)

    (card,) = cards_for(door, "p1", VIEW, {}, sent)
    (alone,) = cards_for(door, "p1", VIEW, {}, foreign)

    assert "共 2 次" in card.detail
    assert f"{ago(40)[:10]} 首次开具" in alone.detail
