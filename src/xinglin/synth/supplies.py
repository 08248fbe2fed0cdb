"""Medicines that are taken for years: what was prescribed last, and that it is prescribed again as it runs out.

Most residents have it repeated every four weeks where it was prescribed last; some miss a time, some stop coming.
What is repeated has dice of its own, so that it changes nothing else in a resident's years.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from xinglin.synth import orders
from xinglin.synth.life import Supply
from xinglin.synth.tables import by_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.synth.charts import Visit
    from xinglin.synth.life import Life

_SENT = 365
"""Days before the last one since when institutions send repeated prescriptions, and not the visits to doctors alone."""
_KEEP_ON = 0.85  # the share of residents who have their medicines repeated to the last day
_MISSED = 0.05  # of the times
_TOGETHER = 7  # days within which what runs out is fetched at one visit
_LEAST = 28  # days that a repeated prescription is for


def begin(life: Life, visit: Visit, keys: Iterable[str], disease: str, reason: dict[str, str]) -> None:
    """Prescribe these medicines for the disease in place of those that were taken for it."""
    for key in [key for key, held in life.supplies.items() if held.disease == disease]:
        del life.supplies[key]
    for key in keys:
        _prescribe(life, visit, key, disease, reason)


def renew(life: Life, visit: Visit, key: str, disease: str, reason: dict[str, str]) -> None:
    """Prescribe the medicine, unless there is enough of it from elsewhere."""
    held = life.supplies.get(key)
    if held is None or held.until - visit.day <= _TOGETHER or held.institution is visit.chart.institution:
        _prescribe(life, visit, key, disease, reason)


def _prescribe(
    life: Life, visit: Visit, key: str, disease: str, reason: dict[str, str], *, least: int = 0
) -> None:
    days = max(orders.days_of(key), least)
    orders.prescribe(visit, key, reason, days=days)
    if orders.is_lasting(key):
        life.supplies[key] = Supply(disease, visit.chart.institution, visit.day + days)


def repeat(life: Life, *, always: bool = False) -> None:
    """Plan that what is prescribed for years is prescribed again; ``always`` without missing a time."""
    dice = _apart(life.dice)
    first = max(life.start, life.until - _SENT) + dice.randrange(_LEAST)
    keeps_on = always or dice.random() < _KEEP_ON
    last = life.until if keeps_on else first + dice.randrange(max(life.until - first, 1))
    life.plan(first, _look, dice, last, 0.0 if always else _MISSED)


def _apart(dice: Random) -> Random:
    """Dice that follow from these and leave them as they are."""
    twin = Random()  # noqa: S311 -- repeatable, not secret
    twin.setstate(dice.getstate())
    return Random(twin.getrandbits(64))  # noqa: S311 -- as above


def _look(life: Life, day: int, dice: Random, last: int, missed: float) -> None:
    """Fetch what runs out, and come again when the next does."""
    if day > last:
        return
    due = {key: held for key, held in life.supplies.items() if held.until - day <= _TOGETHER}
    if due and dice.random() < missed:
        life.plan(day + 7 + dice.randrange(21), _look, dice, last, missed)
        return
    if due:
        _fetch(life, day, due, dice)
    soonest = min((held.until for held in life.supplies.values()), default=day + _LEAST)
    life.plan(max(soonest - dice.randrange(4), day + 1), _look, dice, last, missed)


def _fetch(life: Life, day: int, due: dict[str, Supply], dice: Random) -> None:
    """One visit, where the latest of them was prescribed."""
    latest = max(due.values(), key=lambda held: held.until)
    visit = life.visit(latest.institution, day, by_key("diseases")[latest.disease]["department"], dice=dice)
    visit.complain("长期用药，续方")
    for key, held in due.items():
        reason = visit.problem(held.disease, life.health.lasting[held.disease])
        _prescribe(life, visit, key, held.disease, reason, least=_LEAST)
    visit.close()
