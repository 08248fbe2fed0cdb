"""What an export's files show, and how it ends."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from tests import make
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database, jobs
from xinglin.record.bulk import export, importing
from xinglin.record.bulk.files import Files
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.record.door import Door

pytestmark = pytest.mark.usefixtures("emptied")


def asked() -> jobs.Job:
    return jobs.ask(
        export.KIND, {"extent": {"level": "system", "types": ["Patient"], "elements": []}, "url": ""}, SYSTEM
    )


def patients(door: Door, count: int) -> None:
    for number in range(count):
        door.create(make.patient(str(number)))


def test_files_are_cut_where_they_grow_large(tmp_path: Path) -> None:
    with Files(tmp_path, "Patient", most=20) as files:
        for line in (b"0123456789", b"0123456789", b"ab"):
            files.write(line)

    assert files.written == [
        {"name": "Patient.0001.ndjson", "count": 2, "bytes": 22},
        {"name": "Patient.0002.ndjson", "count": 1, "bytes": 3},
    ]
    contents = [gzip.decompress(path.read_bytes()) for path in sorted(tmp_path.iterdir())]
    assert contents == [b"0123456789\n0123456789\n", b"ab\n"]


def test_an_export_shows_one_moment_while_others_write(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_ROWS", 2)
    patients(door, 5)
    job = asked()
    written: list[Any] = []

    def tell(progress: dict[str, Any]) -> None:
        written.append(progress["done"])
        door.create(make.patient("later"))

    result = export._work(job, tell)

    assert written == [2, 4]
    assert [(file["type"], file["count"]) for file in result["output"]] == [("Patient", 5)]
    export._remove(job)


def test_a_cancelled_export_stops_and_leaves_no_files(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_ROWS", 2)
    patients(door, 5)
    job = asked()

    def tell(progress: dict[str, Any]) -> None:
        jobs.cancel(job)
        raise jobs.Cancelled

    with pytest.raises(jobs.Cancelled):
        export._work(job, tell)

    assert not export.directory(job).exists()
    assert jobs.work(job.id).state == "cancelled"


def test_one_process_works_at_a_job_at_a_time(door: Door) -> None:
    job = asked()
    with database.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [Lock.JOBS, jobs._key(job.id)])

        assert jobs.pursue(job) is None
        assert jobs.work(job.id).state == "waiting"

    assert jobs.work(job.id).state == "done"
    export._remove(job)


def test_an_old_import_and_what_it_refused_are_removed(door: Door) -> None:
    job = importing.take(
        SYSTEM, [b'{"resourceType": "Patient", "gender": "x"}', b'{"resourceType": "Patient"}']
    )
    assert importing.refused_path(job).exists()
    assert importing.expire() == 0
    database.connection().execute("UPDATE record_job SET moment = now() - interval '31 days'")

    assert importing.expire() == 1

    assert (jobs.latest(importing.KIND), importing.refused_path(job).exists()) == ([], False)


def test_an_old_export_is_removed(door: Door) -> None:
    old, new = (jobs.work(asked().id) for _ in range(2))
    database.connection().execute(
        "UPDATE record_job SET moment = now() - interval '2 days' WHERE id = %s", [old.id]
    )

    assert export.expire() == 1

    assert [job.id for job in jobs.latest(export.KIND)] == [new.id]
    assert not export.directory(old).exists()
    export._remove(new)
