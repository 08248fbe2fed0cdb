"""``xinglin seal``: seal what is stored with the current key, or with a new one; make the hashes for searching anew."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from xinglin.crypto.algorithms import Algorithm
from xinglin.crypto.folder import KeysUnusable
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import database, jobs, parameters, reindex, resealing, sealing

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.record.jobs import Job

_PAUSE = 2.0


class Command(BaseCommand):
    help = (
        "Seal what is stored with the current key, while others read and write. "
        "Stopped, it goes on when it is started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rotate", action="store_true", help="with a new key")
        parser.add_argument(
            "--search", action="store_true",
            help="instead: make the hashes for searching anew, with a new key; stop all servers first",
        )  # fmt: skip
        parser.add_argument("--status", action="store_true", help="only say how far it is")
        parser.add_argument("--count", action="store_true", help="only count what is sealed with which key")

    def handle(self, *_: Any, **given: Any) -> None:
        try:
            self._do(given)
        except (Fault, KeysUnusable) as error:
            raise CommandError(str(error)) from error

    def _do(self, given: dict[str, Any]) -> None:
        sealing.settle()
        if given["status"]:
            job = resealing.status()
            self.stdout.write(line(job) if job else "Nothing has been sealed anew yet.")
        elif given["count"]:
            for column, how, count in resealing.counts():
                self.stdout.write(f"{column:<40} {how:<12} {count:>14,}")
        elif given["search"]:
            self._search()
        else:
            if given["rotate"]:
                self._rotate()
            self._work(resealing.ask(SYSTEM))

    def _rotate(self) -> None:
        algorithm = sealing.MODES[settings.SETTINGS.seal]
        if algorithm is None:
            raise CommandError("XINGLIN_SEAL is off: there is no key to seal with. Set it to aes or sm4.")
        ring = sealing.folder().rotate(sealing.BODIES, Algorithm(algorithm))
        sealing.forget()
        self.stdout.write(
            f"{sealing.BODIES.name} has key {ring.current.version}: back up {sealing.folder().path}"
        )

    def _search(self) -> None:
        """A key of its own for a database that had none; else a new one."""
        kept = sealing.folder()
        ring = kept.rotate(sealing.SEARCH) if sealing.secret("tokens") else kept.ring(sealing.SEARCH)
        sealing.choose_search_key(ring.current)
        parameters.forget()
        self.stdout.write(f"{sealing.SEARCH.name}: key {ring.current.version}; the index is made anew")
        self._work(reindex.ask(SYSTEM, everything=True))
        for name, work in resealing.hashed():
            self.stdout.write(f"{name}: {work(database.connection()):,}")

    def _work(self, job: Job) -> None:
        ended = threading.Event()
        teller = threading.Thread(target=self._tell, args=(ended, job.id), daemon=True)
        teller.start()
        try:
            done = jobs.work(job.id)
        finally:
            ended.set()
            teller.join()
        self.stdout.write(line(done))
        if done.unfinished:
            raise CommandError("Another process is at it.")
        if done.state != jobs.DONE:
            raise CommandError("It did not come to its end; its log says why.")

    def _tell(self, ended: threading.Event, id_: str) -> None:
        while not ended.wait(_PAUSE):
            self.stdout.write(line(jobs.find(id_)))
        database.close()


def line(job: Job) -> str:
    """How far a job is, in words."""
    progress = job.progress
    done, total = progress.get("seen", progress.get("done", 0)), progress.get("total", 0)
    told = f"{job.state}: {done:,} of about {total:,} rows"
    return f"{told}, {progress['sealed']:,} sealed" if "sealed" in progress else told
