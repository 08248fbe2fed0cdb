"""Results out of FHIR: laboratory Observations and reports of imaging, as values to judge. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates
from xinglin.kernel.errors import Fault
from xinglin.quality.flattening.reading import organization
from xinglin.recognition.finding import plain
from xinglin.recognition.values import Kind, Result

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_SHOWN = 200  # characters of a value


def organization_of(resource: Mapping[str, Any]) -> str:
    """The id of the Organization that did it, as the resource says."""
    return organization(resource.get("performer"), resource.get("resultsInterpreter"))


def patient_of(resource: Mapping[str, Any]) -> str:
    """The id of the Patient it is about."""
    return str((resource.get("subject") or {}).get("reference", "")).removeprefix("Patient/")


def result(resource: Mapping[str, Any], version: int, institution: str) -> Result:
    """An Observation or a DiagnosticReport as a result of an institution."""
    is_report = resource["resourceType"] == "DiagnosticReport"
    code = resource.get("code") or {}
    codings = [one for one in code.get("coding", ()) if one.get("code")]
    said = (code.get("text"), *(one.get("display") for one in codings))
    names = tuple(dict.fromkeys(str(name) for name in said if name))
    return Result(
        reference=f"{resource['resourceType']}/{resource['id']}",
        version=str(version),
        patient=patient_of(resource),
        kind=Kind.IMAGING if is_report else Kind.LABORATORY,
        codes=tuple(f"{one.get('system', '')}|{one['code']}" for one in codings),
        names=tuple(map(plain, names)),
        title=names[0] if names else "",
        value=_conclusion(resource) if is_report else _value(resource),
        status=str(resource.get("status", "")),
        moment=moment_of(resource),
        institution=institution,
        interpretation=tuple(
            str(one.get("code", "")) for each in _each(resource.get("interpretation")) for one in each.get("coding", ())
        ),
        range=next((str(one.get("text", "")) for one in _each(resource.get("referenceRange"))), ""),
    )  # fmt: skip


def _each(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [one for one in value if isinstance(one, dict)]
    return [value] if isinstance(value, dict) else []


def _value(resource: Mapping[str, Any]) -> str:
    """The value in words; empty where there is none."""
    quantity = resource.get("valueQuantity")
    if quantity and "value" in quantity:
        comparator = quantity.get("comparator", "")
        return f"{comparator}{quantity['value']} {quantity.get('unit') or quantity.get('code') or ''}".strip()
    concept = resource.get("valueCodeableConcept")
    if concept:
        shown = concept.get("text") or next(
            (str(one.get("display") or one.get("code", "")) for one in concept.get("coding", ())), ""
        )
        return str(shown)[:_SHOWN]
    for name in ("valueString", "valueInteger", "valueBoolean", "valueDateTime", "valueTime"):
        if resource.get(name) is not None:
            return str(resource[name])[:_SHOWN]
    parts = [
        f"{(part.get('code') or {}).get('text', '')} {said}".strip()
        for part in _each(resource.get("component"))
        if (said := _value(part))
    ]
    return "；".join(parts)[:_SHOWN]


def _conclusion(resource: Mapping[str, Any]) -> str:
    """What the report concludes, or that it is there as a form or as images."""
    coded = (str(one.get("text", "")) for one in _each(resource.get("conclusionCode")))
    said = resource.get("conclusion") or next(filter(None, coded), "")
    if said:
        return str(said)[:_SHOWN]
    beside = resource.get("presentedForm") or resource.get("imagingStudy") or resource.get("result")
    return "…" if beside else ""


def moment_of(resource: Mapping[str, Any]) -> datetime | None:
    """When the sample was taken or the examination made; the beginning of a day where only that is said."""
    period = resource.get("effectivePeriod") or resource.get("period") or {}
    said = (
        resource.get("effectiveDateTime") or resource.get("effectiveInstant") or period.get("start")
        or period.get("end") or resource.get("issued")
    )  # fmt: skip
    if not said:
        return None
    try:
        return dates.moment(dates.interval(str(said))[0])
    except Fault:
        return None
