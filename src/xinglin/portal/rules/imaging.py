"""Images and electrocardiograms: what there is, and a recording taken out of an Observation."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from statistics import median_low
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, each, first_date, has_code, moment, text_of
from xinglin.portal.rules.results import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xinglin.portal.rules.browsing import Electrocardiograms, Figures
    from xinglin.portal.rules.sources import Source, Sources

_VOID = {"entered-in-error", "cancelled", "registered"}
_MICROVOLTS = {"uV": 1.0, "μV": 1.0, "µV": 1.0, "mV": 1000.0, "V": 1_000_000.0, "nV": 0.001}
_LEAST, _MOST = -32768, 32767


@dataclass(frozen=True, slots=True)
class Study:
    """A study. ``modalities`` are DICOM's codes."""

    id: str
    title: str
    modalities: tuple[str, ...]
    parts: tuple[str, ...]
    series: int
    instances: int
    referrer: str
    accession: str
    source: Source


@dataclass(frozen=True, slots=True)
class Tracing:
    """An electrocardiogram that was sent as an Observation; ``drawn``: with the curve itself."""

    id: str
    title: str
    words: str
    drawn: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Recording:
    """The curves: names of leads, ``rate`` samples a second, and the leads one after the other in microvolts."""

    leads: tuple[str, ...]
    rate: float
    samples: int
    values: array[int]


def studies(resources: Iterable[Mapping[str, Any]], sources: Sources) -> tuple[Study, ...]:
    """The ImagingStudies, the latest first."""
    kept = [r for r in resources if r.get("status") not in _VOID]
    kept.sort(key=lambda r: moment(r.get("started")), reverse=True)
    return tuple(study(resource, sources) for resource in kept)


def study(resource: Mapping[str, Any], sources: Sources) -> Study:
    series = list(each(resource.get("series")))
    modalities = [str(c.get("code", "")) for c in each(resource.get("modality"))]
    modalities += [str((s.get("modality") or {}).get("code", "")) for s in series]
    parts = [str((s.get("bodySite") or {}).get("display", "")) for s in series]
    said_of_it = (
        str(resource.get("description", "")),
        *(text_of(code) for code in each(resource.get("procedureCode"))),
        *(str(s.get("description", "")) for s in series),
    )
    return Study(
        id=str(resource["id"]),
        title=next(filter(None, said_of_it), ""),
        modalities=tuple(dict.fromkeys(filter(None, modalities))),
        parts=tuple(dict.fromkeys(filter(None, parts))),
        series=int(resource.get("numberOfSeries") or len(series)),
        instances=int(resource.get("numberOfInstances") or 0),
        referrer=str((resource.get("referrer") or {}).get("display", "")),
        accession=next(
            (
                str(i.get("value", ""))
                for i in each(resource.get("identifier"))
                if has_code(i.get("type"), {"ACSN"})
            ),
            "",
        ),
        source=sources.of(resource, str(resource.get("started", ""))),
    )


def tracings(observations: Iterable[Mapping[str, Any]], sources: Sources) -> tuple[Tracing, ...]:
    """Electrocardiograms that were sent as Observations, the latest first."""
    kept = [o for o in observations if o.get("status") not in _VOID]
    kept.sort(key=lambda o: moment(_date(o)), reverse=True)
    return tuple(tracing(o, sources) for o in kept)


def tracing(observation: Mapping[str, Any], sources: Sources) -> Tracing:
    return Tracing(
        str(observation["id"]),
        text_of(observation.get("code")),
        said(observation)[0],
        any("valueSampledData" in holder for holder in _holders(observation)),
        sources.of(observation, _date(observation)),
    )


def _date(observation: Mapping[str, Any]) -> str:
    return first_date(observation, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")


def _holders(observation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield observation
    yield from each(observation.get("component"))


def recording(observation: Mapping[str, Any], known: Electrocardiograms) -> Recording | None:
    """The curves of an Observation; None where it has none, or its leads were not sampled alike.

    A value is the origin and the factor times what was sampled (https://hl7.org/fhir/R4/datatypes.html#SampledData).
    Each lead is drawn from its own median: machines add an offset that means nothing.
    """
    leads: list[str] = []
    curves: list[array[int]] = []
    periods: set[float] = set()
    for holder in _holders(observation):
        data = holder.get("valueSampledData")
        if not isinstance(data, dict) or not float(data.get("period") or 0):
            continue
        found = list(_curves(data))
        names = [_lead(holder, known)] if len(found) == 1 else list(known.order)[: len(found)]
        leads += names if len(names) == len(found) else [f"{n + 1}" for n in range(len(found))]
        curves += found
        periods.add(float(data["period"]))
    samples = min((len(curve) for curve in curves), default=0)
    if not samples or len(periods) != 1:
        return None
    values = array("h", [value for curve in curves for value in curve[:samples]])
    return Recording(tuple(leads), 1000 / periods.pop(), samples, values)


def _curves(data: Mapping[str, Any]) -> Iterator[array[int]]:
    """The samples of each dimension in microvolts, less their median; what is no number repeats what was before."""
    factor = float(data.get("factor") or 1)
    origin = data.get("origin") or {}
    factor *= _MICROVOLTS.get(str(origin.get("code") or origin.get("unit") or ""), 1.0)
    dimensions = max(int(data.get("dimensions") or 1), 1)
    sampled: list[float] = []
    for text in str(data.get("data", "")).split():
        sampled.append(
            _number(text, sampled[-dimensions] / factor if len(sampled) >= dimensions else 0.0) * factor
        )
    for dimension in range(dimensions):
        curve = sampled[dimension::dimensions]
        if curve:
            middle = median_low(curve)
            yield array("h", [max(_LEAST, min(_MOST, round(value - middle))) for value in curve])


def _number(text: str, before: float) -> float:
    try:
        return float(text)
    except ValueError:
        return before  # E, U and L: an error, and beyond what the machine could measure


def _lead(holder: Mapping[str, Any], known: Electrocardiograms) -> str:
    for _, code in codings(holder.get("code")):
        if code in known.leads:
            return known.leads[code]
    return text_of(holder.get("code")).removeprefix("Lead ").removeprefix("导联").strip()


def windows_for(modalities: Iterable[str], figures: Figures) -> list[dict[str, Any]]:
    """The customary windows for these modalities."""
    wanted = set(modalities)
    return [
        {"name": w.name, "centre": w.centre, "width": w.width}
        for w in figures.windows
        if w.modality in wanted
    ]
