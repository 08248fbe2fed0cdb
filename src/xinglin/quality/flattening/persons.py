"""A Patient made flat: verdicts on the identity number, the name, the telephone; none of them is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xinglin.identity import identifiers
from xinglin.identity.identifiers import Kind, Proof
from xinglin.kernel.ids import self_number
from xinglin.quality import vocabulary
from xinglin.quality.flattening.reading import Flat, day, moment, organization

if TYPE_CHECKING:
    from datetime import date

Resource = dict[str, Any]
SEXES = {"male": 1, "female": 2, "other": 9}
_PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}|0\d{2,3}\d{7,8}(?:\d{1,4})?|[48]00\d{7}|\d{7,8}")
_NOT_IN_NUMBERS = re.compile(r"[\s\-()（）－]")
_NOT_IN_NAMES = re.compile(r"[\d?？*＊#@!！,，;；/\\|+=<>_]")


def patient(resource: Resource) -> Flat:
    """The row of a person."""
    birth_text = resource.get("birthDate")
    birth = day(birth_text)
    sex = SEXES.get(str(resource.get("gender")))
    name, phone = _name(resource), _phone(resource)
    dead = bool(resource.get("deceasedBoolean") or resource.get("deceasedDateTime"))
    row = (
        birth, moment(resource.get("deceasedDateTime")), sex, dead, resource.get("active") is not False,
        bool(birth and (birth.month, birth.day) == (1, 1)), *_identity(resource, birth, sex),
        bool(name), _is_plain(name) if name else None,
        bool(phone), _PHONE.fullmatch(_NOT_IN_NUMBERS.sub("", phone)) is not None if phone else None,
        any(one.get("text") or one.get("line") for one in resource.get("address") or ()),
    )  # fmt: skip
    number = self_number("Patient", str(resource.get("id")))
    unit = organization(resource.get("managingOrganization"))
    return Flat("person", number, 1, None, [row], unit=unit)


def _identity(
    resource: Resource, birth: date | None, sex: int | None
) -> tuple[bool, bool | None, bool | None, bool | None, bool | None]:
    """Filled; the check digit right; birth and sex as elsewhere; a division that there is."""
    for one in resource.get("identifier") or ():
        if identifiers.kind_of(one) != Kind.RESIDENT:
            continue
        number = identifiers.plain(str(one.get("value") or ""))
        if not number or identifiers.is_placeholder(number):
            continue
        found = identifiers.resident(number)
        if (
            found is None
        ):  # neither fifteen nor eighteen characters: a document of another kind may stand there
            other = identifiers.of_kind(Kind.RESIDENT, number)
            return (True, None if other else False, None, None, None)
        proven = None if found.proof == Proof.PLAIN else found.proof == Proof.PROVEN
        inside = number[6:14] if len(number) == 18 else f"19{number[6:12]}"
        male = int(number[16] if len(number) == 18 else number[14]) % 2
        return (
            True,
            proven,
            None if birth is None or proven is False else inside == f"{birth:%Y%m%d}",
            None if sex not in (1, 2) or proven is False else male == sex % 2,
            number[:2] in identifiers.PROVINCES,
        )
    return (False, None, None, None, None)


def _name(resource: Resource) -> str:
    for one in resource.get("name") or ():
        text = one.get("text") or f"{one.get('family') or ''}{''.join(one.get('given') or ())}"
        if text.strip():
            return str(text).strip()
    return ""


def _is_plain(name: str) -> bool:
    return _NOT_IN_NAMES.search(name) is None and name.lower() not in vocabulary.placeholder_names()


def _phone(resource: Resource) -> str:
    for one in resource.get("telecom") or ():
        if one.get("system") in ("phone", "sms", None) and one.get("value"):
            return str(one["value"])
    return ""
