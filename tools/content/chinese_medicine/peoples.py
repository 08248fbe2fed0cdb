"""Entries of Zhuang and Yao medicine, out of the code systems that the terminology ships."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from tools.content.files import Row, read, table

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "tradition", "code", "part", "name", "native", "english", "aliases", "western", "broader", "source", "basis",
    "confidence",
)  # fmt: skip
_PARTS = {"principle": "principle", "drug-class": "medicine"}


def write(content: Path, folder: Path) -> None:
    rows: list[Row] = []
    for tradition in ("zhuang", "yao"):
        path = content / "codesystems" / f"{tradition}-medicine"
        about = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
        concepts = read(path.with_suffix(".csv"))
        parents = {row["code"]: row.get("parent", "") for row in concepts}
        rows += [_entry(tradition, row, parents, about["source"]) for row in concepts if row.get("parent")]
    (folder / "peoples.csv").write_text(table(rows, COLUMNS), encoding="utf-8")


def _entry(tradition: str, row: Row, parents: dict[str, str], source: str) -> Row:
    top = row["code"]
    while parents.get(top):
        top = parents[top]
    part = top.partition("-")[2]
    return {
        "tradition": tradition,
        "code": row["code"],
        "part": _PARTS.get(part, part),
        "name": row["display"],
        "native": row.get("romanised", ""),
        "english": row.get("english", ""),
        "aliases": row.get("aliases", ""),
        "western": row.get("western", ""),
        "broader": row["parent"] if parents.get(row["parent"]) else "",
        "source": row.get("source") or source,
        "basis": "literature",
        "confidence": row.get("confidence") or "unsure",
    }
