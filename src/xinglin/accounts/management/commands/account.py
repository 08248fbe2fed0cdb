"""``xinglin account``: the first accounts, and the way back in when nobody is left who could open it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from xinglin.accounts import events, factors, hindrances, managing, passwords, policy
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from datetime import datetime

_ACTOR = "operator"


class Command(BaseCommand):
    help = "Create, list, unlock and reset accounts from the platform's own machine."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every account with its roles and state")
        create = verbs.add_parser("create", help="an account with a temporary password")
        create.add_argument("username")
        create.add_argument("--name", required=True, help="the person's name")
        create.add_argument("--role", action="append", default=[], choices=sorted(policy.roles()))
        create.add_argument("--institution", default="", help="id of an Organization; without it the region")
        create.add_argument("--institution-name", default="")
        place = verbs.add_parser("place", help="the department and the practitioner of an account")
        place.add_argument("username")
        place.add_argument("--department", default="", help="id of an Organization within the institution")
        place.add_argument("--practitioner", default="", help="id of a Practitioner")
        for verb, words in (
            ("unlock", "end the lock after failures"),
            ("reset", "a temporary password; all sessions end"),
            ("factor", "take the second factor from who has lost it"),
        ):
            verbs.add_parser(verb, help=words).add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if options["verb"] == "list":
            for one in Account.objects.order_by("username"):
                state = "" if one.is_active else "  disabled"
                self.stdout.write(f"{one.username:<20} {one.display_name}  {' '.join(one.roles)}{state}")
        elif options["verb"] == "create":
            self._create(options, now)
        else:
            account = Account.objects.filter(username=options["username"]).first()
            if account is None:
                raise CommandError(
                    f"There is no account {options['username']}. `xinglin account list` shows all."
                )
            self._mend(account, options, now)

    def _create(self, options: dict[str, Any], now: datetime) -> None:
        if pair := policy.excluded(options["role"]):
            raise CommandError(f"The roles {pair[0]} and {pair[1]} exclude each other.")
        draft = managing.Draft(
            username=options["username"], display_name=options["name"], institution_id=options["institution"],
            institution_name=options["institution_name"], roles=tuple(options["role"]),
        )  # fmt: skip
        try:
            _, password = managing.make(draft=draft, actor=_ACTOR, origin=NOWHERE, now=now)
        except Fault as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(
            f"{draft.username}: temporary password {password}, to be changed at the first sign-in"
        )

    def _mend(self, account: Account, options: dict[str, Any], now: datetime) -> None:
        verb = options["verb"]
        with transaction.atomic():
            if verb == "place":
                managing.place(
                    account=account, department=options["department"], practitioner=options["practitioner"],
                    actor=_ACTOR, origin=NOWHERE, now=now,
                )  # fmt: skip
                said = "department and practitioner are kept"
            elif verb == "unlock":
                hindrances.clear(account.username)
                events.note("unlocked", account=account.pk, actor=_ACTOR, now=now)
                said = "unlocked"
            elif verb == "factor":
                factors.forget(account=account, actor=_ACTOR, origin=NOWHERE, now=now)
                said = "has no second factor any more"
            else:
                password = passwords.reset(account=account, actor=_ACTOR, origin=NOWHERE, now=now)
                said = f"temporary password {password}, to be changed at the next sign-in"
        self.stdout.write(f"{account.username}: {said}")
