"""Small readings of FHIR's common shapes: concepts and dates (``fhir.reading``), days, quantities."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import UNDATED, codings, day, each, first_date, has_code, moment, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "UNDATED",
    "Resource",
    "as_date",
    "codings",
    "day",
    "days_after",
    "each",
    "first_date",
    "has_code",
    "moment",
    "number",
    "text_of",
    "unit_of",
]

Resource = dict[str, Any]
_MOST_DECIMALS = 4
_UNITS = {"mm[Hg]": "mmHg", "kg/m2": "kg/m²", "Cel": "℃", "10*9/L": "10^9/L", "10*12/L": "10^12/L", "1": ""}


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
