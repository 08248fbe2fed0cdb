"""``xinglin residents``: seal what is kept of residents with the current key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from xinglin.residents import resealing


class Command(BaseCommand):
    help = "Look after residents' accounts: fields sealed with older keys."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser(
            "reseal",
            help="after a rotation of resident-fields or resident-search: seal and hash everything anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in resealing.reseal().items():
            self.stdout.write(f"{name}: {count:,}")
