"""How a code system is written: a ``.toml`` that says what it is and a ``.csv`` of its rows."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[2]
CONTENT = ROOT / "src" / "xinglin" / "terminology" / "content"
TARGET = CONTENT
HERE = Path(__file__).parent / "facts"
COLUMNS = ("code", "display", "parent", "english", "aliases", "definition", "status", "confidence", "source")
MAP_COLUMNS = ("source", "target", "equivalence", "comment")
Row = dict[str, str]
Value = str | bool | list[str] | list[dict[str, str]]


@dataclass
class CodeSystem:
    """``about`` are the fields of the ``.toml`` in their order, ``rows`` those of the ``.csv``."""

    file: str
    about: dict[str, Value]
    rows: list[Row] = field(default_factory=list)
    columns: tuple[str, ...] = COLUMNS

    def write(self, kind: str = "codesystems") -> None:
        folder = TARGET / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.file}.toml").write_text(toml(self.about), encoding="utf-8")
        (folder / f"{self.file}.csv").write_text(table(self.rows, self._columns()), encoding="utf-8")

    def _columns(self) -> tuple[str, ...]:
        """The agreed columns that have a value anywhere, then one for every property."""
        used = {name for row in self.rows for name, value in row.items() if value}
        said = self.about.get("properties", [])
        properties = tuple(p["code"] for p in said if isinstance(p, dict)) if isinstance(said, list) else ()
        unknown = used - set(self.columns) - set(properties)
        if unknown:
            raise SystemExit(f"{self.file}: columns without a property: {sorted(unknown)}")
        return (*(c for c in self.columns if c in used or c in self.columns[:3]), *properties)


def table(rows: Iterable[Row], columns: tuple[str, ...]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def toml(about: Mapping[str, Value]) -> str:
    """Plain values, lists of strings, and lists of tables last: all that these files need."""
    plain = [f"{key} = {_said(value)}\n" for key, value in about.items() if not _tables(value)]
    for key, value in about.items():
        if _tables(value) and isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    plain.append(f"\n[[{key}]]\n")
                    plain.extend(f"{name} = {_said(said)}\n" for name, said in item.items())
    return "".join(plain)


def _tables(value: Value) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _said(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_said(str(item)) for item in value) + "]"
    if len(value) == 10 and value[4] == value[7] == "-" and value.replace("-", "").isdigit():
        return value  # a date
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{key: (value or "").strip() for key, value in row.items()} for row in csv.DictReader(file)]


def named_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Lines of a code, a space and a name; ``#`` begins a remark."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, name = line.partition(" ")
            yield code, name.strip()
