"""``xinglin nodes``: forward to other nodes, and see how far that has come."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.exchange.nodes import queries, working

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Forward to other nodes what is subscribed, until stopped; or say how far that has come."
    requires_system_checks: list[str] = []  # noqa: RUF012 -- Django's declaration

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        forward = verbs.add_parser("forward", help="forward, until stopped")
        forward.add_argument("--once", action="store_true", help="forward what there is, and end")
        verbs.add_parser("status", help="how far each subscription has come")

    def handle(self, *args: Any, **options: Any) -> None:
        if queries.own() is None and (options["verb"] == "status" or options["once"]):
            raise CommandError(
                "This platform is no node yet: say on the page /exchange/nodes/own/ which it is."
            )
        if options["verb"] == "status":
            self._status()
        elif options["once"]:
            self.stdout.write(f"{working.drain()} batches forwarded.")
        else:
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            working.run(stop)

    def _status(self) -> None:
        for row in queries.rows():
            self.stdout.write(f"{row.node.code} ({row.node.tier}, {row.relation}): {row.state}")
            for one in row.subscriptions:
                error = f": {one.subscription.error}" if one.subscription.error else ""
                self.stdout.write(
                    f"  {one.subscription.what} {one.state}, {one.behind} transactions behind,"
                    f" {one.subscription.sent} sent{error}"
                )
