"""The small tables beside the code, read once.

Each is a CSV file in ``data/`` whose last two columns say where a row comes from (``source``) and how sure we
are of it (``confidence``: confirmed against the source, expert knowledge, estimated, invented).
"""

from __future__ import annotations

import csv
from functools import cache
from itertools import accumulate
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of ``data/<name>.csv`` by column name."""
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def by_key(name: str) -> dict[str, dict[str, str]]:
    """The rows of a table that has a unique ``key`` column."""
    return {row["key"]: row for row in rows(name)}


@cache
def surnames() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Surnames and their cumulative weights, as ``random.choices`` wants them."""
    table = rows("surnames")
    return tuple(r["surname"] for r in table), tuple(accumulate(float(r["per_mille"]) for r in table))


@cache
def homophones() -> dict[str, str]:
    """A character and the one that a clerk who only hears the name may write instead."""
    return {r["character"]: r["written_instead"] for r in rows("homophones")}
