"""``xinglin backup``: make a backup's directory, take bases, follow the log, look, try, tidy up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from xinglin.config.backup import basing, drill, following, repository
from xinglin.crypto.streams import Unreadable
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from xinglin.config.backup.repository import Repository

_STEP = 1.0  # seconds


class Command(BaseCommand):
    help = "Back the platform up: init, run, base, status, verify, prune. docs/operators/backup.md tells how."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        told = {
            "init": "make an empty repository, and a key if there is none",
            "run": "take a base if one is due, and carry the log over until stopped",
            "base": "take a base now",
            "status": "what there is, and up to when it reaches",
            "verify": "restore it elsewhere for trial, read in it, and remove that again",
            "prune": "drop old bases and the log that only they need",
        }
        for name, text in told.items():
            one = actions.add_parser(name, help=text)
            one.add_argument(
                "repository", type=Path, help="the backup's directory, best on another machine's disk"
            )
            one.add_argument(
                "--key", type=Path, default=settings.SETTINGS.home / "keys" / "backup.key",
                help="the file with its key (%(default)s)",
            )  # fmt: skip
            if name == "run":
                one.add_argument("--base-every", type=int, default=7, metavar="DAYS", help="(%(default)s)")
                one.add_argument("--seconds", type=float, help="stop after so long; without it, when told to")
            if name == "prune":
                one.add_argument(
                    "--keep", type=int, default=2, metavar="N", help="bases to keep (%(default)s)"
                )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(options)
        except (Fault, Unreadable) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopped. 'xinglin backup run' goes on from here.")

    def _open(self, options: dict[str, Any]) -> Repository:
        return repository.Repository.open(options["repository"], repository.read_key(options["key"]))

    def _init(self, options: dict[str, Any]) -> None:
        key = options["key"]
        secret = repository.read_key(key) if key.exists() else repository.make_key(key)
        repository.Repository.create(options["repository"], secret, clock.now())
        self.stdout.write(
            f"The backup at {options['repository']} is ready. Its key is {key}: keep a copy where neither this machine"
            " nor the backup lies. Without the key nobody can read the backup."
        )

    def _base(self, options: dict[str, Any]) -> None:
        opened = self._open(options)
        base = basing.take(opened, settings.SETTINGS.database_url or "", settings.SETTINGS.home, clock.now())
        self.stdout.write(f"Base {base.label}: {base.size / 1e6:,.1f} MB.")

    def _run(self, options: dict[str, Any]) -> None:
        opened = self._open(options)
        url, home = settings.SETTINGS.database_url or "", settings.SETTINGS.home
        ends = None if options["seconds"] is None else time.monotonic() + options["seconds"]
        with following.Follower(opened, url, home / "backup" / "spool") as follower:
            told, files = None, basing.Stamp()
            while ends is None or time.monotonic() < ends:
                newest = max((base.started for base in opened.bases()), default=None)
                if newest is None or (clock.now() - newest).days >= options["base_every"]:
                    self._base(options)
                files = basing.renew(opened, home, files)
                reach = follower.step()
                if reach and (told is None or (reach.until - told).total_seconds() >= 60):
                    told = reach.until
                    self.stdout.write(f"Everything up to {told.isoformat()} is in the backup.")
                    self.stdout.flush()
                time.sleep(_STEP)

    def _status(self, options: dict[str, Any]) -> None:
        opened = self._open(options)
        for base in opened.bases():
            self.stdout.write(
                f"base {base.label}  {base.size / 1e6:12,.1f} MB  PostgreSQL {base.server // 10_000}"
            )
        reach, gaps = opened.reach(), opened.gaps()
        self.stdout.write(f"segments of the log: {len(opened.segments())}")
        if reach is None:
            self.stdout.write("The log has not been followed yet: nothing can be restored.")
            return
        lag = (clock.now() - reach.until).total_seconds()
        self.stdout.write(f"reaches to {reach.until.isoformat()}, {lag:,.0f} s ago")
        if gaps:
            raise CommandError(f"Missing from the log: {', '.join(gaps[:5])}. Take a new base.")

    def _verify(self, options: dict[str, Any]) -> None:
        found = drill.hold(self._open(options), self.stdout.write)
        self.stdout.write(
            f"Restored up to {found.until.isoformat()}: {found.resources:,} resources,"
            f" {found.read:,} of them read and found whole. The trial's copy is removed."
        )

    def _prune(self, options: dict[str, Any]) -> None:
        bases, segments = self._open(options).prune(max(options["keep"], 1))
        self.stdout.write(f"Dropped {bases} bases and {segments} segments of the log.")
