"""The end of a telephone: what people say at a desk to tell who they are."""

from __future__ import annotations

SYSTEM = "urn:xinglin:phone-tail"
"""Under this system the last four digits are found: ``phone=urn:xinglin:phone-tail|5678``. FHIR has no search for the
end of a token."""
_TAIL = 4


def tail(number: str) -> str:
    """The last four digits; ``""`` where there are no more than that, such as of a number for emergencies."""
    digits = "".join(filter(str.isdecimal, number))
    return digits[-_TAIL:] if len(digits) > _TAIL else ""
