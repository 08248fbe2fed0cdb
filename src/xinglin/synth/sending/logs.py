"""What senders have written down: a line for each message that was acknowledged, a file for each sender.

A line is written when the answer has come and not before. So a sender that is ended in between sends the message once
more, which changes nothing. Nobody's name or number stands in it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedWriter
    from pathlib import Path

    from xinglin.synth.sending.lines import Answer
    from xinglin.synth.sending.messages import Message

_NEXT = "next.json"
_LARGEST = 32 * 1024 * 1024


@dataclass(slots=True)
class Log:
    """The log of all senders of one run, in a folder. ``done`` are (outing, part) acknowledged that may come again."""

    folder: Path
    next: int
    done: set[tuple[int, int]]
    _files: dict[str, BufferedWriter]

    def write(self, message: Message, answer: Answer, at: str) -> None:
        """Note an acknowledgement."""
        line = {
            "outing": message.number, "part": message.part, "parts": message.parts, "kind": message.draft.kind,
            "control": message.draft.control, "door": message.station.door.value, "answer": answer.state,
            "receipt": answer.receipt, "repeated": answer.repeated, "mistake": message.mistake, "late": message.late,
            "again": message.again, "at": at,
        }  # fmt: skip
        if answer.counts:
            line["counts"] = answer.counts
        file = self._file(message.station.code)
        file.write(orjson.dumps(line) + b"\n")
        file.flush()
        self.done.add(message.key)

    def finished(self, number: int) -> None:
        """All outings up to and with that number are done."""
        self.next = number + 1
        self.done = {key for key in self.done if key[0] > number}
        _replace(self.folder / _NEXT, orjson.dumps({"next": self.next}))

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _file(self, code: str) -> BufferedWriter:
        found = self._files.get(code)
        if found is None:
            path = self.folder / f"{code}.ndjson"
            if path.exists() and path.stat().st_size > _LARGEST:
                path.replace(path.with_suffix(".old.ndjson"))
            _end_line(path)
            found = self._files[code] = path.open("ab")
        return found


def opened(folder: Path) -> Log:
    """The log in that folder, as a run before may have left it."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / _NEXT
    first = int(orjson.loads(place.read_bytes())["next"]) if place.exists() else 0
    done = {(line["outing"], line["part"]) for _, line in read(folder) if line["outing"] >= first}
    return Log(folder, first, done, {})


def read(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The sender's code and the line, of every line that is whole."""
    for path in sorted(folder.glob("*.ndjson")):
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield path.name.partition(".")[0], orjson.loads(line)


def _end_line(path: Path) -> None:
    """Take off what was half written when the last run was ended."""
    if not path.exists():
        return
    held = path.read_bytes()
    whole = held.rfind(b"\n") + 1
    if whole < len(held):
        os.truncate(path, whole)


def _replace(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
