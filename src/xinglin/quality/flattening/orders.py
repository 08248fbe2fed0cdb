"""Prescriptions and requests made flat. A herbal prescription is judged as a whole when it is made flat."""

from __future__ import annotations

from typing import Any

from xinglin.quality import vocabulary
from xinglin.quality.flattening.reading import (
    Flat,
    category,
    coded,
    figure,
    first,
    moment,
    organization,
    refers,
    refers_first,
    small,
    unit,
)

Resource = dict[str, Any]
_METHOD = "治法"


def medication(resource: Resource) -> Flat:
    """The row of a MedicationRequest."""
    herbs = _herbs(resource)
    herbal = bool(herbs) or any("饮片" in str(one.get("text")) for one in resource.get("category") or ())
    dosage = first(resource.get("dosageInstruction"))
    dose = first(dosage.get("doseAndRate")).get("doseQuantity")
    supply = resource.get("dispenseRequest") or {}
    names = frozenset(str((one.get("itemCodeableConcept") or {}).get("text") or "") for one in herbs)
    route = dosage.get("route") or {}
    row = (
        refers(resource.get("requester")), refers_first(resource.get("reasonReference")), figure(dose),
        figure(supply.get("expectedSupplyDuration")), figure(supply.get("quantity")),
        _frequency(dosage), small(len(herbs)), sum(not _is_dosed(one) for one in herbs), herbal,
        vocabulary.are_incompatible(names) if herbs else None,
        any(_METHOD in str(one.get("text")) for one in resource.get("note") or ()),
        bool(route.get("text") or route.get("coding")),
        *coded(resource.get("medicationCodeableConcept")), unit(dose), resource.get("status"),
    )  # fmt: skip
    dataset = vocabulary.datasets()["herbal" if herbal else "prescription"].number
    return Flat(
        "medication", refers(resource.get("subject")), dataset, moment(resource.get("authoredOn")), [row],
        encounter=refers(resource.get("encounter")), unit=organization(resource.get("requester")),
    )  # fmt: skip


def _herbs(resource: Resource) -> list[Resource]:
    """The ingredients of a contained formula."""
    return [
        ingredient
        for one in resource.get("contained") or ()
        if one.get("resourceType") == "Medication"
        for ingredient in one.get("ingredient") or ()
    ]


def _is_dosed(ingredient: Resource) -> bool:
    """Whether so many grams above zero stand beside the herb."""
    grams = (ingredient.get("strength") or {}).get("numerator")
    value = figure(grams)
    return value is not None and value > 0 and unit(grams) in ("g", "克")


def _frequency(dosage: Resource) -> int | None:
    found = ((dosage.get("timing") or {}).get("repeat") or {}).get("frequency")
    return found if isinstance(found, int) else None


def request(resource: Resource) -> Flat:
    """The row of a ServiceRequest."""
    code, system = coded(resource.get("code"))
    row = (
        refers(resource.get("requester")), code, system, category(resource.get("category")),
        resource.get("status"),
    )  # fmt: skip
    return Flat(
        "order", refers(resource.get("subject")), vocabulary.datasets()["order"].number,
        moment(resource.get("authoredOn")), [row], encounter=refers(resource.get("encounter")),
        unit=organization(resource.get("requester"), resource.get("performer")),
    )  # fmt: skip
