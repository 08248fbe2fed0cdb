"""What came of a file: counts, the first lines that are wrong, a preview, and every line in a report to download."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from xinglin.directory.importing.exporting import harmless
from xinglin.directory.kinds.plan import Fate, display
from xinglin.directory.rules.rights import TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.directory.importing.sheets import Sheet
    from xinglin.directory.kinds.kind import Kind
    from xinglin.directory.kinds.plan import Row

MOST_SHOWN = 200  # wrong lines, doubts and lines of preview that a page shows


@dataclass(slots=True)
class Tally:
    """Counts by fate, and what a page shows."""

    lines: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    doubts: int = 0
    wrong: list[dict[str, Any]] = field(default_factory=list)
    doubtful: list[dict[str, Any]] = field(default_factory=list)
    preview: list[dict[str, Any]] = field(default_factory=list)
    written: int = 0

    @property
    def bad(self) -> int:
        return self.fates[Fate.BAD]

    def as_dict(self) -> dict[str, Any]:
        """As a job keeps it."""
        return {
            "lines": self.lines,
            "created": self.fates[Fate.CREATED],
            "changed": self.fates[Fate.CHANGED],
            "unchanged": self.fates[Fate.UNCHANGED],
            "bad": self.bad,
            "doubts": self.doubts,
            "wrong": self.wrong,
            "doubtful": self.doubtful,
            "preview": self.preview,
            "written": self.written,
        }


class Report:
    """Written line by line into a CSV file, in the language of whoever asked for it."""

    def __init__(self, kind: Kind, sheet: Sheet, path: Path) -> None:
        self.kind = kind
        self.tally = Tally()
        self._sheet = sheet
        self._labels = {column.key: column.label for column in kind.columns}
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(
            [
                gettext("Line"),
                gettext("Column"),
                gettext("Heading"),
                gettext("Result"),
                gettext("What is wrong"),
            ]
        )

    def close(self) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        """Count one row and write down what there is to say of it."""
        fate = Fate.BAD if row.is_bad else row.fate
        self.tally.lines += 1
        self.tally.fates[fate] += 1
        for problem in row.problems:
            shown = {
                "line": row.line,
                "letter": self._sheet.letter(problem.column),
                "heading": self._labels.get(problem.column, ""),
                "value": display(problem.column, row.cells.get(problem.column, ""))[:60],
                "text": problem.text,
            }
            words = gettext("doubt") if problem.doubt else fate_words(Fate.BAD)
            self._writer.writerow(
                [row.line, shown["letter"], shown["heading"], words, harmless(problem.text)]
            )
            kept = self.tally.doubtful if problem.doubt else self.tally.wrong
            self.tally.doubts += problem.doubt
            if len(kept) < MOST_SHOWN:
                kept.append(shown)
        if not row.problems:
            self._writer.writerow([row.line, "", "", fate_words(fate), ""])
        if fate in {Fate.CREATED, Fate.CHANGED} and len(self.tally.preview) < MOST_SHOWN:
            self.tally.preview.append(self._preview(row, fate))

    def _preview(self, row: Row, fate: Fate) -> dict[str, Any]:
        return {
            "line": row.line,
            "fate": fate.value,
            "name": row.values.get("name") or row.values.get("code", ""),
            "code": next((row.values[k] for k in _CODES if row.values.get(k)), ""),
            "target": row.target if row.target.partition("/")[0] in TYPES else "",
            "changes": [
                {"heading": self._labels[key], "old": display(key, old), "new": display(key, new)}
                for key, old, new in row.changes
            ],
        }


_CODES = ("uscc", "ws218", "licence", "orgcode", "nhsa_institution", "local", "code", "doctor_practice",
          "nurse_practice", "staff")  # fmt: skip


def fate_words(fate: Fate) -> str:
    """What became of a line, in the reader's language."""
    return {
        Fate.CREATED: gettext("new"),
        Fate.CHANGED: gettext("changed"),
        Fate.UNCHANGED: gettext("unchanged"),
        Fate.BAD: gettext("wrong"),
    }[fate]
