"""JSON in one way of writing alone: the JSON Canonicalization Scheme, RFC 8785.

Numbers are written as ECMAScript writes a double, so ``5.40`` and ``5.4`` have the same canonical form.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


class NotCanonical(Exception):  # noqa: N818 -- a verdict
    """A text that has no canonical form."""


def canonical(value: Any) -> bytes:
    """The canonical form of a parsed JSON value."""
    try:
        return _written(value).encode()
    except UnicodeEncodeError:
        raise NotCanonical("A text holds half a character.") from None


def canonical_text(text: bytes) -> bytes:
    """The canonical form of a JSON text; two members of one name are refused."""
    try:
        return canonical(json.loads(text, object_pairs_hook=_unique))
    except (ValueError, RecursionError) as error:
        raise NotCanonical(str(error)) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("An object has two members of one name.")
    return made


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_written(name)}:{_written(value[name])}" for name in names) + "}"
    raise NotCanonical(f"{type(value).__name__} is no value of JSON.")


def _number(value: float) -> str:
    """As ``Number.prototype.toString`` of ECMAScript."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 -- NaN alone differs from itself
        raise NotCanonical("A number is too large.")
    if value == 0:
        return "0"
    _, digits, exponent = Decimal(float.__repr__(abs(float(value)))).normalize().as_tuple()
    shown = "".join(map(str, digits))
    point = int(exponent) + len(shown)
    sign = "-" if value < 0 else ""
    if len(shown) <= point <= 21:
        return sign + shown.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{shown[:point]}.{shown[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{shown}"
    fraction = f".{shown[1:]}" if len(shown) > 1 else ""
    return f"{sign}{shown[0]}{fraction}e{point - 1:+d}"
