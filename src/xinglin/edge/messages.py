"""Raw messages as sources capture them, and what orders them. Pure."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Captured:
    """One raw message. Messages with the same ``lane`` are sent in the order of their capture."""

    door: str
    media: str
    lane: str
    body: bytes
    rows: int = 1
    day: str = ""  # the day it is counted for, YYYY-MM-DD; "" the day of its capture


@dataclass(frozen=True, slots=True)
class Seen:
    """What a source has captured, so that it is not captured twice: a key and, of what it holds, a text."""

    key: str
    content: bytes
    order: str = ""  # by which it is forgotten again


@dataclass(slots=True)
class Batch:
    """What goes into the buffer in one transaction: messages, what was seen, and the source's new mark."""

    messages: list[Captured] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    mark: str | None = None  # None leaves it
    forget_before: str = ""  # what was seen with a lower order is forgotten


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV in UTF-8 with a first line of names (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([text_of(value) for value in row] for row in rows)
    return out.getvalue().encode()


def text_of(value: Any) -> str:
    """A value of a database as text: dates as ISO 8601 writes them, nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if hasattr(value, "read"):  # a large object of Oracle
        return text_of(value.read())
    return str(value)


def decoded(body: bytes, charset: str) -> str:
    """Text in the given encoding, else UTF-8, else GB 18030, which has every byte sequence of GBK."""
    for name in (charset,) if charset else ("utf-8-sig", "gb18030"):
        try:
            return body.decode(name)
        except UnicodeDecodeError:
            continue
    return body.decode(charset or "gb18030", "replace")


def hl7_messages(text: str) -> Iterator[str]:
    """The messages of a file: each from its MSH on; batch and file headers are left out."""
    lines: list[str] = []
    for line in (
        text.replace("\r\n", "\r").replace("\n", "\r").replace("\x0b", "").replace("\x1c", "").split("\r")
    ):
        if line.startswith("MSH") and lines:
            yield "\r".join(lines) + "\r"
            lines = []
        if line.startswith("MSH") or (lines and line and line[:3] not in ("BTS", "FTS", "BHS", "FHS")):
            lines.append(line)
    if lines:
        yield "\r".join(lines) + "\r"


@dataclass(frozen=True, slots=True)
class Header:
    """What the relay needs of an HL7 v2 message: whom to answer, and whose message it is."""

    separator: str
    encoding: str
    sending: tuple[str, str]
    receiving: tuple[str, str]
    type: str
    control: str
    processing: str
    version: str
    patient: str

    @property
    def event(self) -> str:
        parts = self.type.split(self.encoding[0])
        return parts[1] if len(parts) > 1 else ""


def hl7_header(text: str) -> Header | None:
    """The header of a message; None where it has none."""
    if not text.startswith("MSH") or len(text) < 8:
        return None
    separator = text[3]
    fields = text.split("\r", 1)[0].split(separator)
    encoding = fields[1] if len(fields) > 1 else ""
    if not encoding:
        return None

    def at(number: int) -> str:
        return fields[number - 1] if len(fields) >= number else ""

    return Header(
        separator, encoding, (at(3), at(4)), (at(5), at(6)), at(9), at(10), at(11), at(12),
        _patient(text, separator, encoding),
    )  # fmt: skip


def _patient(text: str, separator: str, encoding: str) -> str:
    """The first component of the first identifier in PID-3, or in PID-2."""
    for segment in text.split("\r"):
        if segment.startswith("PID" + separator):
            fields = segment.split(separator)
            for number in (3, 2):
                value = fields[number] if len(fields) > number else ""
                repeat = encoding[1] if len(encoding) > 1 else "~"
                first = value.split(repeat)[0].split(encoding[0])[0].strip()
                if first:
                    return first
    return ""
