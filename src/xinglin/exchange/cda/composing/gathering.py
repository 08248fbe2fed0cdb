"""What the record holds, gathered for a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import kinds, moments
from xinglin.exchange.cda.documents import (
    AUTHOR,
    Number,
    Signer,
    Value,
)

if TYPE_CHECKING:
    from xinglin.exchange.cda.kinds import Element


Resource = Mapping[str, Any]
TYPES = (
    "Condition", "Observation", "Procedure", "MedicationRequest", "MedicationStatement", "AllergyIntolerance",
    "DiagnosticReport", "ServiceRequest", "Immunization",
)  # fmt: skip
LASTING = ("AllergyIntolerance", "Immunization", "Condition")
"""Types of which a document of a person, not of a visit, has all."""


@dataclass(slots=True)
class Gathered:
    """What the record holds: the patient, the visit if the document is of one, and resources by their types."""

    patient: Resource
    encounter: Resource = field(default_factory=dict)
    resources: dict[str, list[Resource]] = field(default_factory=dict)

    def of(self, *types: str) -> list[Resource]:
        return [one for type_name in types for one in self.resources.get(type_name, ())]


def author_of(gathered: Gathered) -> Signer:
    for one in gathered.encounter.get("participant", ()):
        who = one.get("individual") or {}
        if who.get("display") or who.get("reference"):
            id_ = str(who.get("reference", "")).rpartition("/")[2]
            period = gathered.encounter.get("period") or {}
            return Signer(
                "author", Number(AUTHOR, id_), str(who.get("display", "")),
                time=moments.from_fhir(str(period.get("end") or period.get("start") or "")),
            )  # fmt: skip
    return Signer("author")


def fitted(value: Value, element: Element) -> Value:
    """The value as one of the element's types, where it can be one."""
    if value.kind in element.types:
        return value
    if "ST" in element.types:
        return Value("ST", text=value.text or value.display or value.code)
    if element.types[0] in ("PQ", "REAL", "INT", "MO") and value.kind in ("PQ", "INT", "REAL"):
        return Value(element.types[0], text=value.text, unit=element.unit)
    if element.types[0] == "CD" and value.text:
        table = kinds.table(element.domain) if element.domain else None
        code = next((c for c, name in table.codes.items() if name == value.text), "") if table else ""
        system = kinds.oid_of(element.domain) if element.domain else ""
        return Value("CD", code=code, system=system if code else "", display=value.text)
    return value
