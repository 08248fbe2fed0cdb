"""Files that a vendor brings, taken apart into messages as the door would get them."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import Door
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOORS = (Door.HL7V2, Door.CDA, Door.TABLE, Door.FHIR)
"""The doors whose samples can be judged; images are tried with the receiver itself."""

_HEAD = re.compile(rb"(?:^|[\r\n\x0b\x1c])(?=MSH[^A-Za-z0-9\s])")
_MOST_RATIO = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """One message: from which file, and which of its messages, from 1."""

    file: str
    number: int
    body: bytes
    media: str = ""

    @property
    def name(self) -> str:
        return f"{self.file} · {self.number}"


def taken_apart(
    door: Door, files: Iterable[tuple[str, bytes]], *, most: int, most_bytes: int
) -> list[Sample]:
    """The messages of all files; a ZIP is opened (no workbook). Fault ``invalid`` where it is too much or nothing."""
    made: list[Sample] = []
    size = 0
    for name, content in _opened(door, files, most_bytes):
        size += len(content)
        if size > most_bytes:
            raise invalid(
                gettext_noop("The samples are larger than %(most)s MB. Bring fewer."), code="too-long",
                most=most_bytes >> 20,
            )  # fmt: skip
        made += [
            Sample(name, at, body, _media(door, name)) for at, body in enumerate(_parts(door, content), 1)
        ]
        if len(made) > most:
            raise invalid(
                gettext_noop("There are more than %(most)s messages. Bring fewer."),
                code="too-long",
                most=most,
            )
    if not made:
        raise invalid(gettext_noop("There is no message in what was given."), code="required")
    return made


def _opened(door: Door, files: Iterable[tuple[str, bytes]], most: int) -> Iterator[tuple[str, bytes]]:
    for name, content in files:
        if door is Door.TABLE or not content.startswith(b"PK\x03\x04"):
            yield name, content
            continue
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for one in archive.infolist():
                    if one.is_dir():
                        continue
                    if one.file_size > min(most, _MOST_RATIO * max(one.compress_size, 1)):
                        raise invalid(
                            gettext_noop("%(name)s unpacks to far too much."),
                            code="too-long",
                            name=one.filename,
                        )
                    yield f"{name}/{one.filename}", archive.read(one)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
            raise invalid(gettext_noop("%(name)s cannot be unpacked."), code="structure", name=name) from None


def _parts(door: Door, content: bytes) -> list[bytes]:
    if not content.strip():
        return []
    if door is Door.HL7V2:
        starts = [found.end() for found in _HEAD.finditer(content)]
        if not starts:
            return [content]
        return [content[a:b].strip(b"\x0b\x1c\r\n") for a, b in zip(starts, [*starts[1:], None], strict=True)]
    if door is Door.FHIR and content.lstrip()[:1] == b"{" and _is_lines(content):
        return [line for line in content.splitlines() if line.strip()]
    return [content]


def _is_lines(content: bytes) -> bool:
    """Whether every line is an object of its own (NDJSON)."""
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    return len(lines) > 1 and all(line.startswith(b"{") and line.endswith(b"}") for line in lines)


def _media(door: Door, name: str) -> str:
    if door is Door.FHIR:
        return "application/fhir+json"
    if door is Door.TABLE and name.lower().endswith(".xlsx"):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {Door.CDA: "application/xml", Door.TABLE: "text/csv"}.get(door, "")
