"""Resources made flat: pure functions from a resource to the rows that rules are asked of. ``flat`` is the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.quality.flattening import events, measurements, orders, persons, visits
from xinglin.quality.flattening.reading import Flat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Resource = dict[str, Any]

__all__ = ["TYPES", "Flat", "flat"]

_MAKERS: Mapping[str, Callable[[Resource], Flat]] = {
    "Patient": persons.patient,
    "Encounter": visits.encounter,
    "Condition": events.condition,
    "Observation": measurements.observation,
    "MedicationRequest": orders.medication,
    "DiagnosticReport": measurements.report,
    "Immunization": events.immunisation,
    "DocumentReference": events.document,
    "Procedure": events.procedure,
    "ServiceRequest": orders.request,
    "AllergyIntolerance": events.allergy,
}
TYPES = frozenset(_MAKERS)
"""The resource types that have flat rows."""


def flat(resource: Resource) -> Flat:
    """The rows of a resource of one of ``TYPES``."""
    return _MAKERS[resource["resourceType"]](resource)
