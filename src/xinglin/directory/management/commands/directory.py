"""``xinglin directory``: files into the directory and out of it, and its tables made anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.directory import rebuilding
from xinglin.directory.importing import exporting, templates, work
from xinglin.directory.importing.run import Request, kind_of, run
from xinglin.directory.kinds import KINDS
from xinglin.directory.rules import tables
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.directory.importing.report import Tally

_SHOWN = 50
_SHIPPED = "provinces"


class Command(BaseCommand):
    help = (
        "Import institutions, departments, practitioners, services, places, beds, equipment or divisions from CSV or "
        "Excel; export them; write templates; make the directory's tables anew from the record."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        loading = verbs.add_parser("import", help="load a file; the exit status is 1 if a line is wrong")
        loading.add_argument("kind", choices=sorted(KINDS))
        loading.add_argument("file", help=f"CSV or .xlsx; {_SHIPPED} for the provinces that are shipped")
        loading.add_argument("--dry-run", action="store_true", help="only say what would happen")
        loading.add_argument(
            "--good-only", action="store_true", help="load the good lines although others are wrong"
        )
        loading.add_argument(
            "--sheet", help="the sheet of a workbook (default: the one called like the kind)"
        )
        loading.add_argument(
            "--report", type=Path, default=Path("directory-report.csv"), help="what came of each line"
        )
        out = verbs.add_parser("export", help="write what there is")
        out.add_argument("kind", choices=sorted(KINDS))
        out.add_argument("file", type=Path, help="ends in .csv or .xlsx")
        out.add_argument("--institution", help="id of the Organization whose things alone are written")
        template = verbs.add_parser("template", help="write a file to fill in")
        template.add_argument("kind", choices=sorted(KINDS))
        template.add_argument("file", type=Path, help="ends in .csv or .xlsx")
        verbs.add_parser("rebuild", help="make the directory's tables anew from the record")
        clearing = verbs.add_parser("clear", help="remove the files of imports that have ended")
        clearing.add_argument(
            "--hours", type=int, default=work.KEPT_HOURS, help="how long ago (default %(default)s)"
        )

    def handle(self, *_: Any, **given: Any) -> None:
        try:
            getattr(self, f"_{given['verb']}")(given)
        except Fault as fault:
            raise CommandError(str(fault)) from fault
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from error

    def _import(self, given: dict[str, Any]) -> None:
        shipped = given["file"] == _SHIPPED and given["kind"] == "divisions"
        path = tables.DATA / f"{_SHIPPED}.csv" if shipped else Path(given["file"])
        request = Request(
            given["kind"], path, given["report"], SYSTEM, clock.now().astimezone(LOCAL_ZONE).date(),
            dry=given["dry_run"], good_only=given["good_only"], sheet=given["sheet"],
        )  # fmt: skip
        tally = run(request, self._tell)
        if sys.stderr.isatty():
            self.stderr.write("")
        self._summarise(tally, given)
        if tally.bad:
            raise SystemExit(1)

    def _tell(self, stage: str, lines: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{stage}: {lines:,} lines", ending="")

    def _summarise(self, tally: Tally, given: dict[str, Any]) -> None:
        for one in [*tally.wrong, *tally.doubtful][:_SHOWN]:
            place = f"{one['letter']} {one['heading']}" if one["heading"] else ""
            self.stdout.write(f"line {one['line']}  {place}  {one['text']}")
        counts = tally.as_dict()
        for name in ("created", "changed", "unchanged", "bad", "doubts"):
            self.stdout.write(f"{counts[name]:>12,}  {name}")
        if tally.bad and not given["good_only"] and not given["dry_run"]:
            self.stdout.write("Nothing was written. Mend the lines, or load the good ones with --good-only.")
        self.stdout.write(f"{tally.written:>12,}  resources written; every line: {given['report']}")

    def _export(self, given: dict[str, Any]) -> None:
        kind = kind_of(given["kind"])
        rows = exporting.rows(kind, database.connection(), open_as(SYSTEM), institution=given["institution"])
        if given["file"].suffix == ".xlsx":
            given["file"].write_bytes(exporting.as_workbook(kind, rows))
            return
        with given["file"].open("wb") as file:
            for piece in exporting.as_csv(kind, rows):
                file.write(piece)

    def _template(self, given: dict[str, Any]) -> None:
        make = templates.as_workbook if given["file"].suffix == ".xlsx" else templates.as_csv
        given["file"].write_bytes(make(kind_of(given["kind"])))

    def _rebuild(self, given: dict[str, Any]) -> None:
        for name, count in rebuilding.rebuild().items():
            self.stdout.write(f"{count:>12,}  {name}")

    def _clear(self, given: dict[str, Any]) -> None:
        self.stdout.write(f"{work.clear(hours=given['hours']):>12,}  imports removed")
