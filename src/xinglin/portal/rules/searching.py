"""What somebody typed into the search box, as searches for Patients."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir.index import phones
from xinglin.identity import identifiers
from xinglin.portal.rules import people
from xinglin.terminology import pinyin

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
    """One person found: the Patient to open, who has sent one, and the ids of all of them.

    ``names`` are all that the person is or was called; ``matched`` is the one of them that what was typed means,
    where it is not the one that is shown.
    """

    id: str
    person: people.Person
    institutions: tuple[str, ...]
    ids: tuple[str, ...]
    names: tuple[str, ...] = ()
    matched: str = ""

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
    called = tuple(dict.fromkeys(name for patient in group for name in people.names_of(patient)))
    return Candidate(ids[0], people.person(group), tuple(institutions), ids, called)


class Fit(IntEnum):
    """How a name fits what was typed, best first: it is that, begins so, or has it somewhere."""

    WHOLE = 0
    BEGINNING = 1
    WITHIN = 2
    NONE = 3


def fit(name: str, typed: str) -> Fit:
    """How ``name`` fits ``typed`` (``people.plain_name``): in its characters, in pinyin or in initials."""
    forms = [people.plain_name(form) for form in (name, *pinyin.name_keys(name))]
    if not typed:
        return Fit.NONE
    if typed in forms:
        return Fit.WHOLE
    if any(form.startswith(typed) for form in forms):
        return Fit.BEGINNING
    return Fit.WITHIN if any(typed in form for form in forms) else Fit.NONE


def ordered(found: Sequence[Candidate], text: str) -> tuple[Candidate, ...]:
    """Persons as a list shows them, each with the name that was meant where another is shown.

    Who is called exactly so, in characters, pinyin or initials, stands first, then whose name begins so; at equal fit
    who is shown by that name before who is only also called so; then by pinyin, name, birth date and id.
    """
    words = text.split()[:-1] if wanted(text).tail else text.split()
    typed = people.plain_name("".join(words))

    def place(one: Candidate) -> tuple[Fit, bool, str, str, str, str]:
        name = one.person.name
        shown, others = fit(name, typed), [fit(other, typed) for other in one.names]
        best = min((shown, *others))
        return best, shown != best, people.romanised(name), name, one.person.birth, one.id

    return tuple(sorted((_told(one, typed) for one in found), key=place))


def _told(one: Candidate, typed: str) -> Candidate:
    """The person with the name that fits better than the shown one."""
    best = min(one.names, key=lambda name: fit(name, typed), default="")
    better = fit(best, typed) < fit(one.person.name, typed)
    return replace(one, matched=best) if better else one
