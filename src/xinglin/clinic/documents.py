"""Shared documents of a visit (WS/T 500): made of what the record holds when something is signed or issued, and kept
in the record as it was then, so that every hospital's system finds it by the usual questions.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from xinglin.clinic.statements import at, put
from xinglin.clinic.values import RECORD_DOCUMENT
from xinglin.exchange.cda import kinds, queries, writing
from xinglin.exchange.cda.documents import INSTITUTION, KINDS, NUMBER, Number, Unit

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.clinic.statements import Told
    from xinglin.record.door import Door
    from xinglin.record.steps import Step


_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def kept(door: Door, visit: Told, code: str, *, key: str, now: datetime) -> list[Step]:
    """The document and its reference. ``key`` tells documents of a kind and visit apart; signed anew it is replaced."""
    document = queries.made(door, code, encounter=visit.encounter, now=now)
    number = f"{visit.institution}-{code}-{key}"
    document.number = Number(NUMBER, number)
    name = str(door.read("Organization", visit.institution).resource.get("name", ""))
    document.custodian = document.institution = Unit(Number(INSTITUTION, visit.institution), name)
    written = writing.write(document)
    id_ = f"clinic-{code.lower()}-{key}"
    binary = {
        "resourceType": "Binary", "id": id_, "contentType": "application/xml",
        "securityContext": {"reference": f"DocumentReference/{id_}"}, "data": base64.b64encode(written).decode(),
    }  # fmt: skip
    return [put(binary), put(_reference(visit, code, number, id_, written, now))]


def _reference(
    visit: Told, code: str, number: str, id_: str, written: bytes, now: datetime
) -> dict[str, Any]:  # fmt: skip
    kind = kinds.kinds()[code]
    moment = at(now)
    digest = base64.b64encode(hashlib.sha1(written, usedforsecurity=False).digest()).decode()
    related = [{"reference": f"Composition/clinic-record-{visit.id}"}] if code == RECORD_DOCUMENT else []
    identifier = {"system": f"urn:oid:{NUMBER}", "value": number}
    template = {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{kind.template}", "display": kind.title}
    return {
        "resourceType": "DocumentReference", "id": id_, "masterIdentifier": identifier, "identifier": [identifier],
        "status": "current", "docStatus": "final",
        "type": {
            "coding": [{"system": f"urn:oid:{KINDS}", "code": code, "display": kind.title}], "text": kind.title,
        },
        "subject": {"reference": f"Patient/{visit.patient}"}, "date": moment,
        **({"author": [{"display": visit.doctor_name}]} if visit.doctor_name else {}),
        "custodian": {"reference": f"Organization/{visit.institution}"}, "description": kind.title,
        "securityLabel": [{"coding": [{"system": _CONFIDENTIALITY, "code": "N"}]}],
        "content": [
            {
                "attachment": {
                    "contentType": "application/xml", "language": "zh-CN", "url": f"Binary/{id_}",
                    "size": len(written), "hash": digest, "title": kind.title, "creation": moment,
                },
                "format": template,
            }
        ],
        "context": {
            "encounter": [{"reference": f"Encounter/{visit.encounter}"}], **({"related": related} if related else {}),
        },
    }  # fmt: skip
