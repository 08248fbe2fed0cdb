"""``xinglin load``: bundles and NDJSON from files, directories or the standard input into the record."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from xinglin.kernel.errors import Fault
from xinglin.record.bulk import loading, sources
from xinglin.record.bulk.bar import Bar

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.record.bulk.loading import Tally


class Command(BaseCommand):
    help = (
        "Load FHIR resources: bundles and single resources as JSON, or NDJSON, plain or gzip; "
        "directories are searched through, - is the standard input. A load that was stopped goes on "
        "when it is started again. The exit status is 1 if something was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH")
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1,
            help="processes that store (default: one a core)",
        )  # fmt: skip
        parser.add_argument(
            "--batch", type=int, default=500, help="lines of NDJSON in a transaction (default 500)"
        )
        parser.add_argument(
            "--dangling", choices=("refuse", "keep"), default="refuse",
            help="what to do with a resource that refers to something that is not there (default: refuse)",
        )  # fmt: skip
        parser.add_argument("--again", action="store_true", help="load also what has been loaded before")
        parser.add_argument(
            "--refused", type=Path, default=Path("refused.ndjson"),
            help="the file for what is refused and why (default: refused.ndjson)",
        )  # fmt: skip

    def handle(self, *_: Any, **given: Any) -> None:
        options = loading.Options(
            processes=max(given["processes"], 1),
            batch=max(given["batch"], 1),
            integrity=given["dangling"] == "refuse",
            again=given["again"],
            refused=given["refused"],
        )
        try:
            found = sources.find(given["paths"], but=given["refused"])
        except OSError as error:
            raise CommandError(f"Cannot read {error.filename}: {error.strerror}.") from error
        bar = Bar(sys.stderr, sum(source.size for source in found))
        try:
            tally = loading.load(found, options, bar)
        except (BrokenProcessPool, psycopg.OperationalError) as error:
            raise CommandError(f"Stopped: {error}\nStart it again: it goes on from here.") from error
        except Fault as fault:
            raise CommandError(f"{fault} Start it again: it goes on from here.") from fault
        except KeyboardInterrupt:
            raise CommandError("Stopped. Start it again: it goes on from here.", returncode=130) from None
        finally:
            bar.finish()
        self._summarise(tally, time.monotonic() - bar.started, given["refused"])
        if tally.refused:
            raise SystemExit(1)

    def _summarise(self, tally: Tally, seconds: float, refused: Path) -> None:
        for name, count in sorted(tally.stored.items()):
            self.stdout.write(f"{count:>12,}  {name}")
        count = tally.stored.total()
        rate = count / max(seconds, 0.001)
        self.stdout.write(f"{count:>12,}  stored in {seconds:,.1f} s, {rate:,.0f} a second")
        if tally.unchanged:
            self.stdout.write(f"{tally.unchanged:>12,}  were there already, unchanged")
        if tally.earlier:
            self.stdout.write(f"{tally.earlier:>12,}  files had been loaded before")
        if tally.refused:
            self.stdout.write(f"{tally.refused:>12,}  refused: see {refused}")
