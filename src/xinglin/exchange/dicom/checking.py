"""Whether tables and files agree: what is missing, what was altered, what nothing names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.crypto.sealing import SealBroken
from xinglin.crypto.streams import Unreadable
from xinglin.exchange.dicom import indexing
from xinglin.exchange.dicom.keeping import Missing, digest_of, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.database import Connection

_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is not as it should be. ``what``: missing, altered, length, unnamed."""

    what: str
    digest: str
    study: str = ""
    uid: str = ""
    sender: str = ""


@dataclass(slots=True)
class Report:
    """What was looked at and what was found."""

    instances: int = 0
    files: int = 0
    found: list[Found] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Files that nothing names do no harm: they go when the daily work is done."""
        return not any(one.what != "unnamed" for one in self.found)


def check(connection: Connection, *, fast: bool = False) -> Report:
    """Compare every instance with its file; ``fast``: that it is there, not what is in it."""
    report = Report()
    for digest, size, study, uid, sender in _instances(connection):
        report.instances += 1
        what = _state(digest, size, fast=fast)
        if what:
            report.found.append(Found(what, digest.hex(), study, uid, sender))
    batch: list[bytes] = []
    for digest in store().digests():
        report.files += 1
        batch.append(digest)
        if len(batch) == _ROWS:
            report.found += _unnamed(connection, batch)
            batch = []
    report.found += _unnamed(connection, batch)
    return report


def _instances(connection: Connection) -> Iterator[tuple[bytes, int, str, str, str]]:
    after = (-(1 << 63), "")
    while True:
        rows = connection.execute(
            "SELECT i.digest, i.bytes, s.uid, i.uid, s.sender, i.study FROM exchange_dicom_instance i"
            " JOIN exchange_dicom_study s ON s.number = i.study AND s.shard = i.shard"
            " WHERE (i.study, i.uid) > (%s, %s) ORDER BY i.study, i.uid LIMIT %s",
            [*after, _ROWS],
        ).fetchall()
        for digest, size, study, uid, sender, _ in rows:
            yield bytes(digest), size, study, uid, sender
        if len(rows) < _ROWS:
            return
        after = (rows[-1][5], rows[-1][3])


def _state(digest: bytes, size: int, *, fast: bool) -> str:
    """What is wrong with a file, empty if nothing is."""
    try:
        if fast:
            return "" if store().has(digest) else "missing"
        with store().open(digest) as file:
            if digest_of(file) != digest:
                return "altered"
            return "" if file.tell() == size else "length"
    except Missing:
        return "missing"
    except (Unreadable, SealBroken, OSError):
        return "altered"


def _unnamed(connection: Connection, digests: list[bytes]) -> list[Found]:
    named = indexing.named(connection, digests)
    return [Found("unnamed", digest.hex()) for digest in digests if digest not in named]
