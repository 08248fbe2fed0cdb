"""``xinglin reminders``: the rules as a page, counts of a month, tries of rules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.reminders import bench, queries, reference, rulebook

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Write the rules, count what fired, try rules on the last month."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("reference", help="write the list of rules for docs/reference")
        counts = verbs.add_parser("counts", help="what fired in the last days, and what became of it")
        counts.add_argument("--days", type=int, default=30)
        tried = verbs.add_parser(
            "try", help="try rules on the last month's encounters, without showing anything"
        )
        tried.add_argument("rules", nargs="*", help="all of them if absent")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(**options)

    def _reference(self, **_: Any) -> None:
        self.stdout.write(reference.page(), ending="")

    def _counts(self, *, days: int, **_: Any) -> None:
        now = clock.now()
        found = queries.counts(database.connection(), "", now - timedelta(days=days), now)
        for one in sorted(found.values(), key=lambda one: -one.fired):
            self.stdout.write(
                f"{one.rule} v{one.version}: {one.fired} fired, {one.accepted} accepted, {one.overridden} set aside"
            )

    def _try(self, *, rules: list[str], **_: Any) -> None:
        door, now = open_as(SYSTEM), clock.now()
        for id_ in rules or list(rulebook.shipped().rules):
            found = bench.replay(door, queries.rule(id_), now=now)
            self.stdout.write(
                f"{id_}: {found.fired} of {found.encounters} encounters, {found.findings} findings"
                + (f" (of {found.of} encounters)" if found.of > found.encounters else "")
            )
