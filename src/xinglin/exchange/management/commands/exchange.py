"""``xinglin exchange``: register senders, work what the doors took, replay, see how things stand."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from xinglin.exchange import backlog, monitoring, quarantine, queries, senders, working, writing
from xinglin.exchange.doors import Door
from xinglin.exchange.queries import Wanted
from xinglin.exchange.receipts import State
from xinglin.exchange.senders import Details
from xinglin.exchange.tables import watching
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database, jobs

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.exchange.senders import Registered

_AFTER_TROUBLE = 1.0  # seconds until a folder is looked at again when the database was away, or a disk full
_DETAILS = ("name", "organization", "charset", "profile", "application", "facility", "certificate")


class Command(BaseCommand):
    help = "Look after the exchange: senders, workers, quarantine."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        work = verbs.add_parser("work", help="work what the doors have taken; `serve` starts this by itself")
        work.add_argument("--threads", type=int, default=1)
        work.add_argument("--once", action="store_true", help="stop when nothing waits any more")
        status = verbs.add_parser("status", help="messages, lag, errors of the last hour by sender and door")
        status.add_argument("--json", action="store_true")
        replay = verbs.add_parser("replay", help="replay what is in quarantine")
        replay.add_argument("receipts", nargs="*", help="these; without any, all that the options say")
        replay.add_argument("--sender", help="the sender's code")
        replay.add_argument("--door", choices=[door.value for door in Door])
        replay.add_argument("--kind", default="")
        replay.add_argument("--code", default="", help="kind of reason, such as required")
        watch = verbs.add_parser("watch", help="load tables that are put into a folder")
        watch.add_argument("folder", type=Path)
        watch.add_argument("--sender", required=True, help="the code of the sender whose files they are")
        watch.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
        watch.add_argument(
            "--processes",
            type=int,
            default=len(os.sched_getaffinity(0)),
            help="that share a large file (default: one a core)",
        )
        watch.add_argument("--once", action="store_true", help="load what is there, and stop")
        watch.add_argument("--beside", action="store_true", help="end with the process that started this one")
        sender = verbs.add_parser("sender", help="list, register and change senders")
        self._add_sender(sender)

    @staticmethod
    def _add_sender(parser: Any) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list", help="who may send")
        for name, help_ in (
            ("add", "register one; prints its key"),
            ("change", "change what is said of one"),
        ):
            one = what.add_parser(name, help=help_)
            one.add_argument("code")
            for detail in _DETAILS:
                one.add_argument(f"--{detail}", required=detail == "name" and name == "add")
            one.add_argument("--door", action="append", dest="doors", choices=[door.value for door in Door])
            one.add_argument(
                "--network", action="append", dest="networks", help="address or network it sends from"
            )
        for name, help_ in (
            ("key", "give one a new key, and print it"), ("open", "let one in again"), ("close", "let one in no more"),
        ):  # fmt: skip
            what.add_parser(name, help=help_).add_argument("code")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with translation.override("en"):
                getattr(self, f"_{options['verb']}")(options)
        except Fault as fault:
            raise CommandError(str(fault)) from None

    # -- work

    def _work(self, options: dict[str, Any]) -> None:
        if options["once"]:
            self.stdout.write(f"{working.drain():,} messages worked.")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        working.run(stop, threads=options["threads"])

    def _watch(self, options: dict[str, Any]) -> None:
        sender = senders.by_code(database.connection(), options["sender"])
        folder = watching.Folder(options["folder"], sender, options["processes"])
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        parent = os.getppid()
        while not options["beside"] or os.getppid() == parent:
            try:
                self._look(folder, settled=options["once"])
            except (Fault, OSError, *writing.TRANSIENT) as error:
                if options["once"] or (isinstance(error, Fault) and error.kind is not Kind.BUSY):
                    raise
                self.stderr.write(f"{error}: it is tried again")  # what was begun lies in work/
                stop.wait(_AFTER_TROUBLE)
            if options["once"] or stop.wait(options["every"]):
                return

    def _look(self, folder: watching.Folder, *, settled: bool) -> None:
        for told in folder.look(settled=settled):
            said = told.refused or f"{told.rows:,} rows, {told.stored:,} stored, {told.bad:,} wrong"
            self.stdout.write(f"{told.name}: {said}")

    def _status(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        held = monitoring.look(connection, clock.now())
        known = {sender.id: sender.code for sender in senders.every(connection)}
        rows = [
            {
                "sender": known[line.sender], "door": line.door, "messages": line.hour.messages,
                "resources": line.hour.resources, "quarantined": line.hour.quarantined, "waiting": line.waiting,
                "lag_seconds": round(line.hour.lag, 3),
                "lateness_seconds": None if line.hour.lateness is None else round(line.hour.lateness, 1),
            }
            for line in held.lines
        ]  # fmt: skip
        if options["json"]:
            whole = {"backlog": held.backlog, "quarantine": held.quarantine, "hour": rows}
            self.stdout.write(json.dumps(whole, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"{held.backlog:,} wait, {held.quarantine:,} in quarantine")
        for row in rows:
            self.stdout.write(
                f"{row['sender']:<16} {row['door']:<6} {row['messages']:>9,} messages {row['resources']:>10,} resources"
                f" {row['quarantined']:>7,} quarantined {row['waiting']:>7,} waiting"
            )

    # -- quarantine

    def _replay(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        if options["receipts"]:
            for receipt in sorted(options["receipts"]):
                done = quarantine.replay(connection, receipt=receipt, actor=SYSTEM, now=clock.now())
                self.stdout.write(f"{receipt} {done.stands.value}")
                for reason in done.why:
                    self.stdout.write(f"  {reason.severity} {reason.place}: {reason.words}")
            return
        sender = senders.by_code(connection, options["sender"]).id if options["sender"] else None
        wanted = Wanted(
            state=State.QUARANTINED, sender=sender, door=options["door"] or "", kind=options["kind"],
            code=options["code"],
        )  # fmt: skip
        self.stdout.write(f"{queries.count(connection, wanted):,} messages to replay")
        job = quarantine.ask_replay(wanted, actor=SYSTEM, begin=False)
        result = jobs.work(job.id).result or {}
        self.stdout.write(f"{result.get('stored', 0):,} of {result.get('done', 0):,} are in the record now.")
        backlog.look_again()

    # -- senders

    def _sender(self, options: dict[str, Any]) -> None:
        getattr(self, f"_sender_{options['what']}")(options)

    def _sender_list(self, _: dict[str, Any]) -> None:
        for sender in senders.every(database.connection()):
            state = "" if sender.active else "  (let in no more)"
            self.stdout.write(f"{sender.code:<16} {','.join(sender.doors) or '-':<20} {sender.name}{state}")

    def _sender_add(self, options: dict[str, Any]) -> None:
        key = senders.register(
            database.connection(), code=options["code"], details=self._details(options, None), actor=SYSTEM,
            now=clock.now(),
        )  # fmt: skip
        self.stdout.write(key)

    def _sender_change(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        known = senders.by_code(connection, options["code"])
        senders.change(
            connection, code=known.code, details=self._details(options, known), actor=SYSTEM, now=clock.now()
        )

    @staticmethod
    def _details(options: dict[str, Any], known: Registered | None) -> Details:
        """What is not said stays as it is."""
        said = {
            name: options[name] if options[name] is not None else getattr(known, name, "")
            for name in _DETAILS
        }
        doors = options["doors"] if options["doors"] is not None else getattr(known, "doors", ())
        networks = options["networks"] if options["networks"] is not None else getattr(known, "networks", ())
        return Details(**said, doors=[Door(door) for door in doors], networks=networks)

    def _sender_key(self, options: dict[str, Any]) -> None:
        connection = database.connection()
        key = senders.renew_key(connection, code=options["code"], actor=SYSTEM, now=clock.now())
        self.stdout.write(key)

    def _sender_open(self, options: dict[str, Any]) -> None:
        self._let(options["code"], active=True)

    def _sender_close(self, options: dict[str, Any]) -> None:
        self._let(options["code"], active=False)

    @staticmethod
    def _let(code: str, *, active: bool) -> None:
        senders.set_active(database.connection(), code=code, active=active, actor=SYSTEM, now=clock.now())
