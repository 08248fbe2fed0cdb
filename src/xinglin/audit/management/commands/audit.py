"""``xinglin audit``: look through the log now, state whose account this is, keep the log by months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from xinglin.audit import actions, finding, queries, retention, rules
from xinglin.audit.rules import Unusable
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import access, database
from xinglin.record import queries as record

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    help = "Look through the access log for abnormal use, and keep it as long as the policy says."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("find", help="look through what is new; `serve` does it every two minutes")
        verbs.add_parser(
            "retain", help="make the next months, drop those whose time is over; `maintain` does it"
        )
        verbs.add_parser("check", help="read the rules, the retention and the scopes, and say what is wrong")
        know = verbs.add_parser("know", help="state which Patient an account's own person is")
        know.add_argument("account", help="the name that it signs in with")
        know.add_argument("patient", help="the id of a Patient; - forgets it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except (Unusable, Fault) as wrong:
            raise CommandError(str(wrong)) from None

    def _find(self, _: dict[str, Any]) -> None:
        access.flush()
        done = finding.keep(database.connection(), settings.SETTINGS.home, now=clock.now())
        self.stdout.write(f"{done.lines:,} lines looked through, {done.alerts:,} new alerts")

    def _retain(self, _: dict[str, Any]) -> None:
        policy, now = rules.retention(settings.SETTINGS.home), clock.now()
        made = retention.ahead(database.connection(), policy, now=now)
        dropped = retention.drop(database.connection(), policy, now=now)
        self.stdout.write(
            f"{made} months made, {dropped:,} lines older than {policy.before(now):%Y-%m-%d} dropped"
        )

    def _check(self, _: dict[str, Any]) -> None:
        home = settings.SETTINGS.home
        given, kept, scopes = rules.abnormal(home), rules.retention(home), rules.scopes(home)
        self.stdout.write(f"abnormal use: version {given.version}, {len(given.rules)} rules")
        self.stdout.write(f"retention: version {kept.version}, {kept.days} days")
        self.stdout.write(f"scopes: {', '.join(sorted(scopes.wide))} see others' lines")

    def _know(self, options: dict[str, Any]) -> None:
        patient = "" if options["patient"] == "-" else options["patient"]
        connection = database.connection()
        if patient:
            record.read(connection, "Patient", patient)
        account = queries.actor_named(options["account"])
        actions.know(connection, account=account, patient=patient, actor=SYSTEM, now=clock.now())
        self.stdout.write(f"{options['account']}: {f'Patient/{patient}' if patient else 'forgotten'}")
