"""``xinglin live``: keep the streams by which open pages hear of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand

from xinglin.live import pages, running

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Keep the streams of live pages; `serve` starts this by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        given = settings.SETTINGS
        parser.add_argument("--host", default=given.host)
        parser.add_argument("--port", type=int, default=pages.port(given.port))
        parser.add_argument("--pages", type=int, default=given.port, help="port of the pages")

    def handle(self, *args: Any, **options: Any) -> None:
        running.serve(host=options["host"], port=options["port"], pages=options["pages"])
