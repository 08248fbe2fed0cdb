"""Instances on their way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.exchange.dicom import make
from tests.exchange.dicom.conftest import register
from xinglin.exchange.dicom import actions, checking, keeping
from xinglin.exchange.dicom.indexing import Entered
from xinglin.exchange.dicom.rules import Status
from xinglin.exchange.dicom.taking import Arrival, Taken
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection


def send(sender: Sender, *files: bytes) -> list[Taken]:
    found = []
    with Arrival(sender, way="test") as arrival:
        for body in files:
            incoming = keeping.store().begin()
            incoming.write(body)
            found.append(arrival.take(incoming))
    return found


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM exchange_dicom_{table}").fetchone()
    assert row is not None
    return int(row[0])


def stands(connection: Connection) -> dict[str, int]:
    return {name: count(connection, name) for name in ("study", "series", "instance", "former", "held")}


def test_instances_are_entered_once(desk: Connection, sender: Sender) -> None:
    first = send(sender, make.file(number=1), make.file(number=2))
    again = send(sender, make.file(number=1))

    assert [(t.status, t.entered) for t in first + again] == [
        (Status.SUCCESS, Entered.NEW), (Status.SUCCESS, Entered.NEW), (Status.SUCCESS, Entered.REPEATED),
    ]  # fmt: skip
    assert stands(desk) == {"study": 1, "series": 1, "instance": 2, "former": 0, "held": 0}
    assert checking.check(desk).found == []


def test_another_file_of_the_same_instance_replaces_it_and_the_former_is_kept(
    desk: Connection, sender: Sender
) -> None:
    send(sender, make.file(number=1))

    (taken,) = send(sender, make.file(number=1, SeriesDescription="纵隔窗"))

    assert taken.entered is Entered.REPLACED
    assert stands(desk) == {"study": 1, "series": 1, "instance": 1, "former": 1, "held": 0}
    assert checking.check(desk).found == []


def test_a_study_of_two_senders_is_two_studies(desk: Connection, sender: Sender) -> None:
    send(sender, make.file())
    send(register(desk, "h02"), make.file())

    assert stands(desk) == {"study": 2, "series": 2, "instance": 2, "former": 0, "held": 0}


def test_an_instance_without_a_patient_is_held_and_can_be_put_right(desk: Connection, sender: Sender) -> None:
    (taken,) = send(sender, make.file(PatientID=None))
    send(sender, make.file(PatientID=None))

    assert taken.status is Status.KEPT
    assert stands(desk) == {"study": 0, "series": 0, "instance": 0, "former": 0, "held": 1}

    (held,) = actions.held(desk)
    mended = actions.mend(
        desk, number=held.number, changes={"00100020": "00100020"}, actor=SYSTEM, now=clock.now()
    )

    assert mended.status is Status.SUCCESS
    assert stands(desk) == {"study": 1, "series": 1, "instance": 1, "former": 0, "held": 1}
    assert actions.held(desk) == []
    assert [one.state for one in actions.held(desk, state="taken")] == ["taken"]


def test_what_is_still_wrong_stays_held(desk: Connection, sender: Sender) -> None:
    send(sender, make.file(PatientID=None))
    (held,) = actions.held(desk)

    mended = actions.mend(desk, number=held.number, changes={}, actor=SYSTEM, now=clock.now())

    assert mended.status is Status.KEPT
    assert [one.number for one in actions.held(desk)] == [held.number]
    assert stands(desk) == {"study": 0, "series": 0, "instance": 0, "former": 0, "held": 1}


def test_a_study_does_not_take_in_another_patients_images(desk: Connection, sender: Sender) -> None:
    taken = send(sender, make.file(number=1), make.file(number=2, PatientID="other"))

    assert [t.status for t in taken] == [Status.SUCCESS, Status.KEPT]
    assert stands(desk) == {"study": 1, "series": 1, "instance": 1, "former": 0, "held": 1}


def test_what_cannot_be_read_is_held_too(desk: Connection, sender: Sender, store: Path) -> None:
    (taken,) = send(sender, b"no image at all")

    assert taken.status is Status.NOT_UNDERSTOOD
    (held,) = actions.held(desk)
    assert [reason["code"] for reason in held.said["reasons"]] == ["structure"]
    with keeping.store().open(held.digest) as file:
        assert file.read() == b"no image at all"


def test_a_store_that_cannot_be_written_to_refuses(
    desk: Connection, sender: Sender, store: Path, settings: Any
) -> None:
    incoming = keeping.store().begin()
    incoming.write(make.file())
    (store / "files").write_bytes(b"in the way")

    with Arrival(sender, way="test") as arrival:
        taken = arrival.take(incoming)

    assert taken.status is Status.OUT_OF_RESOURCES
    assert stands(desk) == {"study": 0, "series": 0, "instance": 0, "former": 0, "held": 0}


def test_nothing_that_tells_who_somebody_is_lies_open_in_the_tables(desk: Connection, sender: Sender) -> None:
    send(sender, make.file(), make.file(number=2, PatientID=None))

    for table in ("study", "series", "instance", "held"):
        for row in desk.execute(f"SELECT t::text FROM exchange_dicom_{table} t"):
            assert "00100020" not in row[0]
            assert "张" not in row[0]
            assert "Zhang" not in row[0]


def test_checking_names_what_is_missing_and_what_was_altered(
    desk: Connection, sender: Sender, store: Path
) -> None:
    send(sender, make.file(number=1), make.file(number=2))
    first, second = sorted((store / "files").glob("*/*"))
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1] + b"\0\0")

    report = checking.check(desk)

    assert sorted(one.what for one in report.found) == ["altered", "missing"]
    assert not report.is_sound
    assert [one.what for one in checking.check(desk, fast=True).found] == ["missing"]


def test_files_that_nothing_names_go_when_they_are_old(desk: Connection, sender: Sender, store: Path) -> None:
    import os

    send(sender, make.file(number=1))
    incoming = keeping.store().begin()
    incoming.write(b"left behind")
    keeping.store().keep(incoming)
    assert actions.clear(desk, clock.now()) == 0
    for path in (store / "files").rglob("*"):
        os.utime(path, (0, 0))

    assert actions.clear(desk, clock.now()) == 1
    assert checking.check(desk).found == []


def test_what_has_come_is_written_down(desk: Connection, sender: Sender) -> None:
    send(sender, make.file(number=1), make.file(number=1), make.file(PatientID=None))

    row = desk.execute(
        "SELECT sender, stored, repeated, held, refused, ended IS NOT NULL FROM exchange_dicom_arrival"
    ).fetchone()
    assert row == ("h01", 1, 1, 1, 0, True)
