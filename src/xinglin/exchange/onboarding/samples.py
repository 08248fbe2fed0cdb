"""Samples as they are handed in: a file may hold several messages, and says little of itself."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from xinglin.directory.importing.rows import Table, Wanted
from xinglin.exchange.doors import Door
from xinglin.exchange.tables import blanks
from xinglin.kernel.errors import Fault

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MEDIA = {
    Door.HL7V2: "application/hl7-v2",
    Door.CDA: "application/xml",
    Door.TABLE: "text/csv",
    Door.FHIR: "application/fhir+json",
}
ENDINGS = {Door.HL7V2: "hl7", Door.CDA: "xml", Door.TABLE: "csv", Door.FHIR: "json"}
NAMES = {"hl7v2": Door.HL7V2, "cda": Door.CDA, "tables": Door.TABLE, "table": Door.TABLE, "fhir": Door.FHIR}
"""The doors at which systems are onboarded, by the names people call them."""

_BEGINS = re.compile(rb"(?:^|[\r\n\x0b\x1c]+)(?=MSH[^A-Za-z0-9\s])")
_AROUND = b"\x0b\x1c\r\n"
_BATCH = (b"FHS", b"BHS", b"BTS", b"FTS")


@dataclass(frozen=True, slots=True)
class Sample:
    """A message as a system would send it."""

    name: str
    body: bytes
    media: str = ""


def of_file(door: Door, name: str, body: bytes) -> list[Sample]:
    """The messages in a file, or in what was pasted; of HL7 v2 there may be several, one after another."""
    media = WORKBOOK if body[:2] == b"PK" else _MEDIA[door]
    if door is not Door.HL7V2:
        return [Sample(name, body, media)] if body.strip() else []
    parts = [_without_batch(part) for part in _BEGINS.split(body)]
    messages = [part for part in parts if part.strip(_AROUND + b" \t")]
    if len(messages) < 2:
        return [Sample(name, one, media) for one in messages]
    return [Sample(f"{name} #{number}", one, media) for number, one in enumerate(messages, 1)]


def _without_batch(part: bytes) -> bytes:
    """A message without the lines of a batch around it."""
    if not any(name in part for name in _BATCH):
        return part.strip(_AROUND)
    lines = re.split(rb"\r\n|\r|\n", part.strip(_AROUND))
    return b"\r".join(line for line in lines if line[:3] not in _BATCH)


def rows_of(body: bytes, charset: str = "") -> list[tuple[int, list[str]]]:
    """The rows of a table that are not empty, with their numbers from 1; nothing of what is no table."""
    encoding = "gb18030" if charset.lower() in {"gbk", "gb2312", "gb18030"} else ""
    try:
        rows = Table(lambda: io.BytesIO(body), Wanted(ours=blanks.is_data), encoding).rows()
        return [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    except Fault:
        return []


def lines_of(body: bytes, charset: str = "") -> list[tuple[int, str]]:
    """A sample's lines with their numbers from 1; of a workbook its rows."""
    text = text_of(body, charset)
    if text is not None:
        return list(enumerate(text.split("\n"), 1))
    return [(number, " | ".join(cells)) for number, cells in rows_of(body, charset)]


def text_of(body: bytes, charset: str = "") -> str | None:
    """The sample as text, its lines ended by line feeds; None where it is none."""
    if b"\0" in body and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    for name in (charset, "utf-8-sig", "gb18030", "utf-16"):
        try:
            text = body.decode(name) if name else None
        except (UnicodeDecodeError, LookupError):
            continue
        if text is not None:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    return None
