"""Texts that many resources share: a code's display, a concept's text. Each is stored once, resources carry its hash.

A text is learned before the first resource that has it, in a statement of its own, so it does not matter
whether that resource's transaction succeeds; a process remembers what it has learned.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.record.database import Connection

_MOST = 1 << 17  # texts that a process remembers; then it starts afresh
_HALF, _WHOLE = 1 << 63, 1 << 64

Row = tuple[int, str]

_hashes: dict[Row, int] = {}  # texts that are in the database
_new: dict[Row, int] = {}  # texts that are still to be written
_lock = threading.Lock()
_aside: tuple[int, str, Connection] | None = None


def share(strings: Iterable[Row], shared: frozenset[int], tokens: list[int]) -> list[Row]:
    """Put the hashes of shared texts into ``tokens``; give back the strings that are not shared."""
    kept = []
    for row in strings:
        if row[0] in shared:
            number = _hashes.get(row)
            if number is None:
                number = _new[row] = _hash(row)
            if number not in tokens:
                tokens.append(number)
        else:
            kept.append(row)
    return kept


def learn() -> None:
    """Write the texts that ``share`` saw first; to be called before resources that have them are stored."""
    if not _new:
        return
    with _lock:
        rows = dict(_new)
        if not rows:
            return
        _connection().execute(
            "INSERT INTO record_text (hash, key, value)"
            " SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::text[]) ON CONFLICT DO NOTHING",
            [list(rows.values()), [key for key, _ in rows], [value for _, value in rows]],
        )
        if len(_hashes) + len(rows) > _MOST:
            _hashes.clear()
        _hashes.update(rows)
        for row in rows:
            _new.pop(row, None)


def _hash(row: Row) -> int:
    number = xxh3_64_intdigest(f"{row[0]}\x1f{row[1]}".encode())
    return number - _WHOLE if number >= _HALF else number


def _connection() -> Connection:
    """The process's connection for this alone, outside whatever transaction the writer is in."""
    global _aside  # noqa: PLW0603 -- one for the process
    held = _aside
    target = database.target()
    if held is None or held[:2] != (os.getpid(), target) or held[2].closed or held[2].broken:
        held = _aside = (os.getpid(), target, database.connect())
    return held[2]
