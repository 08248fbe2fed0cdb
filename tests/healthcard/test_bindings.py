"""Who may show another's card."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from tests.healthcard import make
from tests.healthcard.make import DOCTOR, NOW, NURSE, SYSTEM_OF_CENTRE, after, issue, present, show
from xinglin.crypto.sealing import open_sealed
from xinglin.healthcard import bindings, keys, queries
from xinglin.healthcard.rules import Wish
from xinglin.kernel.errors import Fault
from xinglin.record import database

TODAY = date(2026, 11, 20)


@pytest.fixture
def child(wang):
    return make.child()


def bind(holder, carer, *, actor=NURSE, **more):
    fields = {
        "relation": "guardian", "evidence": "court", "reference": "(2026)桂01民初1号", "consent": False,
        "starts": TODAY, "ends": None,
    }  # fmt: skip
    connection = database.connection()
    with connection.transaction():
        return bindings.bind(connection, wish=Wish(holder, carer, **{**fields, **more}), actor=actor, now=NOW)


def revoke(binding, person, *, actor=NURSE, note="不再照护"):
    connection = database.connection()
    with connection.transaction():
        return bindings.revoke(
            connection, binding=binding.id, person=person, actor=actor, now=after(60), note=note
        )


def test_binding_is_kept_with_its_evidence_sealed(child, wang, cards):
    made = bind(child, wang)

    assert queries.bindings(cards, child) == queries.bindings(cards, wang) == (made,)
    assert (made.relation, made.evidence, made.starts, made.ends) == ("guardian", "court", TODAY, None)
    assert "民初" not in repr(make.rows("healthcard_binding"))
    assert open_sealed(keys.ring(keys.FIELDS), made.reference, about=made.place) == "(2026)桂01民初1号"


def test_parents_binding_ends_on_the_eve_of_the_eighteenth_birthday(child, wang):
    made = bind(child, wang, relation="parent", evidence="birth-certificate")

    assert made.ends == date(2038, 5, 31)


def test_carer_shows_the_card_and_the_counter_is_told(child, wang):
    card, made = issue(child), bind(child, wang)

    verdict = present(show(card, binding=made.id), actor=SYSTEM_OF_CENTRE)

    assert verdict.told["name"] == "李小宝"
    assert "by-carer" in verdict.warnings


def test_revoked_binding_is_refused_at_the_counter(child, wang):
    card, made = issue(child), bind(child, wang)
    text = show(card, binding=made.id)

    revoke(made, child)

    assert present(text).why == "binding"


def test_binding_that_is_over_or_to_come_is_refused_at_the_counter(child, wang):
    card = issue(child)
    over = bind(child, wang, starts=date(2026, 11, 1), ends=TODAY)
    coming = bind(child, wang, starts=date(2026, 12, 1))

    assert [present(show(card, binding=b.id)).why for b in (over, coming)] == ["", "binding"]
    late = NOW.replace(day=21)
    assert present(show(card, binding=over.id, now=late), now=late).why == "binding"


def test_binding_of_another_holder_is_refused_at_the_counter(child, wang):
    other = bind(wang, child, relation="carer", evidence="authorisation", consent=True)

    assert present(show(issue(child), binding=other.id)).why == "binding"
    assert present(show(issue(wang), binding=99)).why == "binding"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"relation": "parent", "evidence": "court", "reference": ""}, "number of the evidence"),
        ({"relation": "spouse", "evidence": "court"}, "from 18"),
        ({"ends": date(2026, 1, 1)}, "lies before"),
    ],
)
def test_wrong_binding_is_refused_and_nothing_kept(child, wang, more, said):
    with pytest.raises(Fault, match=said):
        bind(child, wang, **more)

    assert make.rows("healthcard_binding") == []


def test_nobody_is_bound_to_themselves(wang):
    with pytest.raises(Fault, match="own card"):
        bind(wang, wang)


def test_doctor_may_not_bind(child, wang):
    with pytest.raises(Fault, match="may not do this"):
        bind(child, wang, actor=DOCTOR)

    assert make.rows("healthcard_binding") == []


def test_same_two_are_bound_once_at_a_time_and_again_after_revocation(child, wang):
    made = bind(child, wang, ends=date(2027, 1, 1))

    with pytest.raises(Fault, match="bound at that time already"):
        bind(child, wang, starts=date(2027, 1, 1))
    later = bind(child, wang, starts=date(2027, 1, 2))
    revoke(made, child)
    again = bind(child, wang, ends=date(2026, 12, 1))

    assert [row[0] for row in make.rows("healthcard_binding", "id")] == [made.id, later.id, again.id]


def test_two_counters_that_bind_at_once_make_one_binding(child, wang):
    barrier, outcomes = threading.Barrier(2), []
    wish = Wish(child, wang, "guardian", "court", "1", False, TODAY, None)

    def counter():
        with database.connect() as connection:
            barrier.wait()
            try:
                with connection.transaction():
                    bindings.bind(connection, wish=wish, actor=NURSE, now=NOW)
            except Fault as fault:
                outcomes.append(fault.kind.value)
            else:
                outcomes.append("bound")

    threads = [threading.Thread(target=counter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["bound", "conflict"]
    assert len(make.rows("healthcard_binding")) == 1


@pytest.mark.parametrize("whose", ["stranger", "note", "twice"])
def test_revocation_that_cannot_be_changes_nothing(child, wang, whose):
    made = bind(child, wang)
    if whose == "twice":
        made = revoke(made, wang)
    person = "6hk0000000000zz" if whose == "stranger" else child
    said = {"stranger": "no family binding", "note": "few words", "twice": "revoked already"}[whose]

    with pytest.raises(Fault, match=said):
        revoke(made, person, note=" " if whose == "note" else "x")

    assert queries.binding(database.connection(), made.id) == made
