"""``xinglin keys``: list the cryptographic keys, give a purpose a new one, end an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from xinglin.accounts.keys import PURPOSES as ACCOUNT_PURPOSES
from xinglin.crypto.algorithms import FIT, Algorithm
from xinglin.crypto.folder import KeysUnusable
from xinglin.exchange.nodes.keys import PURPOSES as NODE_PURPOSES
from xinglin.healthcard.keys import PURPOSES as CARD_PURPOSES
from xinglin.healthcard.keys import folder
from xinglin.record.sealing import PURPOSES as RECORD_PURPOSES
from xinglin.residents.keys import PURPOSES as RESIDENT_PURPOSES
from xinglin.signing.keys import PURPOSES as SIGNING_PURPOSES
from xinglin.smart.keys import PURPOSES as APP_PURPOSES

if TYPE_CHECKING:
    from xinglin.crypto.keys import KeyRing, Purpose

PURPOSES = (
    *RECORD_PURPOSES,
    *NODE_PURPOSES,
    *CARD_PURPOSES,
    *ACCOUNT_PURPOSES,
    *RESIDENT_PURPOSES,
    *SIGNING_PURPOSES,
    *APP_PURPOSES,
)
_BY_NAME = {purpose.name: purpose for purpose in PURPOSES}


class Command(BaseCommand):
    help = "List the platform's cryptographic keys, or rotate or revoke them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every purpose with its keys; never a secret")
        rotate = verbs.add_parser(
            "rotate", help="give a purpose a new key; what older ones made stays readable"
        )
        rotate.add_argument("purpose", choices=sorted(_BY_NAME))
        rotate.add_argument(
            "--algorithm", choices=[a.value for a in Algorithm], help="another one than until now"
        )
        revoke = verbs.add_parser(
            "revoke", help="let a signing key that may be known to others verify nothing more"
        )
        revoke.add_argument("purpose", choices=sorted(_BY_NAME))
        revoke.add_argument("version", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except (KeysUnusable, ValueError) as error:
            raise CommandError(str(error)) from None

    def _do(self, options: dict[str, Any]) -> None:
        kept = folder()
        if options["verb"] == "list":
            self.stdout.write(f"{kept.path}")
            for purpose in PURPOSES:
                if purpose in RECORD_PURPOSES and not kept.has(purpose):  # made when the database asks for it
                    self.stdout.write(f"{purpose.name}: {purpose.meaning} (none yet)")
                else:
                    self._show(purpose, kept.ring(purpose))
            return
        purpose = _BY_NAME[options["purpose"]]
        if options["verb"] == "rotate":
            given = options["algorithm"]
            ring = kept.rotate(purpose, Algorithm(given) if given else None)
        else:
            ring = kept.revoke(purpose, options["version"])
        self._show(purpose, ring)

    def _show(self, purpose: Purpose, ring: KeyRing) -> None:
        fit = ", ".join(sorted(FIT[purpose.use]))
        self.stdout.write(f"{purpose.name}: {purpose.meaning} (may be: {fit})")
        for key in ring.keys:
            state = "revoked" if key.revoked else "current" if key is ring.current else "older"
            self.stdout.write(
                f"  {key.version:>5}  {key.algorithm.value:<12} {key.made:%Y-%m-%d %H:%M}  {state}"
            )
