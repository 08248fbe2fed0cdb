"""The numbers of the first page: whose they are, in which order, and that one that fails keeps no other back."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext_noop

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import busy
from xinglin.ui import figures
from xinglin.ui.figures import Figure, Strip

DOCTOR = Actor("account/1", "黄志远", frozenset({"doctor"}))
NURSE = Actor("account/2", "覃美玲", frozenset({"nurse"}))


@pytest.fixture
def offered(monkeypatch) -> list[str]:
    """Three strips, one for doctors alone and one that cannot tell; the keys of those that were asked."""
    asked: list[str] = []
    monkeypatch.setattr(figures, "_strips", {})

    def telling(key: str, *found: Figure):
        def tell(_: Actor) -> list[Figure]:
            asked.append(key)
            if not found:
                raise busy(gettext_noop("The platform is busy"))
            return list(found)

        return tell

    figures.offer(Strip(20, "all", lambda _: True, telling("all", Figure("seen", "3"))))
    figures.offer(Strip(10, "doctors", lambda a: a.has("doctor"), telling("doctors", Figure("treated", "2"))))
    figures.offer(Strip(15, "lost", lambda _: True, telling("lost")))
    return asked


def test_numbers_are_the_readers_own_in_order(offered):
    assert [one.name for one in figures.told(DOCTOR)] == ["treated", "seen"]
    assert [one.name for one in figures.told(NURSE)] == ["seen"]


def test_numbers_of_others_are_not_asked_for(offered):
    figures.told(NURSE)

    assert offered == ["lost", "all"]


def test_there_are_no_more_numbers_than_can_be_taken_in(monkeypatch):
    monkeypatch.setattr(figures, "_strips", {})
    many = [Figure(str(number), "1") for number in range(20)]
    figures.offer(Strip(1, "many", lambda _: True, lambda _: many))

    assert [one.name for one in figures.told(DOCTOR)] == [str(number) for number in range(figures.MOST)]


def test_reader_for_whom_nothing_is_counted_is_asked_nothing(monkeypatch):
    monkeypatch.setattr(figures, "_strips", {})

    assert not figures.any_for(DOCTOR)
