"""What a search parameter's value can be, and how each kind is read from its text.

https://hl7.org/fhir/R4/search.html#ptypes and, for escapes, https://hl7.org/fhir/R4/search.html#escaping
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from xinglin.fhir import dates
from xinglin.kernel.errors import Fault

MAX_VALUES = 1_000  # alternatives in one parameter
_UNESCAPED = {
    separator: re.compile(rf"((?:[^\\{re.escape(separator)}]|\\.|\\$)*)", re.DOTALL) for separator in ",|$"
}
_ESCAPE = re.compile(r"\\([,|$\\])")
_TO_ESCAPE = re.compile(r"([,|$\\])")
_NUMBER = re.compile(r"([+-]?[0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_PREFIXED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.DOTALL)


class Prefix(StrEnum):
    """https://hl7.org/fhir/R4/search.html#prefix"""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


class WrongValue(ValueError):  # noqa: N818 -- it becomes a fault once the parameter's name is known
    """The text cannot be a value of the parameter; the message says what could be."""


@dataclass(frozen=True, slots=True)
class Token:
    """``code`` (system None), ``system|code``, ``|code`` (system ""), ``system|`` (code None)."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class OfType:
    """``system|code|value``: an identifier by its type and its value."""

    system: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a string or uri, or a ValueSet's or code's address, as given."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """``id``, ``Type/id`` or an address, as given; ``type`` is what a ``:Type`` modifier said."""

    text: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and its precision: microseconds since 1970, ``hi`` exclusive."""

    prefix: Prefix
    text: str
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its implied precision: it stands for ``lo <= x < hi``."""

    prefix: Prefix
    text: str
    value: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit: any (``system`` and ``code`` None), a code of a system, or a code or unit text."""

    number: Number
    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Near:
    """A circle: degrees, and metres around them."""

    text: str
    latitude: float
    longitude: float
    metres: float


@dataclass(frozen=True, slots=True)
class Flag:
    """``true`` or ``false`` of ``:missing``."""

    on: bool


@dataclass(frozen=True, slots=True)
class Tuple:
    """The parts of a composite, in order."""

    parts: tuple[Value, ...]


Value = Token | OfType | Text | Reference | Moment | Number | Quantity | Near | Flag | Tuple


def split(text: str, separator: str) -> list[str]:
    """The parts of ``text`` between unescaped separators; escapes are kept."""
    if "\\" not in text:
        return text.split(separator)
    pattern, parts, start = _UNESCAPED[separator], [], 0
    while True:
        found = pattern.match(text, start)
        assert found is not None
        parts.append(found[1])
        if found.end() >= len(text):
            return parts
        start = found.end() + 1


def unescape(text: str) -> str:
    r"""``\,`` ``\|`` ``\$`` ``\\`` as the characters they stand for; any other backslash is itself."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def escape(text: str) -> str:
    """The inverse of ``unescape``."""
    return _TO_ESCAPE.sub(r"\\\1", text)


def token(text: str) -> Token:
    """https://hl7.org/fhir/R4/search.html#token"""
    parts = split(text, "|")
    if len(parts) == 1:
        return Token(None, unescape(text))
    if len(parts) > 2:
        raise WrongValue("a code, system|code, |code or system|")
    system, code = unescape(parts[0]), unescape(parts[1])
    if not system and not code:
        raise WrongValue("a code, system|code, |code or system|")
    return Token(system, code or None)


def of_type(text: str) -> OfType:
    """https://hl7.org/fhir/R4/search.html#token, ``:of-type``"""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts):
        raise WrongValue("the identifier's type and value as system|code|value")
    return OfType(*parts)


def flag(text: str) -> Flag:
    if text not in ("true", "false"):
        raise WrongValue("true or false")
    return Flag(text == "true")


def prefixed(text: str) -> tuple[Prefix, str]:
    """The prefix (``eq`` where there is none) and the rest."""
    found = _PREFIXED.fullmatch(text)
    assert found is not None
    return Prefix(found[1] or "eq"), found[2]


@lru_cache(maxsize=4096)
def moment(text: str) -> Moment:
    """A date, dateTime or instant with its prefix; seconds may be absent here.

    https://hl7.org/fhir/R4/search.html#date
    """
    prefix, literal = prefixed(text)
    try:
        lo, hi = dates.interval(literal)
    except Fault:
        hint = ", its + written as %2B" if " " in literal else ""
        raise WrongValue(
            "a date such as 2024, 2024-05, 2024-05-31 or 2024-05-31T08:30:00+08:00, "
            f"if need be after a prefix (eq ne gt lt ge le sa eb ap){hint}"
        ) from None
    return Moment(prefix, literal, lo, hi)


@lru_cache(maxsize=4096)
def number(text: str) -> Number:
    """A decimal with its prefix; the digits given imply a precision.

    100 stands for 99.5 ≤ x < 100.5 and 100.00 for 99.995 ≤ x < 100.005; 1e2 is [95, 105), as the standard
    has it: exponential notation has at least two significant figures.
    https://hl7.org/fhir/R4/search.html#number
    """
    prefix, literal = prefixed(text)
    found = _NUMBER.fullmatch(literal)
    if not found or abs(int(found[3] or 0)) > 300:
        raise WrongValue(
            "a number such as 100, 5.40 or 1e2, if need be after a prefix (eq ne gt lt ge le sa eb ap)"
        )
    whole, decimals, exponent = found[1], found[2] or "", int(found[3] or 0)
    if found[3] is not None and not decimals and len(whole.lstrip("+-")) == 1:
        decimals = "0"
    half = Decimal(5).scaleb(exponent - len(decimals) - 1)
    value = Decimal(literal)
    return Number(prefix, literal, float(value), float(value - half), float(value + half))


def quantity(text: str) -> Quantity:
    """``[prefix][number]``, ``…|system|code`` or ``…||code``; https://hl7.org/fhir/R4/search.html#quantity"""
    amount, *unit = split(text, "|")
    wanted = (
        "a number, number|system|code or number||code, if need be after a prefix (eq ne gt lt ge le sa eb ap)"
    )
    try:
        read = number(amount)
    except WrongValue:
        raise WrongValue(wanted) from None
    if not unit:
        return Quantity(read, None, None)
    if len(unit) != 2 or not unit[1]:
        raise WrongValue(wanted)
    return Quantity(read, unescape(unit[0]) or None, unescape(unit[1]))


_METRES = {"km": 1000.0, "m": 1.0, "[mi_i]": 1609.344, "mi": 1609.344, "[ft_i]": 0.3048, "cm": 0.01}


def near(text: str) -> Near:
    """``latitude|longitude|distance|unit``; without a distance 10 km, without a unit km.

    https://hl7.org/fhir/R4/location.html#positional
    """
    parts = split(text, "|")
    try:
        latitude, longitude = float(parts[0]), float(parts[1])
        distance = float(parts[2]) if len(parts) > 2 and parts[2] else 10.0
        unit = _METRES[parts[3] if len(parts) > 3 and parts[3] else "km"]
    except (ValueError, IndexError, KeyError):
        latitude = longitude = distance = unit = float("nan")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 <= distance < 1e9) or len(parts) > 4:
        raise WrongValue(f"latitude|longitude|distance|unit, the unit one of {', '.join(_METRES)}")
    return Near(text, latitude, longitude, distance * unit)
