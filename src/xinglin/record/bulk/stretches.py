"""What of a source is left to be loaded, cut into stretches for one transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_128_digest

from xinglin.record.bulk import progress, sources
from xinglin.record.bulk.storing import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from xinglin.record.bulk.progress import Stretch
    from xinglin.record.bulk.sources import Source
    from xinglin.record.database import Connection

_MOST_BYTES = 1024 * 1024  # of one stretch

Line = tuple[int, bytes]


def of_document(connection: Connection, source: Source) -> Part | None:
    """The part that a JSON file is, None if all of it has been taken."""
    known = progress.known(connection, source.digest)
    if not known:
        return Part(source.path, source.digest)
    if not known[0].refused:
        return None
    return Part(source.path, source.digest, past=known[0].past, only=known[0].refused)


def of_lines(
    connection: Connection, source: Source, batch: int, moved: Callable[[int], None]
) -> Iterator[Part]:
    """The parts of an NDJSON source, at most ``batch`` lines each.

    ``moved`` is told how many bytes of the file, as it lies on disk, have been read since it was last called.
    """
    known = progress.known(connection, source.digest) if source.digest else []
    with sources.opened(source.path) as stream:
        reached = 0
        for part in _cut(source, enumerate(stream), known, batch):
            place = sources.place(stream) if source.size else 0
            moved(place - reached)
            reached = place
            left = part if source.digest else _left(connection, part)
            if left is not None and left.lines:
                yield left
    moved(source.size - reached)


def _cut(source: Source, lines: Iterable[Line], known: Sequence[Stretch], batch: int) -> Iterator[Part]:
    """Known stretches give what was refused of them; what lies between them is cut anew."""
    coming = iter(known)
    stretch = next(coming, None)
    pending: list[Line] = []
    size = 0
    for number, text in lines:
        while stretch is not None and number >= stretch.past:
            yield _part(source, pending, stretch)
            pending, size, stretch = [], 0, next(coming, None)
        if stretch is not None and number >= stretch.first:
            if number == stretch.first and pending:
                yield _part(source, pending)
                pending, size = [], 0
            if number in stretch.refused:
                pending.append((number, text))
            continue
        if text.strip():
            pending.append((number, text))
            size += len(text)
        if len(pending) >= batch or size >= _MOST_BYTES:
            yield _part(source, pending)
            pending, size = [], 0
    yield _part(source, pending, stretch if stretch and pending and pending[0][0] >= stretch.first else None)


def _part(source: Source, pending: Sequence[Line], stretch: Stretch | None = None) -> Part:
    if stretch is not None:
        first, past = stretch.first, stretch.past
    else:
        first, past = (pending[0][0], pending[-1][0] + 1) if pending else (0, 0)
    return Part(source.path, source.digest, first, past, tuple(pending))


def _left(connection: Connection, part: Part) -> Part | None:
    """A stretch of the standard input, known by its own bytes, or what was refused of it before."""
    lines = part.lines or ()
    digest = xxh3_128_digest(b"".join(text for _, text in lines))
    only = next((s.refused for s in progress.known(connection, digest) if s.first == part.first), None)
    if only is not None:
        lines = tuple(line for line in lines if line[0] in only)
    return Part(part.source, digest, part.first, part.past, tuple(lines)) if lines else None
