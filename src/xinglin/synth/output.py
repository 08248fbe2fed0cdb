"""Writing a region to files or standard output.

A directory gets ``directory.ndjson.gz``, ``residents-0001.ndjson.gz`` … and ``truth.ndjson``. A file name
ending in ``.ndjson`` or ``.ndjson.gz`` gets everything, with ``<name>.truth.ndjson`` beside it; with standard
output the truth goes to ``truth.ndjson`` where the command runs. Compressed files are complete gzip members
one after another, which every gzip reader takes as one.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import orjson

from xinglin.kernel import errors
from xinglin.synth import directory, households
from xinglin.synth.stream import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xinglin.synth.plan import Plan

_PER_FILE = 50_000 // households.BLOCK  # blocks
_LEVEL = 3


@dataclass(slots=True)
class Written:
    """What has been written so far."""

    bundles: int = 0
    resources: int = 0
    bytes: int = 0


def lines(bundle: bytes, form: str) -> bytes:
    """A bundle as its line, or each of its resources as a line of its own."""
    if form == "bundles":
        return bundle + b"\n"
    return b"".join(orjson.dumps(entry["resource"]) + b"\n" for entry in orjson.loads(bundle)["entry"])


class _Sink:
    """Where lines go: a file, compressed if its name ends in ``.gz``, or standard output."""

    def __init__(self, path: Path | None) -> None:
        self._file: BinaryIO = sys.stdout.buffer if path is None else path.open("wb")
        self._owned = path is not None
        self._compress = path is not None and path.suffix == ".gz"

    def write(self, text: bytes) -> None:
        self._file.write(gzip.compress(text, _LEVEL, mtime=0) if self._compress else text)

    def close(self) -> None:
        self._file.flush()
        if self._owned:
            self._file.close()


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
    truth = _Sink(_truth_path(out))
    sinks = _sinks(out)
    sink = next(sinks)
    try:
        _put(sink, directory.transactions(plan.residents), form, done)
        for number, made in enumerate(portions(plan, processes)):
            if number % _PER_FILE == 0:
                sink = _following(sinks, sink)
            _put(sink, made.bundles, form, done)
            truth.write(b"".join(line + b"\n" for line in made.truth))
            if tell is not None:
                tell(done)
    finally:
        sink.close()
        truth.close()
    return done


def _put(sink: _Sink, made: Iterable[bytes], form: str, done: Written) -> None:
    text = bytearray()
    for bundle in made:
        done.bundles += 1
        done.resources += bundle.count(b'"request":{"method"')
        text += lines(bundle, form)
    done.bytes += len(text)
    sink.write(bytes(text))


def _following(sinks: Iterator[_Sink], sink: _Sink) -> _Sink:
    after = next(sinks)
    if after is not sink:
        sink.close()
    return after


def _is_file(out: str) -> bool:
    return out.endswith((".ndjson", ".ndjson.gz"))


def _truth_path(out: str) -> Path:
    if out == "-":
        return Path("truth.ndjson")
    if _is_file(out):
        return Path(out.removesuffix(".gz").removesuffix(".ndjson") + ".truth.ndjson")
    Path(out).mkdir(parents=True, exist_ok=True)
    return Path(out) / "truth.ndjson"


def _sinks(out: str) -> Iterator[_Sink]:
    """The file of the directory, then one for each portion of the residents."""
    if out == "-" or _is_file(out):
        only = _Sink(None if out == "-" else Path(out))
        while True:
            yield only
    yield _Sink(Path(out) / "directory.ndjson.gz")
    number = 0
    while True:
        number += 1
        yield _Sink(Path(out) / f"residents-{number:04d}.ndjson.gz")
