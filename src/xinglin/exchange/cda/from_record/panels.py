"""The statements of a section, from the Observation in which ``to_record`` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xinglin.exchange.cda import moments, values
from xinglin.exchange.cda.documents import (
    LOINC,
    Medicine,
    Statement,
    Value,
)
from xinglin.exchange.cda.from_record.people import number_of
from xinglin.exchange.cda.making import TIME
from xinglin.exchange.cda.to_record import KIND, MEDICINE_PARTS, PERFORMER

Resource = Mapping[str, Any]


def is_panel(resource: Resource) -> bool:
    """Whether this is the Observation in which ``to_record`` keeps a section's elements."""
    return resource.get("resourceType") == "Observation" and any(
        "id" in one for one in resource.get("component", ())
    )


def statements(panel: Resource) -> list[Statement]:
    """The statements of a section, from the components of its Observation."""
    made: dict[str, Statement] = {}
    top: list[Statement] = []
    for component in panel.get("component", ()):
        place = str(component.get("id", ""))
        above, _, last = place.rpartition(".")
        if last in ("drug", *MEDICINE_PARTS):
            holder = _at(made, top, above)
            holder.medicine = holder.medicine or Medicine()
            value = values.from_fhir(component) or Value()
            setattr(holder.medicine, last, value)
            continue
        one = _at(made, top, place)
        _fill(one, component)
    return top


def _at(made: dict[str, Statement], top: list[Statement], place: str) -> Statement:
    """The statement at a place; those above it that no component tells of are organizers."""
    if place in made:
        return made[place]
    one = made[place] = Statement("organizer")
    above = place.rpartition(".")[0]
    if above:
        _at(made, top, above).inside.append(one)
    else:
        top.append(one)
    return one


def _fill(one: Statement, component: Resource) -> None:
    code = component.get("code") or {}
    coding = (code.get("coding") or [{}])[0]
    one.kind = "observation"
    one.code = str(coding.get("code", ""))
    system = str(coding.get("system", ""))
    one.system = LOINC if system == "http://loinc.org" else number_of({"system": system}).root
    words = str(coding.get("display", "") if coding else code.get("text", ""))
    one.name = "" if words == "—" else words
    one.value = values.from_fhir(component)
    for extension in component.get("extension", ()):
        url = extension.get("url")
        if url == TIME and "valueDateTime" in extension:
            one.at = moments.from_fhir(str(extension["valueDateTime"]))
        elif url == TIME:
            period = extension.get("valuePeriod") or {}
            one.low = moments.from_fhir(str(period.get("start", "")))
            one.high = moments.from_fhir(str(period.get("end", "")))
        elif url == PERFORMER:
            one.performer = str(extension.get("valueString", ""))
        elif url == KIND:
            one.kind = str(extension.get("valueCode", "observation"))
