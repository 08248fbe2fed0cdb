"""What can be asked of messages: lists with filters, the timeline of one, what was done about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange import messages, senders
from xinglin.exchange.messages import CODE, COLUMNS, Message
from xinglin.kernel.ids import ceil_vid, floor_vid
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from xinglin.exchange.receipts import State
    from xinglin.exchange.rights import Scope
    from xinglin.record.database import Connection

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages. ``before`` is the number that a page goes on from."""

    state: State | None = None
    sender: int | None = None
    door: str = ""
    kind: str = ""
    code: str = ""  # of a reason: ``required``, or ``error:required``
    control: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    senders: Collection[int] | None = field(default=None)  # the only ones that may be seen; None for all

    def condition(self) -> tuple[str, list[Any]]:
        """As SQL."""
        parts: list[tuple[str, list[Any]]] = [("true", [])]
        if self.state is not None:
            parts.append((f"state = {CODE[self.state]}", []))  # as it stands, so that a partial index serves
        for column in ("sender", "door", "kind", "control"):
            value = getattr(self, column)
            if value:
                parts.append((f"{column} = %s", [value]))
        if self.code:
            codes = [self.code] if ":" in self.code else [f"error:{self.code}", f"warning:{self.code}"]
            parts.append(("codes && %s", [codes]))
        if self.since:
            parts.append(("number >= %s", [floor_vid(_milliseconds(self.since))]))
        if self.until:
            parts.append(("number <= %s", [ceil_vid(_milliseconds(self.until))]))
        if self.before is not None:
            parts.append(("number < %s", [self.before]))
        if self.senders is not None:
            parts.append(("sender = ANY(%s)", [list(self.senders)]))
        return " AND ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def listed(connection: Connection, wanted: Wanted, *, limit: int = PAGE) -> list[Message]:
    """Messages, the latest first."""
    condition, values = wanted.condition()
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM exchange_message WHERE {condition} ORDER BY number DESC LIMIT %s",
        [*values, limit],
        prepare=False,
    )
    return [messages.of_row(row) for row in rows]


def places(connection: Connection, wanted: Wanted, *, most: int) -> list[tuple[int, int]]:
    """Number and shard of those messages, the earliest first."""
    condition, values = wanted.condition()
    rows = connection.execute(
        f"SELECT number, shard FROM exchange_message WHERE {condition} ORDER BY number LIMIT %s",
        [*values, most],
        prepare=False,
    )
    return [(number, shard) for number, shard in rows]


def count(connection: Connection, wanted: Wanted, *, most: int = 100_000) -> int:
    """How many there are, counted up to ``most``."""
    condition, values = wanted.condition()
    row = connection.execute(
        f"SELECT count(*) FROM (SELECT FROM exchange_message WHERE {condition} LIMIT %s) found",
        [*values, most],
        prepare=False,
    ).fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Heap:
    """Quarantined messages with the same reason, of one sender and door."""

    sender: int
    door: str
    code: str
    count: int


def heaps(connection: Connection, only: Collection[int] | None) -> list[Heap]:
    """What lies in quarantine, by sender, door and kind of error; the largest first."""
    rows = connection.execute(
        "SELECT sender, door, code, count(*) FROM exchange_message, unnest(codes) code"
        " WHERE state = 2 AND starts_with(code, 'error:') AND (%(only)s::integer[] IS NULL OR sender = ANY(%(only)s))"
        " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 50",
        {"only": None if only is None else list(only)},
    )
    return [Heap(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did about a message; ``note`` is why, ``digest`` what an edit made."""

    moment: datetime
    what: str
    actor: str
    note: str
    digest: bytes | None


def steps(connection: Connection, message: Message) -> list[Done]:
    """What was done about a message, in order."""
    rows = connection.execute(
        "SELECT moment, what, actor, note, digest FROM exchange_step WHERE number = %s ORDER BY place",
        [message.number],
    )
    return [Done(row[0], row[1], row[2], sealing.open_text(row[3]), row[4]) for row in rows]


def seen_by(connection: Connection, scope: Scope) -> list[senders.Registered]:
    """The senders whose messages may be seen."""
    return [sender for sender in senders.every(connection) if scope.covers(sender)]


def only(found: list[senders.Registered], scope: Scope) -> list[int] | None:
    """Their numbers for a question; None where all may be seen."""
    return [sender.id for sender in found] if scope.organization else None
