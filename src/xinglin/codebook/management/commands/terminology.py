"""``xinglin terminology load``: bring the code systems, value sets and maps up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.terminology import shipped

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Load code systems, value sets and maps: those that come with the platform, or given files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["load", "check"])
        parser.add_argument("--content", type=Path, default=shipped.CONTENT, help="another folder of content")
        parser.add_argument("--again", action="store_true", help="also what has not changed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["what"] == "check":
                for file in shipped.files(options["content"]):
                    shipped.read(file)
                return
            touched = shipped.load(database.connection(), options["content"], again=options["again"])
        except Fault as fault:
            raise CommandError("\n".join(issue.text for issue in fault.issues)) from fault
        if options["verbosity"]:
            self.stdout.write(f"{len(touched)} loaded or changed")
            for origin in touched:
                self.stdout.write(f"  {origin}")
