"""Cards: issued, frozen, replaced, cancelled; and what is kept of it."""

from __future__ import annotations

import threading

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.healthcard import make
from tests.healthcard.make import DOCTOR, HOSPITAL, NOW, NURSE, after, issue
from xinglin.crypto.sealing import open_sealed
from xinglin.healthcard import actions, keys, queries
from xinglin.healthcard.rules import LIVING, Act, Kind, State
from xinglin.kernel.errors import Fault
from xinglin.record import access, database


def change(card, act, reason="", **more):
    connection = database.connection()
    with connection.transaction():
        return actions.change(
            connection, card=card.id, act=act, reason=reason, **{"actor": NURSE, "now": after(1), **more}
        )


def replace(card, reason="lost", **more):
    connection = database.connection()
    with connection.transaction():
        return actions.replace(
            connection,
            card=card.id,
            reason=reason,
            **{"actor": NURSE, "now": after(2), "issuer": HOSPITAL, **more},
        )


def history(card):
    return [(e.before, e.after, e.reason) for e in queries.events(database.connection(), [card.id])[card.id]]


def test_issued_card_is_active_and_belongs_to_the_person(wang):
    card = issue(wang)

    assert (card.person, card.kind, card.state) == (wang, Kind.VIRTUAL, State.ACTIVE)
    assert (card.institution, card.institution_name) == ("hospital", "第一人民医院")
    assert (card.requested, card.activated, card.ended) == (NOW, NOW, None)
    assert history(card) == [(None, "active", "")]


def test_card_that_is_to_be_made_waits_to_be_handed_over(wang):
    card = issue(wang, Kind.PHYSICAL, handed_over=False)
    assert (card.state, card.activated) == (State.REQUESTED, None)

    given = change(card, Act.ACTIVATE)

    assert (given.state, given.activated) == (State.ACTIVE, after(1))


def test_copies_on_the_card_are_sealed_and_the_number_is_not_the_identity(wang, cards):
    card = issue(wang)
    row = repr(make.rows("healthcard_card"))

    assert make.WANG not in row
    assert "王桂兰" not in row
    ring = keys.ring(keys.FIELDS)
    assert open_sealed(ring, card.document, about=actions.place(card.id, "document")) == make.WANG
    assert open_sealed(ring, card.name, about=actions.place(card.id, "name")) == "王桂兰"
    assert queries.by_document(cards, [actions.document_hash(make.WANG)]) == (card,)


def test_person_has_one_living_card_of_each_kind(wang):
    first, other = issue(wang), issue(wang, Kind.PHYSICAL)

    with pytest.raises(Fault, match="already has a living card"):
        issue(wang)

    assert {c.id for c in queries.of_person(database.connection(), wang)} == {first.id, other.id}


def test_database_keeps_one_living_card_by_itself(wang, cards):
    card = issue(wang)
    same = (
        "person, kind, institution, institution_name, name, document_kind, document, document_hash, requested,"
        " activated, changed"
    )

    with pytest.raises(psycopg.errors.UniqueViolation, match="healthcard_card_living"):
        cards.execute(
            f"INSERT INTO healthcard_card (id, shard, number, state, {same})"
            f" SELECT id + 1, shard, repeat('0', 64), 'frozen', {same} FROM healthcard_card"
        )

    assert [c.id for c in queries.of_person(cards, wang)] == [card.id]


def test_two_that_issue_at_once_make_one_card(wang):
    barrier, outcomes = threading.Barrier(2), []

    def counter():
        connection = database.connect()
        with connection:
            barrier.wait()
            try:
                with connection.transaction():
                    actions.issue(
                        connection, person=wang, kind=Kind.VIRTUAL, actor=NURSE, now=NOW, issuer=HOSPITAL
                    )
            except Fault as fault:
                outcomes.append(fault.kind.value)
            else:
                outcomes.append("issued")

    threads = [threading.Thread(target=counter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["conflict", "issued"]
    assert len(make.rows("healthcard_card")) == 1
    assert len(make.rows("healthcard_event")) == 1


def test_two_that_replace_at_once_make_one_card(wang):
    card, barrier, outcomes = issue(wang), threading.Barrier(2), []

    def counter():
        with database.connect() as connection:
            barrier.wait()
            try:
                with connection.transaction():
                    actions.replace(
                        connection, card=card.id, actor=NURSE, now=NOW, reason="lost", issuer=HOSPITAL
                    )
            except Fault as fault:
                outcomes.append(fault.kind.value)
            else:
                outcomes.append("replaced")

    threads = [threading.Thread(target=counter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["conflict", "replaced"]
    assert sorted(row[0] for row in make.rows("healthcard_card", "state")) == ["active", "replaced"]


def test_nobody_and_the_dead_get_no_card(wang):
    make.store(make.patient("dead", deceasedBoolean=True))
    dead = make.one_person("dead")

    with pytest.raises(Fault, match="has died"):
        issue(dead)
    with pytest.raises(Fault, match="There is no person"):
        issue("6hk0000000000zz")

    assert make.rows("healthcard_card") == []


def test_frozen_card_becomes_active_again(wang):
    card = issue(wang)

    assert change(card, Act.FREEZE, "lost").state is State.FROZEN
    back = change(card, Act.UNFREEZE, "found", note="在家里")

    assert (back.state, back.ended) == (State.ACTIVE, None)
    assert history(card)[0] == ("frozen", "active", "found")


def test_replaced_card_is_void_and_the_new_one_has_another_number(wang):
    card = issue(wang)

    fresh = replace(card)

    old = queries.card(database.connection(), card.id)
    assert (old.state, old.ended) == (State.REPLACED, after(2))
    assert (fresh.state, fresh.replaces, fresh.kind) == (State.ACTIVE, card.id, card.kind)
    assert fresh.number != card.number


def test_cancelled_card_leaves_room_for_another(wang):
    change(issue(wang), Act.CANCEL, "wish")

    assert issue(wang).state is State.ACTIVE


@pytest.mark.parametrize(
    ("act", "reason", "said"),
    [
        (Act.UNFREEZE, "found", "cannot be changed so"),
        (Act.FREEZE, "died", "Say why"),
        (Act.CANCEL, "", "Say why"),
    ],
)
def test_what_cannot_be_done_changes_nothing(wang, act, reason, said):
    card = issue(wang)

    with pytest.raises(Fault, match=said):
        change(card, act, reason)

    assert queries.card(database.connection(), card.id) == card
    assert len(history(card)) == 1


def test_refused_replacement_leaves_the_old_card_active(wang):
    card = issue(wang)
    make.amend("a", deceasedBoolean=True)

    with pytest.raises(Fault, match="has died"):
        replace(card)

    assert queries.card(database.connection(), card.id) == card
    assert len(make.rows("healthcard_card")) == 1


def test_who_may_not_issue_is_refused_and_noted(wang, cards):
    card = issue(wang)

    for attempt in (
        lambda: issue(wang, Kind.PHYSICAL, actor=DOCTOR),
        lambda: change(card, Act.FREEZE, "lost", actor=DOCTOR),
        lambda: replace(card, actor=DOCTOR),
    ):
        with pytest.raises(Fault, match="may not do this"):
            attempt()

    assert make.rows("healthcard_card", "state") == [("active",)]
    access.flush()
    noted = cards.execute(
        "SELECT action FROM record_access WHERE outcome = 'deny' ORDER BY moment"
    ).fetchall()
    assert noted == [("card.issue",), ("card.freeze",), ("card.replace",)]


def test_reading_the_holder_is_noted(wang, cards):
    issue(wang)

    access.flush()
    assert cards.execute(
        "SELECT actor, action, id FROM record_access WHERE actor = %s ORDER BY id", [NURSE.id]
    ).fetchall() == [(NURSE.id, "read", "a"), (NURSE.id, "read", "b")]


@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = ''", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["healthcard_event", "healthcard_use"])
def test_history_can_only_be_added_to(wang, cards, table, statement):
    make.present(make.show(issue(wang)))
    before = make.rows(table)

    with pytest.raises(psycopg.errors.RestrictViolation, match="only ever added to"):
        cards.execute(statement.format(table))

    assert make.rows(table) == before
    assert before


@given(steps=st.lists(st.tuples(st.sampled_from(["issue", "replace", *Act]), st.booleans()), max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_there_is_at_most_one_living_card_and_a_whole_history(wang, cards, steps):
    cards.execute("TRUNCATE healthcard_card, healthcard_event")
    for step, handed_over in steps:
        living = [c for c in queries.of_person(cards, wang) if c.is_living]
        try:
            if step == "issue":
                issue(wang, handed_over=handed_over)
            elif living and step == "replace":
                replace(living[0], handed_over=handed_over)
            elif living and step is not Act.SUPERSEDE:
                reasons = {Act.FREEZE: "lost", Act.UNFREEZE: "found", Act.CANCEL: "wish", Act.REPLACE: "lost"}
                change(living[0], step, reasons.get(step, ""))
        except Fault:
            pass

    found = queries.of_person(cards, wang)
    assert sum(c.is_living for c in found) <= 1
    for card, events in ((c, queries.events(cards, [c.id])[c.id]) for c in found):
        assert events[0].after == card.state.value
        assert [e.before for e in events[:-1]] == [e.after for e in events[1:]]
        assert (card.state in LIVING) is card.is_living
