"""What waits for whom on the first page."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext_lazy

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.ui import today

DOCTOR = Actor("account/1", "黄志远", frozenset({"doctor"}))
NURSE = Actor("account/2", "覃美玲", frozenset({"nurse"}))


@pytest.fixture
def offered(monkeypatch):
    """Only two cards, one of them for doctors alone; the names of those that were asked."""
    asked = []
    monkeypatch.setattr(today, "_parts", {})

    def telling(key, *work):
        def tell(actor):
            asked.append(key)
            return list(work)

        return tell

    some = today.Work("later", 3, "/later/"), today.Work("now", 2, "/now/", urgent=True)
    none = today.Work("none of it", 0, "/none/", urgent=True)
    for rank, key, open_to, work in (
        (20, "all", lambda actor: True, (none, *some)),
        (10, "doctors", lambda actor: "doctor" in actor.roles, ()),
    ):
        today.offer(today.Part(rank, key, gettext_lazy("Clinic"), open_to, telling(key, *work)))
    return asked


def test_cards_are_those_of_the_reader_in_order_and_nothing_is_asked_for_them(offered):
    assert [one.key for one in today.parts(DOCTOR)] == ["doctors", "all"]
    assert [one.key for one in today.parts(NURSE)] == ["all"]
    assert offered == []


def test_what_is_urgent_comes_first_if_there_is_any(offered):
    _, work = today.told(NURSE, "all")
    assert [one.name for one in work] == ["now", "none of it", "later"]


@pytest.mark.parametrize("key", ["doctors", "nowhere"])
def test_a_card_that_is_not_the_readers_is_not_there(offered, key):
    with pytest.raises(Fault) as found:
        today.told(NURSE, key)
    assert found.value.kind is Kind.NOT_FOUND
    assert offered == []
