"""``xinglin cards``: seal the fields of health cards with the current key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from xinglin.healthcard import resealing


class Command(BaseCommand):
    help = "Look after health cards: fields sealed with older keys."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser(
            "reseal", help="after a rotation of card-fields: seal every field with the current key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in resealing.reseal().items():
            self.stdout.write(f"{name}: {count:,}")
