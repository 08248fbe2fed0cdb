"""After persons were merged."""

from __future__ import annotations

import pytest

from tests.healthcard import make
from tests.healthcard.make import NOW, after, issue
from xinglin.healthcard import actions, queries, settling
from xinglin.healthcard.rules import Act, Kind, State
from xinglin.kernel.ids import shard_of
from xinglin.record import database, tasks


@pytest.fixture
def other(wang):
    make.store(make.patient("c", name=[{"text": "王桂兰"}]))
    return make.one_person("c")


def states():
    return {row[0]: (row[1], row[2]) for row in make.rows("healthcard_card", "id, state, person")}


def test_later_active_card_stays_and_the_other_is_superseded(wang, other, db):
    first, second = issue(wang), issue(other)
    make.one_person("a", "c")

    assert tasks.maintain()["cards of merged persons settled"] == 1

    assert states() == {first.id: ("superseded", wang), second.id: ("active", wang)}
    assert tasks.maintain()["cards of merged persons settled"] == 0


def test_active_card_stays_before_a_later_frozen_one(wang, other, cards):
    first, second = issue(wang), issue(other)
    with cards.transaction():
        actions.change(cards, card=second.id, act=Act.FREEZE, reason="lost", actor=make.NURSE, now=NOW)
    make.one_person("a", "c")

    settling.settle_all(cards, after(1))

    assert states() == {first.id: ("active", wang), second.id: ("superseded", other)}


def test_only_card_goes_over_with_its_number_and_history(wang, other, cards):
    card = issue(other)
    make.one_person("a", "c")

    settling.settle_all(cards, after(1))

    moved = queries.card(cards, card.id)
    assert (moved.person, moved.shard, moved.number) == (wang, shard_of("Person", wang), card.number)
    assert [(e.after, e.reason, e.note) for e in queries.events(cards, [card.id])[card.id]] == [
        ("active", "merged", other),
        ("active", "", ""),
    ]


def test_cards_of_different_kinds_both_stay(wang, other, cards):
    virtual, physical = issue(wang), issue(other, Kind.PHYSICAL)
    make.one_person("a", "c")

    settling.settle_all(cards, after(1))

    assert states() == {virtual.id: ("active", wang), physical.id: ("active", wang)}


def test_nothing_happens_to_who_was_not_merged(wang, other, cards):
    issue(wang), issue(other)
    before = make.rows("healthcard_card")

    assert settling.settle_all(cards, after(1)) == 0
    assert make.rows("healthcard_card") == before


def test_ended_cards_stay_with_whom_they_were(wang, other, cards):
    card = issue(other)
    with cards.transaction():
        actions.change(cards, card=card.id, act=Act.CANCEL, reason="wish", actor=make.NURSE, now=NOW)
    make.one_person("a", "c")

    assert settling.settle_all(database.connection(), after(1)) == 0
    assert queries.card(cards, card.id).state is State.CANCELLED
