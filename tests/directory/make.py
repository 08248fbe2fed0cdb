"""Files to import, and what came of them."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from xinglin.directory.importing.run import Request, run
from xinglin.kernel import checkdigits
from xinglin.kernel.actor import Actor

STEWARD = Actor("test/steward", "陆文清", frozenset({"steward"}), "HOPERAT")
TODAY = date(2026, 11, 25)


def credit(serial: int) -> str:
    """A unified social credit code of a body that does not exist."""
    body = f"12459802{serial:08d}0"
    return body + checkdigits.social_credit(body)


def table(path: Path, *rows: list[str], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def imported(kind: str, path: Path, *, dry: bool = False, good_only: bool = False, actor: Actor = STEWARD):
    """The tally of an import."""
    report = path.with_suffix(".report.csv")
    return run(Request(kind, path, report, actor, TODAY, dry=dry, good_only=good_only))


def said(tally) -> list[tuple[int, str, str]]:
    """Line, letter and words of what is wrong."""
    return [(one["line"], one["letter"], one["text"]) for one in tally.wrong]


def fates(tally) -> dict[str, int]:
    return {fate.value: count for fate, count in tally.fates.items() if count}
