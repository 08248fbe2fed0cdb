"""Who a card's holder is, read from the record when it is asked for; nothing of it is copied.

Every reading goes through the door and is noted there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.kernel import checkdigits
from xinglin.kernel.ages import Age, age_between
from xinglin.kernel.errors import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.record.door import Door

IDENTITY_SYSTEMS = ("urn:oid:2.16.156.10011.1.3", "urn:oid:2.16.840.1.113883.2.23.1.19.1")
RESIDENT, PASSPORT, OTHER = "01", "03", "99"  # CV02.01.101, kinds of identity documents
_DOCUMENTS = {"PPN": PASSPORT}
_NUMBER = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}")
_DIGITS = re.compile(r"[0-9]{7,}")
_HAN = re.compile(r"[\u2e80-\u9fff\U00020000-\U0003ffff]")
_NAME_USES = {"official": 0, "usual": 1}


@dataclass(frozen=True, slots=True)
class At:
    """The holder's Patient at an institution: both ids, the institution's empty where it is not said."""

    patient: str
    institution: str


@dataclass(frozen=True, slots=True)
class Holder:
    """What most of the holder's Patients say; ``names`` are all names that any of them has."""

    name: str
    names: tuple[str, ...]
    sex: str
    birth: str
    document_kind: str
    document: str
    phone: str
    died: bool
    patients: tuple[At, ...]

    def age(self, today: date) -> Age | None:
        return age_on(self.birth, today)

    def at(self, institution: str | None) -> tuple[str, ...]:
        """The holder's Patients at that institution."""
        return tuple(p.patient for p in self.patients if institution and p.institution == institution)


def holder(door: Door, patients: Iterable[str]) -> Holder | None:
    """The person whom these Patients are; None where none of them is there any more."""
    found = list(_read(door, patients))
    if not found:
        return None
    names = _ranked(_name(p) for p in found)
    documents = [d for p in found if (d := _document(p)) is not None]
    kind, number = min(documents, default=("", ""))
    return Holder(
        name=names[0] if names else "",
        names=names,
        sex=next(iter(_ranked(str(p.get("gender", "")) for p in found)), ""),
        birth=next(iter(_ranked(str(p.get("birthDate", "")) for p in found)), ""),
        document_kind=kind,
        document=number,
        phone=next(filter(None, map(_phone, found)), ""),
        died=any(p.get("deceasedDateTime") or p.get("deceasedBoolean") for p in found),
        patients=tuple(At(str(p["id"]), _institution(p)) for p in found),
    )


def _read(door: Door, patients: Iterable[str]) -> Iterable[dict[str, Any]]:
    for patient in patients:
        try:
            yield door.read("Patient", patient).resource
        except Fault as fault:
            if fault.kind not in {Kind.GONE, Kind.NOT_FOUND}:
                raise


def _ranked(values: Iterable[str]) -> tuple[str, ...]:
    """The values, those that more say first; the earlier wins a draw."""
    counts: dict[str, int] = {}
    for value in values:
        if value:
            counts[value] = counts.get(value, 0) + 1
    return tuple(sorted(counts, key=lambda value: -counts[value]))


def _name(patient: Mapping[str, Any]) -> str:
    for name in sorted(
        patient.get("name", []), key=lambda n: _NAME_USES.get(str(n.get("use")), len(_NAME_USES))
    ):
        if name.get("text"):
            return str(name["text"])
        family, given = str(name.get("family", "")), [str(g) for g in name.get("given", [])]
        whole = family + "".join(given)
        if whole:
            return whole if _HAN.search(whole) else " ".join([*given, family]).strip()
    return ""


def _document(patient: Mapping[str, Any]) -> tuple[str, str] | None:
    """Kind and number of the best identity document; a number that fails its check is none."""
    found = []
    for identifier in patient.get("identifier", []):
        value = str(identifier.get("value", "")).strip().upper()
        kinds = {str(c.get("code")) for c in identifier.get("type", {}).get("coding", [])}
        if identifier.get("system") in IDENTITY_SYSTEMS or "NI" in kinds:
            number = normal_identity(value)
            if number:
                found.append((RESIDENT, number))
        elif value and kinds & _DOCUMENTS.keys():
            found.append((_DOCUMENTS[next(iter(kinds & _DOCUMENTS.keys()))], value))
    return min(found, default=None)


def normal_identity(text: str) -> str | None:
    """The eighteen characters of an identity number, also from the older fifteen; None if it is none."""
    number = text.strip().upper().replace(" ", "")
    if not _NUMBER.fullmatch(number):
        return None
    if len(number) == 15:
        number = f"{number[:6]}19{number[6:]}"
        number += checkdigits.resident(number)
    if _as_date(f"{number[6:10]}-{number[10:12]}-{number[12:14]}") is None:
        return None
    return number if number[17] == checkdigits.resident(number[:17]) else None


def identity_forms(number: str) -> tuple[str, ...]:
    """The texts under which institutions may have kept an identity number of eighteen characters."""
    older = (number[:6] + number[8:17],) if number[6:8] == "19" else ()
    return (number, *older, *((number.lower(),) if number.endswith("X") else ()))


def sought(text: str) -> tuple[str, str]:
    """The search for Patients that an identity number, a phone number or a name means."""
    number = normal_identity(text)
    if number:
        return "identifier", ",".join(identity_forms(number))
    return ("telecom" if _DIGITS.fullmatch(text) else "name"), text


def _phone(patient: Mapping[str, Any]) -> str:
    return next(
        (
            str(t["value"])
            for t in patient.get("telecom", [])
            if t.get("system") == "phone" and t.get("value")
        ),
        "",
    )


def _institution(patient: Mapping[str, Any]) -> str:
    reference = str(patient.get("managingOrganization", {}).get("reference", ""))
    return reference.removeprefix("Organization/") if reference.startswith("Organization/") else ""


def _as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def birth_day(birth: str) -> date | None:
    """A birth date that is known to the day."""
    return _as_date(birth)


def age_on(birth: str, today: date) -> Age | None:
    """The age on ``today``; None when the birth date is unknown, or not to the day, or to come."""
    born = _as_date(birth)
    return None if born is None else age_between(born, today)


def mask_name(name: str) -> str:
    """``王**``: the first character."""
    return name[:1] + "*" * max(len(name) - 1, 0)


def sorted_patients(patients: Sequence[At]) -> list[At]:
    return sorted(patients, key=lambda p: (p.institution, p.patient))
