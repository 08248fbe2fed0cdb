"""Rows of messages: writing them in heaps, finding them by receipt, lane, digest and state."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import Door, Envelope, Reason
from xinglin.exchange.receipts import Receipt, State
from xinglin.kernel.errors import not_found
from xinglin.kernel.ids import VersionNumbers, make_id, self_number, shard_of
from xinglin.record import sealing, telling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    import psycopg

    from xinglin.record.database import Connection

    Cursor = psycopg.Cursor[tuple[Any, ...]]

numbers = VersionNumbers()
STATES = (State.RECEIVED, State.STORED, State.QUARANTINED, State.DISCARDED)  # by the number in the table
CODE = {state: number for number, state in enumerate(STATES)}
_RECEIPT = re.compile(r"[0-7][0-9abcdefghjkmnpqrstvwxyz]{14}")
_TYPE = "Message"  # receipts are numbered like resources


@dataclass(slots=True)
class Message:
    """One row. ``original`` is what was sent, ``digest`` what is worked: the same, or the latest edit."""

    number: int
    shard: int
    sender: int
    door: str
    media: str
    kind: str
    control: str
    key: str
    original: bytes
    digest: bytes
    size: int
    lane: int
    sent: datetime | None
    received: datetime
    worked: datetime | None
    state: int
    edits: int
    resources: int
    codes: list[str]
    reasons: bytes | None

    @property
    def receipt(self) -> str:
        """The number as the sender and the pages know it."""
        return make_id(self.number, self.shard)

    @property
    def stands(self) -> State:
        return STATES[self.state]

    @property
    def why(self) -> tuple[Reason, ...]:
        """The reasons, opened."""
        return read_reasons(self.reasons)

    @property
    def envelope(self) -> Envelope:
        """What is kept of the envelope; whose message it is stands in the raw message alone."""
        return Envelope(self.kind, self.control, "", self.sent)

    def told(self, *, repeated: bool = False) -> Receipt:
        return Receipt(self.receipt, self.stands, self.why, repeated, self.envelope)


NAMES = tuple(field.name for field in fields(Message))
COLUMNS = ", ".join(NAMES)
_COPY = f"COPY exchange_message ({COLUMNS}) FROM STDIN"


def number_of(receipt: str) -> tuple[int, int]:
    """Number and shard in a receipt; fault ``not_found`` for what is none."""
    if not _RECEIPT.fullmatch(receipt):
        raise unknown(receipt)
    return self_number(_TYPE, receipt), shard_of(_TYPE, receipt)


def find(connection: Connection, receipt: str, *, lock: bool = False) -> Message:
    """The message with that receipt; fault ``not_found``."""
    number, shard = number_of(receipt)
    row = connection.execute(
        f"SELECT {COLUMNS} FROM exchange_message WHERE number = %s AND shard = %s{' FOR UPDATE' if lock else ''}",
        [number, shard],
    ).fetchone()
    if row is None:
        raise unknown(receipt)
    return of_row(row)


def insert(connection: Connection, made: Sequence[Message]) -> None:
    """Write new rows."""
    if not made:
        return
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for message in made:
            copy.write_row([getattr(message, name) for name in NAMES])


def settle(connection: Connection, worked: Sequence[Message]) -> None:
    """Write what became of messages that are in the table."""
    if not worked:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE exchange_message SET state = %s, worked = %s, resources = %s, codes = %s, reasons = %s,"
            " kind = %s, control = %s, sent = %s WHERE number = %s AND shard = %s",
            [
                (
                    m.state, m.worked, m.resources, m.codes, m.reasons, m.kind, m.control, m.sent, m.number, m.shard,
                )
                for m in worked
            ],
        )  # fmt: skip


def topics(senders: Iterable[int] | None) -> set[str]:
    """What whoever watches messages of these senders waits for; of all with None."""
    return {"messages"} if senders is None else {f"messages/{sender}" for sender in senders}


def changed(found: Iterable[Message]) -> None:
    """Tell whoever watches that there is something new of these messages; after the commit."""
    senders = {message.sender for message in found}
    if senders:
        telling.soon(topics(senders) | topics(None))


def ask_waiting(connection: Connection, lanes: Collection[int], *, limit: int) -> Cursor:
    """Ask for messages in these lanes that were received and not yet worked, in their order: ``rows`` reads them."""
    return connection.execute(
        f"SELECT {COLUMNS} FROM exchange_message WHERE lane = ANY(%s) AND state = 0 ORDER BY number LIMIT %s",
        [list(lanes), limit],
        prepare=True,
    )


def waiting_in(connection: Connection, lanes: Collection[int], *, limit: int) -> list[Message]:
    """Messages in these lanes that were received and not yet worked, in their order."""
    return rows(ask_waiting(connection, lanes, limit=limit)) if lanes else []


def rows(cursor: Cursor) -> list[Message]:
    """The messages that a question is answered with."""
    return [of_row(row) for row in cursor]


def numbered(connection: Connection, wanted: Sequence[tuple[int, int]]) -> list[Message]:
    """The messages of these numbers and shards, in their order."""
    found = connection.execute(
        f"SELECT {COLUMNS} FROM exchange_message WHERE number = ANY(%s) AND shard = ANY(%s) ORDER BY number",
        [[number for number, _ in wanted], list({shard for _, shard in wanted})],
    )
    return rows(found)


def ask_same(connection: Connection, digests: Collection[bytes]) -> Cursor:
    """Ask for messages that came with these bytes, the earliest first: ``same_rows`` reads them."""
    return connection.execute(
        f"SELECT {COLUMNS}, NOT EXISTS (SELECT FROM exchange_message later"
        " WHERE later.lane = m.lane AND later.number > m.number)"
        " FROM exchange_message m WHERE original = ANY(%s) ORDER BY number",
        [list(digests)],
        prepare=True,
    )


def same_rows(cursor: Cursor) -> list[tuple[Message, bool]]:
    """Each message, and whether it is the last of its lane."""
    return [(of_row(row[:-1]), row[-1]) for row in cursor]


def with_keys(connection: Connection, keys: Collection[str]) -> list[Message]:
    """Messages whose senders marked them so, the earliest first."""
    found = connection.execute(
        f"SELECT {COLUMNS} FROM exchange_message WHERE key = ANY(%s) ORDER BY number",
        [list(keys)],
        prepare=True,
    )
    return rows(found)


def ask_latest(connection: Connection, lanes: Collection[int]) -> Cursor:
    """Ask for the highest number in any of these lanes: ``latest_row`` reads it."""
    return connection.execute(
        "SELECT coalesce(max(last.number), 0) FROM unnest(%s::integer[]) AS wanted(lane), LATERAL (SELECT number"
        " FROM exchange_message m WHERE m.lane = wanted.lane ORDER BY number DESC LIMIT 1) last",
        [list(lanes)],
        prepare=True,
    )


def latest_row(cursor: Cursor) -> int:
    """The highest number; 0 where there is none."""
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def backlog(connection: Connection, most: int) -> int:
    """How many messages wait to be worked, counted up to ``most``."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT FROM exchange_message WHERE state = 0 LIMIT %s) waiting", [most]
    ).fetchone()
    assert row is not None
    return int(row[0])


def of_row(row: Sequence[Any]) -> Message:
    """The message that a row of ``COLUMNS`` is."""
    return Message(*row)


# -- reasons: what they quote may be of a person, so they are sealed; their codes are not


def written_reasons(reasons: Iterable[Reason]) -> bytes | None:
    said = [[r.severity, r.code, r.place, r.text, r.params] for r in reasons]
    return sealing.seal(json.dumps(said, ensure_ascii=False, default=str).encode()) if said else None


def read_reasons(sealed: bytes | None) -> tuple[Reason, ...]:
    return tuple(Reason(*said) for said in json.loads(sealing.open_sealed(sealed))) if sealed else ()


def codes_of(reasons: Iterable[Reason]) -> list[str]:
    """What messages are found by: ``error:required``, ``warning:code-invalid``."""
    return sorted({f"{reason.severity}:{reason.code}" for reason in reasons})


def door_of(message: Message) -> Door:
    return Door(message.door)


def unknown(receipt: str) -> Exception:
    """The fault for a receipt that nobody was given."""
    return not_found(gettext_noop("There is no message with the receipt %(receipt)s."), receipt=receipt)
