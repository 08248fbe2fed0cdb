"""Carrying the write-ahead log over into the repository, as it is written.

``pg_receivewal`` writes it into a spool directory; whole segments go from there into the repository, and what there is
of the one that is being written goes again and again, about every second. A *pulse*, an empty transaction, ends what
was acknowledged before it: when the pulse has arrived, so has all of that.
"""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import psycopg

from xinglin.config import embedded
from xinglin.config.backup import basing
from xinglin.config.backup.repository import Reach, place_of, segment_of
from xinglin.kernel.errors import conflict, unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from xinglin.config.backup.repository import Repository

SEGMENT_BYTES = 1 << 24
PART = ".partial"  # as pg_receivewal calls a segment that is being written
_NAME = "xinglin_backup"  # of the connection
_PATIENCE = 5.0  # seconds for a pulse to arrive before the step goes on without it
_PIECE = 1 << 20


class Follower:
    """The log's way into the repository, from entering the context to leaving it."""

    def __init__(self, repository: Repository, url: str, spool: Path) -> None:
        self.repository = repository
        self._url = url
        self._spool = spool
        self._process: subprocess.Popen[bytes] | None = None
        self._pulse: Reach | None = None  # the last pulse, whether it has arrived or not
        self._carried = 0  # the place up to which the open segment has been carried over

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._url, autocommit=True)
        if self._value("SHOW wal_segment_size") != "16MB":
            raise unsupported("Only databases with log segments of 16 MB, as is usual, can be followed.")
        basing.keep_log(self._url)
        self._spool.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._connection.close()

    def step(self, pause: Callable[[float], None] = time.sleep) -> Reach | None:
        """Carry over what has come; how far the repository reaches now, None before anything has arrived.

        To be called about every second. Raises ``conflict`` when the log cannot be received.
        """
        self._receive()
        moment, place = self._moment()
        if self._pulse is None or place_of(place) > place_of(self._pulse.lsn):
            self._pulse = self._beat()
            until = self._pulse.until
        else:
            until = moment  # nothing has happened since the last pulse
        waited = 0.0
        while not self._has_arrived() and waited < _PATIENCE:
            pause(0.05)
            waited += 0.05
        self._carry()
        if self._has_arrived():
            self.repository.note_reach(Reach(until, self._pulse.pulse, self._pulse.lsn))
        return self.repository.reach()

    # -- the server

    def _receive(self) -> None:
        """See that the log is being received."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            raise conflict(
                "The database's log can no longer be received (pg_receivewal ended with %(status)s). See that it runs "
                "and that its log was kept since the last backup; otherwise take a new base.",
                status=self._process.returncode,
            )  # fmt: skip
        command = [str(embedded.program("pg_receivewal")), "-d", self._url, "-D", str(self._spool)]
        command += ["--slot", basing.SLOT, "--synchronous", "--status-interval=1", "--no-password"]
        self._process = subprocess.Popen(  # noqa: S603 -- the package's own binary
            command, env={**os.environ, "PGAPPNAME": _NAME}, stderr=subprocess.DEVNULL
        )

    def _value(self, statement: str, *values: Any) -> Any:
        row = self._connection.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def _moment(self) -> tuple[datetime, str]:
        row = self._connection.execute(
            "SELECT clock_timestamp(), pg_current_wal_insert_lsn()::text"
        ).fetchone()
        assert row is not None
        return row[0], row[1]

    def _beat(self) -> Reach:
        """A transaction that leaves nothing but its own end in the log."""
        with self._connection.transaction():
            self._connection.execute("SET LOCAL synchronous_commit TO on")
            self._connection.execute("SELECT pg_current_xact_id()")
            moment, _ = self._moment()
        _, place = self._moment()
        return Reach(moment, moment, place)

    def _has_arrived(self) -> bool:
        """Whether the last pulse is in the spool."""
        assert self._pulse is not None
        arrived = self._arrived()
        return arrived is not None and place_of(arrived) >= place_of(self._pulse.lsn)

    def _arrived(self) -> str | None:
        """The place up to which the log is in the spool, flushed."""
        found = self._value(
            "SELECT max(flush_lsn)::text FROM pg_stat_replication WHERE application_name = %s", _NAME
        )
        return None if found is None else str(found)

    # -- the repository

    def _carry(self) -> None:
        """Whole segments, then the open one as far as it has come; in the repository each is there all the time."""
        arrived = self._arrived()
        for path in sorted(self._spool.iterdir()):
            if path.suffix in {PART, ".tmp"}:
                continue
            self.repository.put(f"wal/{path.name}", _pieces(path))
            self.repository.remove(f"wal/{path.name}{PART}")
            path.unlink()
        if arrived is None or place_of(arrived) <= self._carried:
            return
        for path in sorted(self._spool.glob(f"*{PART}")):
            if path.stem == segment_of(arrived, int(path.stem[:8], 16)):
                self.repository.put(f"wal/{path.name}", _pieces(path, place_of(arrived) % SEGMENT_BYTES))
                self._carried = place_of(arrived)


def _pieces(path: Path, length: int = SEGMENT_BYTES) -> Iterator[bytes]:
    """The first ``length`` bytes of the file."""
    with path.open("rb") as file:
        while length > 0 and (piece := file.read(min(length, _PIECE))):
            length -= len(piece)
            yield piece
