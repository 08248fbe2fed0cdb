"""Who a resident is: names, identity numbers, ages, and which Patients are the same person."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from xinglin.fhir.reading import as_date, codings, each
from xinglin.identity.identifiers import IDENTITY_SYSTEMS, normal_identity
from xinglin.kernel.ages import Age, age_between
from xinglin.terminology import pinyin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

CARD_SYSTEM = "urn:oid:2.16.156.10011.1.19"
_NAME_USES = {"official": 0, "usual": 1}
_DOTS = "·•・‧.．"
_HAN = re.compile(r"[\u2e80-\u9fff\U00020000-\U0003ffff]")


class Named(Protocol):
    """What a record says, with the English name of its code; ``""`` where it has none."""

    @property
    def name(self) -> str: ...

    @property
    def english(self) -> str: ...


def named(one: Named, *, chinese: bool) -> str:
    """How the reader calls it: in Chinese the record's word, in English the name of its code, if it has one."""
    return one.name if chinese else one.english or one.name


def identity_of(patient: Mapping[str, Any]) -> str | None:
    """The patient's identity number, if there is one that passes its check."""
    for identifier in each(patient.get("identifier")):
        kinds = {code for _, code in codings(identifier.get("type"))}
        if identifier.get("system") in IDENTITY_SYSTEMS or "NI" in kinds:
            number = normal_identity(str(identifier.get("value", "")))
            if number:
                return number
    return None


def identifier_in(patients: Iterable[Mapping[str, Any]], system: str) -> str:
    """The first identifier of ``system`` that one of the patients has."""
    for patient in patients:
        for identifier in each(patient.get("identifier")):
            if identifier.get("system") == system and identifier.get("value"):
                return str(identifier["value"])
    return ""


def name_of(patient: Mapping[str, Any]) -> str:
    """The name as it is spoken: the text, else family and given, in Chinese order without a space."""
    return next(iter(names_of(patient)), "")


def names_of(patient: Mapping[str, Any]) -> tuple[str, ...]:
    """All names of a patient as they are spoken, the one that counts most first; former names and aliases too."""
    names = list(each(patient.get("name")))
    names.sort(key=lambda name: _NAME_USES.get(str(name.get("use")), len(_NAME_USES)))
    return tuple(dict.fromkeys(filter(None, map(_spoken, names))))


def _spoken(name: Mapping[str, Any]) -> str:
    if name.get("text"):
        return str(name["text"])
    given = [str(g) for g in name.get("given", [])]
    family = str(name.get("family", ""))
    if has_han(family + "".join(given)):
        return family + "".join(given)
    return " ".join([*given, family]).strip()


def plain_name(name: str) -> str:
    """A name without what only writing makes different: spaces, full-width letters, middle dots, capitals."""
    plain = unicodedata.normalize("NFKC", name)
    return "".join(letter for letter in plain if not letter.isspace() and letter not in _DOTS).casefold()


def has_han(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return bool(_HAN.search(text))


def romanised(name: str) -> str:
    """A Chinese name in pinyin, ``ZHANG Sanfeng``; empty for a name that is in Latin letters already."""
    keys = pinyin.name_keys(name) if has_han(name) else ()
    family, _, given = next((key for key in keys if key.count(" ") == 1), keys[0] if keys else "").partition(
        " "
    )
    return f"{family.upper()} {given.title()}".strip()


def phone_of(patient: Mapping[str, Any]) -> str:
    for contact in each(patient.get("telecom")):
        if contact.get("system") == "phone" and contact.get("value"):
            return str(contact["value"])
    return ""


def address_of(patient: Mapping[str, Any]) -> str:
    """The first address: its text, else its parts from the greater to the smaller."""
    for address in each(patient.get("address")):
        if address.get("text"):
            return str(address["text"])
        parts = [address.get(k) for k in ("state", "city", "district")]
        line = [*parts, *address.get("line", [])]
        if any(line):
            return " ".join(str(p) for p in line if p)
    return ""


def age_on(birth: str, today: date) -> Age | None:
    """The age on ``today``; None when the birth date is unknown or to come."""
    born = as_date(birth)
    return None if born is None else age_between(born, today)


def most_said(values: Iterable[str], alike: Callable[[str], str] = str) -> tuple[str, tuple[str, ...]]:
    """What most institutions say, and what others say instead; the earlier wins a draw.

    Values of which ``alike`` makes the same are one, in the words of the first.
    """
    counts: dict[str, int] = {}
    words: dict[str, str] = {}
    for value in values:
        if value:
            meant = alike(value)
            counts[meant] = counts.get(meant, 0) + 1
            words.setdefault(meant, value)
    ranked = [words[meant] for meant in sorted(counts, key=lambda meant: -counts[meant])]
    return (ranked[0], tuple(ranked[1:])) if ranked else ("", ())


@dataclass(frozen=True, slots=True)
class Person:
    """A resident as the banner shows one: what most institutions say, and in ``*_others`` what differs."""

    name: str
    name_others: tuple[str, ...]
    birth: str
    birth_others: tuple[str, ...]
    sex: str  # FHIR's code, or empty
    identity: str
    card: str
    phone: str
    address: str
    died: str  # a day, ``true`` when only the fact is known, or empty


def person(patients: Sequence[Mapping[str, Any]]) -> Person:
    """Put one person together from the Patients of several institutions."""
    name, name_others = most_said((name_of(p) for p in patients), plain_name)
    birth, birth_others = most_said(str(p.get("birthDate", "")) for p in patients)
    died = next((p.get("deceasedDateTime") or p.get("deceasedBoolean") for p in patients if _is_dead(p)), "")
    return Person(
        name=name,
        name_others=name_others,
        birth=birth,
        birth_others=birth_others,
        sex=most_said(str(p.get("gender", "")) for p in patients)[0],
        identity=next(filter(None, (identity_of(p) for p in patients)), ""),
        card=identifier_in(patients, CARD_SYSTEM),
        phone=next(filter(None, (phone_of(p) for p in patients)), ""),
        address=next(filter(None, (address_of(p) for p in patients)), ""),
        died="true" if died is True else str(died)[:10],
    )


def differing(one: Person, shown: Person) -> frozenset[str]:
    """In what a Patient says something else than is shown of the person; what it does not say differs in nothing."""
    pairs = {
        "name": (plain_name(one.name), plain_name(shown.name)),
        "phone": (_digits(one.phone), _digits(shown.phone)),
        "identity": (one.identity, shown.identity),
        "address": (plain_name(one.address), plain_name(shown.address)),
    }
    return frozenset(name for name, (said, seen) in pairs.items() if said and said != seen)


def _digits(phone: str) -> str:
    return "".join(character for character in phone if character.isdigit())[-11:]


def _is_dead(patient: Mapping[str, Any]) -> bool:
    return bool(patient.get("deceasedDateTime") or patient.get("deceasedBoolean"))
