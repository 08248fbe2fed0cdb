"""Registers without records: the Patients that institutions send over the years, and who they are.

Much faster than a whole region, for trying the person index. A resident is registered by one to five institutions with
the errors of ``registration``, or of ``data/dirty-1.toml`` for a badly kept region, in which one resident in a hundred
has a *double*: another person of the same surname, birth date, telephone and address.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.synth import households, identifiers, institutions, names, registration
from xinglin.synth.charts import Chart, day_text
from xinglin.synth.health import YEAR
from xinglin.synth.plan import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinglin.synth.households import Person
    from xinglin.synth.institutions import Institution
    from xinglin.synth.plan import Plan

_SHARES = (0.30, 0.34, 0.20, 0.10, 0.06)


@dataclass(frozen=True, slots=True)
class Register:
    """How registers are kept: the rates of errors, the share of doubles, how many registrations a resident has."""

    rates: Mapping[str, float]
    doubles: float
    shares: tuple[float, ...]
    version: str


@cache
def tidy() -> Register:
    """The registers of the demo region."""
    return Register(registration.RATES, 0.0, _SHARES, "")


@cache
def dirty() -> Register:
    """Badly kept registers: ``data/dirty-1.toml``."""
    path = Path(__file__).parent / "data" / "dirty-1.toml"
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    shares = tuple(table["registrations"]["shares"])
    return Register(table["rates"], table["residents"]["doubles"], shares, table["version"])


@dataclass(frozen=True, slots=True)
class Registration:
    """One Patient as an institution keeps it, and the truth about it."""

    patient: dict[str, Any]
    person: int
    errors: list[str]
    kind: str  # "" | twin | double | namesake


def of_block(plan: Plan, block: int, register: Register) -> Iterator[Registration]:
    """All registrations of the residents of one block."""
    until = plan.until.toordinal()
    people = [p for p in households.block(plan.seed, block, until) if p.index < plan.residents]
    kinds = _namesakes(people)
    dice = Random(f"{plan.seed}/registers/{block}")  # noqa: S311 -- repeatable, not secret
    if register.doubles:
        for person in tuple(people):
            if person.name.surname and dice.random() < register.doubles:
                people.append(_double(person))
                kinds[person.index] = kinds[people[-1].index] = "double"
    cumulative = tuple(accumulate(register.shares))
    for person in people:
        yield from _registrations(person, dice, plan, register, cumulative, kinds.get(person.index, ""))


def _namesakes(people: list[Person]) -> dict[int, str]:
    """The residents who are twins, or share their name with somebody of the household, by number."""
    kinds = {p.index: "twin" for p in people if p.twin}
    named: dict[tuple[int, str], Person] = {}
    for person in people:
        other = named.setdefault((person.household, person.name.text), person)
        if other is not person:
            kinds[person.index] = kinds[other.index] = "namesake"
    return kinds


def _double(person: Person) -> Person:
    """Somebody who shares surname, birth date, telephone and address with the person, and has a name of their own."""
    index = person.index + LARGEST
    born = int(day_text(person.birth)[:4])
    sex = person.sex if index % 2 else ("female" if person.sex == "male" else "male")
    name = names.another(person.name, born, sex)
    number = person.identity_number
    mine = identifiers.identity_number(
        number[:6], date.fromordinal(person.birth), sex, person.index + 137
    )  # why 137: another order number on the same day
    return replace(person, index=index, name=name, sex=sex, identity_number=mine, twin=0)


def _registrations(
    person: Person,
    dice: Random,
    plan: Plan,
    register: Register,
    cumulative: tuple[float, ...],
    kind: str,
) -> Iterator[Registration]:
    drawn, count = dice.random(), 1
    while count < len(cumulative) and drawn >= cumulative[count - 1]:
        count += 1
    until = plan.until.toordinal()
    first = max(person.birth, until - int(plan.years * YEAR))
    days = sorted(first + int(dice.random() * (until - first)) for _ in range(count))
    for keeper, day in zip(_keepers(person, dice, count), days, strict=False):
        chart = Chart(keeper, person)
        patient, errors = registration.register(chart, dice, day, register.rates)
        patient["meta"] = {**patient["meta"], "lastUpdated": f"{day_text(day)}T08:00:00+08:00"}
        yield Registration(patient, person.index, errors, kind)


def _keepers(person: Person, dice: Random, count: int) -> list[Institution]:
    """As many institutions as are wanted, those near to the resident first."""
    town = person.place.township
    near = [
        institutions.centre(town.number),
        institutions.district_hospital(town.district),
        institutions.general(0),
        institutions.station(person.place.number),
        institutions.TCM,
        institutions.MATERNAL if person.sex == "female" else institutions.CDC,
    ]
    start = int(dice.random() * len(near))
    return [near[(start + n) % len(near)] for n in range(count)]


def truth(found: Registration) -> bytes:
    """The line of truth: whose registration it is, and what is wrong in it."""
    return orjson.dumps(
        {
            "patient": found.patient["id"],
            "person": found.person,
            "errors": found.errors,
            "kind": found.kind,
        }
    )
