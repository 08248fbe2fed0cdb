"""Patients for tests of matching: made-up residents as institutions register them."""

from __future__ import annotations

from typing import Any

from xinglin.kernel import checkdigits

ID_SYSTEM = "urn:oid:2.16.156.10011.1.3"


def number(birth: str = "19800214", order: int = 10, division: str = "459830") -> str:
    """An identity number with a division code that was never given out; an odd ``order`` is male."""
    first17 = f"{division}{birth}{order:03d}"
    return first17 + checkdigits.resident(first17)


def resident(
    name: str = "欧阳海棠",
    *,
    birth: str = "1980-02-14",
    sex: str | None = "female",
    identity: str | None = None,
    phone: str | None = None,
    address: str | None = None,
    institution: str | None = None,
    record: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A Patient; ``record`` is the number that ``institution`` gave."""
    made: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": name}], "birthDate": birth, **more}
    identifiers = []
    if identity is not None:
        identifiers.append({"system": ID_SYSTEM, "value": identity})
    if record is not None:
        identifiers.append({"system": f"urn:xinglin:institution:{institution}:patient", "value": record})
    if identifiers:
        made["identifier"] = identifiers
    if institution is not None:
        made["managingOrganization"] = {"display": institution}
    if sex is not None:
        made["gender"] = sex
    if phone is not None:
        made["telecom"] = [{"system": "phone", "value": phone, "use": "mobile"}]
    if address is not None:
        made["address"] = [{"text": address}]
    return made


HOME = "示例省江城市东湖区望江街道长宁路18号3单元502室"
PHONE = "15470862953"
