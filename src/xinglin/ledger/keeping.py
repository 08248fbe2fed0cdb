"""The process that keeps the ledger: sequences, asks the witnesses, runs the audits that were asked for.

``xinglin serve`` starts one beside the server; several may run, one works and the others stand by. Each of the three
tasks has a thread and a connection of its own, so that a slow witness or a long audit delays no entry.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from xinglin.kernel import clock
from xinglin.kernel.children import Children
from xinglin.ledger import actions, auditing, cosigning, keys, sequencing
from xinglin.record import database
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xinglin.record.database import Connection

TICK = 0.5  # seconds from one batch's beginning to the next's: with the work, less than a second to a signed head
_WITNESSES = 1.0
_AUDITS = 2.0
_AFTER_TROUBLE = 5.0
_log = logging.getLogger(__name__)
_offered: list[tuple[float, Callable[[Connection, Path], None]]] = []


def offer(pause: float, work: Callable[[Connection, Path], None]) -> None:
    """Have the process that keeps the ledger also do ``work``, every ``pause`` seconds, in a thread of its own."""
    _offered.append((pause, work))


def keep(home: Path, *, base_url: str = "", stop: threading.Event | None = None) -> None:
    """Keep the ledger until ``stop``, or until the process that started this one is gone."""
    stopping = stop or threading.Event()
    parent = os.getppid()
    signers = keys.signers(home, base_url=base_url)
    sequencing.begin(database.connection(), origin=signers[0].name, now=clock.now())
    if not _lead(stopping, parent):
        return
    others = [
        threading.Thread(target=_again, args=(stopping, _WITNESSES, _ask, home), daemon=True),
        threading.Thread(target=_again, args=(stopping, _AUDITS, _audit, home), daemon=True),
        *(threading.Thread(target=_again, args=(stopping, *one, home), daemon=True) for one in _offered),
    ]
    for thread in others:
        thread.start()
    while not stopping.is_set() and os.getppid() == parent:
        stopping.wait(_sequence(home))
    stopping.set()
    for thread in others:
        thread.join(timeout=_AFTER_TROUBLE)
    database.close()


def _lead(stopping: threading.Event, parent: int) -> bool:
    """Wait to be the one that works; the lock lasts as long as this thread's connection."""
    while not stopping.is_set() and os.getppid() == parent:
        row = database.connection().execute("SELECT pg_try_advisory_lock(%s)", [Lock.LEDGER]).fetchone()
        if row and row[0]:
            return True
        stopping.wait(1.0)
    return False


def _sequence(home: Path) -> float:
    """One turn; how long to wait before the next."""
    begun = time.monotonic()
    try:
        batch = sequencing.turn(database.connection(), keys.signers(home), now=clock.now())
    except Exception:  # noqa: BLE001 -- whatever it was, the thread that keeps the ledger goes on
        _log.exception("the ledger could not be added to; it is tried again")
        return _AFTER_TROUBLE
    return 0.0 if batch.full else max(0.0, TICK - (time.monotonic() - begun))


def _again(
    stopping: threading.Event, pause: float, work: Callable[[Connection, Path], None], home: Path
) -> None:
    """Do ``work`` again and again; its failures are logged, and end nothing."""
    while not stopping.wait(pause):
        try:
            work(database.connection(), home)
        except Exception:  # noqa: BLE001 -- the same
            _log.exception("the ledger's %s failed; it is tried again", work.__name__)
            stopping.wait(_AFTER_TROUBLE)
    database.close()


def _ask(connection: Connection, home: Path) -> None:
    cosigning.ask_all(connection, keys.policy(home), now=clock.now())


def _audit(connection: Connection, home: Path) -> None:
    """Run the audit that waits, if one does."""
    row = connection.execute(
        "SELECT number FROM ledger_audit WHERE ended IS NULL ORDER BY number LIMIT 1"
    ).fetchone()
    if row:
        run_audit(connection, home, row[0])


def run_audit(connection: Connection, home: Path, number: int) -> auditing.Report:
    """Run one audit and keep what it found; a dirty ledger raises an alarm."""
    connection.execute(
        "UPDATE ledger_audit SET begun = %s, done = 0 WHERE number = %s", [clock.now(), number]
    )

    def progress(done: int) -> None:
        connection.execute("UPDATE ledger_audit SET done = %s WHERE number = %s", [done, number])

    try:
        report = auditing.audit(connection, keys.verifiers(home), progress=progress)
    except Exception as error:
        connection.execute(
            "UPDATE ledger_audit SET ended = %s, failed = %s WHERE number = %s",
            [clock.now(), f"{type(error).__name__}: {error}"[:500], number],
        )
        raise
    held = report.as_data()
    connection.execute(
        "UPDATE ledger_audit SET ended = %s, size = %s, counts = %s, findings = %s WHERE number = %s",
        [clock.now(), report.size, Jsonb(held["counts"]), Jsonb(held["findings"]), number],
    )
    if not report.clean:
        named = ", ".join(finding.subject for finding in report.findings[:5])
        more = report.counts["findings"] - 5
        detail = f"{named} (+{more})" if more > 0 else named
        actions.raise_alarm(
            connection, kind="audit", subject=f"audit {number}", detail=detail, now=clock.now()
        )
    return report


def beside() -> Children:
    """The keeper as a child process, for as long as the ``with`` lasts."""
    return Children(["ledger", "run"])
