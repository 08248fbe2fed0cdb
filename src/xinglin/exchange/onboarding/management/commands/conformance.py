"""``xinglin conformance``: what samples of messages are worth, point by point."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from xinglin.exchange import senders
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding import actions, samples
from xinglin.exchange.senders import Registered
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from argparse import ArgumentParser

_SHOWN = 5  # findings of a point


class Command(BaseCommand):
    help = "Judge samples of messages as a door would read them; nothing is written. Ends with 1 unless all is green."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--door", required=True, choices=[door.value for door in samples.DOORS])
        parser.add_argument(
            "--sender", default="", help="the code of the sender, for its mappings and character set"
        )
        parser.add_argument("--charset", default="", help="such as gbk, where messages do not say it")
        parser.add_argument(
            "--kind", action="append", default=[], help="a kind of message that must be among them"
        )
        parser.add_argument("--json", action="store_true")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            try:
                said = actions.as_json(
                    actions.judged(
                        Door(options["door"]), _contents(options["files"]), _sender(options), options["kind"]
                    )
                )
            except Fault as fault:
                raise CommandError(str(fault)) from None
            except psycopg.errors.UndefinedTable:
                raise CommandError(
                    "The database is empty: start the platform once, or run `xinglin migrate`."
                ) from None
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
        else:
            self._tell(said)
        if not said["green"]:
            raise SystemExit(1)

    def _tell(self, said: dict[str, Any]) -> None:
        self.stdout.write(f"{said['samples']} messages; points of version {said['kit']}")
        for kind, (good, came) in said["kinds"].items():
            self.stdout.write(f"  {kind}: {good} good of {came}")
        for point in said["points"]:
            share = f"{point['right']}/{point['seen']}" if point["seen"] else "—"
            self.stdout.write(f"{point['mark'].upper():5} {point['dimension']:10} {point['name']} {share}")
            for finding in point["findings"][:_SHOWN]:
                words = finding["text"] % finding["params"] if finding["params"] else finding["text"]
                where = " ".join(part for part in (finding["sample"], finding["place"]) if part)
                self.stdout.write(f"        {where}: {words}")
            if len(point["findings"]) > _SHOWN:
                self.stdout.write(f"        … and {len(point['findings']) - _SHOWN} more (--json has them)")
        self.stdout.write("all green" if said["green"] else "not green")


def _contents(paths: list[Path]) -> list[tuple[str, bytes]]:
    try:
        return [(path.name, path.read_bytes()) for path in paths]
    except OSError as error:
        raise CommandError(str(error)) from None


def _sender(options: dict[str, Any]) -> Registered:
    if options["sender"]:
        return senders.by_code(database.connection(), options["sender"])
    now = clock.now()
    return Registered(
        0, "sample", "Samples", "", (options["door"],), options["charset"].lower(), "", "", "", (), "", None, False,
        now, now,
    )  # fmt: skip
