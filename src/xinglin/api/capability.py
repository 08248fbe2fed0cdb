"""The CapabilityStatement, from the tables that do the work: routes, operations, definitions, parameters.

https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import orjson

from xinglin.api.bodies import JSON_PATCH, MERGE_PATCH
from xinglin.api.headers import JSON_TYPE
from xinglin.api.interactions.auditing import GENERATED, OFFERED
from xinglin.api.operations.register import INSTANCE, OPERATIONS, SYSTEM, TYPE, Operation
from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.record import parameters
from xinglin.smart import discovery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.fhir.definitions import SearchParameter
    from xinglin.record.search.catalogue import Catalogue

STORED_TYPES = tuple(
    name for name in definitions.RESOURCE_TYPES if name != "Parameters"
)  # R4 gives it no endpoint
_AT_SYSTEM = ("transaction", "batch", "search-system", "history-system")
_AT_TYPE = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
_STARTED = clock.now().replace(microsecond=0).isoformat()


def statement(base: str, interactions: Iterable[str]) -> bytes:
    """The statement as JSON; ``interactions`` are the codes of what the router offers."""
    return _statement(base, frozenset(interactions), parameters.catalogue())


@lru_cache(maxsize=8)
def _statement(base: str, interactions: frozenset[str], catalogue: Catalogue) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "CapabilityStatement",
            "url": f"{base}/metadata",
            "name": "Xinglin",
            "title": "杏林 Xinglin",
            "status": "active",
            "date": _STARTED,
            "kind": "instance",
            "software": {"name": "Xinglin", "version": version("xinglin")},
            "implementation": {"description": "杏林 Xinglin FHIR R4", "url": base},
            "fhirVersion": definitions.VERSION,
            "format": [JSON_TYPE, "json"],
            "patchFormat": [JSON_TYPE, JSON_PATCH, MERGE_PATCH],
            "rest": [_rest(base, interactions, catalogue)],
        }
    )


def _service(code: str, text: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/restful-security-service"
    return {"coding": [{"system": system, "code": code}], "text": text}


def _rest(base: str, interactions: frozenset[str], catalogue: Catalogue) -> dict[str, Any]:
    by_target = _references(catalogue)
    return {
        "mode": "server",
        "security": {
            "extension": [discovery.security(base.removesuffix("/fhir"))],
            "cors": True,
            "service": [
                _service("SMART-on-FHIR", "SMART App Launch 2, for registered apps"),
                _service("Basic", "HTTP Basic, or a bearer token made by an administrator"),
            ],
        },
        "resource": [_resource(name, interactions, catalogue, by_target) for name in STORED_TYPES],
        "interaction": [{"code": code} for code in _AT_SYSTEM if code in interactions],
        "operation": _operations(one for one in OPERATIONS if SYSTEM in one.levels),
    }


def _resource(
    name: str, interactions: frozenset[str], catalogue: Catalogue, by_target: dict[str, list[str]]
) -> dict[str, Any]:
    known = catalogue.parameters(name)
    if name in GENERATED:
        return _made(name, [known[code] for code in GENERATED[name].parameters if code in known])
    offered = [
        one for one in OPERATIONS if one.levels & {TYPE, INSTANCE} and (not one.types or name in one.types)
    ]
    return {
        "type": name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{name}",
        "interaction": [{"code": code} for code in _AT_TYPE if code in interactions],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical", "enforced", "local"],
        "searchInclude": ["*", *(f"{name}:{p.code}" for p in known.values() if p.type == "reference")],
        "searchRevInclude": ["*", *by_target.get(name, []), *by_target.get("", [])],
        "searchParam": [
            {"name": one.code, "definition": one.url, "type": one.type} for one in known.values()
        ],
        "operation": _operations(offered),
    }


def _made(name: str, known: Iterable[SearchParameter]) -> dict[str, Any]:
    """A type that is not stored: read and searched alone."""
    return {
        "type": name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{name}",
        "documentation": "Made from the access log by IHE BALP; who may not see others' sees the own.",
        "interaction": [{"code": code} for code in OFFERED],
        "versioning": "no-version",
        "searchParam": [{"name": one.code, "definition": one.url, "type": one.type} for one in known],
        "operation": _operations(one for one in OPERATIONS if one.name == "validate"),
    }


def _references(catalogue: Catalogue) -> dict[str, list[str]]:
    """Target type → ``Type:parameter`` of what may refer to it; under "" what may refer to any type."""
    found: dict[str, list[str]] = {}
    for name in STORED_TYPES:
        if name in GENERATED:
            continue
        for one in catalogue.parameters(name).values():
            if one.type == "reference":
                for target in one.target or ("",):
                    found.setdefault(target, []).append(f"{name}:{one.code}")
    return found


def _operations(offered: Iterable[Operation]) -> list[dict[str, str]]:
    """Each operation once, whatever its levels."""
    return [
        {"name": one.name, "definition": one.definition, "documentation": one.documentation}
        for one in {one.name: one for one in offered}.values()
    ]
