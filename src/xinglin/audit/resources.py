"""A line of the log as a FHIR AuditEvent, by IHE's Basic Audit Log Patterns.

https://profiles.ihe.net/ITI/BALP and https://hl7.org/fhir/R4/auditevent.html. Nothing is stored: the resource is made
from the row each time, and its id is the place of the line. What was refused follows the patterns, but claims none of
the profiles, which are for what succeeded. What was done on pages and is no interaction of REST has a code of ours.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.audit.queries import Reader
    from xinglin.record.access import Line, Placed

PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
OWN_ACTIONS = "urn:xinglin:codes:access"
ACCOUNTS = "urn:xinglin:account"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_REST = "http://hl7.org/fhir/restful-interaction"
_PURPOSE = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ENTITY, _ROLE = (
    f"http://terminology.hl7.org/CodeSystem/{name}" for name in ("audit-entity-type", "object-role")
)
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

INTERACTIONS = {
    "read": "read", "vread": "vread", "history": "history-instance", "search": "search-type", "create": "create",
    "update": "update", "patch": "patch", "delete": "delete", "everything": "operation", "match": "operation",
    "transaction": "transaction", "batch": "batch",
}  # fmt: skip
"""What the log calls an interaction, and FHIR's code for it."""

LETTERS = {
    "C": ("create",),
    "R": ("read", "vread", "history", "card.show", "reveal", "person"),
    "U": ("update", "patch"),
    "D": ("delete", "export-delete"),
}
"""AuditEvent.action of what the log calls an action; all else is E, executed."""
_LETTER = {action: letter for letter, actions in LETTERS.items() for action in actions}
_PATTERNS = {
    "read": "Read", "vread": "Read", "search": "Query", "create": "Create", "update": "Update", "patch": "Update",
    "delete": "Delete",
}  # fmt: skip

_SOURCE = {"system": _DCM, "code": "110153", "display": "Source Role ID"}
_DESTINATION = {"system": _DCM, "code": "110152", "display": "Destination Role ID"}
_APPLICATION = {"system": _DCM, "code": "110150", "display": "Application"}
_CUSTODIAN = {
    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "custodian",
    "display": "Custodian",
}  # fmt: skip
_RECIPIENT = {"system": _PARTICIPATION, "code": "IRCP", "display": "information recipient"}
_AUTHOR = {"system": _PARTICIPATION, "code": "AUT", "display": "author (originator)"}
_ROLES = {
    "Read": (_DESTINATION, _SOURCE, _RECIPIENT),
    "Query": (_SOURCE, _DESTINATION, _RECIPIENT),
    "Create": (_SOURCE, _DESTINATION, _AUTHOR),
    "Update": (_SOURCE, _DESTINATION, _AUTHOR),
    "Delete": (_APPLICATION, _CUSTODIAN, _AUTHOR),
}
"""By pattern: what client, server and user are."""


@dataclass(frozen=True, slots=True)
class Context:
    """What stands in no line: the address of the face, the names of readers, the ids of Patients by their numbers."""

    base: str
    readers: Mapping[str, Reader]
    patients: Mapping[int, str]


def audit_event(row: Placed, context: Context) -> dict[str, Any]:
    """The AuditEvent of a line."""
    line = row.line
    permitted = line.outcome == "permit"
    patient = _patient(line, context)
    profile = _profile(line, patient) if permitted else None
    entities = _entities(line, patient, context)
    made: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(row.place),
        **({"meta": {"profile": [profile]}} if profile else {}),
        "type": _type(line),
        "subtype": [_subtype(line)],
        "action": _LETTER.get(line.action, "E"),
        "recorded": line.moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": "0" if permitted else "4",
        **({} if permitted else {"outcomeDesc": "Refused: the policy does not permit it."}),
        "purposeOfEvent": [_concept(_PURPOSE, line.purpose)],
        "agent": _agents(line, context),
        "source": {
            "site": context.base,
            "observer": _server(context.base),
            "type": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4",
                    "display": "Application Server",
                }
            ],
        },
        **({"entity": entities} if entities else {}),
    }  # fmt: skip
    return made


def _type(line: Line) -> dict[str, str]:
    if line.action in INTERACTIONS:
        system = "http://terminology.hl7.org/CodeSystem/audit-event-type"
        return {"system": system, "code": "rest", "display": "Restful Operation"}
    if "export" in line.action:
        return {"system": _DCM, "code": "110106", "display": "Export"}
    if line.patient:
        return {"system": _DCM, "code": "110110", "display": "Patient Record"}
    return {"system": _DCM, "code": "110100", "display": "Application Activity"}


def _subtype(line: Line) -> dict[str, str]:
    code = INTERACTIONS.get(line.action)
    if code is None:
        return {"system": OWN_ACTIONS, "code": line.action}
    if line.type is None and code == "search-type":
        code = "search-system"
    if line.id is None and code == "history-instance":
        code = "history-system" if line.type is None else "history-type"
    return {"system": _REST, "code": code, "display": code}


def _profile(line: Line, patient: str | None) -> str | None:
    """The profile that the resource keeps; a search needs its query, all else what it was about."""
    pattern = _PATTERNS.get(line.action)
    if pattern is None or (pattern == "Query" and line.query is None):
        return None
    if pattern != "Query" and (line.id is None or line.type is None):
        return None
    return f"{PROFILE}{'Patient' if patient else ''}{pattern}"


def _agents(line: Line, context: Context) -> list[dict[str, Any]]:
    client, server, user = _ROLES.get(_PATTERNS.get(line.action, "Read"), _ROLES["Read"])
    reader = context.readers.get(line.actor)
    person = reader is not None and not reader.machine
    agents: list[dict[str, Any]] = [
        {
            "type": {"coding": [client]},
            "who": {"display": line.device or "unknown"} if person else _who(line, reader),
            "requestor": not person,
            "network": _network(line.address),
        },
        {
            "type": {"coding": [server]},
            "who": _server(context.base),
            "requestor": False,
            "network": {"address": context.base, "type": "5"},
        },
    ]
    if person:
        assert reader is not None
        agents.append(
            {
                "type": {"coding": [user]},
                "who": _who(line, reader),
                **({"name": reader.name} if reader.name else {}),
                "requestor": True,
                "purposeOfUse": [_concept(_PURPOSE, line.purpose)],
            }
        )
    return agents


def _who(line: Line, reader: Reader | None) -> dict[str, Any]:
    display = reader.name if reader and reader.name else line.actor
    return {"identifier": {"system": ACCOUNTS, "value": line.actor}, "display": display}


def _server(base: str) -> dict[str, Any]:
    return {"identifier": {"value": base}, "display": "Xinglin"}


def _network(address: str | None) -> dict[str, str]:
    if not address:
        return {"address": "unknown"}
    try:
        ip_address(address)
    except ValueError:
        return {"address": address}
    return {"address": address, "type": "2"}


def _patient(line: Line, context: Context) -> str | None:
    if line.patient and line.patient in context.patients:
        return context.patients[line.patient]
    if line.patient and line.id and line.type == definitions.type_number("Patient"):
        return line.id
    return None


def _entities(line: Line, patient: str | None, context: Context) -> list[dict[str, Any]]:
    found = []
    type_name = definitions.type_name(line.type) if line.type is not None else ""
    if patient:
        found.append({"what": {"reference": f"Patient/{patient}"}, **_kind("1", "Person", "1", "Patient")})
    if line.id is not None and type_name:
        what = {"reference": f"{type_name}/{line.id}"}
        found.append({"what": what, **_kind("2", "System Object", "4", "Domain Resource")})
    if line.query is not None:
        asked = f"{context.base}/{type_name}?{line.query}" if line.action == "search" else line.query
        query = base64.b64encode(asked.encode()).decode()
        found.append({**_kind("2", "System Object", "24", "Query"), "description": asked, "query": query})
    return found


def _kind(type_: str, type_words: str, role: str, role_words: str) -> dict[str, Any]:
    return {
        "type": {"system": _ENTITY, "code": type_, "display": type_words},
        "role": {"system": _ROLE, "code": role, "display": role_words},
    }


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}
