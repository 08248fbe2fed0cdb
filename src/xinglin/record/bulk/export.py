"""``$export``: all resources, those of patients, or those of a group's patients, as NDJSON files.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html. The files show the record as it was at one moment. They lie
in ``<home>/export/<job>/`` until the export is deleted or a day has passed.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.fhir import definitions, json
from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.kernel.ids import floor_vid
from xinglin.record import access as looks
from xinglin.record import database, jobs, packing, policy, queries, rules
from xinglin.record.bulk import extent as extents
from xinglin.record.bulk.extent import Extent
from xinglin.record.bulk.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.jobs import Job
    from xinglin.record.search import Access
    from xinglin.record.search.fragments import Fragment

KIND = "export"
KEPT_HOURS = 24
_ROWS = 500
_DELETED = "deleted"
_NAME = re.compile(r"[A-Za-z]+\.\d{4,}\.ndjson")
# A transaction that was running at the snapshot may have taken its version numbers before; so much before.
_MARGIN = "interval '10 seconds'"


def start(
    actor: Actor, level: str, pairs: Sequence[tuple[str, str]], *, group: str | None = None, url: str = ""
) -> Job:
    """Begin an export; ``url`` is what was asked, for the manifest. Raises ``invalid`` for wrong parameters."""
    rules.require(actor, rules.BULK)
    wanted = extents.read(level, group, pairs)
    if group is not None:
        queries.read(database.connection(), "Group", group, policy.access_of(actor))
    looks.note(actor, "export", query=url or level)
    job = jobs.ask(KIND, {"extent": asdict(wanted), "url": url}, actor)
    jobs.pursue(job)
    return job


def status(actor: Actor, id_: str) -> Job:
    """How far it is; if its process has died, this one takes it up."""
    job = jobs.of_actor(KIND, id_, actor)
    jobs.pursue(job)
    return job


def manifest(job: Job, address: Callable[[str], str]) -> dict[str, Any]:
    """The list of files of a finished export; ``address`` makes a URL of a file's name."""
    result = job.result or {}
    files = {
        kind: [
            {"type": file["type"], "url": address(f"{job.id}.{file['name']}"), "count": file["count"]}
            for file in result.get(kind, ())
        ]
        for kind in ("output", _DELETED)
    }
    return {
        "transactionTime": result["transactionTime"],
        "request": job.request["url"],
        "requiresAccessToken": True,
        **files,
        "error": [],
    }


def open_file(actor: Actor, name: str) -> bytes:
    """A file's bytes, gzip, by the name ``<job>.<file>``; raises ``not_found``."""
    id_, _, file = name.partition(".")
    job = jobs.of_actor(KIND, id_, actor)
    path = directory(job) / f"{file}.gz"
    if not _NAME.fullmatch(file) or not path.is_file():
        raise not_found("The export %(id)s has no file %(name)s.", id=id_, name=file)
    looks.note(actor, "export-file", query=name)
    return path.read_bytes()


def cancel(actor: Actor, id_: str) -> None:
    """Stop the export if it goes on, and remove its files and the job itself."""
    job = jobs.of_actor(KIND, id_, actor)
    looks.note(actor, "export-delete", query=id_)
    _remove(job)


def expire() -> int:
    """Remove exports that ended more than ``KEPT_HOURS`` ago; tell how many."""
    old = jobs.ended(KIND, hours=KEPT_HOURS)
    for job in old:
        _remove(job)
    return len(old)


def directory(job: Job) -> Path:
    """Where the job's files lie."""
    return Path(settings.SETTINGS.home) / "export" / job.id


def _remove(job: Job) -> None:
    jobs.cancel(job)
    shutil.rmtree(directory(job), ignore_errors=True)
    jobs.remove(job)


# -- the work


def _work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Write the files within one snapshot of the record; begun anew, it writes them anew."""
    asked = job.request["extent"]
    extent = Extent(**{**asked, "types": tuple(asked["types"]), "elements": tuple(asked["elements"])})
    place = directory(job)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o700)
    try:
        with database.connect() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return _Export(connection, extent, place, tell, policy.access_of(job.actor)).run()
    except jobs.Cancelled:
        shutil.rmtree(place, ignore_errors=True)
        raise


class _Export:
    def __init__(
        self,
        connection: Connection,
        extent: Extent,
        place: Path,
        tell: Callable[[dict[str, Any]], None],
        access: Access | None,
    ) -> None:
        self.connection = connection
        self.extent = extent
        self.place = place
        self.tell = tell
        self.access = access
        self.done = 0
        self.now = clock.milliseconds()

    def run(self) -> dict[str, Any]:
        row = self.connection.execute(
            f"SELECT least(now(), min(xact_start)) - {_MARGIN} FROM pg_stat_activity"
            " WHERE backend_xid IS NOT NULL AND datname = current_database()"
        ).fetchone()
        assert row is not None
        output: list[dict[str, Any]] = []
        present = self._present()
        for type_ in self.extent.types:
            if definitions.type_number(type_) in present:
                output += self._write(type_)
        return {
            "transactionTime": row[0].isoformat(timespec="milliseconds"),
            "output": output,
            _DELETED: self._write_deleted() if self.extent.since is not None else [],
        }

    def _present(self) -> set[int]:
        """The types of which there is something: a look into the index for each."""
        rows = self.connection.execute(
            "SELECT t FROM unnest(%s::smallint[]) t WHERE EXISTS (SELECT FROM record_resource WHERE type = t)",
            [[definitions.type_number(type_) for type_ in self.extent.types]],
        )
        return {number for (number,) in rows}

    def _write(self, type_: str) -> list[dict[str, Any]]:
        project = extents.projection(self.extent, type_)
        with Files(self.place, type_) as files:
            for id_, version, vid, body in self._rows(
                extents.condition(self.extent, type_, self.connection, self.now, self.access)
            ):
                text = packing.text(type_, id_, version, vid, body)
                files.write(json.dump(project(json.parse(text))) if project else text)
                self._count(type_)
        return [{"type": type_, **file} for file in files.written]

    def _rows(self, condition: Fragment) -> Iterator[tuple[str, int, int, bytes]]:
        with self.connection.cursor("export", binary=True) as cursor:
            cursor.itersize = _ROWS
            cursor.execute(
                f"SELECT id, version, vid, body FROM record_resource r WHERE {condition.sql} ORDER BY r.vid",
                condition.values,
            )
            yield from cursor

    def _count(self, type_: str) -> None:
        self.done += 1
        if self.done % _ROWS == 0:
            self.tell({"type": type_, "done": self.done})

    def _write_deleted(self) -> list[dict[str, Any]]:
        """Deletions since, as transactions; of the whole system only, for what is gone has no patient any more.

        Whom a policy limits is told of none: whose it was cannot be asked of its last line.
        """
        if self.extent.level != "system" or self.access is not None:
            return []
        with Files(self.place, _DELETED) as files, self.connection.cursor("deleted", binary=True) as cursor:
            cursor.itersize = _ROWS
            cursor.execute(
                "SELECT type, id FROM record_history h WHERE deleted AND vid >= %s AND type = ANY(%s) AND NOT EXISTS"
                " (SELECT FROM record_resource r WHERE r.self = h.self AND r.shard = h.shard AND r.type = h.type)"
                " ORDER BY vid",
                [floor_vid(self.extent.since or 0), [definitions.type_number(t) for t in self.extent.types]],
            )
            while rows := cursor.fetchmany(100):
                urls = [f"{definitions.type_name(type_)}/{id_}" for type_, id_ in rows]
                entries = [{"request": {"method": "DELETE", "url": url}} for url in urls]
                files.write(json.dump({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
        return [{"type": "Bundle", **file} for file in files.written]


jobs.offer(KIND, _work)
