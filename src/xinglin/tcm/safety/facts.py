"""What the record says of a person that the rules ask for, read through its door: who looked is noted."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.tcm.safety.rulebook import DATA
from xinglin.tcm.safety.values import Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from xinglin.record.door import Door

_MOST = "500"
_ENDED = {"resolved", "inactive", "remission"}
_CURRENT = {"active", "completed", "intended"}
_DAYS_TAKEN = 90  # what was ordered longer ago is not taken to be taken still


@cache
def _conditions() -> dict[str, Any]:
    with (DATA / "conditions.toml").open("rb") as source:
        return tomllib.load(source)


def person(door: Door, patient: str, today: date) -> Person:
    """The person whom Patient ``patient`` is; faults as the door's ``read``. It lacks what the reader may not see."""
    found = door.read("Patient", patient).resource
    same = dict.fromkeys((patient, *identity.together(database.connection(), patient)))
    about = ",".join(f"Patient/{one}" for one in same)
    conditions = list(_resources(door, "Condition", about))
    return Person(
        sex=found.get("gender"),
        age=_age(str(found.get("birthDate", "")), today),
        pregnancy="pregnant" if _lately(conditions, "pregnancy", today) else None,
        lactating=_lately(conditions, "lactation", today),
        conditions=tuple(_named(conditions)),
        allergies=tuple(_allergies(_resources(door, "AllergyIntolerance", about))),
        medicines=tuple(_medicines(door, about, today)),
    )


def _resources(door: Door, type_name: str, about: str) -> Iterator[dict[str, Any]]:
    try:
        page = door.search(type_name, [("patient", about), ("_count", _MOST)])
    except Fault as fault:
        if fault.kind is not Kind.FORBIDDEN:
            raise
        return
    for entry in page.entries:
        yield entry.stored.resource


def _age(born: str, today: date) -> float | None:
    parts = born.split("-")
    if not parts[0].isdigit():
        return None
    year, month, day = (int(part) for part in (*parts, "1", "1")[:3])
    return today.year - year - ((today.month, today.day) < (month, day))


def _codes(resource: dict[str, Any]) -> list[str]:
    return [str(each.get("code", "")) for each in (resource.get("code") or {}).get("coding", ())]


def _is_active(condition: dict[str, Any]) -> bool:
    states = [each.get("code") for each in (condition.get("clinicalStatus") or {}).get("coding", ())]
    return not _ENDED & set(states) and not condition.get("abatementDateTime")


def _named(conditions: list[dict[str, Any]]) -> Iterator[str]:
    codes = [code for each in conditions if _is_active(each) for code in _codes(each)]
    for name, starts in _conditions()["codes"].items():
        if any(code.startswith(tuple(starts)) for code in codes):
            yield name


def _lately(conditions: list[dict[str, Any]], name: str, today: date) -> bool:
    wanted = _conditions()[name]
    for each in conditions:
        if any(code.startswith(tuple(wanted["codes"])) for code in _codes(each)) and _is_active(each):
            days = _days_since(str(each.get("onsetDateTime") or each.get("recordedDate") or ""), today)
            if days is not None and days <= wanted["days"]:
                return True
    return False


def _days_since(moment: str, today: date) -> int | None:
    try:
        return (today - type(today).fromisoformat(moment[:10])).days
    except ValueError:
        return None


def _text(concept: dict[str, Any] | None) -> str:
    concept = concept or {}
    shown = [each["display"] for each in concept.get("coding", ()) if each.get("display")]
    return str(concept.get("text") or next(iter(shown), ""))


def _allergies(found: Iterable[dict[str, Any]]) -> Iterator[str]:
    for each in found:
        if _is_active(each) and _text(each.get("code")):
            yield _text(each.get("code"))


def _medicines(door: Door, about: str, today: date) -> Iterator[str]:
    for kind, moment in (("MedicationRequest", "authoredOn"), ("MedicationStatement", "dateAsserted")):
        for each in _resources(door, kind, about):
            days = _days_since(str(each.get(moment) or ""), today)
            if each.get("status") in _CURRENT and days is not None and days <= _DAYS_TAKEN:
                name = _text(each.get("medicationCodeableConcept"))
                if name:
                    yield name
