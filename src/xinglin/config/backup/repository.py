"""The directory in which a backup lies.

``repository.json``        what it is, and by which key it is sealed
``base/<label>.tar``       a base, with ``base/<label>.json`` beside it once it is whole
``base/<label>.files``     what lies in the platform's home beside the database: keys and secrets
``wal/<segment>``          sixteen mebibytes of the log; ``<segment>.partial`` while it is being written
``reach.json``             up to when everything can be restored

All but the JSON is compressed (zstd) and sealed (``crypto.streams``). Every file is written beside its place and
moved there when it is on disk, so that none is ever half there.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import zstandard

from xinglin.crypto import streams
from xinglin.kernel.errors import conflict, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FORMAT = 1
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class Base:
    """A copy of the database's files: usable once the log reaches ``stop_lsn``."""

    label: str
    started: datetime
    stopped: datetime
    start_lsn: str
    stop_lsn: str
    timeline: int
    server: int  # as in server_version_num
    size: int  # bytes as they lie in the repository

    @property
    def first_segment(self) -> str:
        """The name of the first segment of the log that restoring it needs."""
        return segment_of(self.start_lsn, self.timeline)


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything acknowledged before ``until`` can be restored; the last transaction known of ended at ``pulse``."""

    until: datetime
    pulse: datetime
    lsn: str


def segment_of(lsn: str, timeline: int) -> str:
    """The name of the file (of 16 MiB) in which a place of the log lies."""
    high, low = (int(part, 16) for part in lsn.split("/"))
    return f"{timeline:08X}{high:08X}{low >> 24:08X}"


def place_of(lsn: str) -> int:
    """A place of the log as a number that can be compared."""
    high, low = (int(part, 16) for part in lsn.split("/"))
    return high << 32 | low


def make_key(path: Path) -> bytes:
    """Write a new key to ``path``, for its owner alone; a file that is there is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(streams.KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise conflict("There is a key at %(path)s already. Move it away first.", path=path) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(key.hex() + "\n")
    return key


def read_key(path: Path) -> bytes:
    """The key that ``make_key`` wrote; faults say what is wrong with the file."""
    try:
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        raise not_found(
            "There is no key at %(path)s. Give the copy that was kept, with --key.", path=path
        ) from None
    except ValueError:
        key = b""
    if len(key) != streams.KEY_BYTES:
        raise invalid("%(path)s is no key: a key is one line of 64 hexadecimal digits.", path=path)
    return key


class Repository:
    """A backup's directory, opened with its key."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key

    @classmethod
    def create(cls, path: Path, key: bytes, now: datetime) -> Repository:
        """Make an empty repository; ``conflict`` where something else lies."""
        if path.exists() and any(path.iterdir()):
            raise conflict("%(path)s is not empty. Choose an empty or a new directory.", path=path)
        made = cls(path, key)
        for name in ("base", "wal"):
            (path / name).mkdir(parents=True, exist_ok=True)
        made._put_json("repository.json", {"format": _FORMAT, "made": now.isoformat(), "key": _mark(key)})
        return made

    @classmethod
    def open(cls, path: Path, key: bytes) -> Repository:
        """Open what ``create`` made; faults where there is none, or where it has another key."""
        try:
            about = json.loads((path / "repository.json").read_text())
        except FileNotFoundError:
            raise not_found(
                "%(path)s is no backup: it has no repository.json. 'xinglin backup init' makes one.",
                path=path,
            ) from None
        if about.get("format") != _FORMAT:
            raise invalid("%(path)s was made by another version of Xinglin.", path=path)
        if about["key"] != _mark(key):
            raise invalid("%(path)s is sealed with another key than the one given.", path=path)
        return cls(path, key)

    # -- sealed files

    def put(self, name: str, pieces: Iterable[bytes]) -> int:
        """Compress, seal and keep; the number of bytes kept."""
        target = self.path / name
        beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            with beside.open("wb") as file:
                for sealed in streams.seal(_compressed(pieces), self._key):
                    file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        _settle(target.parent)
        return size

    def get(self, name: str) -> Iterator[bytes]:
        """What was put there; ``Unreadable`` if it is not as it was."""
        with (self.path / name).open("rb") as file:
            reader = zstandard.ZstdDecompressor().decompressobj()
            for piece in streams.unseal(file, self._key):
                yield reader.decompress(piece)
            yield reader.flush()

    def has(self, name: str) -> bool:
        return (self.path / name).exists()

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    # -- what there is

    def note_base(self, base: Base) -> None:
        """Say that the base is whole."""
        said = {**asdict(base), "started": base.started.isoformat(), "stopped": base.stopped.isoformat()}
        self._put_json(f"base/{base.label}.json", said)

    def bases(self) -> list[Base]:
        """The whole bases, the oldest first."""
        found = []
        for path in sorted((self.path / "base").glob("*.json")):
            said = json.loads(path.read_text())
            moments = {name: datetime.fromisoformat(said[name]) for name in ("started", "stopped")}
            found.append(Base(**{**said, **moments}))
        return sorted(found, key=lambda base: base.started)

    def segments(self) -> list[str]:
        """The names of what is kept of the log, timeline histories and a part of a segment included."""
        return sorted(path.name for path in (self.path / "wal").iterdir() if not path.name.startswith("."))

    def note_reach(self, reach: Reach) -> None:
        said = {"until": reach.until.isoformat(), "pulse": reach.pulse.isoformat(), "lsn": reach.lsn}
        self._put_json("reach.json", said)

    def reach(self) -> Reach | None:
        """None before the log has been followed for the first time."""
        path = self.path / "reach.json"
        if not path.exists():
            return None
        said = json.loads(path.read_text())
        return Reach(
            datetime.fromisoformat(said["until"]), datetime.fromisoformat(said["pulse"]), said["lsn"]
        )

    def usable(self, at: datetime | None = None) -> Base:
        """The latest base that can be restored (to ``at``); ``conflict`` says why there is none."""
        reach = self.reach()
        whole = [b for b in self.bases() if reach and place_of(b.stop_lsn) <= place_of(reach.lsn)]
        if not whole:
            raise conflict(
                "This backup has no base that can be restored yet. Let 'xinglin backup run' go on."
            )
        if at is None:
            return whole[-1]
        assert reach is not None
        before = [base for base in whole if base.stopped <= at]
        if not before or at > reach.until:
            raise invalid(
                "%(at)s is out of reach: this backup reaches from %(first)s to %(last)s.",
                at=at.isoformat(), first=whole[0].stopped.isoformat(), last=reach.until.isoformat(),
            )  # fmt: skip
        return before[-1]

    def gaps(self) -> list[str]:
        """The segments that are missing between the start of the oldest base and what was reached."""
        bases, reach = self.bases(), self.reach()
        if not bases or reach is None:
            return []
        have = {
            name.removesuffix(".partial")[8:] for name in self.segments() if not name.endswith(".history")
        }
        first = place_of(bases[0].start_lsn) >> 24
        last = (
            place_of(reach.lsn) - 1
        ) >> 24  # a place at a segment's very start lies at the end of the one before
        wanted = (f"{number >> 8:08X}{number & 0xFF:08X}" for number in range(first, last + 1))
        return [f"{bases[0].timeline:08X}{name}" for name in wanted if name not in have]

    def prune(self, keep: int) -> tuple[int, int]:
        """Drop all but the newest ``keep`` bases and the log that only they needed: how many of each."""
        bases = self.bases()
        leaving, staying = bases[:-keep], bases[-keep:]
        for base in leaving:
            self.remove(f"base/{base.label}.json")  # first: what has no JSON is no base
            for kind in ("tar", "files"):
                self.remove(f"base/{base.label}.{kind}")
        first = min((base.first_segment[8:] for base in staying), default="")
        old = [name for name in self.segments() if first and len(name) == 24 and name[8:] < first]
        for name in old:
            self.remove(f"wal/{name}")
        return len(leaving), len(old)

    def _put_json(self, name: str, value: dict[str, Any]) -> None:
        target = self.path / name
        beside = target.with_name(f".{target.name}")
        with beside.open("w") as file:
            json.dump(value, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
        _settle(target.parent)


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    writer = zstandard.ZstdCompressor(level=3).compressobj()
    for piece in pieces:
        for first in range(0, len(piece), _READ):
            yield writer.compress(piece[first : first + _READ])
    yield writer.flush()


def _mark(key: bytes) -> str:
    """By which a key is known without being told."""
    return hashlib.sha256(b"xinglin backup key" + key).hexdigest()[:16]


def _settle(directory: Path) -> None:
    """See that the directory's entries are on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
