"""What people do about images: put right what is held, discard it, delete a study, clear away what nobody needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pydicom
from django.utils.translation import gettext_noop

from xinglin.exchange import senders
from xinglin.exchange.dicom import facts, indexing, queries, settling
from xinglin.exchange.dicom.keeping import Missing, store
from xinglin.exchange.dicom.limits import limits
from xinglin.exchange.dicom.rules import Announced
from xinglin.exchange.dicom.taking import Arrival
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import rules
from xinglin.record.door import open_as
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.dicom.queries import Study
    from xinglin.exchange.dicom.taking import Taken
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

MENDABLE = {"00100020": "PatientID", "00080050": "AccessionNumber", "0020000D": "StudyInstanceUID"}
_FILES = 500  # looked at in one transaction while files are cleared away


@dataclass(frozen=True, slots=True)
class Held:
    """An instance that could not be used. ``said`` has its reasons and what could be read of it."""

    number: int
    sender: str
    digest: bytes
    size: int
    arrived: datetime
    said: dict[str, Any]
    state: str
    receipt: str | None


def held(
    connection: Connection, *, state: str = "held", before: int | None = None, limit: int = 50
) -> list[Held]:
    """What is held, the latest first; further pages ask ``before`` the number of the last."""
    rows = connection.execute(
        f"{_HELD} WHERE state = %s AND (%s::bigint IS NULL OR number < %s) ORDER BY number DESC LIMIT %s",
        [state, before, before, limit],
    )
    return [_held(row) for row in rows.fetchall()]


def find_held(connection: Connection, number: int) -> Held:
    """The one of that number; fault ``not_found``."""
    row = connection.execute(f"{_HELD} WHERE number = %s", [number]).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no held instance %(number)s."), number=number)
    return _held(row)


_HELD = "SELECT number, sender, digest, bytes, arrived, facts, state, receipt FROM exchange_dicom_held"


def _held(row: Any) -> Held:
    number, sender, digest, size, arrived, sealed, state, receipt = row
    return Held(number, sender, bytes(digest), size, arrived, facts.opened(sealed), state, receipt)


def mend(
    connection: Connection, *, number: int, changes: dict[str, str], actor: Actor, now: datetime
) -> Taken:
    """Take a held instance in again, with attributes put right (``MENDABLE``, by tag); the original is kept.

    What is still wrong with it is in the answer; then it stays held.
    """
    rules.require(actor, rules.WRITE)
    one = _waiting(connection, number)
    unknown = sorted(set(changes) - set(MENDABLE))
    if unknown:
        raise invalid(gettext_noop("%(tag)s cannot be put right here."), code="not-supported", tag=unknown[0])
    sender = senders.by_code(connection, one.sender).sender
    incoming = store().begin()
    try:
        with store().open(one.digest) as file:
            _rewrite(file, incoming, {tag: value.strip() for tag, value in changes.items() if value.strip()})
        with Arrival(sender, way="mended", title=actor.name, address="") as arrival:
            taken = arrival.take(incoming, Announced())
            for study in arrival.studies:
                settling.settle_one(connection, study, now)
    except Missing:
        raise not_found(gettext_noop("The file of this instance is missing."), number=number) from None
    finally:
        incoming.drop()
    if taken.study is not None:
        _decide(connection, number, "taken", actor, now)
    return taken


def _rewrite(file: Any, incoming: Any, changes: dict[str, str]) -> None:
    if not changes:
        while piece := file.read(1 << 20):
            incoming.write(piece)
        return
    dataset = pydicom.dcmread(file)
    for tag, value in changes.items():
        setattr(dataset, MENDABLE[tag], value)
    dataset.save_as(_Writer(incoming), enforce_file_format=True)


class _Writer:
    """What the library writes to: it goes back for nothing but to ask where it is."""

    def __init__(self, incoming: Any) -> None:
        self._incoming = incoming

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        return int(self._incoming.write(bytes(data)))

    def tell(self) -> int:
        return int(self._incoming.size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        del offset, whence
        raise OSError("This file is written in one go.")


def discard(connection: Connection, *, number: int, actor: Actor, now: datetime) -> None:
    """Decide that a held instance is not wanted; its file is cleared away after a while."""
    rules.require(actor, rules.WRITE)
    _waiting(connection, number)
    _decide(connection, number, "discarded", actor, now)


def _waiting(connection: Connection, number: int) -> Held:
    one = find_held(connection, number)
    if one.state != "held":
        raise conflict(gettext_noop("Somebody has decided about this instance already."))
    return one


def _decide(connection: Connection, number: int, state: str, actor: Actor, now: datetime) -> None:
    connection.execute(
        "UPDATE exchange_dicom_held SET state = %s, decided = %s, actor = %s WHERE number = %s AND state = 'held'",
        [state, now, actor.id, number],
    )


# -- deleting


def delete_study(connection: Connection, *, study: Study, actor: Actor, reason: str, now: datetime) -> int:
    """Delete a study and its ImagingStudy; how many instances. The files are kept for a while."""
    rules.require(actor, rules.WRITE)
    if not reason.strip():
        raise invalid(gettext_noop("Say why the study is deleted."), code="required")
    with connection.transaction():
        connection.execute(
            "SELECT FROM exchange_dicom_study WHERE number = %s AND shard = %s FOR UPDATE", [*study.key]
        )
        count = connection.execute(
            "INSERT INTO exchange_dicom_former (study, shard, uid, digest, bytes, until, why, actor)"
            " SELECT study, shard, uid, digest, bytes, %s, 'deleted', %s FROM exchange_dicom_instance"
            " WHERE study = %s AND shard = %s ON CONFLICT DO NOTHING",
            [now, actor.id, *study.key],
        ).rowcount
        for table in ("instance", "series", "due"):
            connection.execute(
                f"DELETE FROM exchange_dicom_{table} WHERE study = %s AND shard = %s", [*study.key]
            )
        connection.execute("DELETE FROM exchange_dicom_study WHERE number = %s AND shard = %s", [*study.key])
        open_as(actor, connection).delete(queries.IMAGING_STUDY, study.id)
    queries.note(actor, "delete", study, reason.strip())
    return count


def expire(connection: Connection, *, before: datetime, actor: Actor, now: datetime) -> int:
    """Delete the studies of before that day; how many. Those without a date stay."""
    wanted = [
        study
        for study in queries.studies(connection, actor)
        if study.date is not None and study.date < before.date()
    ]
    for study in wanted:
        delete_study(connection, study=study, actor=actor, reason="retention", now=now)
    return len(wanted)


# -- clearing away


def clear(connection: Connection, now: datetime) -> int:
    """Forget what was replaced, deleted or held long enough ago, and remove files that nothing names; how many."""
    bounds = limits()
    connection.execute("DELETE FROM exchange_dicom_former WHERE until < %s", [now - bounds.former])
    connection.execute(
        "DELETE FROM exchange_dicom_held WHERE coalesce(decided, arrived) < %s", [now - bounds.held]
    )
    connection.execute("DELETE FROM exchange_dicom_arrival WHERE began < %s", [now - bounds.arrivals])
    kept, removed = store(), 0
    old = (now - bounds.quiet * 120).timestamp()  # what has just come may be entered at this moment
    for path in kept.abandoned(old):
        path.unlink(missing_ok=True)
    digests: list[bytes] = []
    for digest in kept.digests():
        digests.append(digest)
        if len(digests) == _FILES:
            removed += _remove_unnamed(connection, digests, old)
            digests = []
    return removed + _remove_unnamed(connection, digests, old)


def _remove_unnamed(connection: Connection, digests: list[bytes], old: float) -> int:
    kept, removed = store(), 0
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.IMAGE_FILES])
        named = indexing.named(connection, digests)
        for digest in digests:
            try:
                if digest not in named and kept.touched(digest) < old:
                    kept.remove(digest)
                    removed += 1
            except Missing:
                continue
    return removed
