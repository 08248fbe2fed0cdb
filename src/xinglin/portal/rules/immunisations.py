"""The immunisations given and refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import each, first_date, moment, text_of
from xinglin.summary import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.portal.rules.sources import Source, Sources


@dataclass(frozen=True, slots=True)
class Dose:
    """One immunisation."""

    name: str
    number: str
    lot: str
    site: str
    given: bool
    source: Source
    english: str = ""


def immunisations(resources: Iterable[Mapping[str, Any]], sources: Sources) -> tuple[Dose, ...]:
    """The doses given and refused, the latest first."""
    kept = [r for r in resources if r.get("status") != "entered-in-error"]
    kept.sort(key=lambda r: moment(first_date(r, "occurrenceDateTime", "recorded")), reverse=True)
    return tuple(
        Dose(
            name=text_of(r.get("vaccineCode")),
            english=naming.of_concept(r.get("vaccineCode")),
            number=next((_dose_number(p) for p in each(r.get("protocolApplied"))), ""),
            lot=str(r.get("lotNumber", "")),
            site=text_of(r.get("site")),
            given=r.get("status") == "completed",
            source=sources.of(r, first_date(r, "occurrenceDateTime", "recorded")),
        )
        for r in kept
    )


def _dose_number(protocol: Mapping[str, Any]) -> str:
    value = protocol.get("doseNumberPositiveInt", protocol.get("doseNumberString", ""))
    total = protocol.get("seriesDosesPositiveInt", protocol.get("seriesDosesString", ""))
    return f"{value}/{total}" if value and total else str(value)
