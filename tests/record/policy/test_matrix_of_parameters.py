"""Every search parameter with every modifier, asked by every role: what everybody's search finds, less what is hidden.

What may be seen is worked out from the rules' data as in the matrix of doors; what a search finds at all is asked as
the system, from whom nothing is hidden.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.record.policy import test_matrix as matrix
from tests.record.policy.conftest import actor, everything
from xinglin.fhir import definitions
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record.door import open_as
from xinglin.record.search import grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.door import Door

TYPES = sorted({r["resourceType"] for r in everything()})
_HERE = [f"{r['resourceType']}/{r['id']}" for r in everything()]
_VALUES: dict[str, tuple[str, ...]] = {  # the first that is not refused is asked
    "token": (
        "F20.0,B24.x00,J00,female,finished,final,amended,person,AMB,current,zh,en,mind-a,obs-b",
        "true,false",
        *(
            "female",
            "finished",
            "final",
            "current",
            "person",
            "home",
            "replaces",
        ),  # of code systems that are closed
    ),
    "string": ("resident,hospital,summary,glucose",),
    "reference": (",".join(_HERE),),
    "uri": ("http://example.org/x",),
    "date": ("gt1900-01-01",),
    "number": ("gt0",),
    "quantity": ("gt0",),
    "composite": tuple(
        f"{left}${right}"
        for left in ("F20.0", "Patient/pat-a")
        for right in ("gt0", "F20.0", "gt1900-01-01", "x")
    ),
    "special": ("x",),
}
_BY_MODIFIER = {
    "missing": ("true",),
    "text": ("gluc",),
    "exact": ("Resident a,Hospital b",),
    "contains": ("esid,ospit",),
    "identifier": ("http://example.org/x|1",),
    "in": ("http://hl7.org/fhir/ValueSet/administrative-gender",),
    "not-in": ("http://hl7.org/fhir/ValueSet/administrative-gender",),
    "of-type": ("http://terminology.hl7.org/CodeSystem/v2-0203|MR|1",),
} | {type_: (",".join(n.partition("/")[2] for n in _HERE if n.startswith(type_)),) for type_ in TYPES}


class Found(NamedTuple):
    """What a search answers: names and how many there are said to be, or the kind of its refusal."""

    names: frozenset[str]
    total: int | None
    refused: str


def asked(type_: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each parameter of a type with each of its modifiers, and values to ask for."""
    for code, parameter in definitions.search_parameters(type_).items():
        yield code, _VALUES[parameter.type]
        targets = (
            [t for t in TYPES if t in (parameter.target or TYPES)] if parameter.type == "reference" else []
        )
        for modifier in (*grammar.MODIFIERS[parameter.type], *targets):
            yield f"{code}:{modifier}", _BY_MODIFIER.get(modifier, _VALUES[parameter.type])
            if modifier == "missing":
                yield f"{code}:missing", ("false",)


def found(door: Door, type_: str, name: str, value: str) -> Found:
    try:
        page = door.search(type_, [(name, value), ("_count", "100"), ("_total", "accurate")])
    except Fault as fault:
        return Found(frozenset(), None, fault.kind.name)
    return Found(frozenset(matrix.names([e.stored for e in page.entries])), page.total, "")


@cache
def of_everybody(type_: str) -> dict[tuple[str, str], Found]:
    """What each search of a type finds where nothing is hidden; asked once."""
    door = open_as(SYSTEM)
    answers: dict[tuple[str, str], Found] = {}
    for name, values in asked(type_):
        tried = {value: found(door, type_, name, value) for value in values}
        value = next((value for value, answer in tried.items() if not answer.refused), values[0])
        answers[name, value] = tried[value]
    return answers


@pytest.mark.parametrize(("role", "institution", "purpose"), matrix.WHO)
def test_every_parameter_with_every_modifier_finds_what_may_be_seen(
    kept_world: None, role: str, institution: str, purpose: str
) -> None:
    who = actor(role, institution, purpose)
    door, seen = open_as(who), matrix.visible(who)

    for type_ in TYPES:
        for (name, value), whole in of_everybody(type_).items():
            may = whole.names & seen
            wanted = whole if whole.refused else Found(may, len(may), "")
            assert found(door, type_, name, value) == wanted, f"{type_}?{name}={value}"


def test_searches_by_every_plain_parameter_are_answered_and_find_both_residents(kept_world: None) -> None:
    tried = {type_: of_everybody(type_) for type_ in TYPES}

    assert {t for t, answers in tried.items() if any(len(one.names) > 1 for one in answers.values())} == set(
        TYPES
    )
    assert (
        sorted(
            name
            for answers in tried.values()
            for (name, _), one in answers.items()
            if one.refused and ":" not in name
        )
        == []
    )
