"""Resident identity numbers in samples: whether they prove themselves, and agree with what else is said (GB 11643)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]")


def said(patient: dict[str, Any], system: str) -> Iterator[tuple[int, str]]:
    """The identity numbers of a Patient, each with its place among the identifiers."""
    for at, one in enumerate(patient.get("identifier", ())):
        if isinstance(one, dict) and one.get("system") == system and isinstance(one.get("value"), str):
            yield at, one["value"].strip().upper()


def wrong(number: str, patient: dict[str, Any]) -> str:
    """What is wrong with a number, as a message; an empty text where nothing is."""
    if not _FORM.fullmatch(number) or checkdigits.resident(number[:17]) != number[17]:
        return gettext_noop("The identity number should have 18 places and a right check character.")
    birth = str(patient.get("birthDate") or "").replace("-", "")
    if birth and not number[6:14].startswith(birth):
        return gettext_noop("The date of birth differs from that in the identity number.")
    sex = "male" if int(number[16]) % 2 else "female"
    if patient.get("gender") in {"male", "female"} and patient["gender"] != sex:
        return gettext_noop("The sex differs from that in the identity number.")
    return ""
