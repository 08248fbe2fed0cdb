"""The data sets: files of ``data/sets``, a table of columns each, with the mapping that makes FHIR of them."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext_noop

from xinglin.exchange.mapping import language
from xinglin.exchange.mapping.dialects import Rows
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.exchange.mapping.language import Mapping_

DATA = Path(__file__).parent / "data"
PATIENT = "患者编号"
"""The column of the institution's own number of a patient; every set has it."""

_FORMAT = re.compile(
    r"(?P<kind>AN|A|N)(?P<fewest>[0-9]+)?(?P<dots>\.\.)?(?P<most>[0-9]+)?(?:,(?P<decimals>[0-9]+))?"
)


@dataclass(frozen=True, slots=True)
class Format:
    """``A..50``, ``N1``, ``N..5,2``, ``N2..3``: which characters and how many; ``fewest`` 0 for any number up to."""

    kind: str  # A, AN, N
    fewest: int
    most: int
    decimals: int = 0


def read_format(text: str) -> Format | None:
    """A format of WS 370; None for one that counts no characters (``D8``, ``DT15``, ``T/F``)."""
    found = _FORMAT.fullmatch(text)
    if found is None:
        return None
    first, last = int(found["fewest"] or 0), int(found["most"] or 0)
    if not found["dots"]:  # exactly so many
        first = last = max(first, last)
    return Format(found["kind"], first, last, int(found["decimals"] or 0))


@dataclass(frozen=True)
class Column:
    """A data element in a set. ``table`` is the file of its codes; ``datatype`` that of WS 363 (S1 … L, N, D, DT)."""

    id: str
    element: str
    name: str
    datatype: str
    format: str
    table: str
    required: bool
    confidence: str
    note: str
    example: str
    aliases: tuple[str, ...]

    @cached_property
    def limits(self) -> Format | None:
        return read_format(self.format)


@dataclass(frozen=True)
class Set:
    """A data set. ``id`` is the kind of its messages."""

    key: str
    id: str
    name: str
    name_en: str
    standard: str
    about: str
    confidence: str
    source: str
    version: str
    columns: tuple[Column, ...] = field(repr=False)

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en

    @cached_property
    def names(self) -> Mapping[str, int]:
        """Every name by which a mapping may call a column → where it stands."""
        found: dict[str, int] = {}
        for at, column in enumerate(self.columns):
            for name in (column.name, column.id, column.element):
                if name:
                    found.setdefault(name, at)
        return found

    @cached_property
    def headings(self) -> Mapping[str, int]:
        """Every heading that files may have for a column, plainly written → where it stands."""
        found: dict[str, int] = {}
        for at, column in enumerate(self.columns):
            for name in (column.name, column.id, *column.aliases):
                found.setdefault(plain(name), at)
        for at, column in enumerate(self.columns):
            if column.element:
                found.setdefault(plain(column.element), at)
        return found

    @cached_property
    def dialect(self) -> Rows:
        return Rows(self.names, [column.name for column in self.columns])

    def place(self, name: str) -> int:
        return self.names[name]


def plain(heading: str) -> str:
    """A heading without what differs from file to file: blanks, stars, the brackets' form, case."""
    text = heading.strip().lstrip("*＊").rstrip("*＊").replace("（", "(").replace("）", ")")
    return re.sub(r"\s+", "", text).casefold()


@cache
def all_sets() -> Mapping[str, Set]:
    """The sets by their ids, in the order of their names."""
    found = [_read(path) for path in sorted((DATA / "sets").glob("*.toml"))]
    return {one.id: one for one in sorted(found, key=lambda one: one.id)}


def find(id_: str) -> Set:
    """The set with that id; raises ``not_found``."""
    known = all_sets()
    if id_ not in known:
        raise not_found(
            gettext_noop("There is no data set %(id)s; there are %(known)s."), id=id_, known=", ".join(known)
        )
    return known[id_]


def _read(path: Path) -> Set:
    head: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        columns = tuple(_column(line) for line in csv.DictReader(file))
    head.pop("effective", None)
    return Set(key=path.stem, columns=columns, **head)


def _column(line: dict[str, str]) -> Column:
    aliases = tuple(name for name in line["aliases"].split("|") if name)
    return Column(**{**line, "required": line["required"] == "yes", "aliases": aliases})  # type: ignore[arg-type]  # texts but for these two


# -- mappings


@cache
def library() -> Mapping[str, str]:
    """The texts of the shipped mappings of tables by their ids."""
    found = {}
    for path in sorted((DATA / "mappings").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        found[tomllib.loads(text)["mapping"]["id"]] = text
    return found


@cache
def shipped_text(kind: str) -> str:
    """The text of the shipped mapping of a set."""
    for text in library().values():
        if kind in tomllib.loads(text)["mapping"]["kinds"]:
            return text
    raise LookupError(kind)


@cache
def shipped(kind: str) -> Mapping_:
    """The shipped mapping of a set, read once."""
    return language.read(shipped_text(kind), {"table": find(kind).dialect}, library())
