"""FHIR's JSON: bytes to Python values and back without losing a digit.

https://hl7.org/fhir/R4/json.html; decimals keep their precision:
https://hl7.org/fhir/R4/datatypes.html#decimal (``5.40`` is not ``5.4``).

Numbers whose text a float cannot give back (``5.40``, ``1E-3``, thirty digits) come as ``Exact``, a float
that remembers its text. Of two members with the same name the last one counts.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from xinglin.kernel.errors import Fault, invalid

MAX_DEPTH = 64
_TOO_DEEP = b"\n" + b" " * (2 * (MAX_DEPTH + 1))  # an indented line inside the 65th bracket

# Any of these may be a number that a float writes otherwise, or a part of a string; each is looked at closely.
_FRACTION = re.compile(rb"\.(?:[0-9]+0(?:[\s,}\]]|\Z)|[0-9]{10}|0000|(?<=[0-9]{6}\.)[0-9])")
_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")
_EXPONENT = re.compile(rb"0e[+-]?0+(?:[\s,}\]]|\Z)")
_LONG = b"0" * 19
_BLANKS = (b" ", b"\n", b"\r", b"\t")
_NUMERALS = frozenset(b"0123456789+-.eE")

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Exact(float):
    """A number as it was written: a float for every purpose, and ``text`` for writing it again."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Exact:  # noqa: PYI034 -- final in spirit: nothing derives from it
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]  # float gives its own number
        return (self.text,)

    def __repr__(self) -> str:
        return f"Exact({self.text!r})"


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8.

    Raises Fault (invalid) with line and column for malformed JSON, invalid UTF-8, NUL characters, numbers too
    large for a double, and nesting deeper than 64.
    """
    try:
        value = orjson.loads(body)
        if _TOO_DEEP in orjson.dumps(value, option=orjson.OPT_INDENT_2):
            raise _depth_fault()
    except orjson.JSONDecodeError as error:
        raise _syntax_fault(body, error) from None
    except orjson.JSONEncodeError:  # deeper than 254
        raise _depth_fault() from None
    if b"\\u0000" in body and (found := _NUL.search(body)):
        raise _fault_at(body, found.end() - 6, "a NUL character (\\u0000) is not allowed in FHIR")
    is_compact = body[1:2] not in _BLANKS and orjson.dumps(value) == body
    if not is_compact and _may_lose_digits(body):
        return json.loads(body, parse_float=_float, parse_int=_int)
    return value


def reread(text: bytes) -> Any:
    """As ``parse``, for what ``dump`` has written."""
    value = orjson.loads(text)
    return value if orjson.dumps(value) == text else parse(text)


def dump(value: Any) -> bytes:
    """The JSON text of ``value``, compact, in UTF-8; an ``Exact`` with the digits it came with."""
    return orjson.dumps(value, default=_text_of)


def plain(value: Any) -> Any:
    """A copy of ``value`` in which every ``Exact`` is a plain float; ``value`` itself if it has none."""
    found: list[Exact] = []

    def as_float(number: Any) -> float:
        if isinstance(number, Exact):
            found.append(number)
            return float(number)
        raise TypeError

    body = orjson.dumps(value, default=as_float)
    return orjson.loads(body) if found else value


def _text_of(value: Any) -> orjson.Fragment:
    if isinstance(value, Exact):
        return orjson.Fragment(value.text)
    raise TypeError


def _may_lose_digits(body: bytes) -> bool:
    """Whether some number is written in a way of its own; looks closely at those that could be, by their shape."""
    if any(_is_lost(body, found.start()) for found in _FRACTION.finditer(body)):
        return True
    shape = body.translate(_DIGITS)
    place = shape.find(_LONG)
    while place >= 0:
        if _is_lost(body, place):
            return True
        place = shape.find(_LONG, place + len(_LONG))
    return any(_is_lost(body, found.start()) for found in _EXPONENT.finditer(shape))


def _is_lost(body: bytes, inside: int) -> bool:
    """Whether the number around that offset is written otherwise by a float; what is no number is not.

    A run of more than a hundred numerals is not looked at: it counts as lost.
    """
    start = end = inside
    first, last = max(inside - 50, 0), min(inside + 50, len(body))
    while start > first and body[start - 1] in _NUMERALS:
        start -= 1
    while end < last and body[end] in _NUMERALS:
        end += 1
    if (start == first and first) or (end == last and last < len(body)):
        return True
    number = body[start:end]
    try:
        return orjson.dumps(orjson.loads(number)) != number
    except orjson.JSONDecodeError:
        return False


def _float(text: str) -> float:
    number = float(text)
    return number if orjson.dumps(number) == text.encode() else Exact(text)


def _int(text: str) -> int | float:
    return int(text) if len(text) < 19 else _long(text)


def _long(text: str) -> int | float:
    number = orjson.loads(text)
    return number if isinstance(number, int) else Exact(text)


def _depth_fault() -> Fault:
    return invalid("The JSON is nested deeper than %(limit)d levels.", code="too-long", limit=MAX_DEPTH)


def _syntax_fault(body: bytes, error: orjson.JSONDecodeError) -> Fault:
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return _fault_at(body, wrong.start, f"the byte 0x{body[wrong.start]:02X} is not valid UTF-8")
    if not body.strip():
        return invalid("The body is empty; a JSON text was expected.", code="structure")
    return _fault(error.lineno, error.colno, error.msg)


def _fault_at(body: bytes, offset: int, reason: str) -> Fault:
    """The fault at a byte offset; columns count characters, as in an editor."""
    before = body[:offset].decode(errors="replace")
    return _fault(before.count("\n") + 1, len(before) - before.rfind("\n"), reason)


def _fault(line: int, column: int, reason: str) -> Fault:
    return invalid(
        "The body is not valid JSON: line %(line)d, column %(column)d: %(reason)s.",
        code="structure",
        line=line,
        column=column,
        reason=reason,
    )
