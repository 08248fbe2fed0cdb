"""Imports in the background: a job of the record's for every step, the uploaded file and the reports beside it."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import get_language, gettext_noop, override

from xinglin.directory.importing.run import Request, kind_of, run
from xinglin.directory.importing.sheets import Sheet
from xinglin.directory.rules import rights
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from xinglin.kernel.actor import Actor
    from xinglin.record.jobs import Job

KIND = "directory-import"
KEPT_HOURS = 72  # files of an import that has ended
MOST_BYTES = 200 * 1024 * 1024  # of an uploaded file


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has come: its pieces, its name as it was called, the kind it is for."""

    kind: str
    name: str
    pieces: Iterable[bytes]


def folder(id_: str) -> Path:
    """Where the files of an import lie."""
    place: Path = settings.SETTINGS.home / "directory-imports" / id_
    return place


def begin(upload: Upload, *, actor: Actor, today: date) -> Job:
    """Keep the file and start its dry run. Raises Fault for a file that cannot be one of the kind."""
    rights.require_editor(actor)
    kind = kind_of(upload.kind)
    name = secrets.token_hex(8)
    place = folder(name)
    place.mkdir(parents=True)
    try:
        _keep(upload, place / "file")
        sheet = Sheet(kind, place / "file")
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    request = {
        "kind": upload.kind,
        "file": upload.name[:200],
        "folder": name,
        "today": today.isoformat(),
        "language": get_language() or "zh-hans",
        "ignored": list(sheet.head.ignored)[:20],
        "dry": True,
        "good_only": False,
    }
    return _started(request, actor)


def _keep(upload: Upload, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        for piece in upload.pieces:
            size += len(piece)
            if size > MOST_BYTES:
                raise invalid(
                    gettext_noop(
                        "The file is larger than %(most)s MB. Divide it, or load it with the command line."
                    ),
                    most=MOST_BYTES >> 20,
                )
            file.write(piece)


def carry_out(job: Job, *, good_only: bool, actor: Actor, today: date) -> Job:
    """Start writing what a dry run has looked at. Raises ``conflict`` where it must not be."""
    rights.require_editor(actor)
    if job.state != jobs.DONE or not job.request["dry"] or job.result is None:
        raise conflict(
            gettext_noop("This import has not been checked to its end, or has been carried out already.")
        )
    if job.result["bad"] and not good_only:
        raise conflict(
            gettext_noop("%(count)s lines are wrong. Mend them, or choose to load the good lines alone."),
            count=job.result["bad"],
        )
    request = {
        **job.request,
        "dry": False,
        "good_only": good_only,
        "today": today.isoformat(),
        "checked": job.id,
    }
    return _started(request, actor)


def _started(request: dict[str, Any], actor: Actor) -> Job:
    job = jobs.ask(KIND, request, actor)
    jobs.pursue(job)
    return job


def find(id_: str, actor: Actor) -> Job:
    """An import of the actor's own, or of anybody's for an administrator. Takes it up again if nobody works at it."""
    rights.require_editor(actor)
    job = jobs.find(id_)
    if job.kind != KIND or (job.actor.id != actor.id and not actor.has("administrator")):
        raise not_found(gettext_noop("There is no import %(id)s; it may have been removed."), id=id_)
    jobs.pursue(job)
    return job


def latest(actor: Actor) -> list[Job]:
    """The last imports that the actor may look at."""
    return [j for j in jobs.latest(KIND) if j.actor.id == actor.id or actor.has("administrator")]


def report_of(job: Job) -> Path:
    """The file with what came of every line."""
    return folder(job.request["folder"]) / ("dry.csv" if job.request["dry"] else "written.csv")


def work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Do one import: what the record's jobs call."""
    given = job.request

    def progress(stage: str, lines: int) -> None:
        tell({"stage": stage, "lines": lines})

    path = folder(given["folder"]) / "file"
    if not path.exists():
        raise not_found(gettext_noop("The file is no longer there. Upload it again."))
    request = Request(
        given["kind"], path, report_of(job), replace(job.actor), date.fromisoformat(given["today"]),
        dry=given["dry"], good_only=given["good_only"],
    )  # fmt: skip
    with override(given["language"]):
        return run(request, progress).as_dict()


def clear(*, hours: int = KEPT_HOURS) -> int:
    """Remove the files and the memory of imports that ended more than ``hours`` ago; tell how many."""
    ended = jobs.ended(KIND, hours=hours)
    for job in ended:
        shutil.rmtree(folder(job.request["folder"]), ignore_errors=True)
        jobs.remove(job)
    return len(ended)
