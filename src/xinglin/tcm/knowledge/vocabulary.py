"""The words of the knowledge, from ``data/vocabulary.toml``: kinds, predicates, bases, confidences, states."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a list in both languages; ``reverse`` is how a predicate is read from its object."""

    id: str
    name: str
    english: str
    reverse: str = ""
    reverse_english: str = ""
    takes: str = ""
    objects: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    stops: bool = False

    def said(self, *, english: bool, back: bool = False) -> str:
        """The word in a language; ``back``: read from the object."""
        if back and self.reverse:
            return self.reverse_english if english else self.reverse
        return self.english if english else self.name


@cache
def _read() -> dict[str, dict[str, Word]]:
    said = tomllib.loads((DATA / "vocabulary.toml").read_text(encoding="utf-8"))
    return {
        name: {one["id"]: _word(one) for one in rows} for name, rows in said.items() if isinstance(rows, list)
    }


def _word(said: dict[str, Any]) -> Word:
    lists: dict[str, Any] = {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
    return Word(**(said | lists))


def kinds() -> dict[str, Word]:
    """Kinds of terms."""
    return _read()["kind"]


def predicates() -> dict[str, Word]:
    """What facts can say."""
    return _read()["predicate"]


def bases() -> dict[str, Word]:
    """What facts can rest on."""
    return _read()["basis"]


def listed(name: str) -> dict[str, Word]:
    """A list by its name: ``confidence``, ``state``, ``change``, ``progress``, ``tradition``, ``part``."""
    return _read()[name]
