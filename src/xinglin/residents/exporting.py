"""A resident's own data to take along: one FHIR Bundle, written as it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xinglin.portal.queries import Resident
    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

_PAGE = "500"


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
