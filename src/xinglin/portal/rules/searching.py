"""What somebody typed into the search box, as searches for Patients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir.index import phones
from xinglin.identity import identifiers
from xinglin.portal.rules import people

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_TAIL = re.compile(r"[0-9]{2,8}[0-9Xx]?")
_PHONE_TAIL = re.compile(r"[0-9]{4}")
_LONG_NUMBER = re.compile(r"[A-Za-z-]*[0-9][0-9A-Za-z-]{4,}")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Searches to be tried until one finds somebody; ``tail`` is how a number of theirs ends."""

    searches: tuple[Pairs, ...]
    tail: str = ""


def wanted(text: str) -> Wanted:
    """Understand an identity number, a phone or its last four digits, another number, a name, or a name and a tail."""
    words = text.split()
    if not words:
        return Wanted(())
    joined = "".join(words)
    number = identifiers.normal_identity(joined)
    if number:
        forms = identifiers.identity_forms(number)
        named = ",".join(f"{system}|{form}" for system in identifiers.IDENTITY_SYSTEMS for form in forms)
        return Wanted(((("identifier", named),),))
    if _MOBILE.fullmatch(joined):
        return Wanted(((("phone", joined),), (("identifier", joined),)))
    if _PHONE_TAIL.fullmatch(joined):
        ends = ("phone", f"{phones.SYSTEM}|{joined}")
        return Wanted(((ends,), (("identifier", joined),)))
    if _LONG_NUMBER.fullmatch(joined):
        return Wanted(((("identifier", escape(joined)),), (("name", escape(text.strip())),)))
    if len(words) > 1 and _TAIL.fullmatch(words[-1]):
        return Wanted(((("name", escape(" ".join(words[:-1]))),),), words[-1].upper())
    return Wanted(((("name", escape(" ".join(words))),),))


def escape(value: str) -> str:
    """A search value that means itself: https://hl7.org/fhir/R4/search.html#escaping"""
    return re.sub(r"([\\$,|])", r"\\\1", value)


def ends_so(patient: Mapping[str, Any], tail: str) -> bool:
    """Whether a phone or an identity number of the patient ends with ``tail``, or the birth year is it."""
    numbers = [
        people.phone_of(patient),
        people.identity_of(patient) or "",
        str(patient.get("birthDate", ""))[:4],
    ]
    return any(number.endswith(tail) for number in numbers if number)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person found: the Patient to open, who has sent one, and the ids of all of them."""

    id: str
    person: people.Person
    institutions: tuple[str, ...]
    ids: tuple[str, ...]

    @property
    def patients(self) -> int:
        return len(self.ids)


def candidates(
    patients: Sequence[Mapping[str, Any]], names: Mapping[str, str], owners: Mapping[str, str]
) -> tuple[Candidate, ...]:
    """Patients as persons. ``names``: institutions by ``Patient/id``; ``owners``: persons of the index by Patient.

    A person is opened by the Patient with the first id, whichever of them was found: an address that was kept stays.
    """
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for patient in sorted(patients, key=lambda one: str(one["id"])):
        grouped.setdefault(owners.get(patient["id"], f"Patient/{patient['id']}"), []).append(patient)
    return tuple(_candidate(group, names) for group in grouped.values())


def _candidate(group: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Candidate:
    institutions = dict.fromkeys(filter(None, (names.get(f"Patient/{p['id']}", "") for p in group)))
    ids = tuple(str(p["id"]) for p in group)
    return Candidate(ids[0], people.person(group), tuple(institutions), ids)


def ordered(found: Sequence[Candidate], text: str) -> tuple[Candidate, ...]:
    """Persons as a list shows them: whose name was typed first, then by pinyin, name, birth date and id."""
    typed = "".join(text.split())

    def place(one: Candidate) -> tuple[bool, str, str, str, str]:
        name = one.person.name
        return name.replace(" ", "") != typed, people.romanised(name), name, one.person.birth, one.id

    return tuple(sorted(found, key=place))
