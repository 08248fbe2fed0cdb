"""The tables of studies, series and instances: what is written when something comes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.dicom import facts, keys
from xinglin.exchange.dicom.keeping import store
from xinglin.exchange.dicom.limits import limits
from xinglin.exchange.naming import id_of
from xinglin.kernel.errors import busy, conflict
from xinglin.kernel.ids import self_number, shard_of
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.dicom.reading import Instance
    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

IMAGING_STUDY = "ImagingStudy"


class Entered(StrEnum):
    """What an instance was to the tables."""

    NEW = "new"
    REPEATED = "repeated"  # the same file is there
    REPLACED = "replaced"  # another file of the same name was there; it is kept for a while


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came: its digest, its length, and the arrival that brought it."""

    digest: bytes
    size: int
    arrival: int


def place_of(sender: str, uid: str) -> tuple[str, int, int]:
    """The id of the ImagingStudy of a sender's study, its number and its shard."""
    id_ = id_of(sender, IMAGING_STUDY, uid)
    return id_, self_number(IMAGING_STUDY, id_), shard_of(IMAGING_STUDY, id_)


def enter(
    connection: Connection, sender: Sender, instance: Instance, file: File, *, now: datetime, known: set[str]
) -> tuple[tuple[int, int], Entered]:  # fmt: skip
    """Enter an instance whose file is kept; the study's number and shard, and what the instance was.

    ``known`` are studies and series that the caller has entered before. Faults: ``conflict`` for a study that is
    another patient's, ``busy`` where the file was cleared away meanwhile.
    """
    id_, number, shard = place_of(sender.code, instance.study)
    study = (number, shard)
    with connection.transaction():
        hold_files(connection, file.digest)
        if instance.study not in known:
            _enter_study(connection, sender, instance, (id_, number, shard), now)
        _require_patient(connection, study, sender, instance)
        if instance.series not in known:
            connection.execute(
                "INSERT INTO exchange_dicom_series (study, shard, uid, number, modality, facts)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [*study, instance.series, facts.whole(instance.head, "00200011"), instance.modality,
                 facts.sealed(facts.part(instance.head, facts.SERIES))],
                prepare=True,
            )  # fmt: skip
        entered = _enter_instance(connection, study, instance, file, now)
        if entered is not Entered.REPEATED:
            mark_due(connection, study, now)
    known |= {instance.study, instance.series}
    return study, entered


def hold_files(connection: Connection, digest: bytes) -> None:
    """Until the transaction ends nobody clears files away; this one is there."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [Lock.IMAGE_FILES], prepare=True)
    if not store().has(digest):
        raise busy(gettext_noop("The file was cleared away at this moment. Send it again."), code="transient")


def _enter_study(
    connection: Connection, sender: Sender, instance: Instance, place: tuple[str, int, int], now: datetime
) -> None:
    id_, number, shard = place
    said = facts.part(instance.head, facts.STUDY)
    connection.execute(
        "INSERT INTO exchange_dicom_study (number, shard, id, sender, uid, patient, date, keys, facts, began)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [number, shard, id_, sender.code, instance.study, id_of(sender.code, "Patient", instance.patient),
         facts.day(said, "00080020"), keys.of_study(said), facts.sealed(said), now],
        prepare=True,
    )  # fmt: skip


def _require_patient(
    connection: Connection, study: tuple[int, int], sender: Sender, instance: Instance
) -> None:
    """A study is one patient's (PS3.3 A.1.2). The row is locked against deletion until the transaction ends."""
    row = connection.execute(
        "SELECT patient FROM exchange_dicom_study WHERE number = %s AND shard = %s FOR KEY SHARE",
        [*study],
        prepare=True,
    ).fetchone()
    if row is None:
        raise busy(gettext_noop("The study was deleted at this moment. Send it again."), code="transient")
    if row[0] != id_of(sender.code, "Patient", instance.patient):
        raise conflict(
            gettext_noop(
                "The study %(study)s is another patient's: its first instances came with another number."
            ),
            expression="(0010,0020) PatientID",
            study=instance.study,
        )


def _enter_instance(
    connection: Connection, study: tuple[int, int], instance: Instance, file: File, now: datetime
) -> Entered:
    values = {
        "study": study[0], "shard": study[1], "series": instance.series, "uid": instance.uid,
        "class": instance.sop_class, "syntax": instance.syntax, "number": facts.whole(instance.head, "00200013"),
        "frames": facts.whole(instance.head, "00280008") or 1, "digest": file.digest, "bytes": file.size,
        "arrived": now, "arrival": file.arrival, "head": facts.sealed(instance.head),
    }  # fmt: skip
    columns = ", ".join(values)
    places = ", ".join(f"%({name})s" for name in values)
    made = connection.execute(
        f"INSERT INTO exchange_dicom_instance ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING",
        values,
        prepare=True,
    )
    if made.rowcount:
        return Entered.NEW
    row = connection.execute(
        "SELECT digest, bytes FROM exchange_dicom_instance WHERE study = %s AND uid = %s AND shard = %s FOR UPDATE",
        [study[0], instance.uid, study[1]],
    ).fetchone()
    if row is None:
        raise busy(gettext_noop("The study was deleted at this moment. Send it again."), code="transient")
    if bytes(row[0]) == file.digest:
        return Entered.REPEATED
    connection.execute(
        "INSERT INTO exchange_dicom_former (study, shard, uid, digest, bytes, until, why, actor)"
        " VALUES (%s, %s, %s, %s, %s, %s, 'replaced', '') ON CONFLICT DO NOTHING",
        [*study, instance.uid, *row, now],
    )
    changed = ", ".join(f"{name} = %({name})s" for name in values if name not in ("study", "shard", "uid"))
    connection.execute(
        f"UPDATE exchange_dicom_instance SET {changed}"
        " WHERE study = %(study)s AND uid = %(uid)s AND shard = %(shard)s",
        values,
    )
    return Entered.REPLACED


def mark_due(connection: Connection, study: tuple[int, int], now: datetime) -> None:
    """A study has something new: it is told at once if it never was, else when it has been quiet for a while."""
    bounds = limits()
    connection.execute(
        """
        INSERT INTO exchange_dicom_due AS d (study, shard, since, changed, due)
        SELECT number, shard, %(now)s, %(now)s,
               CASE WHEN published IS NULL THEN %(now)s ELSE %(now)s + %(quiet)s END
        FROM exchange_dicom_study WHERE number = %(study)s AND shard = %(shard)s
        ON CONFLICT (study, shard) DO UPDATE SET changed = excluded.changed,
            due = least(greatest(d.due, excluded.due), d.since + %(longest)s)
        """,
        {"study": study[0], "shard": study[1], "now": now, "quiet": bounds.quiet, "longest": bounds.longest},
        prepare=True,
    )


# -- arrivals and what is held


def open_arrival(
    connection: Connection, sender: str, *, way: str, title: str, address: str, now: datetime
) -> tuple[int, int]:
    """The number and shard of a new arrival."""
    row = connection.execute(
        "INSERT INTO exchange_dicom_arrival (shard, sender, way, title, address, began)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING number, shard",
        [shard_of("Basic", sender), sender, way, title, address, now],
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def close_arrival(
    connection: Connection, arrival: tuple[int, int], counts: dict[str, int], now: datetime
) -> None:
    """Write down how it went."""
    connection.execute(
        "UPDATE exchange_dicom_arrival SET ended = %(now)s, stored = %(stored)s, repeated = %(repeated)s,"
        " held = %(held)s, refused = %(refused)s, bytes = %(bytes)s WHERE number = %(number)s AND shard = %(shard)s",
        {**counts, "now": now, "number": arrival[0], "shard": arrival[1]},
    )


def hold(connection: Connection, sender: str, file: File, said: dict[str, Any], now: datetime) -> int | None:
    """Hold what cannot be used; its number, None where the same file of that sender has been held before."""
    with connection.transaction():
        hold_files(connection, file.digest)
        row = connection.execute(
            "INSERT INTO exchange_dicom_held (shard, sender, digest, bytes, arrived, arrival, facts)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING number",
            [shard_of("Basic", file.digest.hex()), sender, file.digest, file.size, now, file.arrival,
             facts.sealed(said)],
        ).fetchone()  # fmt: skip
    return int(row[0]) if row else None


def note_held_receipt(connection: Connection, number: int, receipt: str) -> None:
    """Which message tells of it."""
    connection.execute("UPDATE exchange_dicom_held SET receipt = %s WHERE number = %s", [receipt, number])


def named(connection: Connection, digests: list[bytes]) -> set[bytes]:
    """Those of the files that something names."""
    rows = connection.execute(
        """
        SELECT digest FROM exchange_dicom_instance WHERE digest = ANY(%(all)s)
        UNION SELECT digest FROM exchange_dicom_former WHERE digest = ANY(%(all)s)
        UNION SELECT digest FROM exchange_dicom_held WHERE digest = ANY(%(all)s)
        """,
        {"all": digests},
    )
    return {bytes(digest) for (digest,) in rows}
