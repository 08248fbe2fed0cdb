"""Small readings of FHIR's common shapes: concepts and dates (``fhir.reading``), days, quantities."""

from __future__ import annotations

from typing import Any

from xinglin.fhir.reading import (
    UNDATED,
    as_date,
    codings,
    day,
    days_after,
    each,
    first_date,
    has_code,
    moment,
    number,
    text_of,
    unit_of,
)

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
