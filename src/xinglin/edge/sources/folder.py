"""Files that appear or change in a folder.

A file is read when it has come to rest. It is cut into messages always in the same way, so that a process that was
killed in the middle goes on behind the last message that is in the buffer.
"""

from __future__ import annotations

import csv
import fnmatch
import hashlib
import io
import json
import shutil
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.edge.configuration import After, Form
from xinglin.edge.messages import Batch, Captured, Seen, csv_text, decoded, hl7_header, hl7_messages
from xinglin.edge.sources.trouble import Trouble
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xinglin.edge.buffer import Buffer
    from xinglin.edge.configuration import FolderSource

_BATCH = 200  # messages in one transaction of the buffer
_LARGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    changed: int  # in nanoseconds

    @property
    def stamp(self) -> Seen:
        return Seen(f"stamp {self.path.name}", f"{self.size} {self.changed}".encode())


class FolderReader:
    """Reads one source. Not for several threads."""

    def __init__(self, source: FolderSource) -> None:
        assert source.folder is not None
        self.source = source
        self._folder = source.folder

    def close(self) -> None:
        """Nothing is held open."""

    def poll(self, buffer: Buffer) -> int:
        """Capture what is new; tell how many messages. Raises ``Trouble``, and ``Full`` from the buffer."""
        captured = 0
        wrong: Trouble | None = None
        for file in self.files():
            try:
                captured += self._take(buffer, file)
            except Trouble as trouble:  # one bad file does not keep the others back
                wrong = wrong or trouble
        if wrong is not None:
            raise wrong
        return captured

    def files(self) -> list[_File]:
        """The files that have come to rest, the oldest first."""
        rest = (clock.milliseconds() + 1) * 1_000_000 - int(self.source.settle * 1e9)
        found = []
        try:
            for path in self._folder.iterdir():
                if path.name.startswith(".") or not fnmatch.fnmatch(path.name, self.source.pattern):
                    continue
                about = path.stat()
                if path.is_file() and about.st_mtime_ns <= rest:
                    found.append(_File(path, about.st_size, about.st_mtime_ns))
        except FileNotFoundError:
            return found  # one was taken away meanwhile; the others come next time
        except OSError as error:
            raise Trouble(gettext_noop("The folder cannot be read: %(why)s."), why=error) from None
        return sorted(found, key=lambda file: (file.changed, file.path.name))

    def _take(self, buffer: Buffer, file: _File) -> int:
        captured = 0
        if buffer.unseen(self.source.name, [file.stamp])[0]:
            body = self._read(file)
            if body is None:
                return 0
            content = Seen(f"content {file.path.name}", body)
            if buffer.unseen(self.source.name, [content])[0]:
                captured = self._capture(buffer, file, body)
            buffer.put(self.source.name, Batch(seen=[file.stamp, content], mark=""))
        self._finish(buffer, file)
        return captured

    def _read(self, file: _File) -> bytes | None:
        """What is in the file; None where it has changed while it was read, or is gone."""
        if file.size > _LARGEST:
            raise Trouble(
                gettext_noop("%(file)s is larger than 1 GB: cut it into several."), file=file.path.name
            )
        try:
            body = file.path.read_bytes()
            about = file.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Trouble(
                gettext_noop("%(file)s cannot be read: %(why)s."), file=file.path.name, why=error
            ) from None
        return body if (about.st_size, about.st_mtime_ns) == (file.size, file.changed) else None

    def _capture(self, buffer: Buffer, file: _File, body: bytes) -> int:
        """Put the file's messages into the buffer, some at a time, from where an earlier process has stopped."""
        digest = hashlib.sha256(body).hexdigest()
        kept = json.loads(buffer.mark(self.source.name) or "{}")
        done = kept["done"] if kept.get("file") == file.path.name and kept.get("digest") == digest else 0
        captured = 0
        batch: list[Captured] = []
        for number, message in enumerate(self.messages(file.path.name, body), 1):
            if number <= done:
                continue
            batch.append(message)
            if len(batch) == _BATCH:
                captured += self._put(buffer, batch, (file.path.name, digest, number))
                batch = []
        if batch:
            captured += self._put(buffer, batch, (file.path.name, digest, done + captured + len(batch)))
        return captured

    def _put(self, buffer: Buffer, batch: list[Captured], reached: tuple[str, str, int]) -> int:
        name, digest, done = reached
        mark = json.dumps({"file": name, "digest": digest, "done": done})
        return buffer.put(self.source.name, Batch(batch, mark=mark))

    def _finish(self, buffer: Buffer, file: _File) -> None:
        """Move or delete what is in the buffer."""
        if self.source.after is After.KEEP:
            return
        try:
            if self.source.after is After.DELETE:
                file.path.unlink(missing_ok=True)
            else:
                self._move(file.path)
        except OSError as error:
            raise Trouble(
                gettext_noop("%(file)s is in the buffer and cannot be taken away: %(why)s."),
                file=file.path.name,
                why=error,
            ) from None
        buffer.forget(self.source.name, [f"stamp {file.path.name}", f"content {file.path.name}"])

    def _move(self, path: Path) -> None:
        assert self.source.done is not None
        self.source.done.mkdir(parents=True, exist_ok=True)
        target, number = self.source.done / path.name, 1
        while target.exists():
            target = self.source.done / f"{path.stem}-{number}{path.suffix}"
            number += 1
        if path.exists():
            shutil.move(path, target)

    # -- messages

    def messages(self, name: str, body: bytes) -> Iterator[Captured]:
        """The messages that a file is, always the same for the same file; raises ``Trouble``."""
        if self.source.form is Form.HL7:
            return self._hl7(name, body)
        if self.source.form is Form.CSV:
            return self._csv(name, body)
        return iter([Captured(self.source.door, self.source.media, f"{self.source.name}\x1f{name}", body)])

    def _hl7(self, name: str, body: bytes) -> Iterator[Captured]:
        found = 0
        for message in hl7_messages(decoded(body, self.source.charset)):
            header = hl7_header(message)
            patient = header.patient if header else ""
            lane = f"patient\x1f{patient}" if patient else f"{self.source.name}\x1f"
            charset = self.source.charset or "utf-8"
            media = f"{self.source.media}; charset={charset}"
            yield Captured(self.source.door, media, lane, message.encode(charset, "replace"))
            found += 1
        if body.strip() and not found:
            raise Trouble(
                gettext_noop(
                    "%(file)s has no HL7 v2 message: each begins with MSH at the beginning of a line."
                ),
                file=name,
            )

    def _csv(self, name: str, body: bytes) -> Iterator[Captured]:
        reader = csv.reader(io.StringIO(decoded(body, self.source.charset), newline=""))
        columns = [column.strip() for column in next(reader, [])]
        by = [self._column(columns, column, name) for column in self.source.group]
        who = self._column(columns, self.source.patient, name) if self.source.patient else None
        rows = self._checked(reader, columns, name)
        if by:
            for _, run in groupby(rows, lambda row: [row[place] for place in by]):
                yield self._rows(columns, list(run), who)
            return
        lots: dict[str, list[Sequence[str]]] = {}
        waiting = 0
        for row in rows:
            lot = row[who] if who is not None else ""
            lots.setdefault(lot, []).append(row)
            waiting += 1
            if waiting >= self.source.rows:
                yield from (self._rows(columns, lot, who) for lot in lots.values())
                lots, waiting = {}, 0
        yield from (self._rows(columns, lot, who) for lot in lots.values())

    def _checked(self, reader: Iterator[list[str]], columns: list[str], name: str) -> Iterator[list[str]]:
        for number, row in enumerate(reader, 2):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(columns):
                raise Trouble(
                    gettext_noop(
                        "%(file)s, row %(row)s: there are %(cells)s cells under %(columns)s columns. Cells that have"
                        " commas, quotes or line ends stand in quotes."
                    ),
                    file=name, row=number, cells=len(row), columns=len(columns),
                )  # fmt: skip
            yield row

    def _column(self, columns: Sequence[str], wanted: str, name: str) -> int:
        if wanted not in columns:
            raise Trouble(
                gettext_noop("%(file)s has no column %(name)s; its first line names %(known)s."),
                file=name, name=wanted, known=", ".join(columns),
            )  # fmt: skip
        return columns.index(wanted)

    def _rows(self, columns: Sequence[str], rows: list[Sequence[str]], who: int | None) -> Captured:
        patient = rows[0][who] if who is not None else ""
        lane = f"patient\x1f{patient}" if patient else f"{self.source.name}\x1f"
        return Captured(self.source.door, self.source.media, lane, csv_text(columns, rows), len(rows))
