"""The allergy box: exactly four states, and never "none" for what nobody wrote down.

After the patient banner guidance of the NHS Common User Interface (PAB-0064).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import first_date, has_code, text_of
from xinglin.portal.rules.sources import Source, institutions
from xinglin.reminders import knowledge
from xinglin.summary import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.portal.rules.sources import Sources

_NO_KNOWN = {"716186003", "409137002", "428607008", "429625007", "no-known-allergies"}  # SNOMED CT, and plain
_NO_KNOWN_TEXT = ("no known", "无已知过敏", "否认", "无过敏")
_VOID = {"entered-in-error", "refuted"}
_PAST = {"inactive", "resolved"}


class State(StrEnum):
    """What is known of somebody's allergies."""

    KNOWN = "known"
    NONE_KNOWN = "none-known"
    NOT_RECORDED = "not-recorded"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Allergy:
    """One substance, by its ``name``. ``criticality`` as FHIR codes it, or empty."""

    name: str
    reactions: tuple[str, ...]
    criticality: str
    sources: tuple[Source, ...]
    english: str = ""

    @property
    def institutions(self) -> tuple[str, ...]:
        return institutions(self.sources)


@dataclass(frozen=True, slots=True)
class Box:
    """What the banner shows. ``denied`` are those who wrote that there is none, also when others know one."""

    state: State
    allergies: tuple[Allergy, ...] = ()
    denied: tuple[Source, ...] = ()

    @property
    def said_none(self) -> Source | None:
        """Who wrote last that there is none."""
        return max(self.denied, key=lambda source: source.date, default=None)


UNAVAILABLE = Box(State.UNAVAILABLE)


def box(resources: Sequence[Mapping[str, Any]], sources: Sources) -> Box:
    """The state of a resident's AllergyIntolerances."""
    denied: list[Source] = []
    grouped: dict[str, list[tuple[Mapping[str, Any], Source]]] = {}
    for resource in resources:
        if has_code(resource.get("verificationStatus"), _VOID) or has_code(
            resource.get("clinicalStatus"), _PAST
        ):
            continue
        source = sources.of(resource, first_date(resource, "recordedDate", "onsetDateTime", "onsetPeriod"))
        if _says_none(resource):
            denied.append(source)
        else:
            grouped.setdefault(text_of(resource.get("code")).casefold(), []).append((resource, source))
    if grouped:
        found = tuple(_allergy(group) for group in grouped.values())
        return Box(State.KNOWN, tuple(sorted(found, key=lambda a: a.criticality != "high")), tuple(denied))
    return Box(State.NONE_KNOWN if denied else State.NOT_RECORDED, (), tuple(denied))


def _says_none(resource: Mapping[str, Any]) -> bool:
    code = resource.get("code")
    return has_code(code, _NO_KNOWN) or text_of(code).casefold().startswith(_NO_KNOWN_TEXT)


def _allergy(group: Sequence[tuple[Mapping[str, Any], Source]]) -> Allergy:
    reactions = {
        text_of(manifestation): None
        for resource, _ in group
        for reaction in resource.get("reaction", [])
        for manifestation in reaction.get("manifestation", [])
    }
    criticality = "high" if any(r.get("criticality") == "high" for r, _ in group) else ""
    return Allergy(
        text_of(group[0][0].get("code")),
        tuple(filter(None, reactions)),
        criticality,
        tuple(s for _, s in group),
        _english(resource.get("code") for resource, _ in group),
    )


def _english(said: Iterable[Any]) -> str:
    """The English name of a substance: by its code, else by what its words name."""
    concepts = list(said)
    coded = next(filter(None, map(naming.of_concept, concepts)), "")
    if coded:
        return coded
    words = text_of(concepts[0])
    groups = [knowledge.shipped().allergens[each].name.en for each in knowledge.allergens_in(words)]
    grouped = ", ".join(groups)
    return grouped[:1].upper() + grouped[1:] or naming.of_medicine(knowledge.substances_in(words))
