"""A resident's own data to take along: one FHIR Bundle, written as it is read; the files of a document."""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.fhir.reading import each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

_PAGE = "500"
_ENDINGS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "application/xml": "xml",
    "text/xml": "xml",
}
"""The types of files that are given away as they were sent."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file that a document holds; ``number`` counts all its attachments from 1."""

    number: int
    title: str
    type: str
    ending: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


def originals(document: Mapping[str, Any]) -> list[Original]:
    """The files of a DocumentReference or DiagnosticReport that are here and are of a known type."""
    held = [c.get("attachment") or {} for c in each(document.get("content"))]
    held += each(document.get("presentedForm"))
    found = []
    for number, attachment in enumerate(held, 1):
        type_ = str(attachment.get("contentType", "")).partition(";")[0].strip().lower()
        if type_ in _ENDINGS and "data" in attachment:
            content = _decoded(str(attachment["data"]))
            if content:
                title = str(attachment.get("title", ""))
                found.append(Original(number, title, type_, _ENDINGS[type_], content))
    return found


def _decoded(data: str) -> bytes:
    try:
        return b64decode("".join(data.split()), validate=True)
    except binascii.Error:
        return b""


def everything(door: Door, resident: Resident) -> Iterator[Stored]:
    """All that the door shows of the person's Patients, each resource once."""
    seen: set[tuple[str, str]] = set()
    for patient in resident.patients:
        pairs = [("_count", _PAGE)]
        page = door.everything("Patient", str(patient["id"]), pairs)
        while True:
            for entry in page.entries:
                stored = entry.stored
                if (stored.type, stored.id) not in seen:
                    seen.add((stored.type, stored.id))
                    yield stored
            if page.next is None:
                break
            page = door.everything("Patient", str(patient["id"]), [*pairs, ("_page", page.next)])


def bundle(door: Door, resident: Resident, *, now: datetime) -> Iterator[bytes]:
    """The Bundle (type ``collection``) piece by piece."""
    base = (
        settings.SETTINGS.base_url.rstrip("/") or f"http://{settings.SETTINGS.host}:{settings.SETTINGS.port}"
    )
    head = {"resourceType": "Bundle", "type": "collection", "timestamp": now.isoformat(timespec="seconds")}
    yield json.dumps(head)[:-1].encode() + b', "entry": ['
    before = b"\n"
    for stored in everything(door, resident):
        address = json.dumps(f"{base}/fhir/{stored.type}/{stored.id}").encode()
        yield before + b'{"fullUrl": ' + address + b', "resource": ' + stored.text + b"}"
        before = b",\n"
    yield b"\n]}\n"
