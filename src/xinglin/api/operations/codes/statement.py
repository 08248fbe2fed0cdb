"""The TerminologyCapabilities: https://hl7.org/fhir/R4/terminologycapabilities.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api.operations.codes.expanding import PARAMETERS
from xinglin.fhir import json
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.terminology import memory, queries

if TYPE_CHECKING:
    from xinglin.terminology.queries import SystemVersion


def statement(base: str) -> bytes:
    """Which code systems are here in which versions, and what can be asked of them."""
    connection = database.connection()
    remembered = memory.at(connection).of("statement")
    if base not in remembered:
        remembered[base] = json.dump(_made(base, queries.every(connection, queries.SYSTEMS)))
    found: bytes = remembered[base]
    return found


def _made(base: str, systems: list[SystemVersion]) -> dict[str, Any]:
    by_url: dict[str, list[SystemVersion]] = {}
    for one in systems:
        by_url.setdefault(one.url, []).append(one)
    return {
        "resourceType": "TerminologyCapabilities",
        "url": f"{base}/metadata?mode=terminology",
        "name": "XinglinTerminology",
        "title": "杏林 Xinglin terminology",
        "status": "active",
        "date": clock.now().astimezone(LOCAL_ZONE).isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "Xinglin"},
        "implementation": {"description": "杏林 Xinglin FHIR R4", "url": base},
        **({"codeSystem": [_system(url, found) for url, found in by_url.items()]} if by_url else {}),
        "expansion": {
            "hierarchical": False,
            "paging": True,
            "incomplete": False,
            "parameter": [{"name": name} for name in PARAMETERS if not name.startswith(("context", "check"))],
            "textFilter": "code, characters, pinyin and words",
        },
        "codeSearch": "all",
        "validateCode": {"translations": True},
        "translation": {"needsMap": False},
        "closure": {"translation": False},
    }


def _system(url: str, versions: list[SystemVersion]) -> dict[str, Any]:
    named = {one.version: one for one in versions if one.version}
    subsumption = any(one.hierarchy == "is-a" for one in versions)
    listed = [{"code": code, "isDefault": one is versions[-1]} for code, one in named.items()]
    return {"uri": url, **({"version": listed} if listed else {}), "subsumption": subsumption}
