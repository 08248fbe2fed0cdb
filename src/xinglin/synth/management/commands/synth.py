"""``xinglin synth``: make a region as data; let its institutions send."""

from __future__ import annotations

import logging
import os
import signal
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.synth import output
from xinglin.synth.plan import DEFAULT_UNTIL, Plan
from xinglin.synth.sending import courses, lines, logs, registering, running, setting_out, stations
from xinglin.synth.sending.courses import Course
from xinglin.synth.sending.lines import Platform
from xinglin.synth.sending.running import Errand

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = (
        "make: a region as FHIR R4 data, institutions, practitioners, residents and years of their records."
        " register: its institutions as senders of this platform."
        " send: what happens there from day to day, through the doors of a running platform."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", nargs="?", choices=("make", "register", "send"), default="make")
        parser.add_argument("--residents", type=int, default=1000, help="1 to 10 million (1000)")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same region (1)")
        parser.add_argument("--years", type=int, default=5, help="years of records (5)")
        parser.add_argument(
            "--until", type=date.fromisoformat, default=DEFAULT_UNTIL, help=f"last day ({DEFAULT_UNTIL})"
        )
        parser.add_argument(
            "--format", choices=("bundles", "ndjson"), default="bundles", help="what a line is"
        )
        parser.add_argument(
            "--registrations",
            action="store_true",
            help="only the institutions' Patients, a line each, much faster",
        )
        parser.add_argument(
            "--dirty",
            action="store_true",
            help="with the errors of badly kept registers (with --registrations)",
        )
        parser.add_argument("--out", default="-", help="a directory, a .ndjson or .ndjson.gz file, or - (-)")
        parser.add_argument("--processes", type=int, default=1, help="processes that make residents (1)")

        self._add_sending(parser)

    @staticmethod
    def _add_sending(parser: ArgumentParser) -> None:
        given = settings.SETTINGS
        group = parser.add_argument_group("register and send")
        group.add_argument("--keys", type=Path, help="the file of the senders' keys, made by register")
        group.add_argument(
            "--log", type=Path, help="folder of what was acknowledged; send goes on where it ended"
        )
        group.add_argument("--folders", type=Path, help="folder in which the watched folders are")
        group.add_argument("--host", default="127.0.0.1")
        group.add_argument("--port", type=int, default=given.port)
        group.add_argument("--mllp-port", type=int, default=given.mllp_port)
        group.add_argument("--rate", type=float, default=2.0, help="messages a second at most (2)")
        group.add_argument("--live", action="store_true", help="as it happens, until ended")
        group.add_argument("--beside", action="store_true", help="end with the process that started this one")
        group.add_argument("--days", type=int, default=1, help="else: so many days, today the last (1)")
        group.add_argument("--per-day", type=int, default=200, help="visits a day (200)")
        group.add_argument("--visits", type=int, default=0, help="stop after so many")

    def handle(self, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _make(self, options: dict[str, Any]) -> None:
        try:
            plan = Plan(options["residents"], options["seed"], options["years"], options["until"])
            if options["registrations"]:
                done = output.write_registers(
                    plan, options["out"], dirty=options["dirty"], processes=options["processes"]
                )
            elif options["dirty"]:
                raise CommandError("--dirty is about registers: say --registrations too.")
            else:
                done = output.write(
                    plan, options["out"], form=options["format"], processes=options["processes"]
                )
        except Fault as fault:
            raise CommandError(str(fault)) from fault
        except BrokenPipeError:  # the reader, head for one, has had enough
            return
        self.stderr.write(f"{done.resources} resources in {done.bundles} bundles, {done.bytes / 1e6:.1f} MB")

    def _register(self, options: dict[str, Any]) -> None:
        path = self._place(options["keys"], "senders.json")
        held, _ = setting_out.keys(path)
        plan = Plan(options["residents"], options["seed"], options["years"], options["until"])
        told = stations.everywhere(plan.residents)
        keys = registering.register(database.connection(), told, held=held, actor=SYSTEM, now=clock.now())
        setting_out.keep_keys(path, keys, plan)
        self.stderr.write(f"{len(keys)} senders; their keys are in {path}")

    def _send(self, options: dict[str, Any]) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        path = self._place(options["keys"], "senders.json")
        keys, plan = setting_out.keys(path)
        if not keys:
            raise CommandError(f"There are no keys in {path}: say `xinglin synth register` first.")
        if options["rate"] <= 0:
            raise CommandError("--rate is a number of messages a second, greater than 0.")
        places = self._place(options["folders"], "folders")
        platform = Platform(options["host"], options["port"], options["mllp_port"], keys, places)
        stop = _stopping(beside=options["beside"])
        lines.wait_for(platform, stop)
        folder = self._place(options["log"], "log")
        course = setting_out.course(folder, _course(options))
        most = options["visits"] or (0 if options["live"] else options["days"] * options["per_day"])
        errand = Errand(plan, course, options["rate"], most, options["live"])
        sent = running.send(errand, platform, logs.opened(folder), stop)
        states = ", ".join(f"{count:,} {state}" for state, count in sorted(sent.states.items()))
        self.stderr.write(f"{sent.messages:,} messages were acknowledged{': ' if states else ''}{states}.")

    @staticmethod
    def _place(given: Path | None, name: str) -> Path:
        return given or settings.SETTINGS.home / "senders" / name


def _course(options: dict[str, Any]) -> Course:
    now = clock.now()
    if options["live"]:
        return Course(now, every=courses.MESSAGES_PER_OUTING / options["rate"])
    return Course(now - timedelta(days=options["days"] - 1), per_day=options["per_day"])


def _stopping(*, beside: bool) -> threading.Event:
    """Set by a signal, and where this runs beside another process by that one's end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if beside:
        threading.Thread(target=_watch, args=(stop, os.getppid()), daemon=True).start()
    return stop


def _watch(stop: threading.Event, parent: int) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
