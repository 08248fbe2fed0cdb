"""Observations and reports made flat. An Observation with components is a row for each of them."""

from __future__ import annotations

from typing import Any

from xinglin.quality import vocabulary
from xinglin.quality.flattening.reading import (
    Flat,
    actor,
    category,
    coded,
    earliest,
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
_OF_CATEGORY = {"laboratory": "laboratory", "vital-signs": "signs"}
_IMAGING = {"RAD", "RUS", "NMR", "CT", "CUS", "NMS", "OUS", "RX", "VUS", "XRC", "imaging"}


def observation(resource: Resource) -> Flat:
    """The rows of an Observation."""
    kind = category(resource.get("category"))
    dataset = vocabulary.datasets()[_OF_CATEGORY.get(kind or "", "examination")].number
    when = earliest(resource.get("effectiveDateTime"), (resource.get("effectivePeriod") or {}).get("start"))
    issued, who = moment(resource.get("issued")), actor(resource.get("performer"), "")
    status = resource.get("status")
    parts = [
        (issued, who, *_value(one), *coded(one.get("code")), unit(one.get("valueQuantity")), kind, status)
        for one in resource.get("component") or [resource]
    ]
    return Flat(
        "observation", refers(resource.get("subject")), dataset, when or issued, parts,
        encounter=refers(resource.get("encounter")), unit=organization(resource.get("performer")),
    )  # fmt: skip


def _value(holder: Resource) -> tuple[float | None, float | None, float | None, int, bool | None, str | None]:
    """The number, the bounds of its range, how long an answer in words is, what it says, its code."""
    said = str(holder.get("valueString") or "")
    value = figure(holder.get("valueQuantity"))
    if value is None and isinstance(holder.get("valueInteger"), int):
        value = float(holder["valueInteger"])
    bounds = first(holder.get("referenceRange"))
    return (
        value, figure(bounds.get("low")), figure(bounds.get("high")), small(len(said)),
        vocabulary.satisfied(said), coded(holder.get("valueCodeableConcept"))[0],
    )  # fmt: skip


def report(resource: Resource) -> Flat:
    """The row of a DiagnosticReport."""
    kind = category(resource.get("category"))
    name = "imaging-report" if kind in _IMAGING else "laboratory-report"
    performers = (resource.get("performer") or []) + (resource.get("resultsInterpreter") or [])
    issued = moment(resource.get("issued"))
    when = earliest(resource.get("effectiveDateTime"), (resource.get("effectivePeriod") or {}).get("start"))
    row = (
        issued, actor(performers, ""), refers_first(resource.get("basedOn")),
        small(len(resource.get("result") or ())), small(len(resource.get("conclusion") or "")),
        bool(resource.get("presentedForm")), bool(performers), *coded(resource.get("code")), kind,
        resource.get("status"),
    )  # fmt: skip
    return Flat(
        "report", refers(resource.get("subject")), vocabulary.datasets()[name].number, when or issued, [row],
        encounter=refers(resource.get("encounter")), unit=organization(performers),
    )  # fmt: skip
