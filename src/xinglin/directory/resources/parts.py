"""Elements of resources as the directory writes and reads them: identifiers, codings, extensions, telecoms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.directory.rules import codes

if TYPE_CHECKING:
    from collections.abc import Iterator

Resource = dict[str, Any]

INSTITUTION_KINDS = "urn:xinglin:codes:institution-kind"
INSTITUTION_LEVELS = "urn:xinglin:codes:institution-level"
MANAGEMENT_KINDS = "urn:xinglin:codes:institution-management"
SPECIALTIES = "urn:xinglin:codes:specialty"
SERVICE_KINDS = "urn:xinglin:codes:service-kind"
EQUIPMENT_KINDS = "urn:xinglin:codes:equipment-kind"
POSTS = "urn:xinglin:codes:post"
TITLES = "urn:oid:2.16.156.10011.2.3.1.209"
REGISTRATIONS = "urn:xinglin:codes:registration"
ORGANIZATION_TYPES = "http://terminology.hl7.org/CodeSystem/organization-type"
PHYSICAL_TYPES = "http://terminology.hl7.org/CodeSystem/location-physical-type"
BED_STATES = "http://terminology.hl7.org/CodeSystem/v2-0116"

OPERATING_STATE = "urn:xinglin:extension:operating-state"
URBAN_RURAL = "urn:xinglin:extension:urban-rural-class"
PHASE = "urn:xinglin:extension:division-phase"
SUCCESSOR = "urn:xinglin:extension:division-successor"

FACILITY_TYPE = {"coding": [{"system": "urn:ietf:rfc:3986", "code": "urn:ihe:iti:mcsd:2019:facility"}]}
JURISDICTION_TYPE = {
    "coding": [{"system": "urn:ietf:rfc:3986", "code": "urn:ihe:iti:mcsd:2019:jurisdiction"}]
}


def identified(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """Scheme, value and the ``Organization/id`` that gave it, of the identifiers that the directory knows."""
    for identifier in resource.get("identifier") or ():
        value, system = identifier.get("value"), identifier.get("system")
        if isinstance(value, str) and isinstance(system, str):
            bare = codes.normal(
                "orgcode", value
            )  # only its length tells which of an institution's codes it is
            key = codes.scheme_of(system, bare)
            if key is not None:
                within = str((identifier.get("assigner") or {}).get("reference") or "")
                yield key, codes.normal(key, value), within


def code_of(resource: Resource, key: str, within: str = "") -> str:
    """The code of a scheme that ``within`` gave, else the first that nobody or anybody gave; empty if none."""
    found = [(value, giver) for scheme, value, giver in identified(resource) if scheme == key]
    mine = [value for value, giver in found if giver == within]
    return (mine or [value for value, giver in found if not within or not giver] or [""])[0]


def with_codes(resource: Resource, values: dict[str, str], within: str = "") -> list[dict[str, Any]]:
    """The identifiers of ``resource`` with those of ``values`` (scheme → value) replaced; empty values go.

    What another institution than ``within`` gave stays, and what says the same stays as it was sent, in its place.
    """
    left = dict(values)
    made = []
    for identifier in resource.get("identifier") or ():
        scheme, standing, giver = next(identified({"identifier": [identifier]}), ("", "", ""))
        foreign = scheme in values and codes.schemes()[scheme].within and giver not in {"", within}
        if scheme not in left or foreign:
            made.append(identifier)
            continue
        value = left.pop(scheme)
        if value:
            same = codes.normal(scheme, value) == standing
            made.append(identifier if same else _identifier(scheme, value, within))
    return made + [_identifier(key, value, within) for key, value in left.items() if value]


def _identifier(key: str, value: str, within: str) -> dict[str, Any]:
    scheme = codes.schemes()[key]
    made: dict[str, Any] = {"system": scheme.system, "value": value}
    return {**made, "assigner": {"reference": within}} if scheme.within and within else made


def coded(concept: Any, system: str) -> str:
    """The code of a CodeableConcept in one system, empty if it has none."""
    for coding in (concept or {}).get("coding") or ():
        if coding.get("system") == system:
            return str(coding.get("code") or "")
    return ""


def coded_in(concepts: Any, system: str) -> str:
    """The first code in one system among CodeableConcepts."""
    return next((code for concept in concepts or () if (code := coded(concept, system))), "")


def concept(system: str, code: str, display: str, text: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"coding": [{"system": system, "code": code, "display": display}]}
    return {**made, "text": text} if text else made


def without(concepts: Any, *systems: str) -> list[Any]:
    """The CodeableConcepts that have no coding in these systems."""
    return [c for c in concepts or () if not any(coded(c, system) for system in systems)]


def extension(resource: Resource, url: str) -> Any:
    """The value of the first extension of that name, None if there is none."""
    for one in resource.get("extension") or ():
        if one.get("url") == url:
            return next((value for name, value in one.items() if name.startswith("value")), None)
    return None


def with_extension(resource: Resource, url: str, *made: dict[str, Any]) -> list[dict[str, Any]]:
    """The extensions of ``resource`` with those of that name replaced by ``made``."""
    return [one for one in resource.get("extension") or () if one.get("url") != url] + list(made)


def phone(resource: Resource) -> str:
    telecoms = resource.get("telecom") or ()
    return next((str(t.get("value") or "") for t in telecoms if t.get("system") == "phone"), "")


def with_phone(resource: Resource, value: str) -> list[dict[str, Any]]:
    kept = [t for t in resource.get("telecom") or () if t.get("system") != "phone"]
    return [{"system": "phone", "value": value}, *kept] if value else kept


def reference(holder: Any) -> str | None:
    """``Type/id`` of a literal reference without version."""
    text = (holder or {}).get("reference")
    if not isinstance(text, str) or text.count("/") == 0 or ":" in text:
        return None
    return "/".join(text.split("/")[:2])


def id_in(holder: Any, type_name: str) -> str | None:
    """The id of a reference to that type."""
    text = reference(holder)
    return text.partition("/")[2] if text and text.startswith(f"{type_name}/") else None


def tidied(resource: Resource) -> Resource:
    """The resource without members that are empty, which FHIR does not allow."""
    return {name: value for name, value in resource.items() if value not in (None, "", [], {})}
