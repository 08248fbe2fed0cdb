"""``xinglin policy``: say what the policy in force is, and bring what is stored up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.record.policy import consents, in_force, practice, relations
from xinglin.record.queries import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.core.management.base import CommandParser

    from xinglin.record.database import Connection

_ROWS = 500


class Command(BaseCommand):
    help = (
        "Show the access policy in force. With --rebuild, find the care relations and the sensitivity labels "
        "of what was stored under another policy, and read residents' decisions and registrations anew."
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
        for closed in policy.consents.closed:
            self.stdout.write(f"- closed until a resident permits it: {closed.name}")
        if given["rebuild"]:
            if not policy.open:
                done = sum(_rebuild(type_, _relations) for type_ in relations.TYPES)
                self.stdout.write(f"{done} resources looked at for care relations")
            done = sum(_rebuild(type_, practice.follow) for type_ in practice.TYPES)
            self.stdout.write(f"{done} practitioners looked at for registrations")
            self._decisions()
            call_command("reindex", all=True, stdout=self.stdout)

    def _decisions(self) -> None:
        """Read the Consents anew; one that this policy cannot keep to is named, and closes nothing."""
        kept, unkept = 0, []
        for stored in _batches("Consent"):
            for each in stored:
                try:
                    with database.connection().transaction():
                        said = [relations.Said(each.type, each.id, each.resource)]
                        consents.follow(database.connection(), said, SYSTEM)
                    kept += 1
                except Fault as fault:
                    unkept.append(f"Consent/{each.id}: {fault}")
        self.stdout.write(f"{kept} decisions of residents looked at")
        for line in unkept:
            self.stdout.write(f"NOT KEPT TO: {line}")
        if unkept:
            raise CommandError("Change these Consents, or the policy, and rebuild again.")


def _relations(connection: Connection, said: list[relations.Said]) -> None:
    relations.follow(connection, said, clock.now())


def _rebuild(type_name: str, follow: Callable[[Connection, list[relations.Said]], None]) -> int:
    connection, done = database.connection(), 0
    for stored in _batches(type_name):
        said = [relations.Said(each.type, each.id, each.resource) for each in stored]
        with connection.transaction():
            follow(connection, said)
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
