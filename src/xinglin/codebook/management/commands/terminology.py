"""``xinglin terminology``: load code systems, value sets and maps, and check or list them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.codebook import actions
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.terminology import files, packages, queries, rules, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.management.base import CommandParser

    from xinglin.kernel.errors import Issue


class Command(BaseCommand):
    help = "Load code systems, value sets and maps: without a file those that come with the platform."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["load", "check", "list"])
        parser.add_argument(
            "files", nargs="*", type=Path, help="CSV, Excel, FHIR JSON or FHIR packages (.tgz)"
        )
        parser.add_argument("--content", type=Path, default=shipped.CONTENT, help="another folder of content")
        parser.add_argument("--again", action="store_true", help="also what has not changed")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
        parser.add_argument("--leave-out", action="store_true", help="leave out the lines that are wrong")
        parser.add_argument("--map", action="store_true", help="the table is a map")
        for name in ("url", "title", "english", "source", "target", "confidence", "licence"):
            parser.add_argument(f"--{name}", default="")
        parser.add_argument("--release", default="", help="the version of the code system or map")
        parser.add_argument("--from-document", default="", help="where the content is from")
        parser.add_argument("--hierarchy", default="is-a")
        parser.add_argument("--effective", type=date.fromisoformat)
        parser.add_argument("--until", type=date.fromisoformat)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["what"] == "list":
                self._list()
            elif options["what"] == "check":
                for file in shipped.files(options["content"]):
                    shipped.read(file)
            elif options["files"]:
                for path in options["files"]:
                    self._load(path, options)
            else:
                self._load_shipped(options)
        except Fault as fault:
            raise CommandError("\n".join(issue.text for issue in fault.issues)) from fault

    def _list(self) -> None:
        connection = database.connection()
        for one in queries.every(connection, queries.SYSTEMS):
            self.stdout.write(f"{one.concepts:>9,}  {one.canonical}  {one.title}  ({one.origin})")

    def _load_shipped(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        touched = shipped.load(connection, options["content"], again=options["again"])
        kept, wrong = actions.catch_up(connection)
        if options["verbosity"]:
            self.stdout.write(f"{len(touched)} loaded or changed, {kept} taken from the record")
            for origin in touched:
                self.stdout.write(f"  {origin}")
        for text in wrong:
            self.stderr.write(text)

    def _load(self, path: Path, options: dict[str, Any]) -> None:
        data = path.read_bytes()
        connection = database.connection()
        if files.is_package(path.name, data):
            report = packages.load(connection, data, dry_run=options["dry_run"])
            kept = ", ".join(f"{count} {name}" for name, count in sorted(report.kept.items()))
            self.stdout.write(f"{report.name} {report.version}: {kept or 'nothing'}")
            self._tell(report.issues)
            return
        reading = files.read(path.name, data, _described(options), leave_out=options["leave_out"])
        self._tell(reading.issues)
        self.stdout.write(f"{path.name}: {reading.lines:,} lines, {reading.left_out:,} left out")
        if not options["dry_run"]:
            with connection.transaction():
                files.load(connection, reading)

    def _tell(self, issues: Iterable[Issue]) -> None:
        for issue in rules.limited(list(issues)):
            self.stderr.write(issue.text)


def _described(options: dict[str, Any]) -> files.Description:
    return files.Description(
        kind=files.MAP if options["map"] else files.SYSTEM,
        url=options["url"],
        version=options["release"],
        title=options["title"],
        english=options["english"],
        effective=options["effective"],
        until=options["until"],
        hierarchy=options["hierarchy"],
        origin_text=options["from_document"],
        confidence=options["confidence"],
        licence=options["licence"],
        source=options["source"],
        target=options["target"],
    )
