"""``xinglin client``: register and look after apps, and bind accounts to the identity provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.smart import registering, upstream
from xinglin.smart.models import App
from xinglin.smart.registering import Deed, Draft
from xinglin.smart.rules import Kind


class Command(BaseCommand):
    help = "Register apps and services, give them new secrets, disable them; bind accounts to the identity provider."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every app with its client id and state")
        register = verbs.add_parser("register", help="an app; its secret is shown this once")
        register.add_argument("name")
        register.add_argument("--kind", choices=[kind.value for kind in Kind], default=Kind.PUBLIC.value)
        register.add_argument(
            "--redirect", action="append", default=[], help="an address to be sent back to, exactly"
        )
        register.add_argument(
            "--scope", action="append", default=[], help="a scope, or several with spaces between"
        )
        register.add_argument("--launch-url", default="", help="opened from a resident's record")
        register.add_argument("--jwks", default="", help="file with the app's public keys")
        register.add_argument("--jwks-url", default="", help="address of the app's public keys")
        register.add_argument(
            "--institution", default="", help="id of an Organization; without it the region"
        )
        register.add_argument("--institution-name", default="")
        for verb, words in (
            ("secret", "a new secret"),
            ("disable", "keep it out at once"),
            ("enable", "let it in"),
        ):
            verbs.add_parser(verb, help=words).add_argument("client_id")
        bind = verbs.add_parser("bind", help="say who an account is at the identity provider")
        bind.add_argument("username")
        bind.add_argument("subject")
        verbs.add_parser("unbind", help="take that back").add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        deed = Deed("operator", NOWHERE, clock.now())
        try:
            match options["verb"]:
                case "list":
                    self._list()
                case "register":
                    self._register(options, deed)
                case "bind" | "unbind":
                    self._bind(options, deed)
                case verb:
                    self._mend(verb, _app(options["client_id"]), deed)
        except Fault as fault:
            raise CommandError(" ".join(issue.text for issue in fault.issues)) from None

    def _list(self) -> None:
        for app in App.objects.order_by("name"):
            state = "" if app.active else "  disabled"
            self.stdout.write(f"{app.client_id:<26} {app.kind:<12} {app.name}{state}")

    def _register(self, options: dict[str, Any], deed: Deed) -> None:
        keys = Path(options["jwks"]).read_text(encoding="utf-8") if options["jwks"] else ""
        draft = Draft(
            name=options["name"], kind=options["kind"], redirects=tuple(options["redirect"]),
            scopes=tuple(" ".join(options["scope"]).split()), launch_url=options["launch_url"], jwks=keys,
            jwks_url=options["jwks_url"], institution_id=options["institution"],
            institution_name=options["institution_name"],
        )  # fmt: skip
        app, secret = registering.register(draft=draft, deed=deed)
        self.stdout.write(f"client_id {app.client_id}")
        if secret:
            self.stdout.write(f"secret    {secret}")

    def _mend(self, verb: str, app: App, deed: Deed) -> None:
        if verb == "secret":
            self.stdout.write(f"secret    {registering.rotate(app=app, deed=deed)}")
        else:
            registering.set_active(app=app, active=verb == "enable", deed=deed)

    def _bind(self, options: dict[str, Any], deed: Deed) -> None:
        account = Account.objects.filter(username=options["username"]).first()
        if account is None:
            raise CommandError(
                f"There is no account {options['username']}. `xinglin account list` shows all."
            )
        if options["verb"] == "bind":
            upstream.bind(account=account, subject=options["subject"], deed=deed)
        elif not upstream.unbind(account=account, deed=deed):
            raise CommandError(f"{options['username']} is bound to nobody.")


def _app(client_id: str) -> App:
    found = App.objects.filter(client_id=client_id).first()
    if found is None:
        raise CommandError(f"There is no app {client_id}. `xinglin client list` shows all.")
    return found
