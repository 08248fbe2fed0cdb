"""The record as a physician of Chinese medicine reads it: visit by visit, from the four examinations to the herbs.

A disease and its syndrome (证候) are codes of GB/T 15657: those of syndromes begin with B, before that with Z.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, day, each, first_date, moment, number, text_of, unit_of
from xinglin.portal.rules import groups, medicines, results, timeline
from xinglin.portal.rules.problems import TCM_SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xinglin.portal.rules.sources import Source, Sources

CONSTITUTION = ("urn:xinglin:codes:tcm-constitution", "constitution")
_VOID = {"entered-in-error", "cancelled", "draft", "refuted", "registered"}
_OF_SYNDROMES = ("B", "Z")
_IN_BRACKETS = re.compile(r"[（(·]\s*([^（）()·]*证)\s*[)）]?$")
_TREATMENTS = ("针", "灸", "推拿", "拔罐", "刮痧", "按摩", "穴位", "中医", "正骨", "耳穴")
_PACKETS = {"剂", "付", "帖", "{packet}"}
_THERAPY = re.compile(r"^治法[:：]\s*")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A disease with its syndromes."""

    disease: str
    syndromes: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Herb:
    """One herb; ``amount`` with its unit, of one packet."""

    name: str
    amount: str


@dataclass(frozen=True, slots=True)
class Prescription:
    """Herbs or a ready-made medicine. ``packets`` is how many, empty where nobody says."""

    name: str
    herbs: tuple[Herb, ...]
    packets: str
    usage: str
    therapy: str
    source: Source


@dataclass(frozen=True, slots=True)
class Sign:
    """Something the examinations found."""

    name: str
    text: str
    source: Source


@dataclass(slots=True)
class Visit:
    """One visit, or a day for what belongs to none."""

    date: str
    department: str = ""
    reasons: tuple[str, ...] = ()
    source: Source | None = None
    diagnoses: list[Diagnosis] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    prescriptions: list[Prescription] = field(default_factory=list)
    treatments: list[Sign] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Type:
    """How somebody scores in one type of constitution. ``verdict``: yes, mostly, tends, no, unknown."""

    name: str
    score: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Constitution:
    """One examination of the constitution; ``main`` is empty where none was found."""

    main: str
    types: tuple[Type, ...]
    method: str
    source: Source

    @property
    def beside(self) -> tuple[Type, ...]:
        """The other types that somebody has or tends to."""
        return tuple(t for t in self.types if t.verdict in {"yes", "mostly", "tends"} and t.name != self.main)


def is_traditional(condition: Mapping[str, Any]) -> bool:
    return any(system in TCM_SYSTEMS for system, _ in codings(condition.get("code")))


def visits(
    *, encounters: Iterable[Mapping[str, Any]], conditions: Iterable[Mapping[str, Any]],
    requests: Iterable[Mapping[str, Any]], observations: Iterable[Mapping[str, Any]],
    procedures: Iterable[Mapping[str, Any]], sources: Sources,
) -> tuple[Visit, ...]:  # fmt: skip
    """The visits to Chinese medicine, the latest first, and by days what names no visit."""
    listed = {v.source.reference: v for v in timeline.visits(encounters, sources)}
    found: dict[str, Visit] = {
        reference: _visit(v) for reference, v in listed.items() if v.lane is timeline.Lane.TCM
    }
    for kind, of, read in (
        ("diagnoses", (c for c in conditions if is_traditional(c)), _one(_diagnosis)),
        ("prescriptions", (r for r in requests if medicines.is_tcm(r)), _one(_prescription)),
        ("signs", observations, _signs_of),
        ("treatments", (p for p in procedures if _is_treatment(p)), _one(_treatment)),
    ):
        for resource in of:
            said = [] if _is_void(resource) else read(resource, sources)
            if said:
                getattr(_place(found, listed, resource), kind).extend(said)
    kept = [v for v in found.values() if v.date or v.source]
    return tuple(sorted(kept, key=lambda v: v.date, reverse=True))


def _one(
    read: Callable[[Mapping[str, Any], Sources], Any],
) -> Callable[[Mapping[str, Any], Sources], list[Any]]:
    return lambda resource, sources: [read(resource, sources)]


def _is_void(resource: Mapping[str, Any]) -> bool:
    status = resource.get("status")
    return status in _VOID or any(c in _VOID for _, c in codings(resource.get("verificationStatus")))


def _visit(visit: timeline.Visit) -> Visit:
    return Visit(visit.start, visit.department, visit.reasons, visit.source)


def _place(
    found: dict[str, Visit], listed: Mapping[str, timeline.Visit], resource: Mapping[str, Any]
) -> Visit:
    """The visit at which it was written, also one that does not say it was of Chinese medicine."""
    reference = str((resource.get("encounter") or {}).get("reference", ""))
    if reference in listed:
        if reference not in found:
            found[reference] = _visit(listed[reference])
        return found[reference]
    at = day(_date_of(resource))
    return found.setdefault(f"day {at}", Visit(at))


def _date_of(resource: Mapping[str, Any]) -> str:
    return first_date(
        resource, "recordedDate", "authoredOn", "effectiveDateTime", "effectivePeriod", "performedDateTime",
        "performedPeriod", "onsetDateTime",
    )  # fmt: skip


def _diagnosis(condition: Mapping[str, Any], sources: Sources) -> Diagnosis:
    code = condition.get("code") or {}
    coded = [c for c in each(code.get("coding")) if c.get("system") in TCM_SYSTEMS]
    of_syndromes = [c for c in coded if _is_syndrome(c)]
    of_diseases = [c for c in coded if not _is_syndrome(c)]
    said = [_words(c) for c in of_syndromes]
    said += [text_of(c) for e in each(condition.get("evidence")) for c in each(e.get("code"))]
    in_text = _IN_BRACKETS.search(text_of(code))
    if not said and in_text:
        said.append(in_text[1])
    disease = next((_words(c) for c in of_diseases if _words(c)), "") or text_of(code)
    return Diagnosis(
        disease, tuple(dict.fromkeys(filter(None, said))), sources.of(condition, _date_of(condition))
    )


def _is_syndrome(coding: Mapping[str, Any]) -> bool:
    return coding.get("system") == TCM_SYSTEMS[1] or str(coding.get("code", "")).startswith(_OF_SYNDROMES)


def _words(coding: Mapping[str, Any]) -> str:
    return str(coding.get("display") or "")


def _prescription(request: Mapping[str, Any], sources: Sources) -> Prescription:
    notes = [str(n.get("text", "")) for n in each(request.get("note"))]
    quantity = (request.get("dispenseRequest") or {}).get("quantity") or {}
    counted = {str(quantity.get("unit", "")), str(quantity.get("code", ""))} & _PACKETS
    return Prescription(
        name=text_of(medicines.concept_of(request)),
        herbs=tuple(_herbs(request)),
        packets=number(quantity["value"]) if counted and "value" in quantity else "",
        usage=medicines.dose_of(request),
        therapy=next((_THERAPY.sub("", n) for n in notes if _THERAPY.match(n)), ""),
        source=sources.of(request, _date_of(request)),
    )


def _herbs(request: Mapping[str, Any]) -> Iterable[Herb]:
    for ingredient in each((medicines.contained(request) or {}).get("ingredient")):
        amount = (ingredient.get("strength") or {}).get("numerator") or {}
        said = f"{number(amount['value'])} {unit_of(amount)}" if "value" in amount else ""
        yield Herb(text_of(ingredient.get("itemCodeableConcept")), said)


def _signs_of(observation: Mapping[str, Any], sources: Sources) -> list[Sign]:
    """What the four examinations found, by an Observation or by parts of one that a document's section is."""
    source = sources.of(observation, _date_of(observation))
    if _is_sign(observation):
        return [Sign(text_of(observation.get("code")), results.said(observation)[0], source)]
    return [
        Sign(text_of(part.get("code")), results.said(part)[0], source)
        for part in each(observation.get("component"))
        if _is_sign(part)
    ]


def _is_sign(holder: Mapping[str, Any]) -> bool:
    """A pulse in beats a minute is none: what is counted is no finding of the four examinations."""
    code, known = holder.get("code"), groups.signs()
    if any(c in known.codes for _, c in codings(code)):
        return True
    return "valueQuantity" not in holder and text_of(code).startswith(known.begins)


def _is_treatment(procedure: Mapping[str, Any]) -> bool:
    words = " ".join([text_of(procedure.get("code")), text_of(procedure.get("category"))])
    return any(word in words for word in _TREATMENTS)


def _treatment(procedure: Mapping[str, Any], sources: Sources) -> Sign:
    return Sign(
        text_of(procedure.get("code")),
        text_of(procedure.get("outcome")),
        sources.of(procedure, _date_of(procedure)),
    )


def constitutions(observations: Iterable[Mapping[str, Any]], sources: Sources) -> tuple[Constitution, ...]:
    """The examinations of the constitution, the latest first."""
    kept = [o for o in observations if CONSTITUTION in set(codings(o.get("code"))) and not _is_void(o)]
    kept.sort(key=lambda o: moment(o.get("effectiveDateTime")), reverse=True)
    return tuple(_constitution(o, sources) for o in kept)


def _constitution(observation: Mapping[str, Any], sources: Sources) -> Constitution:
    types = []
    for part in each(observation.get("component")):
        verdicts = [
            c for i in each(part.get("interpretation")) for s, c in codings(i) if s == CONSTITUTION[0]
        ]
        value = (part.get("valueQuantity") or {}).get("value")
        score = "" if value is None else number(value)
        types.append(Type(text_of(part.get("code")), score, verdicts[0] if verdicts else ""))
    return Constitution(
        text_of(observation.get("valueCodeableConcept")),
        tuple(types),
        text_of(observation.get("method")),
        sources.of(observation, str(observation.get("effectiveDateTime", ""))),
    )


def syndromes(found: Sequence[Visit]) -> tuple[tuple[str, int], ...]:
    """Which syndromes were found how often, the commonest first."""
    counts: dict[str, int] = {}
    for visit in found:
        for name in {s for d in visit.diagnoses for s in d.syndromes}:
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts.items(), key=lambda pair: -pair[1]))
