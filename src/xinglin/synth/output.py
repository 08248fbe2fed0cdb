"""Writing a region to files or standard output.

A directory gets ``directory.ndjson.gz``, ``residents-0001.ndjson.gz`` … and ``truth.ndjson``. A file name
ending in ``.ndjson`` or ``.ndjson.gz`` gets everything, with ``<name>.truth.ndjson`` beside it; with standard
output the truth goes to ``truth.ndjson`` where the command runs. Compressed files are complete gzip members
one after another, which every gzip reader takes as one.
"""

from __future__ import annotations

import gzip
import itertools
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import orjson

from xinglin.kernel import errors
from xinglin.synth import directory, households, registers
from xinglin.synth.post import Portion
from xinglin.synth.stream import parcels, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.synth.plan import Plan

_PER_FILE = 50_000 // households.BLOCK  # blocks
_LEVEL = 3
_BLOCKS_AT_ONCE = 50  # of registers, by one process


@dataclass(slots=True)
class Written:
    """How much has been written: ``bytes`` before compression."""

    bundles: int = 0
    resources: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A portion ready for its file."""

    text: bytes
    truth: bytes
    written: Written


@dataclass(frozen=True, slots=True)
class _Pack:
    """Turns bundles into the lines of a file; runs where the bundles were made."""

    form: str
    compress: bool

    def __call__(self, made: Portion) -> _Parcel:
        count, resources, text = len(made.bundles), 0, bytearray()
        for bundle in made.bundles:
            resources += bundle.count(b'"request":{"method"')
            text += lines(bundle, self.form)
        written = Written(count, resources, len(text))
        packed = gzip.compress(text, _LEVEL, mtime=0) if self.compress else bytes(text)
        return _Parcel(packed, b"".join(line + b"\n" for line in made.truth), written)


def lines(bundle: bytes, form: str) -> bytes:
    """A bundle as its line, or each of its resources as a line of its own."""
    if form == "bundles":
        return bundle + b"\n"
    return b"".join(orjson.dumps(entry["resource"]) + b"\n" for entry in orjson.loads(bundle)["entry"])


def write(
    plan: Plan,
    out: str,
    *,
    form: str = "bundles",
    processes: int = 1,
    tell: Callable[[Written], None] | None = None,
) -> Written:
    """Write the region. ``form`` is ``bundles`` or ``ndjson``; ``tell`` hears of the progress."""
    if form not in {"bundles", "ndjson"}:
        raise errors.invalid(
            "A region is written as bundles or ndjson, not %(given)s.", code="value", given=form
        )
    done = Written()
    pack = _Pack(form, compress=_is_directory(out) or out.endswith(".gz"))
    with ExitStack() as open_files:
        truth = open_files.enter_context(_truth_path(out).open("wb"))
        files = _files(out)
        file = open_files.enter_context(_open(next(files)))
        _put(file, pack(Portion(list(directory.transactions(plan.residents)), [])), done)
        for number, parcel in enumerate(parcels(plan, pack, processes)):
            if number % _PER_FILE == 0 and _is_directory(out):
                file.close()
                file = open_files.enter_context(_open(next(files)))
            _put(file, parcel, done)
            truth.write(parcel.truth)
            if tell is not None:
                tell(done)
    return done


@dataclass(frozen=True, slots=True)
class _Register:
    """The work of one process: the registrations of some blocks as lines."""

    plan: Plan
    dirty: bool
    compress: bool

    def __call__(self, first: int) -> _Parcel:
        register = registers.dirty() if self.dirty else registers.tidy()
        text, truth, count = bytearray(), bytearray(), 0
        for block in range(first, min(first + _BLOCKS_AT_ONCE, self.plan.blocks)):
            for found in registers.of_block(self.plan, block, register):
                text += orjson.dumps(found.patient) + b"\n"
                truth += registers.truth(found) + b"\n"
                count += 1
        packed = gzip.compress(text, _LEVEL, mtime=0) if self.compress else bytes(text)
        return _Parcel(packed, bytes(truth), Written(0, count, len(text)))


def write_registers(plan: Plan, out: str, *, dirty: bool = False, processes: int = 1) -> Written:
    """Write the Patients alone, a line each, without records; into a directory as ``registrations.ndjson.gz``.

    They come resident by resident; ``meta.lastUpdated`` says when each was registered.
    """
    done = Written()
    make = _Register(plan, dirty, compress=_is_directory(out) or out.endswith(".gz"))
    truth_path = _truth_path(out)
    path = Path(out) / "registrations.ndjson.gz" if _is_directory(out) else None if out == "-" else Path(out)
    with ExitStack() as open_files:
        truth = open_files.enter_context(truth_path.open("wb"))
        file = open_files.enter_context(_open(path))
        for parcel in spread(make, range(0, plan.blocks, _BLOCKS_AT_ONCE), processes):
            _put(file, parcel, done)
            truth.write(parcel.truth)
    return done


def _put(file: BinaryIO, parcel: _Parcel, done: Written) -> None:
    file.write(parcel.text)
    done.bundles += parcel.written.bundles
    done.resources += parcel.written.resources
    done.bytes += parcel.written.bytes


def _is_directory(out: str) -> bool:
    return out != "-" and not out.endswith((".ndjson", ".ndjson.gz"))


def _truth_path(out: str) -> Path:
    if out == "-":
        return Path("truth.ndjson")
    if not _is_directory(out):
        return Path(out.removesuffix(".gz").removesuffix(".ndjson") + ".truth.ndjson")
    Path(out).mkdir(parents=True, exist_ok=True)
    return Path(out) / "truth.ndjson"


def _files(out: str) -> Iterator[Path | None]:
    """The file of everything; or in a directory that of the directory, then those of the residents."""
    if out == "-":
        yield None
    elif not _is_directory(out):
        yield Path(out)
    else:
        yield Path(out) / "directory.ndjson.gz"
        for number in itertools.count(1):
            yield Path(out) / f"residents-{number:04d}.ndjson.gz"


def _open(path: Path | None) -> BinaryIO:
    """The file for writing; standard output (a duplicate, to be closed like a file) for None."""
    return os.fdopen(os.dup(sys.stdout.fileno()), "wb") if path is None else path.open("wb")
