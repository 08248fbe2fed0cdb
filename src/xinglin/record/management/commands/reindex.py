"""``xinglin reindex``: index what is stored by search parameters that were added, or everything anew."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import database, jobs, reindex

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.record.jobs import Job

_PAUSE = 2.0


class Command(BaseCommand):
    help = (
        "Index what was stored before a search parameter was added, while others read and write. "
        "Stopped, it goes on when it is started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", nargs="?", help="of one SearchParameter (default: all that are not built)")
        parser.add_argument("--all", action="store_true", help="index every resource anew")
        parser.add_argument("--status", action="store_true", help="only say how far it is")

    def handle(self, *_: Any, **given: Any) -> None:
        if given["status"]:
            self._show()
            return
        try:
            job = reindex.ask(SYSTEM, url=given["url"], everything=given["all"])
        except Fault as fault:
            raise CommandError(str(fault)) from fault
        ended = threading.Event()
        teller = threading.Thread(target=self._tell, args=(ended,), daemon=True)
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
            raise CommandError("The reindex did not come to its end.")

    def _tell(self, ended: threading.Event) -> None:
        while not ended.wait(_PAUSE):
            self._show()
        database.close()

    def _show(self) -> None:
        job = reindex.status()
        self.stdout.write(line(job) if job else "Nothing has been indexed anew yet.")
        if job is None or not job.unfinished:
            for url in reindex.unbuilt():
                self.stdout.write(f"Not built: {url}")


def line(job: Job) -> str:
    """How far a job is, in words."""
    progress = job.progress
    total, done = progress.get("total", 0), progress.get("done", 0)
    percent = f"{100 * done / total:.0f} %, " if total else ""
    return f"{job.state}: {percent}{done:,} of {total:,} resources, {progress.get('rate', 0):,}/s"
