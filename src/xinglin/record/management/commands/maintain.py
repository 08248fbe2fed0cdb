"""``xinglin maintain``: the daily upkeep of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from xinglin.record import tasks

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = (
        "Drop what is no longer needed: old index rows, changes that everybody has seen, files of old exports and"
        " imports; settle cards of merged persons. Run it daily."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keep-days", type=int, default=7, help="days for which changes are kept (default 7)"
        )

    def handle(self, *_: Any, **given: Any) -> None:
        for name, count in tasks.maintain(keep_days=given["keep_days"]).items():
            self.stdout.write(f"{count:>12,}  {name}")
