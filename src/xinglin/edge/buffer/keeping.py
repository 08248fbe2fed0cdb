"""Keeping messages, and what became of them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.crypto.folder import KeysUnusable
from xinglin.edge.answers import Fate
from xinglin.edge.buffer.values import FILE, REFUSED, SCHEMA, WAITING, Full, Level, Refusal, Waiting
from xinglin.edge.sealing import Seal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from xinglin.edge.answers import Answer, Told
    from xinglin.edge.configuration import BufferPart
    from xinglin.edge.messages import Batch, Seen

_REST = 1.0  # seconds before a disk that was full is tried again


class Buffer:
    """May be used by several threads, and by other processes beside the one that runs (``status``, ``refused``)."""

    def __init__(self, part: BufferPart, now: Callable[[], datetime], *, make: bool = False) -> None:
        self._part = part
        self._now = now
        part.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = part.folder / FILE
        fresh = not self.path.exists()
        if fresh:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        self.seal = Seal(part.keys, now, make=make and fresh)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            self.path, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        if self._execute("PRAGMA auto_vacuum").fetchone() == (
            0,
        ):  # to say it again would write, on a full disk too
            self._execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._execute("PRAGMA journal_mode = WAL")
        self._execute("PRAGMA synchronous = FULL")
        self._execute("PRAGMA busy_timeout = 30000")
        self._connection.executescript(SCHEMA)
        self._require_key()
        self.room = threading.Condition()
        self._size = self.level().size
        self._full_until = 0.0

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    def _require_key(self) -> None:
        row = self._execute("SELECT value FROM standing WHERE name = 'key'").fetchone()
        if row is None:
            self._execute("INSERT OR IGNORE INTO standing VALUES ('key', ?)", [self.seal.mark.encode()])
        elif bytes(row[0]).decode() != self.seal.mark:
            raise KeysUnusable(f"{self.path} was sealed with another key than the one in {self._part.keys}.")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._execute("BEGIN IMMEDIATE")
            try:
                yield
                self._execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._execute("ROLLBACK")
                raise

    # -- capturing

    def put(self, source: str, batch: Batch) -> int:
        """Keep a batch; it is durable when this returns. Tells how many messages. Raises ``Full``."""
        now = self._now()
        today = now.astimezone().date().isoformat()
        sealed = [(one, self.seal.seal(one.body, source)) for one in batch.messages]
        size = sum(len(body) for _, body in sealed)
        self._require_room(size)
        try:
            with self._transaction():
                for one, body in sealed:
                    self._execute(
                        "INSERT INTO message (state, source, key, door, media, lane, size, rows, day, made, body)"
                        " VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        [
                            source, uuid.uuid4().hex, one.door, one.media, self.seal.hash("lane", one.lane.encode()),
                            len(body), one.rows, one.day or today, now.timestamp(), body,
                        ],
                    )  # fmt: skip
                    self._count(source, one.day or today, "captured", one.rows)
                self._note_seen(source, batch)
        except sqlite3.OperationalError as error:
            raise self._full(error) from None
        with self.room:
            self._size += size
        return len(sealed)

    def _note_seen(self, source: str, batch: Batch) -> None:
        self._connection.executemany(
            "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET digest = excluded.digest,"
            " ordered = excluded.ordered",
            ((source, *self._digests(one), one.order) for one in batch.seen),
        )
        if batch.forget_before:
            self._execute("DELETE FROM seen WHERE source = ? AND ordered < ?", [source, batch.forget_before])
        if batch.mark is not None:
            sealed = self.seal.seal(batch.mark.encode(), f"mark {source}")
            self._execute("INSERT OR REPLACE INTO mark VALUES (?, ?)", [source, sealed])

    def _digests(self, one: Seen) -> tuple[bytes, bytes]:
        return self.seal.hash("key", one.key.encode()), self.seal.hash("content", one.content)

    def _count(self, source: str, day: str, column: str, by: int) -> None:
        self._execute(
            f"INSERT INTO count (source, day, {column}) VALUES (?, ?, ?)"
            f" ON CONFLICT DO UPDATE SET {column} = {column} + excluded.{column}",
            [source, day, by],
        )

    def _require_room(self, size: int) -> None:
        if self._size + size > self._part.limit:
            raise Full(gettext_noop("The buffer has reached its limit."))
        if shutil.disk_usage(self._part.folder).free - size < self._part.spare:
            raise Full(gettext_noop("The disk is nearly full."))

    def has_room(self) -> bool:
        """Whether the next message of ordinary size will be taken, as far as that can be known."""
        if time.monotonic() < self._full_until:
            return False
        return self._size < self._part.limit and shutil.disk_usage(self._part.folder).free > self._part.spare

    def wait_for_room(self, seconds: float) -> bool:
        """Wait until messages have left; False when the time is over."""
        with self.room:
            return self.room.wait_for(self.has_room, seconds)

    def _full(self, error: sqlite3.OperationalError) -> Exception:
        """What a failure to write means. A disk that is full is left alone for a moment, whatever room it seems to
        have.
        """
        if not error.sqlite_errorname.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            return error
        self._full_until = time.monotonic() + _REST
        return Full(gettext_noop("The disk is full."))

    def mark(self, source: str) -> str | None:
        """How far the source has come; None before its first batch."""
        with self._lock:
            row = self._execute("SELECT mark FROM mark WHERE source = ?", [source]).fetchone()
        return None if row is None else self.seal.open(row[0], f"mark {source}").decode()

    def unseen(self, source: str, candidates: Sequence[Seen]) -> list[bool]:
        """For each, whether it is new, or other than when it was last captured."""
        found = []
        with self._lock:
            for one in candidates:
                key, digest = self._digests(one)
                row = self._execute(
                    "SELECT digest FROM seen WHERE source = ? AND key = ?", [source, key]
                ).fetchone()
                found.append(row is None or row[0] != digest)
        return found

    def forget(self, source: str, keys: Sequence[str]) -> None:
        """Let what was seen under these keys be captured again when it comes again."""
        with self._transaction():
            for key in keys:
                self._execute(
                    "DELETE FROM seen WHERE source = ? AND key = ?",
                    [source, self.seal.hash("key", key.encode())],
                )

    # -- sending

    def waiting(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Place and lane of what waits behind ``after``, in order."""
        with self._lock:
            return self._execute(
                "SELECT place, lane FROM message WHERE state = 0 AND place > ? ORDER BY place LIMIT ?",
                [after, limit],
            ).fetchall()

    def load(self, place: int) -> Waiting | None:
        """A waiting message; None where another process has taken it away."""
        with self._lock:
            row = self._execute(
                "SELECT place, source, key, door, media, rows, tries, body FROM message WHERE place = ? AND state = 0",
                [place],
            ).fetchone()
        if row is None:
            return None
        place, source, key, door, media, rows, tries, sealed = row
        return Waiting(place, source, key, door, media, rows, tries, self.seal.open(sealed, source))

    def settle(self, outcomes: Sequence[tuple[Waiting, Answer]]) -> None:
        """Note in one transaction what became of messages: kept ones leave, refused ones wait for a person."""
        freed = 0
        now = self._now().timestamp()
        with self._transaction():
            for message, answer in outcomes:
                row = self._execute(
                    "SELECT size, day FROM message WHERE place = ? AND state = 0", [message.place]
                ).fetchone()
                if row is None:
                    continue
                if answer.fate is Fate.KEPT:
                    freed += row[0]
                    self._execute(
                        "INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?, ?)",
                        [message.key, message.place, message.source, answer.receipt, message.rows, now],
                    )
                    self._execute("DELETE FROM message WHERE place = ?", [message.place])
                    self._count(message.source, row[1], "sent", message.rows)
                else:
                    self._execute(
                        "UPDATE message SET state = 1, told = ? WHERE place = ?",
                        [self._told(answer.receipt, answer.reasons), message.place],
                    )
                    self._count(message.source, row[1], "refused", message.rows)
        with self.room:
            self._size -= freed
            self.room.notify_all()

    def _told(self, receipt: str, reasons: Sequence[Told]) -> bytes:
        said = [
            {"severity": one.severity, "code": one.code, "place": one.place, "text": one.text}
            for one in reasons
        ]
        return self.seal.seal(json.dumps({"receipt": receipt, "reasons": said}).encode(), "told")

    # -- the refused

    def refused(self, *, limit: int = 200, after: int = 0) -> list[Refusal]:
        """Refused messages, the oldest first."""
        with self._lock:
            rows = self._execute(
                "SELECT place, source, door, media, rows, size, made, told FROM message"
                " WHERE state = 1 AND place > ? ORDER BY place LIMIT ?",
                [after, limit],
            ).fetchall()
        return [self._refusal(row) for row in rows]

    def _refusal(self, row: tuple[Any, ...]) -> Refusal:
        said = json.loads(self.seal.open(row[7], "told"))
        place, source, door, media, rows, size, made = row[:7]
        return Refusal(place, source, door, media, rows, size, made, said["receipt"], tuple(said["reasons"]))

    def refused_body(self, place: int) -> bytes | None:
        """The raw message of a refusal."""
        with self._lock:
            row = self._execute(
                "SELECT source, body FROM message WHERE place = ? AND state = 1", [place]
            ).fetchone()
        return None if row is None else self.seal.open(row[1], row[0])

    def resend(self, places: Sequence[int] | None = None) -> int:
        """Let refused messages (or all of them) wait again, as new ones behind the others; tell how many."""
        with self._transaction():
            for place in self._refused_places(places):
                key = uuid.uuid4().hex  # a new one: under the old one the platform would give its old answer
                self._execute(
                    "INSERT INTO message (state, source, key, door, media, lane, size, rows, day, made, body)"
                    " SELECT 0, source, ?, door, media, lane, size, rows, day, made, body FROM message"
                    " WHERE place = ?",
                    [key, place],
                )
                self._leave(place)
            return self._changed

    def discard(self, places: Sequence[int]) -> int:
        """Let refused messages go, for good; tell how many."""
        with self._transaction():
            for place in self._refused_places(places):
                self._leave(place)
        self.recount()
        return self._changed

    _changed = 0

    def _refused_places(self, places: Sequence[int] | None) -> list[int]:
        there = [row[0] for row in self._execute("SELECT place FROM message WHERE state = 1 ORDER BY place")]
        chosen = there if places is None else sorted(set(there) & set(places))
        self._changed = len(chosen)
        return chosen

    def _leave(self, place: int) -> None:
        source, day, rows = self._execute(
            "SELECT source, day, rows FROM message WHERE place = ?", [place]
        ).fetchone()
        self._count(source, day, "refused", -rows)
        self._execute("DELETE FROM message WHERE place = ?", [place])

    # -- looking

    def level(self) -> Level:
        """How full the buffer is."""
        with self._lock:
            rows = self._execute(
                "SELECT state, count(*), sum(size), min(made) FROM message GROUP BY state"
            ).fetchall()
        counts = {row[0]: row[1:] for row in rows}
        waiting, refused = counts.get(WAITING, (0, 0, None)), counts.get(REFUSED, (0, 0, None))
        return Level(waiting[0], refused[0], waiting[1] + refused[1], waiting[2])

    def waiting_by_source(self) -> dict[str, int]:
        with self._lock:
            return dict(
                self._execute(
                    "SELECT source, count(*) FROM message WHERE state = 0 GROUP BY source"
                ).fetchall()
            )

    def recount(self) -> None:
        """Look anew at how much there is: another process may have taken something away."""
        size = self.level().size
        with self.room:
            self._size = size
            self.room.notify_all()

    def counts(self, since: str) -> list[dict[str, Any]]:
        """What was expected, captured, sent and refused, by source and day."""
        with self._lock:
            rows = self._execute(
                "SELECT source, day, expected, captured, sent, refused FROM count WHERE day >= ? ORDER BY day, source",
                [since],
            ).fetchall()
        return [
            dict(zip(("source", "day", "expected", "captured", "sent", "refused"), row, strict=True))
            for row in rows
        ]

    def expect(self, source: str, day: str, number: int) -> None:
        """Keep how many the institution's own database counts for a day."""
        with self._transaction():
            self._execute(
                "INSERT INTO count (source, day, expected) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET expected = excluded.expected",
                [source, day, number],
            )

    def receipts(self, *, limit: int) -> list[dict[str, Any]]:
        """The last receipts, the latest first."""
        with self._lock:
            rows = self._execute(
                "SELECT source, receipt, rows, moment FROM receipt ORDER BY moment DESC LIMIT ?", [limit]
            ).fetchall()
        return [dict(zip(("source", "receipt", "rows", "moment"), row, strict=True)) for row in rows]

    def tidy(self) -> None:
        """Drop old receipts and counts, and give free pages back to the disk."""
        old = self._now().timestamp() - self._part.receipt_days * 86400
        with self._transaction():
            self._execute("DELETE FROM receipt WHERE moment < ?", [old])
        with self._lock:
            self._connection.executescript("PRAGMA incremental_vacuum(2000)")  # `execute` would free one page

    def say(self, standing: dict[str, Any]) -> None:
        """Keep what the running process says of itself, for those who ask from outside."""
        sealed = self.seal.seal(json.dumps(standing).encode(), "standing")
        with self._transaction():
            self._execute("INSERT OR REPLACE INTO standing VALUES ('said', ?)", [sealed])

    def said(self) -> dict[str, Any]:
        """What the process last said; empty where it never ran."""
        with self._lock:
            row = self._execute("SELECT value FROM standing WHERE name = 'said'").fetchone()
        found = json.loads(self.seal.open(row[0], "standing")) if row else {}
        return dict(found)
