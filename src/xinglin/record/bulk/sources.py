"""Where resources to be loaded come from: files, plain or gzip, directories of them, the standard input."""

from __future__ import annotations

import gzip
import re
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import orjson
from xxhash import xxh3_128

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STANDARD_INPUT = "-"
_NAMES = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")
_LINE_NAMES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_GZIP = b"\x1f\x8b"
_HEAD = 1 << 16
_BLOCK = 1 << 20
_TYPE = re.compile(rb'"resourceType"\s*:\s*"(\w+)"')
_OUTWARD = re.compile(rb'"reference"\s*:\s*"[A-Z]\w+[/?]')

# What others refer to comes first; types not named here come last.
_FIRST = (
    "SearchParameter", "Organization", "Location", "Practitioner", "PractitionerRole",
    "HealthcareService", "Endpoint", "Substance", "Medication", "Device", "Patient", "RelatedPerson",
    "Person", "Group", "Coverage", "EpisodeOfCare", "CareTeam", "Encounter", "Specimen",
)  # fmt: skip
_LAST = len(_FIRST)
_DIRECTORY = _FIRST.index("Device")


@dataclass(frozen=True, slots=True)
class Source:
    """One file. What has a lower ``rank`` is to be loaded first. ``size`` in bytes, as it lies on disk."""

    path: str
    digest: bytes
    size: int
    lines: bool
    rank: int


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """The content of a source, decompressed where it is gzip."""
    with ExitStack() as stack:
        raw = sys.stdin.buffer if path == STANDARD_INPUT else stack.enter_context(Path(path).open("rb"))
        packed = raw.peek(2)[:2] == _GZIP  # type: ignore[union-attr]  # both are buffered readers
        yield cast("IO[bytes]", stack.enter_context(gzip.open(raw))) if packed else raw


def place(stream: IO[bytes]) -> int:
    """How many bytes of the file on disk have been read through ``stream``."""
    packed = getattr(stream, "fileobj", None)  # of gzip's file: the one below
    return cast("IO[bytes]", packed or stream).tell()


def find(paths: Iterable[str], *, but: Path | None = None) -> list[Source]:
    """The sources at ``paths``, directories searched through, in the order in which to load them.

    ``but`` is left out: what an earlier load refused may lie in the same directory. Raises OSError for a path
    that is not there.
    """
    found = {name: None for path in paths for name in _walk(path)}  # each once, in the given order
    sources = [_described(name) for name in found if but is None or Path(name).absolute() != but.absolute()]
    return sorted(sources, key=lambda source: (source.rank, source.path))


def _walk(path: str) -> Iterator[str]:
    place = Path(path)
    if path != STANDARD_INPUT and place.is_dir():
        yield from sorted(str(p) for p in place.rglob("*") if p.is_file() and p.name.endswith(_NAMES))
    else:
        yield path


def _described(path: str) -> Source:
    if path == STANDARD_INPUT:
        return Source(path, b"", 0, lines=True, rank=_LAST)
    with opened(path) as stream:
        head = stream.read(_HEAD)
    lines = path.endswith(_LINE_NAMES) or _is_lines(head)
    return Source(path, _digest(path), Path(path).stat().st_size, lines, _rank(head, lines=lines))


def _digest(path: str) -> bytes:
    made = xxh3_128()
    with Path(path).open("rb") as stream:
        while block := stream.read(_BLOCK):
            made.update(block)
    return made.digest()


def _is_lines(head: bytes) -> bool:
    """Whether the first line is a whole JSON value."""
    line, ended, _ = head.partition(b"\n")
    try:
        return bool(ended) and isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _rank(head: bytes, *, lines: bool) -> int:
    name = next((found for found in _TYPE.findall(head) if found != b"Bundle"), b"").decode()
    rank = _FIRST.index(name) if name in _FIRST else _LAST
    if not lines and (rank >= _DIRECTORY or _OUTWARD.search(head)):
        return _LAST  # a bundle holds more types than its first
    return rank
