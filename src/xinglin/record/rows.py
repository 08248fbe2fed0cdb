"""Rows of the record's tables in PostgreSQL's binary COPY format.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY
Written by hand because this is the hottest loop of the platform: one ``struct`` call a row.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xinglin.record.database import Connection
    from xinglin.record.drafts import Draft

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_INT8_OID = 20

# columns: self vid tx patient [date] version type shard, then id, tokens, body
_DATED = struct.Struct(">h iq iq iq iq id ii ih ih i")
_UNDATED = struct.Struct(">h iq iq iq iq i ii ih ih i")
_LENGTH = struct.Struct(">i")
_RANGE = struct.Struct(">h iq id id ii ii ih")
_STRING = struct.Struct(">h iq ii ih i")
_BUFFER = 1 << 18

RESOURCE = (
    "COPY record_resource (self, vid, tx, patient, date, version, type, shard, id, tokens, body) "
    "FROM STDIN (FORMAT binary)"
)
RANGE = "COPY record_range (vid, lo, hi, key, unit, shard) FROM STDIN (FORMAT binary)"
STRING = "COPY record_string (vid, key, shard, value) FROM STDIN (FORMAT binary)"


@lru_cache(maxsize=2048)
def _array(count: int) -> Callable[..., bytes]:
    """Packs ``count`` integers as a one-dimensional bigint[] with its length in front."""
    return struct.Struct(">i iii ii" + "iq" * count if count else ">i iii").pack


def tokens(values: Sequence[int]) -> bytes:
    """``bigint[]``, its length in front."""
    count = len(values)
    if not count:
        return _array(0)(12, 0, 0, _INT8_OID)
    flat = [8] * (2 * count)
    flat[1::2] = values
    return _array(count)(20 + 12 * count, 1, 0, _INT8_OID, count, 1, *flat)


def resource(draft: Draft, tx: int) -> bytes:
    """One row of ``record_resource``."""
    id_ = draft.id.encode()
    if draft.date is None:
        head = _UNDATED.pack(
            11, 8, draft.number, 8, draft.vid, 8, tx, 8, draft.patient, -1,
            4, draft.version, 2, draft.type, 2, draft.shard, len(id_),
        )  # fmt: skip
    else:
        head = _DATED.pack(
            11, 8, draft.number, 8, draft.vid, 8, tx, 8, draft.patient, 8, draft.date,
            4, draft.version, 2, draft.type, 2, draft.shard, len(id_),
        )  # fmt: skip
    return b"".join((head, id_, tokens(draft.tokens), _LENGTH.pack(len(draft.body)), draft.body))


def ranges(draft: Draft) -> Iterable[bytes]:
    """The rows of ``record_range`` of one version."""
    pack, vid, shard = _RANGE.pack, draft.vid, draft.shard
    return [pack(6, 8, vid, 8, lo, 8, hi, 4, key, 4, unit, 2, shard) for key, unit, lo, hi in draft.ranges]


def strings(draft: Draft) -> Iterable[bytes]:
    """The rows of ``record_string`` of one version."""
    pack, vid, shard = _STRING.pack, draft.vid, draft.shard
    made = []
    for key, value in draft.strings:
        encoded = value.encode()
        made.append(pack(4, 8, vid, 4, key, 2, shard, len(encoded)) + encoded)
    return made


def copy(connection: Connection, statement: str, rows: Sequence[bytes]) -> None:
    """Send the rows; nothing is sent where there are none."""
    if not rows:
        return
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        pending: list[Any] = [_HEADER]
        size = 0
        for row in rows:
            pending.append(row)
            size += len(row)
            if size > _BUFFER:
                stream.write(b"".join(pending))
                pending, size = [], 0
        pending.append(_TRAILER)
        stream.write(b"".join(pending))
