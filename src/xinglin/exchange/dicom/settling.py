"""From the tables to the record: a study that has something new becomes a message that says what it now is.

A study is told at once when it is new, and again when nothing has come for a moment, or at least so often while much
comes. Whoever tells a study claims it first: should the process die, another takes over after a while. What is told is
the whole study, so telling it twice changes nothing.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings

from xinglin.exchange import processing, senders
from xinglin.exchange.dicom import facts, imaging
from xinglin.exchange.dicom.limits import limits
from xinglin.exchange.doors import Door
from xinglin.exchange.naming import system_of
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import database, queries
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

_log = logging.getLogger(__name__)
_PAUSE = 0.5


def settle(connection: Connection, now: datetime, *, everything: bool = False) -> int:
    """Tell the record of the studies that are due, or of all that have something new; how many."""
    told = 0
    while (claimed := _claim(connection, now, everything=everything)) is not None:
        number, shard, changed = claimed
        try:
            publish(connection, (number, shard), changed)
        except (Fault, psycopg.OperationalError) as error:
            _log.warning("study %s could not be told; it is tried again: %s", number, error)
            if everything:
                break
            continue
        told += 1
        _release(connection, (number, shard), changed)
    return told


def settle_one(connection: Connection, study: tuple[int, int], now: datetime) -> None:
    """Tell a study at once if the record does not know it yet; so that whoever sent it finds it."""
    row = connection.execute(
        "UPDATE exchange_dicom_due d SET due = %s FROM exchange_dicom_study s"
        " WHERE d.study = %s AND d.shard = %s AND s.number = d.study AND s.shard = d.shard AND s.published IS NULL"
        " RETURNING d.changed",
        [now + limits().claimed, *study],
    ).fetchone()
    if row is None:
        return
    publish(connection, study, row[0])
    _release(connection, study, row[0])


def publish(connection: Connection, study: tuple[int, int], changed: datetime) -> str | None:
    """Hand over what the study now is; the receipt's number, None for one that was deleted meanwhile."""
    found = document(connection, study, changed)
    if found is None:
        return None
    sender, body = found
    receipt = processing.deliver(
        processing.Delivery(sender, Door.DICOM, imaging.study_body(body), imaging.MEDIA)
    )
    connection.execute(
        "UPDATE exchange_dicom_study SET published = %s, receipt = %s WHERE number = %s AND shard = %s",
        [clock.now(), receipt.number, *study],
    )
    return receipt.number


def document(
    connection: Connection, study: tuple[int, int], changed: datetime
) -> tuple[Sender, dict[str, Any]] | None:
    """Whose study it is, and all that an ImagingStudy says of it."""
    row = connection.execute(
        "SELECT id, sender, patient, facts FROM exchange_dicom_study WHERE number = %s AND shard = %s",
        [*study],
    ).fetchone()
    if row is None:
        return None
    id_, code, patient, sealed = row
    sender = senders.by_code(connection, code).sender
    said = facts.opened(sealed)
    body = {
        "id": id_,
        "study": said,
        "patient": patient,
        "patient_known": _is_there(connection, "Patient", patient),
        "organization": sender.organization
        if _is_there(connection, "Organization", sender.organization)
        else "",
        "order": _order(sender, facts.text(said, "00080050")),
        "address": f"{base_url()}/dicomweb",
        "changed": changed.isoformat(),
        "series": _series(connection, study),
    }
    return sender, body


def _series(connection: Connection, study: tuple[int, int]) -> list[dict[str, Any]]:
    listed = limits().listed
    instances: dict[str, list[list[Any]]] = {}
    counts: dict[str, int] = {}
    rows = connection.execute(
        "SELECT series, uid, class, number FROM exchange_dicom_instance WHERE study = %s AND shard = %s"
        " ORDER BY series, number NULLS LAST, uid",
        [*study],
    ).fetchall()
    for series, uid, class_, number in rows:
        counts[series] = counts.get(series, 0) + 1
        if len(rows) <= listed:
            instances.setdefault(series, []).append([uid, class_, number])
    found = connection.execute(
        "SELECT uid, number, modality, facts FROM exchange_dicom_series WHERE study = %s AND shard = %s"
        " ORDER BY number NULLS LAST, uid",
        [*study],
    )
    return [
        {
            "uid": uid, "number": number, "modality": modality, "facts": facts.opened(sealed),
            "count": counts[uid], "instances": instances.get(uid, []),
        }
        for uid, number, modality, sealed in found
        if uid in counts
    ]  # fmt: skip


def _is_there(connection: Connection, type_name: str, id_: str) -> bool:
    if not id_:
        return False
    try:
        queries.read(connection, type_name, id_)
    except Fault:
        return False
    return True


def _order(sender: Sender, accession: str) -> str:
    """The id of the ServiceRequest that the sender has told with this number, if there is just one."""
    if not accession or any(sign in accession for sign in "|,$\\"):
        return ""
    wanted = [("identifier", f"{system_of(sender.code, 'order')}|{accession}"), ("_count", "2")]
    found = open_as(SYSTEM).search("ServiceRequest", wanted).entries
    return found[0].stored.id if len(found) == 1 else ""


def base_url() -> str:
    """Where this platform is reached."""
    given = settings.SETTINGS
    return str(given.base_url).rstrip("/") or f"http://{given.host}:{given.port}"


def _claim(connection: Connection, now: datetime, *, everything: bool) -> tuple[int, int, datetime] | None:
    row = connection.execute(
        """
        UPDATE exchange_dicom_due d SET due = %(now)s + %(claimed)s
        FROM (SELECT study, shard FROM exchange_dicom_due
              WHERE due <= %(now)s OR (%(all)s AND due < %(now)s + %(claimed)s)
              ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED) n
        WHERE d.study = n.study AND d.shard = n.shard RETURNING d.study, d.shard, d.changed
        """,
        {"now": now, "claimed": limits().claimed, "all": everything},
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _release(connection: Connection, study: tuple[int, int], seen: datetime) -> None:
    """It is told; unless something more has come meanwhile, which waits for its turn."""
    gone = connection.execute(
        "DELETE FROM exchange_dicom_due WHERE study = %s AND shard = %s AND changed = %s", [*study, seen]
    )
    if not gone.rowcount:
        connection.execute(
            "UPDATE exchange_dicom_due SET since = changed, due = changed + %s WHERE study = %s AND shard = %s",
            [limits().quiet, *study],
        )


# -- beside a server


class _Worker:
    def __init__(self) -> None:
        self.allowed = False
        self.wake = threading.Event()
        self.lock = threading.Lock()
        self.process = 0


_worker = _Worker()


def begin() -> None:
    """Let this process settle studies in a thread of its own when something has come; what serves says so."""
    _worker.allowed = True


def wake() -> None:
    """Something has come."""
    if not _worker.allowed:
        return
    with _worker.lock:
        if _worker.process != os.getpid():
            _worker.process = os.getpid()
            threading.Thread(target=_run, name="dicom-settling", daemon=True).start()
    _worker.wake.set()


def _run() -> None:
    while True:
        _worker.wake.wait()
        _worker.wake.clear()
        try:
            connection = database.connection()
            settle(connection, clock.now())
            row = connection.execute("SELECT EXISTS (SELECT FROM exchange_dicom_due)").fetchone()
        except Exception:  # noqa: BLE001 -- it is the only one that does this work; the next turn may go well
            _log.exception("settling studies failed; it is tried again")
            row = (True,)
        if row == (True,):
            threading.Event().wait(_PAUSE)
            _worker.wake.set()
