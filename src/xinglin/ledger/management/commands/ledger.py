"""``xinglin ledger``: keep the ledger, audit it, verify proofs, look after its keys."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError
from xinglin.kernel import clock, memory
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.ledger import actions, checkpoints, keeping, keys, policies, queries, tree, verification
from xinglin.record import database

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.ledger.verification import Report

_COLLECT = (50_000, 20, 50)  # an entry makes many small things, none of them in circles
_MARKS = {
    verification.Outcome.RIGHT: "✓",
    verification.Outcome.WRONG: "✗",
    verification.Outcome.ABSENT: "–",
}


class Command(BaseCommand):
    help = "Keep the tamper-evident log, audit it, verify proofs."
    requires_system_checks: list[str] = []  # noqa: RUF012 -- Django's declaration

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("run", help="sequence, ask the witnesses, run audits; `serve` starts this by itself")
        audit = verbs.add_parser("audit", help="recompute everything from the rows to the signed heads")
        audit.add_argument("--json", action="store_true", help="the findings as JSON")
        verify = verbs.add_parser("verify", help="verify a proof or a signed head offline; needs no database")
        verify.add_argument("file", nargs="?", type=Path, help="a .tlog-proof, or - for the standard input")
        verify.add_argument("--policy", type=Path, help="whom you trust, as tlog-policy")
        verify.add_argument("--key", help="the log's verifier key, instead of a policy")
        verify.add_argument("--entry", type=Path, help="the entry, where the proof does not hold it")
        verify.add_argument("--consistency", nargs=3, type=Path, metavar=("OLD", "NEW", "PROOF"),
                            help="two signed heads and the hashes between them, a line each")  # fmt: skip
        rotate = verbs.add_parser("rotate", help="begin to sign with a new key beside the old")
        rotate.add_argument("--finish", action="store_true", help="stop signing with the old key")
        erase = verbs.add_parser("erase", help="delete event and salt of an entry; its proof remains")
        erase.add_argument("index", type=int)
        erase.add_argument("--reason", required=True)
        verbs.add_parser("keys", help="print the policy that others verify with")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except NoteError as wrong:
            raise CommandError(f"{wrong}.") from None
        except Fault as fault:
            raise CommandError(str(fault)) from None

    def _run(self, _: dict[str, Any]) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        memory.settle(*_COLLECT)
        keeping.keep(settings.SETTINGS.home, base_url=settings.SETTINGS.base_url, stop=stop)

    def _audit(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        number = actions.ask_audit(connection, actor=SYSTEM, now=clock.now())
        report = keeping.run_audit(connection, settings.SETTINGS.home, number)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_data(), ensure_ascii=False, indent=1))
        else:
            for name, count in sorted(report.counts.items()):
                self.stdout.write(f"{count:>12,}  {name}")
            for finding in report.findings:
                entry = "" if finding.index is None else f" (entry {finding.index})"
                self.stdout.write(
                    f"{finding.what.upper()}: {finding.subject}{entry} {finding.detail}".rstrip()
                )
        if not report.clean:
            raise CommandError("The ledger does not match what it was made from.", returncode=2)
        self.stdout.write("Everything is as it was entered and signed.")

    def _verify(self, options: dict[str, Any]) -> None:
        policy = _policy(options)
        if options["consistency"]:
            self._consistency(policy, *options["consistency"])
            return
        if options["file"] is None:
            raise CommandError("Name the file with the proof, or - for the standard input.")
        text = _text(options["file"])
        if text.startswith("c2sp.org/tlog-proof@"):
            entry = options["entry"].read_bytes() if options["entry"] else None
            report = verification.verify(text, policy, entry=entry)
            holds = report.holds
        else:
            report = verification.verify_head(signed_notes.parse(text), policy)
            holds = not any(f.outcome is verification.Outcome.WRONG for f in report.findings)
        self._tell(report)
        if not holds:
            raise CommandError("The proof does not hold.", returncode=2)
        self.stdout.write("The proof holds.")

    def _tell(self, report: Report) -> None:
        for finding in report.findings:
            self.stdout.write(f"{_MARKS[finding.outcome]} {finding.step}: {finding.detail}")
        if report.entry is not None:
            self.stdout.write(f"  entry: {report.entry.decode('utf-8', 'replace')}")
        if report.event is not None:
            self.stdout.write(f"  event: {report.event}")

    def _consistency(self, policy: policies.Policy, old: Path, new: Path, proof: Path) -> None:
        notes = [signed_notes.parse(path.read_text()) for path in (old, new)]
        for note in notes:
            report = verification.verify_head(note, policy)
            self._tell(report)
            if any(f.outcome is verification.Outcome.WRONG for f in report.findings):
                raise CommandError("A head is not to be trusted.", returncode=2)
        first, second = (checkpoints.parse(note.text) for note in notes)
        hashes = [signed_notes.decode(line) for line in proof.read_text().split()]
        if not tree.continues(
            hashes, old=first.size, new=second.size, old_root=first.root, new_root=second.root
        ):
            raise CommandError(
                f"The proof does not show that the log of {second.size} continues that of {first.size}.",
                returncode=2,
            )
        self.stdout.write(f"The log of {second.size} entries begins with the log of {first.size}.")

    def _rotate(self, options: dict[str, Any]) -> None:
        home = settings.SETTINGS.home
        if options["finish"]:
            self.stdout.write(f"No longer signs: {keys.retire(home).text}")
            return
        self.stdout.write("Signs from now on, beside the old key:")
        self.stdout.write(keys.rotate(home).verifier.text)
        self.stdout.write(
            "Make it known to the witnesses and to whoever verifies, then: xinglin ledger rotate --finish"
        )

    def _erase(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        with connection.transaction():
            actions.erase(
                connection, index=options["index"], reason=options["reason"], actor=SYSTEM, now=clock.now()
            )
        self.stdout.write(f"Event and salt of entry {options['index']} are erased; its proof remains.")

    def _keys(self, _: dict[str, Any]) -> None:
        policy = keys.policy(settings.SETTINGS.home)
        self.stdout.write(policies.render(policy), ending="")
        origin = queries.origin(database.connection())
        if origin and policy.logs[0].name != origin:
            raise CommandError(f"The database holds the log {origin}, whose key this is not.")


def _policy(options: dict[str, Any]) -> policies.Policy:
    if options["policy"]:
        return policies.parse(options["policy"].read_text())
    if options["key"]:
        return policies.Policy(logs=[signed_notes.parse_verifier(options["key"])])
    raise CommandError("Say whom you trust: --policy FILE, or --key with the log's verifier key.")


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text()
    except (FileNotFoundError, UnicodeDecodeError) as wrong:
        raise CommandError(f"{path} cannot be read as text: {wrong}") from None
