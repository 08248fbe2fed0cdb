"""The audit: from the sources' rows to the entries, from the entries to the tree, from the tree to the signed heads.

Everything is recomputed and nothing is believed: a row that was altered, removed or inserted is named; so is an
entry, a tile or a head. What was erased by ``actions.erase`` is not missing. The audit reads while the log
goes on, up to the size that the log had when it began.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import NoteError
from xinglin.ledger import checkpoints, entries, queries, sources, tiles, tree
from xinglin.ledger.actions import DROP, ERASE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from xinglin.crypto.signed_notes import VerifierKey
    from xinglin.ledger.entries import Entry
    from xinglin.ledger.queries import Row
    from xinglin.ledger.sources import Entered, Source
    from xinglin.record.database import Connection

Pair = tuple["Row", "Entry"]
CHUNK = 16 * tiles.WIDTH
MOST = 1000  # findings that are told; more are counted


class What(StrEnum):
    """What can be wrong."""

    ROW_ALTERED = "row altered"
    ROW_REMOVED = "row removed"
    ROW_INSERTED = "row inserted"
    ENTRY_ALTERED = "entry altered"
    ENTRY_REMOVED = "entry removed"
    ENTRY_INSERTED = "entry inserted"
    SALT_REMOVED = "salt removed"
    TILE_ALTERED = "tile altered"
    HEAD_WRONG = "head wrong"
    SOURCE_UNKNOWN = "source unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and which row or entry it is."""

    what: What
    subject: str  # access/17, Patient/p1/_history/2, entry 5, tile/0/000, head 12
    index: int | None = None  # the entry, where there is one
    detail: str = ""


@dataclass(slots=True)
class Report:
    size: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.counts["findings"]

    def find(self, what: What, subject: str, index: int | None = None, detail: str = "") -> None:
        self.counts["findings"] += 1
        if len(self.findings) < MOST:
            self.findings.append(Finding(what, subject, index, detail))

    def as_data(self) -> dict[str, Any]:
        return {
            "size": self.size, "clean": self.clean, "counts": dict(self.counts),
            "findings": [asdict(finding) for finding in self.findings],
        }  # fmt: skip


def audit(
    connection: Connection, keys: Collection[VerifierKey], *, progress: Callable[[int], None] = lambda _: None
) -> Report:
    """Audit the whole log.

    ``keys`` are the public keys of everything that has ever signed; ``progress`` hears how many entries are done.
    """
    report = Report(queries.size(connection))
    walk = _Walk(connection, report)
    heads = _heads(connection, keys, report)
    for first in range(0, report.size, CHUNK):
        end = min(first + CHUNK, report.size)
        rows = queries.rows(connection, first, end)
        walk.chunk(first, end, rows, heads)
        progress(end)
    _surplus(connection, report)
    for name, place, since in connection.execute("SELECT name, place, since FROM ledger_source").fetchall():
        _strays(connection, report, name, place, since)
    return report


def _heads(connection: Connection, keys: Collection[VerifierKey], report: Report) -> dict[int, bytes]:
    """The roots that were signed, by size; heads whose signature is wrong are found here."""
    roots: dict[int, bytes] = {}
    for size, root, note in connection.execute(
        "SELECT size, root, note FROM ledger_checkpoint ORDER BY size"
    ).fetchall():
        report.counts["heads"] += 1
        try:
            parsed = signed_notes.parse(note)
            head = checkpoints.parse(parsed.text)
            if not signed_notes.verify(parsed, keys):
                raise NoteError("No key of this log has signed it")
        except NoteError as wrong:
            report.find(What.HEAD_WRONG, f"head {size}", detail=f"{wrong}.")
            continue
        if (head.size, head.root) != (size, bytes(root)):
            report.find(What.HEAD_WRONG, f"head {size}", detail="The row and what was signed differ.")
        roots[head.size] = head.root
    if report.size and report.size not in roots:
        report.find(What.HEAD_WRONG, f"head {report.size}", detail="The present size has no signed head.")
    return roots


@dataclass(frozen=True, slots=True)
class Gone:
    """What entries say is not there any more: single entries erased, and sources dropped until a time."""

    erased: set[int]
    dropped: dict[str, str]


class _Walk:
    """Goes through the log from its beginning, with the tree as it grows from the entries and from the tiles."""

    def __init__(self, connection: Connection, report: Report) -> None:
        self.connection = connection
        self.report = report
        self.told = tiles.Edge()  # the tree as the tiles have it
        self.made = tiles.Edge()  # the tree as the entries make it
        self.told_changed: dict[tuple[int, int], bytes] = {}
        self.made_changed: dict[tuple[int, int], bytes] = {}
        self.broken = False
        self.suspects: list[int] = []  # entries that are not what the tiles say, not yet judged
        self.gone = Gone(_erased(connection), _dropped(connection))
        self.altered: set[tuple[int, int]] = set()

    def chunk(self, first: int, end: int, rows: Sequence[Row], heads: dict[int, bytes]) -> None:
        by_index = {row.index: row for row in rows}
        stored = self._tiles(first, end)
        stops = sorted({size for size in heads if first < size <= end} | {end})
        start = first
        for stop in stops:
            told = stored[start - first : stop - first]
            made = [
                tree.leaf_hash(by_index[index].leaf) if index in by_index else b""
                for index in range(start, stop)
            ]
            self._add(start, told, made)
            if stop in heads:
                self._compare(stop, heads[stop])
            start = stop
        for index in range(first, end):
            if index not in by_index:
                self.report.find(What.ENTRY_REMOVED, f"entry {index}", index)
        self.report.counts["entries"] += len(rows)
        by_source: dict[str, list[Pair]] = {}
        for pair in _readable(self.report, rows):
            by_source.setdefault(pair[1].source, []).append(pair)
        for source, pairs in sorted(by_source.items()):
            _rows(self.connection, self.report, source, pairs, self.gone)
        self._columns(first, end, [pair for pairs in by_source.values() for pair in pairs])

    def _columns(self, first: int, end: int, pairs: Sequence[Pair]) -> None:
        """What entries are searched by is what they say."""
        found = queries.columns(self.connection, first, end)
        for row, e in pairs:
            if found.get(row.index) != (e.kind, e.source, e.place, e.part, e.time):
                detail = "The columns by which it is found differ from the entry."
                self.report.find(What.ENTRY_ALTERED, f"entry {row.index}", row.index, detail)

    def _tiles(self, first: int, end: int) -> list[bytes]:
        """The leaf hashes as the tiles have them; empty where a tile is too short."""
        found: list[bytes] = []
        for number in range(first // tiles.WIDTH, -(-end // tiles.WIDTH)):
            held = tiles.hashes(queries.tile(self.connection, 0, number))[: end - number * tiles.WIDTH]
            found += held + [b""] * (min(tiles.WIDTH, end - number * tiles.WIDTH) - len(held))
        return found

    def _add(self, start: int, told: list[bytes], made: list[bytes]) -> None:
        """Let both trees grow, and remember where they part."""
        for index, (t, m) in enumerate(zip(told, made, strict=True), start):
            if not t:
                self._tile(0, index // tiles.WIDTH)
            elif m and t != m:
                self.suspects.append(index)
        whole = [t or m or bytes(32) for t, m in zip(told, made, strict=True)]
        if self.suspects:
            changed = self.made.add([m or t or bytes(32) for t, m in zip(told, made, strict=True)])
            self.made_changed |= changed
            self.told_changed |= self.told.add(whole)
        else:
            changed = self.told.add(whole)
            self.told_changed |= changed
            self.made_changed |= changed
            self.made = _copied(self.told)

    def _tile(self, level: int, number: int) -> None:
        """A tile is wrong: told once."""
        if (level, number) not in self.altered:
            self.altered.add((level, number))
            self.report.find(What.TILE_ALTERED, tiles.Place(level, number).path)

    def _upper(self, changed: dict[tuple[int, int], bytes]) -> None:
        """Tiles above the first level are the roots of those below."""
        for (level, number), content in changed.items():
            if level:
                self.report.counts["tiles"] += 1
                if queries.tile(self.connection, level, number)[: len(content)] != content:
                    self._tile(level, number)

    def _compare(self, size: int, root: bytes) -> None:
        """Judge by a signed head who is right where tiles and entries differ."""
        if self.broken:
            return
        if self.told.root() == root:
            self._entries_altered()
            self._upper(self.told_changed)
            self.made = _copied(self.told)
        elif self.made.root() == root:
            for index in self.suspects:
                self._tile(0, index // tiles.WIDTH)
            self._upper(self.made_changed)
            self.told = _copied(self.made)
        else:
            self._entries_altered()
            detail = "Neither the entries nor the tiles lead to what was signed."
            self.report.find(What.HEAD_WRONG, f"head {size}", detail=detail)
            self.broken = True  # every later head is wrong for the same reason
        self.suspects = []
        self.told_changed = {}
        self.made_changed = {}

    def _entries_altered(self) -> None:
        for index in self.suspects:
            self.report.find(What.ENTRY_ALTERED, f"entry {index}", index)


def _copied(edge: tiles.Edge) -> tiles.Edge:
    return tiles.Edge(edge.size, [list(row) for row in edge.open])


def _readable(report: Report, rows: Sequence[Row]) -> list[Pair]:
    """The rows with their entries read; those that are not entries of ours are found here."""
    pairs: list[Pair] = []
    for row in rows:
        try:
            pairs.append((row, row.entry))
        except ValueError as wrong:
            report.find(What.ENTRY_ALTERED, f"entry {row.index}", row.index, f"{wrong}.")
    return pairs


def _erased(connection: Connection) -> set[int]:
    """The entries of which an entry says that they were erased."""
    found = connection.execute(
        "SELECT key FROM ledger_entry WHERE source = %s AND kind = %s AND key IS NOT NULL UNION"
        " SELECT key FROM ledger_queue WHERE kind = %s AND key IS NOT NULL",
        [sources.OWN, ERASE, ERASE],
    )
    return {int(key) for (key,) in found if key.isdecimal()}


def _dropped(connection: Connection) -> dict[str, str]:
    """By source: until when, by an entry that says so, its rows have been dropped because their time was over."""
    found = connection.execute(
        "SELECT key FROM ledger_entry WHERE source = %s AND kind = %s AND key IS NOT NULL UNION"
        " SELECT key FROM ledger_queue WHERE kind = %s AND key IS NOT NULL",
        [sources.OWN, DROP, DROP],
    )
    until: dict[str, str] = {}
    for (key,) in found:
        source, _, before = key.partition(" ")
        until[source] = max(before, until.get(source, ""))
    return until


def _rows(connection: Connection, report: Report, source: str, pairs: Sequence[Pair], gone: Gone) -> None:
    """Compare entries of one source with its rows as they are now."""
    finder = sources.finder(source)
    if finder is None:
        for row, _ in pairs:
            report.find(
                What.SOURCE_UNKNOWN, f"entry {row.index}", row.index, f"No source is called {source!r}."
            )
        return
    kept: list[Pair] = []
    for pair in pairs:
        index = pair[0].index
        if pair[0].salt is not None:
            kept.append(pair)
        elif index in gone.erased:
            report.counts["erased"] += 1
        elif pair[1].time < gone.dropped.get(source, ""):
            report.counts["dropped"] += 1
        else:
            report.find(What.SALT_REMOVED, f"entry {index}", index, "No entry says that it was erased.")
    report.counts[f"rows of {source}"] += len(kept)
    _compare_rows(connection, report, finder, kept)


def _compare_rows(
    connection: Connection, report: Report, finder: Source | Entered, pairs: Sequence[Pair]
) -> None:
    known = [sources.Known(row.index, e.place, e.part, row.key, e.kind) for row, e in pairs]
    present = finder.again(connection, known)
    for row, entry in pairs:
        assert row.salt is not None
        event = present.get((entry.place, entry.part))
        if event is not None and hashlib.sha256(row.salt + event).hexdigest() == entry.sha256:
            continue
        subject = f"{entry.source}/{entry.place}" + (f"/{entry.part}" if entry.part else "")
        if event is None:
            report.find(What.ROW_REMOVED, subject, row.index, row.key or "")
        else:
            report.find(What.ROW_ALTERED, subject, row.index, _named(event))


def _named(event: bytes) -> str:
    """What an altered row says of itself now, as far as it names a resource."""
    held = entries.read(event)
    if "version" in held:
        return f"{held.get('type')}/{held.get('id')}/_history/{held.get('version')}"
    return ""


def _surplus(connection: Connection, report: Report) -> None:
    """Entries behind the end, and numbers that were given twice."""
    rows: Iterable[tuple[int]] = connection.execute(
        "SELECT index FROM ledger_entry WHERE index >= (SELECT size FROM ledger_head) ORDER BY index LIMIT %s",
        [MOST],
    ).fetchall()
    for (index,) in rows:
        report.find(What.ENTRY_INSERTED, f"entry {index}", index, "The log has not come so far.")
    rows = connection.execute(
        "SELECT index FROM ledger_entry GROUP BY index HAVING count(*) > 1 ORDER BY index LIMIT %s", [MOST]
    ).fetchall()
    for (index,) in rows:
        report.find(What.ENTRY_INSERTED, f"entry {index}", index, "There are two entries of this number.")
    twice = connection.execute(
        "SELECT source, place, part, max(index) FROM ledger_entry WHERE index < %s GROUP BY source, place, part"
        " HAVING count(*) > 1 ORDER BY 4 LIMIT %s",
        [report.size, MOST],
    ).fetchall()
    for source, place, part, index in twice:
        report.find(
            What.ENTRY_INSERTED, f"entry {index}", index, f"{source}/{place}/{part} was entered before."
        )


def _strays(connection: Connection, report: Report, name: str, place: int, since: int) -> None:
    source = sources.named(name)
    if source is None:
        return
    for stray, subject in source.strays(connection, since=since, upto=place):
        detail = "" if stray else "No entry has this version."
        report.find(What.ROW_INSERTED, subject, None, detail)
