"""``xinglin policy``: say what the policy in force is, and bring what is stored up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.record.policy import in_force, relations
from xinglin.record.queries import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.base import CommandParser

_ROWS = 500


class Command(BaseCommand):
    help = (
        "Show the access policy in force. With --rebuild, find the care relations and the sensitivity labels "
        "of what was stored under another policy."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rebuild", action="store_true", help="bring relations and labels up to the policy"
        )

    def handle(self, *_: Any, **given: Any) -> None:
        policy = in_force()
        self.stdout.write(
            f"policy {policy.name}, version {policy.version}, in effect from {policy.effective}"
        )
        self.stdout.write(f"source: {policy.source}")
        self.stdout.write(f"confidence: {policy.confidence}")
        for rule in policy.rules:
            withheld = f", without {', '.join(sorted(rule.withhold))}" if rule.withhold else ""
            self.stdout.write(f"- {rule.name}: {', '.join(sorted(rule.roles))}; {rule.scope}{withheld}")
        if given["rebuild"]:
            if policy.open:
                raise CommandError("An open policy needs no relations and labels. Set XINGLIN_POLICY first.")
            done = sum(_rebuild(type_) for type_ in relations.TYPES)
            self.stdout.write(f"{done} resources looked at for care relations")
            call_command("reindex", all=True, stdout=self.stdout)


def _rebuild(type_name: str) -> int:
    connection, done = database.connection(), 0
    for stored in _batches(type_name):
        said = [relations.Said(each.type, each.id, each.resource) for each in stored]
        with connection.transaction():
            relations.follow(connection, said, clock.now())
        done += len(said)
    return done


def _batches(type_name: str) -> Iterator[list[Stored]]:
    after = 0
    while True:
        rows = (
            database.connection()
            .execute(
                "SELECT id, version, vid, body, patient FROM record_resource WHERE type = %s AND vid > %s"
                " ORDER BY vid LIMIT %s",
                [definitions.type_number(type_name), after, _ROWS],
                binary=True,
            )
            .fetchall()
        )
        if not rows:
            return
        after = rows[-1][2]
        yield [Stored(type_name, *row) for row in rows]
