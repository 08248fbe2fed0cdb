"""The tables of the buffer, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from xinglin.edge.words import Saying

FILE = "buffer.sqlite"
WAITING, REFUSED = 0, 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    place INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL,
    door TEXT NOT NULL, media TEXT NOT NULL, lane BLOB NOT NULL, size INTEGER NOT NULL, rows INTEGER NOT NULL,
    day TEXT NOT NULL, made REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, told BLOB, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS message_waiting ON message (state, place, lane, size, made, source);
CREATE TABLE IF NOT EXISTS mark (source TEXT PRIMARY KEY, mark BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    source TEXT NOT NULL, key BLOB NOT NULL, digest BLOB NOT NULL, ordered TEXT NOT NULL, PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_ordered ON seen (source, ordered);
CREATE TABLE IF NOT EXISTS receipt (
    key TEXT PRIMARY KEY, place INTEGER NOT NULL, source TEXT NOT NULL, receipt TEXT NOT NULL, rows INTEGER NOT NULL,
    moment REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS receipt_moment ON receipt (moment);
CREATE TABLE IF NOT EXISTS count (
    source TEXT NOT NULL, day TEXT NOT NULL, expected INTEGER, captured INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS standing (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


class Full(Saying):
    """There is no room: the source keeps what it has and comes again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message as it is sent."""

    place: int
    source: str
    key: str
    door: str
    media: str
    rows: int
    tries: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """One message that the platform, or the mapping, could not use."""

    place: int
    source: str
    door: str
    media: str
    rows: int
    size: int
    made: float
    receipt: str
    reasons: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Level:
    """How full it is."""

    waiting: int
    refused: int
    size: int  # bytes of both
    oldest: float | None  # when the oldest waiting message was captured
