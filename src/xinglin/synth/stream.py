"""The region as a stream: the directory, then block after block of residents, with the truth beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.kernel import errors
from xinglin.synth import acute, bundles, directory, health, households, registration
from xinglin.synth.charts import Chart, day_text
from xinglin.synth.life import Life

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.synth.households import Person

LARGEST = 10_000_000
DEFAULT_UNTIL = date(2026, 10, 31)


@dataclass(frozen=True, slots=True)
class Plan:
    """What region is wanted. ``until`` is its last day, ``years`` how long its institutions have been sending."""

    residents: int = 1000
    seed: int = 1
    years: int = 5
    until: date = DEFAULT_UNTIL

    def __post_init__(self) -> None:
        if not 1 <= self.residents <= LARGEST:
            raise errors.invalid(
                "A region has 1 to %(largest)s residents, not %(given)s.",
                code="value", largest=LARGEST, given=self.residents,
            )  # fmt: skip
        if not 1 <= self.years <= 30:
            raise errors.invalid(
                "A region covers 1 to 30 years, not %(given)s.", code="value", given=self.years
            )

    @property
    def blocks(self) -> int:
        return math.ceil(self.residents / households.BLOCK)


@dataclass(frozen=True, slots=True)
class Portion:
    """What one block gives: transactions and lines of truth, both JSON without line ends."""

    bundles: list[bytes]
    truth: list[bytes]


def portion(plan: Plan, block: int) -> Portion:
    """All that is sent about the residents of one block."""
    until = plan.until.toordinal()
    made = Portion([], [])
    delayed: list[bytes] = []
    for person in households.block(plan.seed, block, until):
        if person.index < plan.residents:
            dice = Random(f"{plan.seed}/{person.index}")  # noqa: S311 -- repeatable, not secret
            state = health.draw(person, dice, until)
            life = Life(person, state, dice, start=until - int(plan.years * health.YEAR), until=until)
            live(life)
            made.truth.append(send(life, plan.seed, made.bundles, delayed))
    made.bundles.extend(delayed)
    return made


def live(life: Life) -> None:
    """Everything that happens to a resident."""
    acute.befall(life)


def send(life: Life, seed: int, now: list[bytes], delayed: list[bytes]) -> bytes:
    """Each institution's bundle about the resident; returns the line of truth."""
    patients = []
    for chart in life.charts.values():
        first_day = date.fromisoformat(chart.resources[0]["period"]["start"][:10]).toordinal()
        patient, mistakes = registration.register(chart, seed, first_day)
        now.append(
            bundles.transaction([patient, *chart.resources], sent=f"{day_text(life.until)}T22:00:00+08:00")
        )
        patients.append(
            {"institution": chart.institution.code, "patient": f"Patient/{chart.patient}", "errors": mistakes}
        )
    return orjson.dumps(_truth(life.person, patients, list(life.charts.values())))


def _truth(person: Person, patients: list[dict[str, Any]], charts: list[Chart]) -> dict[str, Any]:
    return {
        "person": person.index,
        "name": person.name.text,
        "sex": person.sex,
        "birth": day_text(person.birth),
        "identity_number": person.identity_number,
        "phone": person.phone,
        "household": person.household,
        "mother": person.mother.index if person.mother is not None else None,
        "patients": patients,
        "slips": [
            {"kind": kind, "resource": reference} for chart in charts for kind, reference in chart.slips
        ],
    }


def portions(plan: Plan, processes: int = 1) -> Iterator[Portion]:
    """The blocks in order, whatever the number of processes."""
    if processes <= 1:
        yield from (portion(plan, block) for block in range(plan.blocks))
        return
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_Work(plan), range(plan.blocks), chunksize=8)


@dataclass(frozen=True, slots=True)
class _Work:
    plan: Plan

    def __call__(self, block: int) -> Portion:
        return portion(self.plan, block)


def region(*, residents: int = 1000, seed: int = 1, years: int = 5, processes: int = 1) -> Iterator[bytes]:
    """The whole region as transaction bundles (JSON), the directory first.

    Every reference of a bundle is to a resource in it or in one before it.
    """
    plan = Plan(residents, seed, years)
    yield from directory.transactions(residents)
    for made in portions(plan, processes):
        yield from made.bundles
