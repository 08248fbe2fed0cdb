"""Patients for tests of the matcher."""

from __future__ import annotations

from typing import Any

from xinglin.identity import traits
from xinglin.kernel import checkdigits

ID_SYSTEM = "urn:oid:2.16.156.10011.1.3"


def number(day: str = "19800203", order: int = 123, division: str = "459802") -> str:
    """A right identity number of a division that GB/T 2260 never gave out."""
    first17 = f"{division}{day}{order:03d}"
    return first17 + checkdigits.resident(first17)


def patient(name: str = "覃晓梅", **changes: Any) -> dict[str, Any]:
    """A Patient; ``identity``, ``phone``, ``address``, ``mother`` are texts, the rest as in FHIR; None: left out."""
    given = {
        "identity": number(),
        "phone": "15412345670",
        "address": "桂南省杏川市杏林区新桥街道和塘社区人民路12号3栋2单元502室",
        "gender": "female",
        "birthDate": "1980-02-03",
        "mother": None,
        **changes,
    }
    resource: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": name}]}
    identity, phone, address, mother = (given.pop(key) for key in ("identity", "phone", "address", "mother"))
    if identity:
        resource["identifier"] = [{"system": ID_SYSTEM, "value": identity}]
    if phone:
        resource["telecom"] = [{"system": "phone", "value": phone}]
    if address:
        resource["address"] = [{"text": address}]
    if mother:
        resource["contact"] = [{"relationship": [{"text": "母亲"}], "name": {"text": mother}}]
    return resource | {key: value for key, value in given.items() if value is not None}


def known(name: str = "覃晓梅", **changes: Any) -> traits.Traits:
    """The traits of ``patient``."""
    return traits.from_patient(patient(name, **changes))
