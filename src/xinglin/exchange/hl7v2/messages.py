"""A message: its header, its segments, and the raw text of every field.

Reading splits no more than it must: a segment into fields at once, a field into its parts when a path asks for them.
What is written back is what was read.

A message that cannot be read at all raises ``Broken``, which says where and why and keeps as much of the header as an
answer needs. What is odd but readable is among ``Message.reasons``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, WARNING, Reason
from xinglin.exchange.hl7v2 import charsets, separators
from xinglin.exchange.hl7v2.separators import Separators

MOST_SEGMENTS = 100_000
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_PROSE = {"OBX", "NTE"}  # whose text may run on over lines that somebody forgot to escape
_FRAME = "\x0b\x1c"
_BLANKS = " \t\r\n"
_AROUND = b"\x0b\x1c\r\n \t\x00"


class Broken(ValueError):  # noqa: N818 -- the message is, not the program
    """This is no message that can be read. ``header`` is as much of MSH as could be made out, for the answer."""

    def __init__(self, *reasons: Reason, header: Segment | None = None, codec: str = "ascii") -> None:
        super().__init__("; ".join(f"{reason.place}: {reason.words}" for reason in reasons))
        self.reasons = reasons
        self.header = header
        self.codec = codec


class Segment:
    """One segment. ``fields[0]`` is its name and ``fields[n]`` field n as it was written (of MSH too)."""

    __slots__ = ("codec", "fields", "group", "index", "name", "separators", "texts")

    def __init__(self, fields: list[str], marks: Separators, codec: str, index: int = 1) -> None:
        self.fields = fields
        self.name = fields[0]
        self.separators = marks
        self.codec = codec
        self.index = index  # which of its name in the message, from 1
        self.group: Any = None  # the structures.Group in which it stands
        self.texts: dict[tuple[int, int, int], str] = {}  # what has been read: see text

    def raw(self, number: int) -> str:
        """A field as it was written; empty beyond the last."""
        fields = self.fields
        return fields[number] if number < len(fields) else ""

    def put(self, number: int, raw: str) -> None:
        """Write a field anew."""
        self.fields += [""] * (number + 1 - len(self.fields))
        self.fields[number] = raw
        self.texts.clear()

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """The text of a field's first repetition, of its component and that one's subcomponent; empty if absent."""
        place = (number, component, subcomponent)
        found = self.texts.get(place)
        if found is None:
            found = self.texts[place] = self._text(number, component, subcomponent)
        return found

    def _text(self, number: int, component: int, subcomponent: int) -> str:
        raw = self.raw(number)
        if not raw:
            return ""
        if number <= 2 and self.name == "MSH":
            return raw if component == subcomponent == 1 else ""
        marks = self.separators
        if marks.repetition in raw:
            raw = raw[: raw.index(marks.repetition)]
        raw = part(part(raw, marks.component, component), marks.subcomponent, subcomponent)
        return "" if raw == separators.NULL else separators.read(raw, marks, self.codec)

    def __str__(self) -> str:
        mark = self.separators.field
        fields = self.fields
        if self.name in {"MSH", "BHS", "FHS"} and len(fields) > 1:
            return self.name + mark + mark.join(fields[2:])
        return mark.join(fields)

    def __repr__(self) -> str:
        return f"Segment({str(self)!r})"


def part(raw: str, mark: str, number: int) -> str:
    """The part with that number of what ``mark`` splits; empty beyond the last."""
    if mark not in raw:
        return raw if number == 1 else ""
    parts = raw.split(mark, number)
    return parts[number - 1] if number <= len(parts) else ""


@dataclass(slots=True)
class Message:
    """Segments in their order; the first is the header, MSH."""

    segments: list[Segment]
    separators: Separators
    codec: str
    reasons: list[Reason]
    text: str = ""  # as it was read

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def kind(self) -> str:
        """``ORU^R01``."""
        code, event = self.header.text(9), self.header.text(9, 2)
        return f"{code}^{event}" if event else code

    @property
    def control(self) -> str:
        """The sender's own id of the message, MSH-10."""
        return self.header.text(10)

    @property
    def version(self) -> str:
        return self.header.text(12)

    def first(self, name: str) -> Segment | None:
        """The first segment of that name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def __str__(self) -> str:
        return "".join(f"{segment}\r" for segment in self.segments)

    def __bytes__(self) -> bytes:
        return charsets.encode(str(self), self.codec)


def read(body: bytes, usual: str = "") -> Message:
    """The message in ``body``. ``usual`` is the charset at this sender, where the message does not say or is wrong.

    Raises ``Broken``.
    """
    if b"M\x00S" not in body[:8]:  # characters of two bytes are left whole
        body = body.strip(_AROUND)
    try:
        decoded = charsets.decode(body, _said(body), usual)
    except charsets.Unreadable as error:
        place = _place_of(body, error.offset)
        reason = Reason(ERROR, error.reason.code, place, error.reason.text, error.reason.params)
        raise Broken(reason, header=salvage(body)) from None
    return read_text(decoded.text, codec=decoded.codec, reasons=decoded.reasons, body=body)


def read_text(
    text: str, *, codec: str = "utf-8", reasons: tuple[Reason, ...] = (), body: bytes = b""
) -> Message:
    """As ``read``, of a message that is text already."""
    text = text.lstrip("\ufeff" + _FRAME + _BLANKS)
    try:
        marks = _separators(text)
    except Broken as error:
        raise Broken(*error.reasons, header=salvage(body or text.encode("utf-8", "replace"))) from None
    message = Message([], marks, codec, list(reasons), text)
    faults = _split(text, message)
    if faults:
        raise Broken(*faults, header=message.segments[0], codec=codec)
    return message


def _separators(text: str) -> Separators:
    """What MSH-1 and MSH-2 say."""
    if not text.startswith("MSH"):
        said = gettext_noop("The message does not begin with MSH but with %(start)s.")
        raise Broken(Reason(ERROR, "structure", "MSH", said, {"start": repr(text[:8])}))
    field = text[3:4]
    if not field or field.isalnum() or field.isspace():
        said = gettext_noop("MSH is not followed by a character that separates fields.")
        raise Broken(Reason(ERROR, "structure", "MSH-1", said))
    encoding = text[4 : _end_of_field(text, 4, field)]
    marks = field + encoding.replace(" ", "")  # a blank stands where a sign was lost
    if (
        not 1 <= len(encoding) <= 5
        or len(set(marks)) != len(marks)
        or marks[1:2] != encoding[:1]
        or any(c.isalnum() or c < "!" for c in marks)
    ):
        said = gettext_noop("MSH-2 holds up to five signs, each a different one; here it is %(found)s.")
        raise Broken(Reason(ERROR, "structure", "MSH-2", said, {"found": repr(encoding[:12])}))
    given = [*encoding.replace(" ", "\0"), *("" for _ in range(5))]
    given = ["" if mark == "\0" else mark for mark in given]
    return Separators(field, given[0], given[1] or "\x01", given[2], given[3] or "\x02", given[4])


def _end_of_field(text: str, start: int, mark: str) -> int:
    ends = [at for at in (text.find(mark, start), text.find("\r", start), text.find("\n", start)) if at >= 0]
    return min(ends, default=len(text))


def _lines(text: str) -> list[str]:
    """Segments end with a carriage return by the standard, with a line feed or both in practice."""
    if "\n" not in text:
        return text.split("\r")
    if "\r" not in text:
        return text.split("\n")
    begins = re.compile(rf"\n(?=[A-Z][A-Z0-9]{{2}}{re.escape(text[3:4])})")
    return [part for line in text.split("\r") for part in begins.split(line.strip("\n"))]


def _split(text: str, message: Message) -> list[Reason]:
    """Fill ``message`` with segments; the reasons why it cannot be used, if any."""
    marks, faults = message.separators, []
    counts: dict[str, int] = {}
    mark = marks.field
    lines = _lines(text)
    if len(lines) > MOST_SEGMENTS:
        said = gettext_noop("The message has %(count)s segments; at most %(most)s are taken.")
        params = {"count": len(lines), "most": MOST_SEGMENTS}
        faults.append(Reason(ERROR, "too-long", "", said, params))
        del lines[MOST_SEGMENTS:]
    for number, line in enumerate(lines, 1):
        if not line.strip(_BLANKS + _FRAME):
            continue
        fields = line.split(mark)
        name = fields[0]
        if len(name) != 3 or not _NAME.fullmatch(name):
            name = fields[0] = name.strip(_BLANKS)
            if not _NAME.fullmatch(name):
                if reason := _run_on(line, number, message):
                    faults.append(reason)
                continue
        index = counts[name] = counts.get(name, 0) + 1
        if name == "MSH":
            fields.insert(1, mark)
            if index > 1:
                said = gettext_noop("A second message begins here; messages are sent one by one.")
                faults.append(Reason(ERROR, "structure", f"MSH[{index}]", said))
                break
        message.segments.append(Segment(fields, marks, message.codec, index))
    return faults


def _run_on(line: str, number: int, message: Message) -> Reason | None:
    """A line that begins with no segment's name: of a text it is the next line, elsewhere a fault."""
    last = message.segments[-1] if message.segments else None
    mark = message.separators.field
    if last is not None and last.name in _PROSE and "MSH" + mark not in line:
        first, *others = line.split(mark)
        last.fields[-1] += separators.write("\n", message.separators) + first
        last.fields.extend(others)
        said = gettext_noop(
            "Line %(line)s begins with no segment's name; it was read as the next line of this text."
        )
        place = f"{last.name}[{last.index}]-{len(last.fields) - 1}"
        message.reasons.append(Reason(WARNING, "structure", place, said, {"line": number}))
        return None
    said = gettext_noop("Line %(line)s begins with no segment's name but with %(start)s.")
    after = f"{last.name}[{last.index}]" if last is not None else ""
    return Reason(ERROR, "structure", after, said, {"line": number, "start": repr(line[:8])})


def _said(body: bytes) -> str:
    """MSH-18 as far as it can be told before the charset is known: the charset of the first repetition."""
    head = body.lstrip(b"\xef\xbb\xbf")[:2000]
    if head[:3] != b"MSH" or len(head) < 8:
        return ""
    line = re.split(rb"[\r\n]", head, maxsplit=1)[0]
    fields = line.split(line[3:4]) if len(line) > 3 else []
    if len(fields) < 18:
        return ""
    repetition = fields[1][1:2] or b"~"
    names = (name.strip().decode("ascii", "replace") for name in fields[17].split(repetition))
    return next((name for name in names if name and name != separators.NULL), "")


def salvage(body: bytes) -> Segment | None:
    """The header, wherever it is and however it is broken, if there is one at all."""
    at = body.find(b"MSH")
    if at < 0:
        return None
    line = re.split(rb"[\r\n\x1c]", body[at : at + 2000], maxsplit=1)[0].decode("ascii", "replace")
    mark = line[3:4]
    if not "!" <= mark <= "}" or mark.isalnum() or mark in "^~\\&":
        return None
    fields = line.split(mark)
    fields.insert(1, mark)
    return Segment(fields, Separators(field=mark), "ascii")


def _place_of(body: bytes, offset: int) -> str:
    """Segment and field of a byte that is no text."""
    before = body[:offset].decode("gb18030", "replace")
    lines = _lines(before)
    line = lines[-1]
    mark = before[3:4] or "|"
    name = line.split(mark)[0]
    if not _NAME.fullmatch(name):
        return ""
    index = sum(other.split(mark)[0] == name for other in lines)
    number = line.count(mark) + (1 if name == "MSH" else 0)
    return f"{name}[{index}]-{number}" if index > 1 else f"{name}-{number}"
