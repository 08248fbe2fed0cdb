"""``xinglin accounts``: what operators do with accounts."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xinglin.accounts import actions
from xinglin.accounts.models import Account, Role
from xinglin.kernel import clock

_BY = "operator"


class Command(BaseCommand):
    help = "List, create, disable, enable and unlock accounts; give passwords and tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every account with its roles")
        create = verbs.add_parser(
            "create", help="a new account; its password is asked, or read from standard input"
        )
        create.add_argument("name")
        create.add_argument("--display-name", default="")
        create.add_argument("--title", default="")
        create.add_argument(
            "--role", action="append", choices=Role.values, default=[], help="may be given again"
        )
        create.add_argument("--institution", default="", help="id of an Organization")
        create.add_argument("--institution-name", default="")
        for verb, what in (
            ("password", "another password; ends all sessions"),
            ("disable", "nobody can sign in to it any more"),
            ("enable", "the opposite"),
            ("unlock", "open it after too many failures"),
            ("token", "a new token for a program; shown once"),
        ):
            verbs.add_parser(verb, help=what).add_argument("name")

    def handle(self, *_: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _list(self, _: dict[str, Any]) -> None:
        for one in Account.objects.order_by("username"):
            off = "" if one.is_active else "  disabled"
            place = f"  {one.institution_name or one.institution_id}" if one.institution_id else ""
            self.stdout.write(f"{one.username:<20} {one.display_name:<12} {','.join(one.roles)}{place}{off}")

    def _create(self, options: dict[str, Any]) -> None:
        name = options["name"]
        if Account.objects.filter(username=name).exists():
            raise CommandError(f"There is an account {name} already.")
        account = Account(
            username=name, display_name=options["display_name"] or name, title=options["title"], roles=options["role"],
            institution_id=options["institution"], institution_name=options["institution_name"],
        )  # fmt: skip
        account.set_unusable_password()
        if options["role"] != [Role.CLIENT.value]:
            password = self._asked(account)
            account.save()
            actions.change_password(account=account, password=password, now=clock.now(), by=_BY)
        account.save()
        self.stdout.write(f"{name} is there.")

    def _asked(self, account: Account) -> str:
        """A password from the terminal, or from standard input, that keeps the rules."""
        given = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        found = actions.weaknesses_of(account, given)
        if found:
            raise CommandError(
                f"The password is refused: {', '.join(found)}. The rules are in docs/operators/accounts.md."
            )
        return given

    def _password(self, options: dict[str, Any]) -> None:
        account = self._named(options["name"])
        actions.change_password(account=account, password=self._asked(account), now=clock.now(), by=_BY)
        self.stdout.write(f"{account.username} has another password; its sessions have ended.")

    def _disable(self, options: dict[str, Any]) -> None:
        account = self._named(options["name"])
        account.is_active = False
        account.save(update_fields=["is_active"])
        ended = actions.end_sessions(account=account)
        self.stdout.write(f"{account.username} is disabled; {ended} sessions have ended.")

    def _enable(self, options: dict[str, Any]) -> None:
        account = self._named(options["name"])
        account.is_active = True
        account.save(update_fields=["is_active"])
        self.stdout.write(f"{account.username} is enabled.")

    def _unlock(self, options: dict[str, Any]) -> None:
        actions.unlock(username=options["name"], now=clock.now(), by=_BY)
        self.stdout.write(f"{options['name']} is open.")

    def _token(self, options: dict[str, Any]) -> None:
        account = self._named(options["name"])
        self.stdout.write(actions.issue_token(account=account, label="made by an operator"))

    @staticmethod
    def _named(name: str) -> Account:
        try:
            return Account.objects.get(username=name)
        except Account.DoesNotExist:
            raise CommandError(f"There is no account {name}. 'xinglin accounts list' shows all.") from None
