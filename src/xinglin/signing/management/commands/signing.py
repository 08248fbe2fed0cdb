"""``xinglin signing``: authorities, certificates, lists of revoked ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xinglin.accounts.models import Account
from xinglin.accounts.queries import actor_of
from xinglin.crypto.algorithms import Algorithm
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.signing import actions, certificates, queries

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


class Command(BaseCommand):
    help = "Look after the certificates by which documents are signed."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        init = verbs.add_parser("init", help="make an authority for tests and demonstrations")
        init.add_argument("name")
        init.add_argument("--algorithm", choices=["ecdsa-p256", "sm2"], default="ecdsa-p256")
        issue = verbs.add_parser("issue", help="give an account a key and a certificate")
        issue.add_argument("account")
        issue.add_argument("--authority", type=int, required=True)
        issue.add_argument("--practitioner", default="", help="id of the Practitioner in the record")
        issue.add_argument("--days", type=int, default=365)
        revoke = verbs.add_parser("revoke", help="revoke an account's certificate")
        revoke.add_argument("account")
        revoke.add_argument("reason")
        trust = verbs.add_parser("trust", help="trust an authority from outside (PEM or DER)")
        trust.add_argument("file", type=Path)
        take = verbs.add_parser("import", help="keep an account's certificate and key (PEM or DER, PKCS#8)")
        take.add_argument("account")
        take.add_argument("certificate", type=Path)
        take.add_argument("key", type=Path)
        take.add_argument("--practitioner", default="")
        crl = verbs.add_parser("crl", help="keep an authority's list, or write our own one")
        crl.add_argument("--file", type=Path, help="the list to keep (PEM or DER)")
        crl.add_argument("--authority", type=int, help="the authority whose list is made anew")
        crl.add_argument("--out", type=Path, help="where to write it (DER)")
        clocks = verbs.add_parser(
            "clock", help="make an authority for time stamps, or trust one from outside"
        )
        clocks.add_argument("name")
        clocks.add_argument("--authority", type=int, help="our own authority that vouches for it")
        clocks.add_argument("--file", type=Path, help="the certificate to trust (PEM or DER)")
        verbs.add_parser("list", help="authorities and certificates")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = database.connection()
        try:
            with connection.transaction():
                getattr(self, f"_{options['verb']}")(connection, options)
        except (Fault, certificates.Unreadable, OSError) as error:
            raise CommandError(str(error)) from error

    def _init(self, connection: Connection, options: dict[str, Any]) -> None:
        algorithm = Algorithm(options["algorithm"])
        number = actions.begin_authority(
            connection, name=options["name"], algorithm=algorithm, now=clock.now()
        )
        self.stdout.write(f"authority {number}")

    def _issue(self, connection: Connection, options: dict[str, Any]) -> None:
        made = actions.issue(
            connection, by=options["authority"], to=_actor(options["account"]), practitioner=options["practitioner"],
            span=timedelta(days=options["days"]), now=clock.now(),
        )  # fmt: skip
        self.stdout.write(made.pem.decode(), ending="")

    def _revoke(self, connection: Connection, options: dict[str, Any]) -> None:
        actor = _actor(options["account"])
        actions.revoke(connection, account=actor.id, reason=options["reason"], now=clock.now())

    def _trust(self, connection: Connection, options: dict[str, Any]) -> None:
        found = certificates.read(options["file"].read_bytes())
        self.stdout.write(
            f"authority {actions.trust_authority(connection, certificate=found, now=clock.now())}"
        )

    def _import(self, connection: Connection, options: dict[str, Any]) -> None:
        pkcs8 = certificates.to_pkcs8(*certificates.from_pkcs8(options["key"].read_bytes()))
        actions.keep_credential(
            connection, certificate=certificates.read(options["certificate"].read_bytes()), pkcs8=pkcs8,
            to=_actor(options["account"]), practitioner=options["practitioner"], now=clock.now(),
        )  # fmt: skip

    def _crl(self, connection: Connection, options: dict[str, Any]) -> None:
        if options["file"]:
            actions.keep_list(connection, found=certificates.read_list(options["file"].read_bytes()))
        elif options["authority"] and options["out"]:
            der = actions.renew_list(connection, number=options["authority"], now=clock.now())
            options["out"].write_bytes(der)
        else:
            raise CommandError("Give --file, or --authority and --out.")

    def _clock(self, connection: Connection, options: dict[str, Any]) -> None:
        name, file, now = options["name"], options["file"], clock.now()
        if options["authority"]:
            actions.begin_clock(connection, by=options["authority"], name=name, now=now)
        elif file:
            der = certificates.read_any(file.read_bytes())
            actions.trust_clock(connection, der=der, name=name, now=now)
        else:
            raise CommandError("Give --authority or --file.")

    def _list(self, connection: Connection, options: dict[str, Any]) -> None:
        for one in queries.authorities(connection):
            self.stdout.write(f"authority {one.id}  {one.name}  until {one.certificate.ends:%Y-%m-%d}")
        for stamping in queries.clocks(connection):
            self.stdout.write(
                f"time stamps  {stamping.name}  {'kept here' if stamping.secret else 'from outside'}"
            )
        for held in queries.credentials(connection):
            state = (
                f"revoked {held.revoked:%Y-%m-%d}"
                if held.revoked
                else f"until {held.certificate.ends:%Y-%m-%d}"
            )
            self.stdout.write(f"{held.account}  {held.certificate.name}  {state}")


def _actor(username: str) -> Actor:
    found = Account.objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is no account {username}.")
    return actor_of(found)
