"""The words that flat rows are made with: data sets, code systems, answers, herbs that must not meet. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = Path(__file__).parent / "data" / "words-1.toml"


@dataclass(frozen=True, slots=True)
class DataSet:
    number: int
    key: str
    name: str  # English msgid


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_PATH.read_text(encoding="utf-8"))


@cache
def datasets() -> Mapping[str, DataSet]:
    """The data sets by their keys."""
    found = (DataSet(one["number"], one["key"], one["name"]) for one in _table()["dataset"])
    return {one.key: one for one in found}


@cache
def dataset_of(number: int) -> DataSet | None:
    return next((one for one in datasets().values() if one.number == number), None)


@cache
def systems() -> Mapping[str, tuple[int, str]]:
    """Code systems: URL → (how far it is preferred, the name in rules)."""
    return {url: (place, name) for place, (url, name) in enumerate(_table()["systems"].items())}


@cache
def system_urls() -> Mapping[str, str]:
    """The name in rules → URL."""
    return {name: url for url, name in _table()["systems"].items()}


@cache
def satisfied(text: str) -> bool | None:
    found = _table()["satisfied"].get(text)
    return None if found is None else bool(found)


@cache
def placeholder_names() -> frozenset[str]:
    return frozenset(_table()["placeholders"]["names"])


@cache
def _forbidden() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    return tuple((frozenset(one["one"]), frozenset(one["other"])) for one in _table()["incompatible"])


def are_incompatible(herbs: frozenset[str]) -> bool:
    """Whether two of the herbs must not be in one prescription."""
    return any(herbs & one and herbs & other for one, other in _forbidden())
