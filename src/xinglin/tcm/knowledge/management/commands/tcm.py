"""``xinglin tcm``: load the knowledge of Chinese medicine, and count it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from xinglin.kernel import clock
from xinglin.tcm.knowledge import loading, queries

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Load the knowledge of Chinese medicine that comes with the platform, or count what there is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["load", "count"])
        parser.add_argument("--again", action="store_true", help="also if this release was loaded before")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "load":
            done = loading.load(now=clock.now(), again=options["again"])
            if options["verbosity"]:
                self.stdout.write(f"{done.terms} terms, {done.added} new facts, {done.retired} facts ended")
            return
        for name, count in queries.counts().items():
            self.stdout.write(f"{count:>9,}  {name}")
