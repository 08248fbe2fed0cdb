"""A watched folder: files that institutions put there, taken up whole, loaded, and put aside with a report.

A file is taken when its size and time have not changed between two looks, by renaming it into ``work/``: so no two
watchers take the same one, and a half-written one is left. Loaded files go to ``done/``, those that cannot be read at
all to ``refused/``; beside each lies its report. What was in ``work/`` when a watcher died is taken up again: repeats
change nothing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from xinglin.accounts import faults
from xinglin.directory.importing.exporting import harmless
from xinglin.directory.importing.rows import Table, Wanted, letters
from xinglin.exchange.doors import Door
from xinglin.exchange.tables import blanks, headings, saying, sets, sharing
from xinglin.exchange.tables.intake import Errand
from xinglin.kernel.errors import Fault, Kind, conflict, forbidden
from xinglin.record import database

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.senders import Registered
    from xinglin.exchange.tables.headings import Head
    from xinglin.exchange.tables.intake import Tally
    from xinglin.exchange.tables.sets import Set

WORK, DONE, REFUSED = "work", "done", "refused"
ENDINGS = (".csv", ".txt", ".xlsx")


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one file."""

    name: str
    refused: str  # why it could not be read; "" if it was loaded
    rows: int = 0
    bad: int = 0
    stored: int = 0


class Folder:
    """A folder and what was seen in it at the last look."""

    def __init__(self, path: Path, sender: Registered, processes: int = 1) -> None:
        if Door.TABLE not in sender.sender.doors:
            raise forbidden(gettext_noop("The sender %(code)s may not send tables; let it in at that door first."),
                            code="forbidden", sender=sender.code)  # fmt: skip
        if not path.is_dir():
            raise conflict(gettext_noop("There is no folder %(path)s."), path=str(path))
        self.path, self.sender, self.processes = path, sender, processes
        self._seen: dict[str, tuple[int, int]] = {}
        for name in (WORK, DONE, REFUSED):
            (path / name).mkdir(exist_ok=True)

    def look(self, *, settled: bool = False) -> list[Told]:
        """Load what has come to rest since the last look; with ``settled`` what is there now."""
        told = [self._load(path) for path in sorted((self.path / WORK).iterdir()) if path.is_file()]
        seen = {}
        for path in sorted(self.path.iterdir()):
            if not path.is_file() or path.name.startswith(".") or path.suffix.lower() not in ENDINGS:
                continue
            stat = path.stat()
            now = (stat.st_size, stat.st_mtime_ns)
            if settled or self._seen.get(path.name) == now:
                taken = self._free(WORK, path.name)
                path.rename(taken)
                told.append(self._load(taken))
            else:
                seen[path.name] = now
        self._seen = seen
        return told

    def _free(self, folder: str, name: str) -> Path:
        """A name in a folder that is not taken."""
        place, number = self.path / folder / name, 1
        while place.exists():
            number += 1
            stem, dot, ending = name.rpartition(".")
            place = self.path / folder / f"{stem}-{number}{dot}{ending}"
        return place

    def _load(self, path: Path) -> Told:
        try:
            tally, set_, head = self._carried_out(path)
        except Fault as fault:
            if fault.kind is Kind.BUSY:
                raise
            return self._refuse(path, fault)
        done = self._free(DONE, path.name)
        path.rename(done)
        _report(done.with_name(done.name + ".report.csv"), set_, head, tally)
        return Told(path.name, "", tally.rows, tally.bad, tally.stored)

    def _carried_out(self, path: Path) -> tuple[Tally, Set, Head]:
        names = {blanks.sheet_name(one) for one in sets.all_sets().values()} | set(sets.all_sets())
        table = Table(lambda: path.open("rb"), Wanted(None, names.__contains__))
        set_, said = self._set_of(table)
        head = headings.find(set_, table, said)
        errand = Errand(set_, self.sender.sender, path.name, dry=False, bad="quarantine")
        return sharing.carry_out(errand, table, head, self.processes), set_, head

    def _set_of(self, table: Table) -> tuple[Set, dict[str, str]]:
        """The set that the headings are of: as they stand, or as the sender has said."""
        try:
            set_ = headings.recognise(table)
        except Fault:
            for set_ in sets.all_sets().values():
                said = saying.said(database.connection(), self.sender.code, set_)
                if said and not headings.find(set_, table, said).missing(set_):
                    return set_, said
            raise
        return set_, saying.said(database.connection(), self.sender.code, set_)

    def _refuse(self, path: Path, fault: Fault) -> Told:
        why = faults.said(fault)
        refused = self._free(REFUSED, path.name)
        path.rename(refused)
        refused.with_name(refused.name + ".report.txt").write_text(why + "\n", encoding="utf-8-sig")
        return Told(path.name, why)


def _report(path: Path, set_: Set, head: Head, tally: Tally) -> None:
    """Counts, then what is wrong cell by cell. No values: the report may be passed on."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for name, count in (
            (_("Rows"), tally.rows), (_("Stored"), tally.stored), (_("In quarantine"), tally.quarantined),
            (_("Wrong rows"), tally.bad),
        ):  # fmt: skip
            writer.writerow([name, count])
        writer.writerow([_("Row"), _("Column"), _("Heading"), _("Severity"), _("What is wrong")])
        for one in tally.problems:
            place = head.places[one.column] if one.column >= 0 else -1
            heading = set_.columns[one.column].name if one.column >= 0 else ""
            said = _(one.message) % one.params if one.params else _(one.message)
            writer.writerow(
                [one.row, letters(place) if place >= 0 else "", heading, one.severity, harmless(said)]
            )
