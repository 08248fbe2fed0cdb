"""Files that were uploaded: kept sealed beside the job that checks them, and the one that loads them."""

from __future__ import annotations

import io
import secrets
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.directory.importing.rows import Table, Wanted
from xinglin.exchange import rights, senders
from xinglin.exchange.rights import Right
from xinglin.exchange.tables import blanks, headings, intake, saying, sets
from xinglin.exchange.tables.intake import Errand
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import database, jobs, sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.tables.headings import Head
    from xinglin.exchange.tables.intake import Tally
    from xinglin.exchange.tables.sets import Set
    from xinglin.kernel.actor import Actor
    from xinglin.record.jobs import Job

KIND = "exchange-table"
KEPT_HOURS = 72  # files of a job that has ended
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """A file that was uploaded: whose it is, what it holds, and how it is called."""

    sender: str
    set_id: str
    name: str
    folder: str


def _folder(name: str) -> Path:
    place: Path = settings.SETTINGS.home / "exchange" / "tables" / name
    return place


def keep(pieces: Iterable[bytes]) -> str:
    """Keep a file, sealed; the name of its folder."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MOST_BYTES:
            raise invalid(
                gettext_noop(
                    "The file is larger than %(most)s MB. Divide it, or put it into the watched folder."
                ),
                most=MOST_BYTES >> 20,
            )
    if not content:
        raise invalid(gettext_noop("The file is empty."))
    name = secrets.token_hex(8)
    place = _folder(name)
    place.mkdir(parents=True, mode=0o700)
    (place / "file").write_bytes(sealing.seal(bytes(content)))
    return name


def drop(name: str) -> None:
    shutil.rmtree(_folder(name), ignore_errors=True)


def table(folder: str, set_: Set | None = None, sender: Sender | None = None) -> Table:
    """The rows of a kept file."""
    path = _folder(folder) / "file"
    if not path.exists():
        raise not_found(gettext_noop("The file is no longer there. Upload it again."))
    return table_of(sealing.open_sealed(path.read_bytes()), set_, sender)


def table_of(content: bytes, set_: Set | None = None, sender: Sender | None = None) -> Table:
    """The rows of a file, by its content."""
    names = [set_] if set_ else list(sets.all_sets().values())
    called = {blanks.sheet_name(one) for one in names} | {one.id for one in names}
    wanted = Wanted(None, called.__contains__, blanks.sheet_name(set_) if set_ else "")
    # a sender's own character set helps only where the file does not say it
    encoding = (
        "gb18030" if sender and sender.charset.lower().startswith("gb") and not _is_utf8(content) else ""
    )
    return Table(lambda: io.BytesIO(content), wanted, encoding)


def _is_utf8(content: bytes) -> bool:
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"PK")):
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def head_of(file: File, found: Table) -> Head:
    """The headings of a file, by what its institution has said of them."""
    set_ = sets.find(file.set_id)
    return headings.find(set_, found, saying.said(database.connection(), file.sender, set_))


def begin(file: File, *, dry: bool, bad: str, actor: Actor, checked: str = "") -> Job:
    """Start to check a file, or to load it."""
    request = {**asdict(file), "dry": dry, "bad": bad, "checked": checked}
    job = jobs.ask(KIND, request, actor)
    jobs.pursue(job)
    return job


def load(job: Job, *, good_only: bool, actor: Actor) -> Job:
    """Load what a check has looked at. Fault ``conflict`` where it must not be."""
    if job.state != jobs.DONE or not job.request["dry"] or job.result is None:
        raise conflict(gettext_noop("This file has not been checked to its end, or has been loaded already."))
    if job.result["bad"] and not good_only:
        raise conflict(
            gettext_noop("%(count)s rows are wrong. Mend them, or choose to load the good rows alone."),
            count=job.result["bad"],
        )
    return begin(file_of(job), dry=False, bad="leave", actor=actor, checked=job.id)


def file_of(job: Job) -> File:
    given = job.request
    return File(given["sender"], given["set_id"], given["name"], given["folder"])


def find(id_: str, actor: Actor) -> Job:
    """A job that the actor may see; taken up again if nobody works at it."""
    scope = rights.require(actor, Right.MEND)
    job = jobs.find(id_)
    if job.kind != KIND or not scope.covers(senders.by_code(database.connection(), job.request["sender"])):
        raise not_found(gettext_noop("There is no upload %(id)s; it may have been removed."), id=id_)
    jobs.pursue(job)
    return job


def latest(actor: Actor) -> list[Job]:
    """The last uploads of the actor's scope."""
    scope = rights.require(actor, Right.MEND)
    seen = {one.code for one in senders.every(database.connection()) if scope.covers(one)}
    return [job for job in jobs.latest(KIND) if job.request["sender"] in seen]


def work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Check or load a file: what the record's jobs call. Values of cells are not kept with the job."""
    file = file_of(job)
    set_ = sets.find(file.set_id)
    sender = senders.by_code(database.connection(), file.sender).sender
    found = table(file.folder, set_, sender)
    head = head_of(file, found)
    errand = Errand(set_, sender, file.name, dry=job.request["dry"], bad=job.request["bad"])
    tally = intake.carry_out(
        errand, found, head, lambda tally: tell({"rows": tally.rows, "stored": tally.stored})
    )
    return result_of(tally, head)


def result_of(tally: Tally, head: Head) -> dict[str, Any]:
    """A tally as a job keeps it."""
    return {
        "rows": tally.rows, "bad": tally.bad, "doubtful": tally.doubtful, "stored": tally.stored,
        "quarantined": tally.quarantined, "resources": tally.resources, "line": head.line,
        "places": list(head.places), "ignored": head.ignored()[:30], "receipts": tally.receipts,
        "columns": sorted(([c, n] for c, n in tally.columns.items() if n), key=lambda pair: -pair[1])[:30],
        "problems": [asdict(problem) for problem in tally.problems],
    }  # fmt: skip


def clear(*, hours: int = KEPT_HOURS) -> int:
    """Remove the files of jobs that ended more than ``hours`` ago; tell how many."""
    ended = jobs.ended(KIND, hours=hours)
    for job in ended:
        drop(job.request["folder"])
        jobs.remove(job)
    return len(ended)
