"""Long work that goes on in the background of a server process: exporting, importing, reindexing.

A job is a row of ``record_job``. One process at a time works at it, which holds a lock of the database; if that
process ends, the job is unfinished and unlocked, and whoever asks about it next takes it up again. So the
function that does the work must be able to start anew over what a former try has left.
"""

from __future__ import annotations

import logging
import secrets
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.json import Jsonb
from xxhash import xxh32_intdigest

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, not_found
from xinglin.record import database, rules
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from xinglin.record.database import Connection

_COLUMNS = "id, kind, state, actor, request, progress, result, made, moment"
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """``request``, ``progress`` and ``result`` are what the kind's work makes of them."""

    id: str
    kind: str
    state: str
    actor: Actor
    request: dict[str, Any]
    progress: dict[str, Any]
    result: dict[str, Any] | None
    made: datetime
    moment: datetime

    @property
    def unfinished(self) -> bool:
        return self.state in (WAITING, RUNNING)


_WORK: dict[str, Callable[[Job, Callable[[dict[str, Any]], None]], dict[str, Any]]] = {}


class Cancelled(Exception):  # noqa: N818 -- no error: somebody has thought better of it
    """Raised out of ``tell`` when the job has been cancelled."""


def offer(kind: str, work: Callable[[Job, Callable[[dict[str, Any]], None]], dict[str, Any]]) -> None:
    """Say what does the jobs of a kind: a function of the job and of ``tell``, which it tells its progress.

    It gives the job's result. A Fault it raises is the job's end.
    """
    _WORK[kind] = work


def ask(kind: str, request: dict[str, Any], actor: Actor) -> Job:
    """Put a job down; it begins with ``pursue``."""
    id_ = secrets.token_hex(8)
    database.connection().execute(
        "INSERT INTO record_job (id, kind, actor, request) VALUES (%s, %s, %s, %s)",
        [id_, kind, Jsonb({**asdict(actor), "roles": sorted(actor.roles)}), Jsonb(request)],
    )
    return find(id_)


def find(id_: str) -> Job:
    """The job as it stands; raises ``not_found``."""
    row = database.connection().execute(f"SELECT {_COLUMNS} FROM record_job WHERE id = %s", [id_]).fetchone()
    if row is None:
        raise not_found("There is no job %(id)s; it may have been removed.", id=id_)
    return _job(row)


def of_actor(kind: str, id_: str, actor: Actor) -> Job:
    """The job, if it is of that kind and the actor's own by the same app, or the actor is an administrator."""
    job = find(id_)
    theirs = (job.actor.id, job.actor.app) == (actor.id, actor.app)
    if job.kind != kind or not (theirs or (actor.app is None and actor.roles & {"system", "administrator"})):
        raise not_found("There is no job %(id)s; it may have been removed.", id=id_)
    rules.require(actor, rules.BULK)
    return job


def latest(kind: str, count: int = 20) -> list[Job]:
    """The last jobs of a kind, the latest first."""
    rows = database.connection().execute(
        f"SELECT {_COLUMNS} FROM record_job WHERE kind = %s ORDER BY made DESC LIMIT %s", [kind, count]
    )
    return [_job(row) for row in rows]


def ended(kind: str, *, hours: int) -> list[Job]:
    """The jobs of a kind that ended more than ``hours`` ago."""
    rows = database.connection().execute(
        f"SELECT {_COLUMNS} FROM record_job WHERE kind = %s AND state NOT IN ('waiting', 'running')"
        " AND moment < now() - make_interval(hours => %s)",
        [kind, hours],
    )
    return [_job(row) for row in rows]


def cancel(job: Job) -> None:
    """Stop it soon, if it goes on; a job that has ended stays as it is."""
    database.connection().execute(
        "UPDATE record_job SET state = 'cancelled', moment = now() WHERE id = %s AND state IN ('waiting', 'running')",
        [job.id],
    )


def finish(job: Job, result: dict[str, Any]) -> Job:
    """End a job that was done without ``pursue``."""
    database.connection().execute(
        "UPDATE record_job SET state = 'done', result = %s, moment = now() WHERE id = %s",
        [Jsonb(result), job.id],
    )
    return find(job.id)


def remove(job: Job) -> None:
    """Forget a job that has ended."""
    database.connection().execute("DELETE FROM record_job WHERE id = %s", [job.id])


def pursue(job: Job) -> threading.Thread | None:
    """See that somebody works at the job: begins or takes it up in a thread of this process if nobody does."""
    if not job.unfinished or _is_locked(job):
        return None
    thread = threading.Thread(
        target=_background, args=(job.id,), name=f"job-{job.kind}-{job.id}", daemon=True
    )
    thread.start()
    return thread


def work(id_: str) -> Job:
    """Do the job here and now, unless another process is at it; the job as it stands afterwards."""
    _do(id_)
    return find(id_)


def _do(id_: str) -> None:
    with database.connect() as own:
        if own.execute("SELECT pg_try_advisory_lock(%s, %s)", [Lock.JOBS, _key(id_)]).fetchone() == (True,):
            _work_at(find(id_), own)


def _background(id_: str) -> None:
    try:
        _do(id_)
    except Fault:
        _log.info("job %s was removed before anybody worked at it", id_)
    except psycopg.Error:
        _log.exception("job %s was interrupted; it goes on when it is asked for", id_)
    finally:
        database.close()


def _work_at(job: Job, own: Connection) -> None:
    """``own``: the connection that holds the job's lock; what is told goes through it."""
    if not job.unfinished:
        return

    def tell(progress: dict[str, Any]) -> None:
        told = own.execute(
            "UPDATE record_job SET progress = %s, state = 'running', moment = now()"
            " WHERE id = %s AND state IN ('waiting', 'running')",
            [Jsonb(progress), job.id],
        )
        if not told.rowcount:
            raise Cancelled

    try:
        tell(job.progress)
        state, result = DONE, _WORK[job.kind](job, tell)
    except Cancelled:
        return
    except Fault as fault:
        state, result = FAILED, {"issues": [_issue(issue.code, issue.text) for issue in fault.issues]}
    except psycopg.OperationalError:
        raise  # the database went away: the job is unfinished
    except Exception:  # noqa: BLE001 -- the job must end, and say so
        _log.exception("job %s failed", job.id)
        state, result = FAILED, {"issues": [_issue("exception", "The platform failed; its log says why.")]}
    own.execute(
        "UPDATE record_job SET state = %s, result = %s, moment = now()"
        " WHERE id = %s AND state IN ('waiting', 'running')",
        [state, Jsonb(result), job.id],
    )


def _issue(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text}


def _is_locked(job: Job) -> bool:
    found = database.connection().execute(
        "SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database"
        " WHERE locktype = 'advisory' AND datname = current_database()"
        " AND classid::bigint = %s AND objid::bigint = %s AND objsubid = 2 AND granted",
        [Lock.JOBS, _key(job.id)],
    )
    return found.fetchone() is not None


def _key(id_: str) -> int:
    return xxh32_intdigest(id_.encode()) >> 1  # 31 bits: a positive integer of PostgreSQL


def _job(row: Sequence[Any]) -> Job:
    id_, kind, state, actor, request, progress, result, made, moment = row
    scopes = actor.get("scopes")
    known = Actor(
        **{**actor, "roles": frozenset(actor["roles"]), "scopes": None if scopes is None else tuple(scopes)}
    )
    return Job(id_, kind, state, known, request, progress, result, made, moment)
