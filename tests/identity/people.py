"""Residents, divisions and accounts for the tests of pages and register."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from xinglin.identity.population.residents import Entry
from xinglin.kernel.actor import Actor

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 4, tzinfo=UTC)
STEWARD = Actor(id="account/1", name="陆文清", roles=frozenset({"steward"}), purpose="HOPERAT")
OTHER_STEWARD = Actor(id="account/2", name="韦建平", roles=frozenset({"administrator"}), purpose="HOPERAT")
CITY, DISTRICT, TOWN, VILLAGE, OTHER_VILLAGE = (
    "459800000000", "459802000000", "459802001000", "459802001001", "459802001002",
)  # fmt: skip
DIVISIONS = {
    CITY: "杏川市",
    DISTRICT: "杏林区",
    TOWN: "东门街道",
    VILLAGE: "松塘社区",
    OTHER_VILLAGE: "竹园社区",
}


def location(code: str, name: str) -> dict[str, Any]:
    return {
        "resourceType": "Location",
        "id": f"xc-{code}",
        "identifier": [{"system": "urn:xinglin:codes:division", "value": code}],
        "status": "active",
        "name": name,
        "physicalType": {"coding": [{"code": "area"}]},
    }


def entry(person: str, name: str, birth: str | None = "1980-05-05", **more: Any) -> Entry:
    address = more.pop("address", "桂南省杏川市杏林区东门街道松塘社区人民路38号3栋501室")
    born = date.fromisoformat(birth) if birth else None
    return Entry(person, name, birth=born, address=address, **{"sex": "female", "home": "459802", **more})
