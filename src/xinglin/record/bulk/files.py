"""The NDJSON files of an export: compressed, cut where they grow large."""

from __future__ import annotations

import gzip
import os
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 32 * 1024 * 1024  # of a file, before compression: one is held in memory when it is fetched
_LEVEL = 2


class Files:
    """Writes lines into ``<name>.<number>.ndjson.gz`` below ``directory``; a context manager.

    ``written`` lists the finished files: name, number of lines, bytes.
    """

    def __init__(self, directory: Path, name: str, most: int = _MOST_BYTES) -> None:
        self.directory = directory
        self.name = name
        self.most = most
        self.written: list[dict[str, Any]] = []
        self._raw: IO[bytes] | None = None
        self._stream: gzip.GzipFile | None = None
        self._lines = 0
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def write(self, line: bytes) -> None:
        """One resource, without the line feed."""
        if self._stream is None:
            self._begin()
        assert self._stream is not None
        self._stream.write(line + b"\n")
        self._lines += 1
        self._size += len(line) + 1
        if self._size >= self.most:
            self._finish()

    def _begin(self) -> None:
        path = self.directory / f"{self.name}.{len(self.written) + 1:04}.ndjson.gz"
        self._raw = path.open("wb")
        self._stream = gzip.GzipFile("", "wb", _LEVEL, self._raw, mtime=0)
        self._lines = self._size = 0

    def _finish(self) -> None:
        """Close the file when it is surely on disk."""
        if self._stream is None or self._raw is None:
            return
        self._stream.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        name = f"{self.name}.{len(self.written) + 1:04}.ndjson"
        self.written.append({"name": name, "count": self._lines, "bytes": self._size})
        self._raw = self._stream = None
