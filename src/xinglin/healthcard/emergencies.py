"""What first helpers need of a holder: blood group, allergies, conditions, implants; read at the time, never kept.

The content of the health card's group for emergencies (急救, card specification of 2012; WS/T 543), from the record.
Two institutions that say different things are both shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.record.door import Door

_BLOOD = "882-1,883-9,10331-7"  # LOINC: ABO and Rh together, ABO, Rh
_MOST = "200"
_VOID = {"entered-in-error", "refuted", "inactive", "resolved", "remission"}
_NO_KNOWN = {"716186003", "409137002", "no-known-allergies"}
_NO_KNOWN_TEXT = ("no known", "无已知过敏", "否认过敏", "无过敏")


@dataclass(frozen=True, slots=True)
class Allergy:
    """A substance; ``high`` where it was called dangerous."""

    substance: str
    high: bool
    reactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Emergency:
    """What the record says. ``denied``: somebody wrote that there is no known allergy."""

    blood: tuple[str, ...]
    allergies: tuple[Allergy, ...]
    denied: bool
    conditions: tuple[str, ...]
    implants: tuple[str, ...]


def emergency(door: Door, patients: Iterable[str]) -> Emergency:
    """Of the person whom these Patients are; faults as the door's ``search``."""
    about = ("patient", ",".join(f"Patient/{patient}" for patient in patients))
    allergies = [r for r in _all(door, "AllergyIntolerance", about) if not _void(r)]
    known = [r for r in allergies if not _says_none(r)]
    return Emergency(
        blood=_blood(_all(door, "Observation", about, ("code", _BLOOD), ("_sort", "-date"))),
        allergies=_allergies(known),
        denied=len(known) < len(allergies),
        conditions=_distinct(_text(r.get("code")) for r in _all(door, "Condition", about) if not _void(r)),
        implants=_distinct(
            _text(r.get("type")) or _device_name(r)
            for r in _all(door, "Device", about)
            if r.get("status", "active") == "active"
        ),
    )


def _all(door: Door, type_name: str, *pairs: tuple[str, str]) -> list[dict[str, Any]]:
    page = door.search(type_name, [*pairs, ("_count", _MOST)])
    return [e.stored.resource for e in page.entries if e.mode == "match"]


def _void(resource: Mapping[str, Any]) -> bool:
    said = {
        str(coding.get("code"))
        for element in ("clinicalStatus", "verificationStatus")
        for coding in resource.get(element, {}).get("coding", [])
    }
    return bool(said & _VOID)


def _says_none(allergy: Mapping[str, Any]) -> bool:
    code = allergy.get("code") or {}
    codes = {str(c.get("code")) for c in code.get("coding", [])}
    return bool(codes & _NO_KNOWN) or _text(code).casefold().startswith(_NO_KNOWN_TEXT)


def _allergies(known: Sequence[Mapping[str, Any]]) -> tuple[Allergy, ...]:
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for one in known:
        grouped.setdefault(_text(one.get("code")) or "?", []).append(one)
    found = [
        Allergy(
            substance,
            any(r.get("criticality") == "high" for r in group),
            _distinct(
                _text(m) for r in group for reaction in r.get("reaction", []) for m in reaction.get("manifestation", [])
            ),
        )
        for substance, group in grouped.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda a: not a.high))


def _blood(observations: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return _distinct(
        _text(o.get("valueCodeableConcept")) or str(o.get("valueString", ""))
        for o in observations
        if o.get("status") != "entered-in-error"
    )


def _device_name(device: Mapping[str, Any]) -> str:
    return next((str(n.get("name", "")) for n in device.get("deviceName", [])), "")


def _text(concept: Mapping[str, Any] | None) -> str:
    """A concept's text, else the first display, else the first code."""
    if not concept:
        return ""
    if concept.get("text"):
        return str(concept["text"])
    codings = concept.get("coding", [])
    return next(
        (str(c[key]) for key in ("display", "code") for c in codings if c.get(key)),
        "",
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
