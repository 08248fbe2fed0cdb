"""The data sets of state standards: which data elements a document or a register holds, and in what form.

They are files of ``content/datasets``; templates for imports and checks of completeness are made from them. What the
standard says and we do not know (most cardinalities, for one) is empty, and ``gaps`` says so.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "content" / "datasets"
ELEMENTS = "urn:oid:2.16.156.10011.2.2.1"
"""The code system of the elements."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in a data set. ``domain`` is the code system that its values come from; empty means unknown.

    ``datatype`` is that of WS 363: S1 free text, S2 listed code, S3 code of a table, L true or false, N, D, DT.
    """

    section: str
    section_code: str
    id: str
    element: str
    name: str
    datatype: str
    format: str
    domain: str
    cardinality: str
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """``standard`` specifies the document, ``dataset`` the set of elements that it carries."""

    id: str
    name: str
    standard: str
    dataset: str
    version: str
    source: str
    confidence: str
    gaps: str
    entries: tuple[Entry, ...]

    def sections(self) -> dict[str, list[Entry]]:
        """The entries by section, in their order."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.section, []).append(entry)
        return found


@cache
def datasets() -> tuple[Dataset, ...]:
    """All of them, by id."""
    return tuple(sorted((_read(path) for path in FOLDER.glob("*.toml")), key=lambda one: one.id))


def dataset(id_: str) -> Dataset:
    """One of them, as ``C0001`` or ``HDSD00.01``; raises LookupError, since ids are written in code."""
    for one in datasets():
        if one.id == id_:
            return one
    known = ", ".join(one.id for one in datasets())
    raise LookupError(f"There is no data set {id_}; there are {known}.")


def _read(path: Path) -> Dataset:
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        entries = tuple(Entry(**_whole(row, said["confidence"])) for row in csv.DictReader(file))
    return Dataset(**said, entries=entries)


def _whole(row: dict[str, str], confidence: str) -> dict[str, str]:
    """A row with every column, and with the set's confidence where it says none of its own."""
    found = {field.name: row.get(field.name, "") for field in fields(Entry)}
    return found | {"confidence": found["confidence"] or confidence}
