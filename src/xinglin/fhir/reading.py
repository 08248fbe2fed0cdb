"""Small readings of common shapes: what people read in concepts and dates, whatever else a resource says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Resource = dict[str, Any]
LOINC = "http://loinc.org"
UNDATED = -(10**18)
_MOST_DECIMALS = 4
_UNITS = {"mm[Hg]": "mmHg", "kg/m2": "kg/m²", "Cel": "℃", "10*9/L": "10^9/L", "10*12/L": "10^12/L", "1": ""}


def each(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of an element that repeats or may be absent."""
    if value is None:  # most are: a record of thousands of entries asks this a hundred thousand times
        return iter(())
    if isinstance(value, dict):
        return iter((value,))
    return iter([item for item in value if isinstance(item, dict)] if isinstance(value, list) else ())


def text_of(concept: Any) -> str:
    """What a CodeableConcept says to people: its text, else the first display, else the first code."""
    if not isinstance(concept, dict):
        return ""
    codings = list(each(concept.get("coding")))
    said = (concept.get("text"), *(c.get("display") for c in codings), *(c.get("code") for c in codings))
    return next((str(text) for text in said if text), "")


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """The ``(system, code)`` pairs of a CodeableConcept."""
    if isinstance(concept, dict):
        for coding in each(concept.get("coding")):
            if coding.get("code"):
                yield str(coding.get("system", "")), str(coding["code"])


def loinc_of(concept: Any) -> str | None:
    """The first LOINC code of a CodeableConcept."""
    return next((code for system, code in codings(concept) if system == LOINC), None)


def has_code(concepts: Any, wanted: Iterable[str]) -> bool:
    """Whether one of the concepts has one of the codes, of whatever system."""
    sought = set(wanted)
    return any(code in sought for concept in each(concepts) for _, code in codings(concept))


def moment(text: Any) -> int:
    """Where a FHIR date begins, in microseconds since 1970 UTC; ``UNDATED`` for none."""
    if not isinstance(text, str):
        return UNDATED
    try:
        return dates.interval(text)[0]
    except Fault:
        return UNDATED


def day(text: Any) -> str:
    """The date in this country as ISO text, with the precision that it has: ``2024-03-01``, ``2024``."""
    if not isinstance(text, str) or "T" not in text:
        return text if isinstance(text, str) else ""
    at = moment(text)
    return text[:10] if at == UNDATED else dates.moment(at).astimezone(dates.LOCAL_ZONE).date().isoformat()


def first_date(resource: Mapping[str, Any], *names: str) -> str:
    """The first of these elements that is there; a Period counts with its start."""
    for name in names:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start")
        if isinstance(value, str):
            return value
    return ""


def as_date(text: str) -> date | None:
    """The day of an ISO text; the first of the year or month when it is no finer."""
    parts = text[:10].split("-")
    try:
        return date(int(parts[0]), *(int(p) for p in (*parts[1:], "1", "1")[:2]))
    except (ValueError, IndexError):
        return None


def days_after(text: str, days: float) -> str:
    start = as_date(text)
    return (start + timedelta(days=days)).isoformat() if start else ""


def amount_of(request: Mapping[str, Any]) -> float | None:
    """How much a MedicationRequest gives in all, in the unit of its dose: dose, times a day, days that it is to last.

    None where one of the three is not said, or not by the day.
    """
    dosage = next(each(request.get("dosageInstruction")), {})
    dose = next(each(dosage.get("doseAndRate")), {}).get("doseQuantity") or {}
    repeat = (dosage.get("timing") or {}).get("repeat") or {}
    lasts = (request.get("dispenseRequest") or {}).get("expectedSupplyDuration") or {}
    daily = repeat.get("periodUnit", "d") == "d" and repeat.get("period", 1) == 1 and lasts.get("code") == "d"
    if not daily or "value" not in dose or "frequency" not in repeat or "value" not in lasts:
        return None
    return float(dose["value"]) * int(repeat["frequency"]) * float(lasts["value"])


def number(value: Any) -> str:
    """A figure to be read: as it was sent, but without the decimals of a computer, and never with an exponent."""
    text = getattr(value, "text", None)
    if not isinstance(text, str):
        text = repr(value) if isinstance(value, float) else str(value)
    decimals = len(text.partition(".")[2])
    if "e" in text.lower() or decimals > _MOST_DECIMALS:
        figure = float(value)
        digits = 2 if abs(figure) >= 1 else 4
        return f"{figure:.{digits}f}".rstrip("0").rstrip(".")
    return text


def unit_of(quantity: Mapping[str, Any]) -> str:
    """The unit as people write it; the two micro signs become one."""
    unit = str(quantity.get("unit") or quantity.get("code") or "").replace("\u00b5", "μ")
    return _UNITS.get(unit, unit)
