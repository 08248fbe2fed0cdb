"""``xinglin cards``: what is to be done daily about health cards, and sealing their fields with the current key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from xinglin.healthcard import tasks
from xinglin.kernel import clock


class Command(BaseCommand):
    help = "Look after health cards: those of merged persons, marks of used codes, fields sealed with older keys."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser(
            "maintain", help="once a day: settle cards of merged persons, drop marks of expired codes"
        )
        verbs.add_parser(
            "reseal", help="after a rotation of card-fields: seal every field with the current key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        done = tasks.maintain(now=clock.now()) if options["verb"] == "maintain" else tasks.reseal()
        for name, count in done.items():
            self.stdout.write(f"{name}: {count:,}")
