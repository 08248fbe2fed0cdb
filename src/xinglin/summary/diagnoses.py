"""Diagnoses of several institutions as problems: which of them are the same. Pure.

The summary and every page that lists problems ask here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, has_code, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.fhir.reading import Resource

ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10S = frozenset({ICD10, "http://hl7.org/fhir/sid/icd-10-cn", "urn:oid:2.16.156.10011.2.3.3.11"})
"""ICD-10 by the systems in which institutions send it: WHO's and the national clinical edition."""
PAST = frozenset({"inactive", "resolved", "remission"})
"""Clinical states of what is over."""
_VOID = {"entered-in-error", "refuted"}
_WHO = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9])?")


def together(conditions: Iterable[Resource]) -> list[list[Resource]]:
    """Conditions that share a code or a name, directly or by others, in the order in which the first of them came.

    What was withdrawn is left out.
    """
    groups: list[list[Resource]] = []
    places: dict[str, int] = {}
    for condition in conditions:
        if has_code(condition.get("verificationStatus"), _VOID):
            continue
        keys = _keys(condition.get("code"))
        met = sorted({places[key] for key in keys if key in places})
        place = met[0] if met else len(groups)
        if not met:
            groups.append([])
        for other in met[1:]:  # two groups that this one shows to be the same
            groups[place] += groups[other]
            groups[other] = []
            places |= {key: place for key, at in places.items() if at == other}
        groups[place].append(condition)
        places |= dict.fromkeys(keys, place)
    return [group for group in groups if group]


def is_over(condition: Mapping[str, Any]) -> bool:
    """Whether a Condition says that the disease has passed."""
    return has_code(condition.get("clinicalStatus"), PAST) or bool(condition.get("abatementDateTime"))


def _keys(concept: Any) -> list[str]:
    """What makes two diagnoses the same: the ICD-10 code, else any standard code; and the words."""
    found = sorted(codings(concept), key=lambda pair: (pair[0] not in ICD10S, ":institution:" in pair[0]))
    keys = [f"text|{text}"] if (text := "".join(text_of(concept).casefold().split())) else []
    if found and ":institution:" not in found[0][0]:
        system, code = found[0]
        keys.append(f"{ICD10}|{of_who(code)}" if system in ICD10S else f"{system}|{code}")
    return keys


def of_who(code: str) -> str:
    """WHO's code, which the national clinical edition extends: ``I10`` of ``I10.x09``, ``E11.9`` of ``E11.900``."""
    found = _WHO.match(code.upper())
    return found[0].removesuffix(".") if found else code
