"""A household as FHIR, to be handed on. It is not kept so: see the decision on the register's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.identity.population import rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinglin.identity.population.households import Household, Member

_RELATIONS = "urn:oid:2.16.156.10011.2.3.3.8"  # GB/T 4761
_RECORDS = "urn:xinglin:household"


def group(
    household: Household, members: Sequence[Member], patients: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """A Group of persons (https://hl7.org/fhir/R4/group.html): each member by the first of their Patients."""
    return {
        "resourceType": "Group",
        "id": household.id,
        "identifier": [{"system": _RECORDS, "value": household.record}],
        "active": household.closed is None,
        "type": "person",
        "actual": True,
        "code": {"text": "户"},
        "name": household.address,
        "quantity": sum(m.until is None for m in members),
        "member": [_member(m, patients[m.person][0]) for m in members if patients.get(m.person)],
    }


def _member(member: Member, patient: str) -> dict[str, Any]:
    coding = {"system": _RELATIONS, "code": member.relation, "display": rules.relations()[member.relation][0]}
    period = {"start": member.since.isoformat()}
    if member.until is not None:
        period["end"] = member.until.isoformat()
    return {
        "extension": [{"url": "urn:xinglin:relation-to-head", "valueCodeableConcept": {"coding": [coding]}}],
        "entity": {"reference": f"Patient/{patient}"},
        "period": period,
        "inactive": member.until is not None,
    }
