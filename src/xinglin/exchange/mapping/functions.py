"""The functions of the language: what can be done to a value on its way into an element.

A function gets a value that is not empty and its arguments, and gives a value or raises ``Unusable``. Most are in
``FUNCTIONS``; those that look at several values, at emptiness or at the sender are made in ``compiling``.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from xinglin.fhir.json import Exact

if TYPE_CHECKING:
    from collections.abc import Callable

UCUM = "http://unitsofmeasure.org"


class Unusable(Exception):  # noqa: N818 -- the value is, not the program
    """A value cannot be used; ``message`` is English with places, ``code`` of FHIR's IssueType."""

    def __init__(self, code: str, message: str, **params: object) -> None:
        super().__init__(message)
        self.code, self.message, self.params = code, message, params


@dataclass(frozen=True, slots=True)
class Function:
    """``result`` is the FHIR type that comes out, "" the one that goes in; ``fewest`` and ``most`` count arguments."""

    work: Callable[..., Any]
    result: str = "text"
    fewest: int = 0
    most: int = 0


# -- dates

_MOMENT = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:(?P<sep_month>[-/.年])?(?P<month>(?(sep_month)[0-9]{1,2}|[0-9]{2}))"
    r"(?:(?P<sep_day>[-/.月])?(?P<day>(?(sep_day)[0-9]{1,2}|[0-9]{2}))日?"
    r"(?:[T ]?(?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?)?)?"
    r")?)?月?"
    r"\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_TIME = re.compile(r"(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2}))?")
_ZERO_DATES = frozenset({"00000000", "0000-00-00", "99991231", "9999-12-31"})


@lru_cache(maxsize=8192)
def _read(text: str) -> re.Match[str] | None:
    """What a text says of a moment, if there is such a one; partial dates are kept partial."""
    text = text.strip()
    if text in _ZERO_DATES:
        return None
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    try:
        date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
        if found["hour"]:
            datetime(2000, 1, 1, int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0))  # noqa: DTZ001 -- only whether there is such a time
    except ValueError:
        return None
    return found


def _day(found: re.Match[str]) -> str:
    parts = [found["year"]]
    if found["month"]:
        parts.append(found["month"].zfill(2))
    if found["day"]:
        parts.append(found["day"].zfill(2))
    return "-".join(parts)


@lru_cache(maxsize=8192)
def to_date(text: str) -> str:
    """``20261126``, ``2026-11-26``, ``2026/11/26``, ``2026年11月26日``, each also without day or month."""
    found = _read(text)
    if found is None:
        raise Unusable("value", "This is no date. Write it as YYYYMMDD or YYYY-MM-DD.")
    return _day(found)


@lru_cache(maxsize=8192)
def to_datetime(text: str, zone: str = "+08:00") -> str:
    """A day or a moment; a moment without a zone is one of ``zone``."""
    found = _read(text)
    if found is None:
        raise Unusable("value", "This is no date or time. Write it as YYYYMMDDhhmmss or YYYY-MM-DD hh:mm:ss.")
    if not found["hour"]:
        return _day(found)
    return _moment(found, zone)


@lru_cache(maxsize=8192)
def to_instant(text: str, zone: str = "+08:00") -> str:
    """A moment to the second at least; a day alone is its first one."""
    found = _read(text)
    if found is None or not found["day"]:
        raise Unusable(
            "value", "This is no date and time. Write it as YYYYMMDDhhmmss or YYYY-MM-DD hh:mm:ss."
        )
    return _moment(found, zone)


def _moment(found: re.Match[str], zone: str) -> str:
    clock = f"{found['hour'] or '00'}:{found['minute'] or '00'}:{found['second'] or '00'}"
    if fraction := (found["fraction"] or "").rstrip("0")[:6]:
        clock += "." + fraction
    offset = found["zone"] or zone
    if offset != "Z" and ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    return f"{_day(found)}T{clock}{offset}"


def nth_day(text: Any, number: Any) -> str:
    """The last of so many days of which this is the first."""
    first = to_date(written(text))
    if len(first) != len("2026-11-26"):
        raise Unusable("value", "This is no date. Write it as YYYYMMDD or YYYY-MM-DD.")
    try:
        return (date.fromisoformat(first) + timedelta(days=to_integer(number) - 1)).isoformat()
    except OverflowError:
        raise Unusable("value", "This number is too large.") from None


def to_time(text: str) -> str:
    found = _TIME.fullmatch(text.strip())
    if (
        found is None
        or int(found["hour"]) > 23
        or int(found["minute"]) > 59
        or int(found["second"] or 0) > 59
    ):
        raise Unusable("value", "This is no time of day. Write it as hh:mm or hhmmss.")
    return f"{found['hour'].zfill(2)}:{found['minute']}:{found['second'] or '00'}"


# -- numbers

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"[+-]?[0-9]+(?:\.0+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_WIDE = str.maketrans("０１２３４５６７８９．－＋，", "0123456789.-+,")


def _numeral(value: Any) -> str:
    """A number's text, with western digits and no blanks; commas between thousands are left out."""
    text = str(value).translate(_WIDE).strip() if not isinstance(value, Exact) else value.text
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def to_decimal(value: Any) -> float | int:
    """A number that keeps the digits it was written with: ``5.40`` stays so."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = _numeral(value)
    if not _DECIMAL.fullmatch(text):
        raise Unusable("value", "This is no number.")
    return number_of(text)


def number_of(text: str) -> float | int:
    """The number that a numeral writes."""
    text = text.lstrip("+")
    if text.lstrip("-").isdigit():
        return int(text)
    if text.startswith((".", "-.")):
        text = text.replace(".", "0.", 1)
    text = text.rstrip(".") if text.endswith(".") else text
    found = float(text)
    return found if repr(found) == text else Exact(text)


def to_integer(value: Any) -> int:
    text = _numeral(value)
    if not _INTEGER.fullmatch(text):
        raise Unusable("value", "This is no whole number.")
    found = int(text.partition(".")[0])
    if not -(2**31) <= found < 2**31:
        raise Unusable("value", "This number is too large.")
    return found


def _number(value: Any) -> float:
    return float(to_decimal(value))


def multiply(value: Any, by: Any) -> float | int:
    return _rounded(_number(value) * _number(by))


def divide(value: Any, by: Any) -> float | int:
    if not (divisor := _number(by)):
        raise Unusable("value", "Nothing can be divided by zero.")
    return _rounded(_number(value) / divisor)


def round_to(value: Any, places: Any = 0) -> float | int:
    return _rounded(round(_number(value), to_integer(places)))


def _rounded(value: float) -> float | int:
    found = float(f"{value:.12g}")
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


_TRUE = frozenset({"1", "t", "true", "y", "yes", "是", "有", "√", "阳性"})
_FALSE = frozenset({"0", "2", "f", "false", "n", "no", "否", "无", "×", "阴性"})


def to_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Unusable("value", "This is neither yes nor no. Write T or F, 1 or 0, 是 or 否.")


# -- texts


def _text(value: Any) -> str:
    return written(value)


def written(value: Any) -> str:
    """A value as a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Exact):
        return value.text
    return "" if value is None else str(value)


def split(value: Any, separator: Any, number: Any = 1) -> str:
    """The part with that number, from 1; from the end with a negative one."""
    parts, at = written(value).split(written(separator)), int(number)
    at = at - 1 if at > 0 else len(parts) + at
    return parts[at].strip() if 0 <= at < len(parts) else ""


def cut(value: Any, start: Any, length: Any = None) -> str:
    """The characters from ``start``, from 1."""
    text, at = written(value), int(start) - 1
    return text[at:] if length is None else text[at : at + int(length)]


def pad(value: Any, width: Any, filler: Any = "0") -> str:
    return written(value).rjust(int(width), (written(filler) or "0")[:1])


@lru_cache(maxsize=512)
def pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def match(value: Any, expression: Any) -> str:
    """What the pattern finds: its first group, or all of it; empty when nothing is found."""
    found = pattern(written(expression)).search(written(value)[:4096])
    return "" if found is None else (found[1] or "" if found.re.groups else found[0])


def code(value: Any) -> str:
    """As FHIR writes codes: no blanks around, one between."""
    return " ".join(written(value).split())


def digest(value: Any) -> str:
    """A short text that is the same for the same value, from which the value cannot be read off by eye."""
    return blake2b(written(value).encode(), digest_size=16).hexdigest()


# -- structures


def coding(value: Any, system: Any, display: Any = "") -> dict[str, Any]:
    found = {"system": written(system), "code": code(value)} if system else {"code": code(value)}
    if display := written(display):
        found["display"] = display
    return found


def concept(value: Any, system: Any, display: Any = "") -> dict[str, Any]:
    found: dict[str, Any] = {"coding": [coding(value, system, display)]}
    if display := written(display):
        found["text"] = display
    return found


_MEASURED = re.compile(r"\s*(?P<comparator><=|>=|<|>|≤|≥|＜|＞)?\s*(?P<number>[0-9０-９.．,，eE+\-－＋]+)\s*")
_COMPARATORS = {"≤": "<=", "≥": ">=", "＜": "<", "＞": ">"}


def quantity(value: Any, unit: Any = "", ucum: Any = "") -> dict[str, Any]:
    """A measured value; ``<0.5`` has a comparator. ``ucum`` is the unit's code where it is known."""
    if isinstance(value, (int, float)):
        found: dict[str, Any] = {"value": value}
    else:
        match_ = _MEASURED.fullmatch(written(value))
        if match_ is None:
            raise Unusable("value", "This is no number.")
        found = {"value": to_decimal(match_["number"])}
        if sign := match_["comparator"]:
            found["comparator"] = _COMPARATORS.get(sign, sign)
    if unit := written(unit):
        found["unit"] = unit
    if ucum := written(ucum):
        found |= {"system": UCUM, "code": ucum}
    return found


# -- tests


def starts(value: Any, text: Any) -> bool:
    return written(value).startswith(written(text))


def ends(value: Any, text: Any) -> bool:
    return written(value).endswith(written(text))


def contains(value: Any, text: Any) -> bool:
    return written(text) in written(value)


def matches(value: Any, expression: Any) -> bool:
    """Whether all of the value is as the pattern says."""
    return pattern(written(expression)).fullmatch(written(value)[:4096]) is not None


def is_number(value: Any) -> bool:
    return _DECIMAL.fullmatch(_numeral(value)) is not None


FUNCTIONS: dict[str, Function] = {
    "trim": Function(lambda value: written(value).strip()),
    "upper": Function(lambda value: written(value).upper()),
    "lower": Function(lambda value: written(value).lower()),
    "text": Function(_text),
    "replace": Function(
        lambda value, old, new: written(value).replace(written(old), written(new)), fewest=2, most=2
    ),
    "split": Function(split, fewest=1, most=2),
    "before": Function(
        lambda value, sign: written(value).partition(written(sign))[0].strip(), fewest=1, most=1
    ),
    "after": Function(
        lambda value, sign: written(value).partition(written(sign))[2].strip(), fewest=1, most=1
    ),
    "cut": Function(cut, fewest=1, most=2),
    "pad": Function(pad, fewest=1, most=2),
    "digits": Function(lambda value: "".join(sign for sign in written(value) if sign in "0123456789")),
    "match": Function(match, fewest=1, most=1),
    "hash": Function(digest),
    "code": Function(code),
    "base64": Function(lambda value: b64encode(written(value).encode()).decode()),
    "date": Function(to_date, "date"),
    "dateTime": Function(to_datetime, "dateTime"),
    "instant": Function(to_instant, "instant"),
    "time": Function(to_time, "time"),
    "nth_day": Function(nth_day, "date", 1, 1),
    "decimal": Function(to_decimal, "decimal"),
    "integer": Function(to_integer, "integer"),
    "boolean": Function(to_boolean, "boolean"),
    "multiply": Function(multiply, "decimal", 1, 1),
    "divide": Function(divide, "decimal", 1, 1),
    "round": Function(round_to, "decimal", 0, 1),
    "coding": Function(coding, "Coding", 1, 2),
    "concept": Function(concept, "CodeableConcept", 1, 2),
    "quantity": Function(quantity, "Quantity", 0, 2),
    "starts": Function(starts, "boolean", 1, 1),
    "ends": Function(ends, "boolean", 1, 1),
    "contains": Function(contains, "boolean", 1, 1),
    "matches": Function(matches, "boolean", 1, 1),
    "is_number": Function(is_number, "boolean"),
}

SPECIAL: dict[str, tuple[int, int, str]] = {
    "table": (1, 1, "text"),
    "translate": (1, 1, "Coding"),
    "display": (1, 1, "text"),
    "default": (1, 1, ""),
    "required": (0, 0, ""),
    "either": (0, 9, ""),
    "exists": (0, 0, "boolean"),
    "empty": (0, 0, "boolean"),
    "join": (0, 1, "text"),
    "count": (0, 0, "integer"),
    "unique": (0, 0, ""),
    "last": (0, 0, ""),
    "identifier": (1, 1, "Identifier"),
}
"""Made in ``compiling``: fewest and most arguments, and the type of what comes out."""

NAMES = frozenset(FUNCTIONS) | frozenset(SPECIAL)
