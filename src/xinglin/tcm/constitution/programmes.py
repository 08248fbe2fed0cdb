"""Programmes: what is due when for a group of people. Read from data; pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found
from xinglin.tcm.constitution.instruments import DATA

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


class State(StrEnum):
    DONE = "done"
    DUE = "due"
    LATE = "late"
    COMING = "coming"
    MISSED = "missed"  # its time is over, and the next has come


@dataclass(frozen=True, slots=True)
class Step:
    """What is done ``months`` after birth or enrolment."""

    id: str
    months: int
    zh: str
    en: str
    how: str = ""

    def text(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Programme:
    """Steps for a group of people. ``by`` is ``age``, ``year`` (each calendar year) or ``enrolment``.

    ``window`` are the months before and after which a step is still in time; ``rate`` names its service rate where the
    authorities ask for one.
    """

    id: str
    zh: str
    en: str
    source: str
    confidence: str
    by: str
    window: int
    steps: tuple[Step, ...]
    from_months: int = 0
    to_months: int | None = None
    rate_zh: str = ""
    rate_en: str = ""

    def title(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en

    def rate(self, language: str) -> str:
        return self.rate_zh if language.startswith("zh") else self.rate_en

    def fits(self, born: date, today: date) -> bool:
        """Whether somebody is of the age for it."""
        age = months_between(born, today)
        return age >= self.from_months and (self.to_months is None or age <= self.to_months)


@dataclass(frozen=True, slots=True)
class Due:
    """A step of somebody: when it is due, and how it stands."""

    step: Step
    day: date
    state: State


@cache
def shipped() -> dict[str, Programme]:
    with (DATA / "programmes.toml").open("rb") as source:
        found = tomllib.load(source)["programme"]
    return {
        each["id"]: Programme(
            each["id"], each["zh"], each["en"], each["source"], each["confidence"], each["by"], each["window"],
            tuple(
                Step(step["id"], step["months"], step["zh"], step["en"], step.get("how_zh", ""))
                for step in each["step"]
            ),
            each.get("from_months", 0), each.get("to_months"),
            each.get("rate", {}).get("zh", ""), each.get("rate", {}).get("en", ""),
        )
        for each in found
    }  # fmt: skip


def programme(id_: str) -> Programme:
    """A programme by id; raises ``not_found``."""
    found = shipped().get(id_)
    if found is None:
        raise not_found(gettext_noop("There is no programme %(id)s."), id=id_)
    return found


def months_between(start: date, end: date) -> int:
    """Whole months from one day to another."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def after(start: date, months: int) -> date:
    """The day so many months later; the last of the month where it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for day in range(start.day, 27, -1):
        try:
            return start.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return start.replace(year=year, month=month + 1)


def schedule(of: Programme, start: date, today: date, done: Iterable[tuple[str, date]]) -> list[Due]:
    """Every step of somebody who was born, or enrolled, on ``start``. ``done`` are steps with their days."""
    given = list(done)
    if of.by == "year":
        this_year = any(day.year == today.year for _, day in given)
        return [
            Due(step, today.replace(month=12, day=31), State.DONE if this_year else State.DUE)
            for step in of.steps
        ]
    kept = {step for step, _ in given}
    found = []
    for number, step in enumerate(of.steps):
        following = of.steps[number + 1] if number + 1 < len(of.steps) else None
        over = following is not None and today >= after(start, following.months - of.window)
        found.append(_due(of, step, start, today, done=step.id in kept, over=over))
    return found


def _due(of: Programme, step: Step, start: date, today: date, *, done: bool, over: bool) -> Due:
    day = after(start, step.months)
    if done:
        state = State.DONE
    elif over:
        state = State.MISSED
    elif today < after(start, step.months - of.window):
        state = State.COMING
    else:
        state = State.DUE if today <= after(start, step.months + of.window) else State.LATE
    return Due(step, day, state)
