"""The forms of the primitive types: https://hl7.org/fhir/R4/datatypes.html#primitive.

Each pattern is read by two engines, Python's ``re`` (full match) and Rust's ``regex`` (between ``^`` and
``$``), so it uses only what both understand alike: no look-around, ASCII classes, and control characters
excluded by number. Dates are exact to the calendar, leap years included.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NO_CONTROL = r"[^\x00-\x08\x0b\x0c\x0e-\x1f]"
_NO_SPACE = r"[^\x00-\x20]"

_YEAR = r"(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"  # there was no year 0
_LEAP_DAY = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
_DAY = (
    rf"{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_FULL_DATE = f"(?:{_DAY}|{_LEAP_DAY})"
_PARTIAL_DATE = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_HEX = r"[0-9a-f]"

INT_MIN, INT_MAX = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class Primitive:
    """``json`` is the JSON type; ``form`` says in words what a right value looks like."""

    json: str  # string | boolean | integer | number
    form: str
    pattern: re.Pattern[str] | None = None
    low: int = INT_MIN

    def is_right(self, value: object) -> bool:
        """Whether ``value`` has the JSON type and the form."""
        if self.json == "boolean":
            return isinstance(value, bool)
        if isinstance(value, bool):
            return False
        if self.json == "integer":
            return isinstance(value, int) and self.low <= value <= INT_MAX
        if self.json == "number":
            return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
        if not isinstance(value, str) or self.pattern is None:
            return False
        return self.pattern.fullmatch(value) is not None and _is_unicode(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _text(form: str, pattern: str) -> Primitive:
    return Primitive("string", form, re.compile(pattern))


_STRING = _text("text that is not empty and has no control characters", f"{_NO_CONTROL}+")
_URI = _text("a URI, not empty and without spaces", f"{_NO_SPACE}+")

PRIMITIVES = {
    "boolean": Primitive("boolean", "true or false, without quotes"),
    "integer": Primitive("integer", f"a whole number from {INT_MIN} to {INT_MAX}"),
    "positiveInt": Primitive("integer", f"a whole number from 1 to {INT_MAX}", low=1),
    "unsignedInt": Primitive("integer", f"a whole number from 0 to {INT_MAX}", low=0),
    "decimal": Primitive("number", "a number, without quotes"),
    "string": _STRING,
    "markdown": _STRING,
    "xhtml": _STRING,
    "uri": _URI,
    "url": _URI,
    "canonical": _URI,
    "code": _text("a code: no spaces at its ends, and single ones inside", f"{_NO_SPACE}+(?: {_NO_SPACE}+)*"),
    "id": _text("1 to 64 letters, digits, - and .", r"[A-Za-z0-9\-.]{1,64}"),
    "oid": _text(
        "urn:oid: and numbers with dots, as urn:oid:1.2.156", r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"
    ),
    "uuid": _text(
        "urn:uuid: and a UUID in lower case", rf"urn:uuid:{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
    ),
    "base64Binary": _text(
        "base64, in groups of four characters", r"(?:[ \t\r\n]*[0-9a-zA-Z+/=]{4})+[ \t\r\n]*"
    ),
    "date": _text("2024, 2024-02 or 2024-02-28", f"{_FULL_DATE}|{_PARTIAL_DATE}"),
    "dateTime": _text(
        "2024, 2024-02, 2024-02-28 or, with seconds and zone, 2024-02-28T09:30:00+08:00",
        f"{_FULL_DATE}(?:T{_TIME}{_ZONE})?|{_PARTIAL_DATE}",
    ),
    "instant": _text(
        "a moment with seconds and zone, as 2024-02-28T09:30:00.123+08:00", f"{_FULL_DATE}T{_TIME}{_ZONE}"
    ),
    "time": _text("a time of day with seconds and without zone, as 09:30:00", _TIME),
}
