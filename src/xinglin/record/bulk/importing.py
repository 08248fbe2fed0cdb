"""``$import``: NDJSON sent in a request, or files that lie in ``<home>/import``.

What is sent is stored while it comes in, some hundred lines to a transaction, so that its size does not matter.
Lines that are refused do not stop the others; they are in a file that can be fetched, with the reasons.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.kernel.errors import invalid, not_found
from xinglin.record import access, jobs, rules
from xinglin.record.bulk import loading, sources, storing
from xinglin.record.bulk.loading import Options, Tally
from xinglin.record.bulk.storing import Part, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.jobs import Job

KIND = "import"
KEPT_HOURS = 30 * 24
_LINES = 500
_BYTES = 4 * 1024 * 1024


def take(actor: Actor, lines: Iterable[bytes]) -> Job:
    """Store the lines of a request; the finished job has the tally and the file of what was refused.

    Nothing is remembered of the lines: sent again, resources without an id are created again.
    """
    rules.require(actor, rules.BULK)
    access.note(actor, "import", query="lines")
    job = jobs.ask(KIND, {"lines": True}, actor)
    tally = Tally()
    path = refused_path(job)
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting: list[storing.Refused] = []
    with path.open("wb") as file:

        def keep(refused: Iterable[storing.Refused]) -> None:
            for one in refused:
                tally.refused += 1
                file.write(one.text + b"\n")

        for part in _parts(lines):
            report = _store(part, actor, tally)
            waiting += [one for one in report.refused if one.waits]
            keep(one for one in report.refused if not one.waits)
        if waiting:  # what they refer to may have come later
            again = Part("", lines=tuple((one.number, one.raw) for one in waiting))
            keep(_store(again, actor, tally).refused)
    if not tally.refused:
        path.unlink()
    return jobs.finish(job, _result(tally))


def start(actor: Actor, names: Sequence[str]) -> Job:
    """Begin to import files of ``<home>/import`` by their names; raises ``not_found`` for one that is not there."""
    rules.require(actor, rules.BULK)
    if not names:
        raise invalid(
            "Name at least one file as input: its place below the directory import of the platform's home.",
            code="required", expression="Parameters.parameter",
        )  # fmt: skip
    paths = [str(_inside(name)) for name in names]
    access.note(actor, "import", query=",".join(names))
    job = jobs.ask(KIND, {"paths": paths}, actor)
    jobs.pursue(job)
    return job


def status(actor: Actor, id_: str) -> Job:
    """How far it is; if its process has died, this one takes it up."""
    job = jobs.of_actor(KIND, id_, actor)
    jobs.pursue(job)
    return job


def cancel(actor: Actor, id_: str) -> None:
    """Stop the import if it goes on, and forget it; what has been stored stays."""
    job = jobs.of_actor(KIND, id_, actor)
    jobs.cancel(job)
    refused_path(job).unlink(missing_ok=True)
    jobs.remove(job)


def expire() -> int:
    """Remove what is kept of imports that ended more than ``KEPT_HOURS`` ago; tell how many."""
    old = jobs.ended(KIND, hours=KEPT_HOURS)
    for job in old:
        refused_path(job).unlink(missing_ok=True)
        jobs.remove(job)
    return len(old)


def open_refused(actor: Actor, id_: str) -> bytes:
    """The lines that were refused, with the reasons, as NDJSON."""
    path = refused_path(jobs.of_actor(KIND, id_, actor))
    if not path.is_file():
        raise not_found("The import %(id)s has refused nothing.", id=id_)
    return path.read_bytes()


def directory() -> Path:
    """Where files to be imported are put by the operator."""
    return Path(settings.SETTINGS.home) / "import"


def refused_path(job: Job) -> Path:
    """The file of what a job refused."""
    return Path(settings.SETTINGS.home) / "refused" / f"{job.id}.ndjson"


def _inside(name: str) -> Path:
    home = directory().resolve()
    path = (home / name).resolve()
    if not path.is_relative_to(home) or not path.exists():
        raise not_found(
            "There is no %(name)s below the directory import of the platform's home.", name=repr(name)
        )
    return path


def _parts(lines: Iterable[bytes]) -> Iterator[Part]:
    pending: list[tuple[int, bytes]] = []
    size = 0
    for number, text in enumerate(lines):
        if text.strip():
            pending.append((number, text))
            size += len(text)
        if len(pending) >= _LINES or size >= _BYTES:
            yield Part("", lines=tuple(pending))
            pending, size = [], 0
    if pending:
        yield Part("", lines=tuple(pending))


def _store(part: Part, actor: Actor, tally: Tally) -> storing.Report:
    report = storing.store([part], Terms(actor=actor))
    tally.stored.update(report.stored)
    tally.unchanged += report.unchanged
    return report


def _result(tally: Tally) -> dict[str, Any]:
    return {"stored": dict(tally.stored), "unchanged": tally.unchanged, "refused": tally.refused}


def _work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Load the files; begun anew, it goes on where the former try was stopped."""
    found = sources.find(job.request["paths"])
    total = sum(source.size for source in found)
    refused = refused_path(job)
    refused.parent.mkdir(parents=True, exist_ok=True)

    def watch(tally: Tally) -> None:
        tell({**_result(tally), "percent": round(100 * tally.done / total) if total else 0})

    options = Options(processes=1, refused=refused, actor=job.actor)
    return _result(loading.load(found, options, watch))


jobs.offer(KIND, _work)
