"""The content that comes with the platform, as it stands in ``data``. Pure."""

from __future__ import annotations

import csv
import gzip
import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.tcm.knowledge import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = ("sources.toml", "terms.tsv.gz", "facts.tsv.gz", "peoples.csv")
NAMING = {
    "name": (False, False),
    "short-name": (True, False),
    "alias": (True, False),
    "ambiguous-alias": (True, True),
}
"""Facts that name a term: whether by another name, and whether that name means other terms too."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A row of ``facts.tsv.gz``. ``line`` identifies what it says, whichever build says it."""

    line: str
    term: str
    predicate: str
    object: str
    value: str
    data: str
    source: str
    locator: str
    basis: str
    confidence: str
    state: str


@cache
def digest() -> str:
    """Of all content: SHA-256 in hexadecimal."""
    found = hashlib.sha256()
    for name in FILES:
        found.update((vocabulary.DATA / name).read_bytes())
    return found.hexdigest()


def sources() -> list[dict[str, Any]]:
    """The sources, as ``sources.toml`` has them."""
    said = tomllib.loads((vocabulary.DATA / "sources.toml").read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = said["source"]
    return rows


def version() -> str:
    """The version of the content, as ``2026.1``."""
    said = tomllib.loads((vocabulary.DATA / "sources.toml").read_text(encoding="utf-8"))
    return str(said["version"])


def terms() -> Iterator[list[str]]:
    """Id, kind, name, English, pinyin."""
    return _rows(vocabulary.DATA / "terms.tsv.gz")


def facts() -> Iterator[Shipped]:
    """Every fact."""
    for term, predicate, object_, value, data, source, *about in _rows(vocabulary.DATA / "facts.tsv.gz"):
        said = f"{term}\t{predicate}\t{object_}\t{value}\t{data}\t{source}"
        line = hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()
        yield Shipped(line, term, predicate, object_, value, data, source, *about)


def peoples() -> list[dict[str, str]]:
    """Entries of Zhuang and Yao medicine."""
    with (vocabulary.DATA / "peoples.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rows(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        next(file)
        for row in file:
            yield row.rstrip("\n").split("\t")


def counts() -> dict[str, int]:
    """Of the content: terms by kind, and ``facts``, for documentation and tests."""
    found: dict[str, int] = {}
    for row in terms():
        found[row[1]] = found.get(row[1], 0) + 1
    return found | {"facts": sum(1 for _ in facts())}
