"""Watermarks: how far a column that only grows has come; kept as text, compared as text. Pure."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

_LIFT = 5 * Decimal(10) ** 20  # so that numbers below zero, too, are in order as text


def written(value: Any) -> str:
    """A watermark as text, with its kind."""
    if isinstance(value, datetime):
        return json.dumps(["moment", value.isoformat()])
    if isinstance(value, date):
        return json.dumps(["day", value.isoformat()])
    if isinstance(value, Decimal):
        return json.dumps(["decimal", str(value)])
    if isinstance(value, bytes | bytearray | memoryview):
        return json.dumps(["bytes", bytes(value).hex()])
    return json.dumps(["plain", value])


def read(text: str) -> Any:
    """What ``written`` was given."""
    kind, value = json.loads(text)
    if kind == "moment":
        return datetime.fromisoformat(value)
    if kind == "day":
        return date.fromisoformat(value)
    if kind == "decimal":
        return Decimal(value)
    return bytes.fromhex(value) if kind == "bytes" else value


def order(value: Any) -> str:
    """Text that is in order as the values of one column are."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo is None else value.astimezone(UTC)
        return aware.replace(tzinfo=None).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return f"{(Decimal(str(value)) + _LIFT):.6f}"
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value)


def before(value: Any, overlap: float) -> Any:
    """The watermark ``overlap`` seconds (or steps of a number) earlier."""
    if not overlap:
        return value
    if isinstance(value, datetime):
        return value - timedelta(seconds=overlap)
    if isinstance(value, date):
        return value - timedelta(days=-(-overlap // 86400))
    if isinstance(value, Decimal):
        return value - Decimal(overlap)
    if isinstance(value, int | float):
        return value - type(value)(overlap)
    if isinstance(value, str):
        moment = datetime.fromisoformat(value) - timedelta(seconds=overlap)
        if len(value) <= 10:
            return moment.date().isoformat()
        return moment.isoformat(sep=value[10])
    return value
