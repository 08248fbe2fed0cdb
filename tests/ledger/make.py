"""A log for tests: its keys, its sequencer, and tampering with it as a thief of the database would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from xinglin.crypto import signed_notes
from xinglin.ledger import actions, policies, queries, sequencing

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.crypto.signed_notes import SigningKey
    from xinglin.record.database import Connection

NOW = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
ORIGIN = "region.example/ledger/log"


class Log:
    def __init__(self, connection: Connection, home: Path) -> None:
        self.connection = connection
        self.home = home
        self.key = signed_notes.make_key(ORIGIN, signed_notes.LOG)
        self.policy = policies.Policy(logs=[self.key.verifier])
        sequencing.begin(connection, origin=ORIGIN, now=NOW)

    @property
    def signers(self) -> list[SigningKey]:
        return [self.key]

    def enter(self, count: int = 1, kind: str = "test.event", **event: Any) -> list[int]:
        with self.connection.transaction():
            return [
                actions.enter(
                    self.connection, kind=kind, event={"n": n, **event}, now=NOW + timedelta(milliseconds=n)
                )
                for n in range(count)
            ]

    def turn(self, now: datetime = NOW, limit: int = sequencing.BATCH) -> int:
        return sequencing.turn(self.connection, self.signers, now=now, limit=limit).count

    def drain(self) -> int:
        """Enter everything that waits, the accesses that are still gathered among them."""
        from xinglin.record import access

        access.flush()
        count = 0
        while made := self.turn():
            count += made
        return count

    def grow(self, count: int) -> None:
        """Let the log have so many entries more, quickly."""
        self.connection.execute(
            "INSERT INTO ledger_queue (moment, kind, event)"
            " SELECT %s, 'test.event', convert_to('{\"n\":' || n || '}', 'UTF8') FROM generate_series(1, %s) n",
            [NOW, count],
        )
        self.drain()

    @property
    def size(self) -> int:
        return queries.size(self.connection)

    @property
    def head(self) -> queries.Head:
        found = queries.newest(self.connection, self.policy)
        assert found is not None
        return found

    def write_keys(self) -> None:
        """Put the log's key where the pages look for it."""
        from xinglin.ledger import files

        files.write(self.home / "keys" / "ledger.key", self.key.text + "\n")

    def tamper(self, statement: str, *values: Any) -> None:
        """Change the tables past their triggers."""
        with self.connection.transaction():
            self.connection.execute("SET LOCAL session_replication_role = replica")
            self.connection.execute(statement, values)
