"""The code tables of the columns, from the files of the terminology: in memory, for every process alike."""

from __future__ import annotations

import csv
from functools import cache
from typing import TYPE_CHECKING

from xinglin.terminology.shipped import CONTENT

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def table(name: str) -> Mapping[str, str]:
    """Code → what it means, in the table's order; empty for a name that no file has."""
    path = CONTENT / "codesystems" / f"{name}.csv"
    if not name or not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            line["code"]: line["display"]
            for line in csv.DictReader(file)
            if line.get("notSelectable") != "true"
        }


@cache
def meanings(name: str) -> Mapping[str, str]:
    """What a code is called → the code, where that is clear."""
    found: dict[str, str] = {}
    twice = set()
    for code, display in table(name).items():
        if found.setdefault(display, code) != code:
            twice.add(display)
    return {display: code for display, code in found.items() if display not in twice}


@cache
def _map(name: str) -> Mapping[str, str]:
    path = CONTENT / "maps" / f"{name}.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {line["source"]: line["target"] for line in csv.DictReader(file) if line["target"]}


class Shipped:
    """The tables for mappings (``exchange.mapping.running.Tables``)."""

    def translate(self, table: str, value: str) -> Mapping[str, str] | None:
        code = _map(table).get(value)
        return None if code is None else {"code": code}

    def display(self, table_: str, code: str) -> str:
        return table(table_).get(code, "")


SHIPPED = Shipped()
