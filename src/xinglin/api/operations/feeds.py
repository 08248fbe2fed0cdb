"""``$process-message``: the feed of patients that institutions send as messages.

IHE PMIR, ITI-93: a Bundle of type message, whose MessageHeader points to a Bundle of type history with Patients
that were created, changed, merged or deleted. https://hl7.org/fhir/R4/messageheader-operation-process-message.html
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from xinglin.api import bodies
from xinglin.api.answers import Answer
from xinglin.api.operations.register import SYSTEM, Operation, register
from xinglin.fhir import json
from xinglin.identity import notices
from xinglin.kernel.errors import Fault, Kind, conflict, invalid, unsupported
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from xinglin.api.requests import Request

_VERBS = {"POST": Verb.UPDATE, "PUT": Verb.UPDATE, "DELETE": Verb.DELETE}
_MOST = 2_000
_KEPT_BY_MERGE = ("identifier", "name", "birthDate", "telecom", "address")


def process(request: Request, _level: str) -> Answer:
    """Take a message in, whole or not at all; the answer is a message that refers to it."""
    message = bodies.resource(request)
    header = _header(message)
    entries = _entries(message, header)
    steps = [_step(request, entry, f"Bundle.entry[1].resource.entry[{n}]") for n, entry in enumerate(entries)]
    outcomes = request.door.transaction(steps)
    written = [f"Patient/{one.draft.id}" for one in outcomes if one.draft is not None]
    return Answer(200, json.dump(notices.acknowledgement(request.base, header, written)))


def _header(message: dict[str, Any]) -> dict[str, Any]:
    entries = message.get("entry")
    first = entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else {}
    header = first.get("resource")
    if (
        message.get("resourceType") != "Bundle"
        or message.get("type") != "message"
        or not isinstance(header, dict)
        or header.get("resourceType") != "MessageHeader"
    ):
        raise invalid(
            "Send a Bundle of type message whose first entry is a MessageHeader.",
            code="structure",
            expression="Bundle.entry",
        )
    event = header.get("eventUri") or (header.get("eventCoding") or {}).get("code")
    if event != notices.EVENT:
        raise unsupported(
            "Messages of the event %(event)s are not taken here; %(known)s are.",
            expression="Bundle.entry[0].resource.eventUri",
            event=repr(event),
            known=notices.EVENT,
        )
    return header


def _entries(message: dict[str, Any], header: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of the history that the header's focus names."""
    focus = [str(one.get("reference") or "") for one in header.get("focus", []) if isinstance(one, dict)]
    found = [
        entry["resource"]
        for entry in message["entry"][1:]
        if isinstance(entry, dict)
        and isinstance(entry.get("resource"), dict)
        and entry["resource"].get("resourceType") == "Bundle"
        and any(_names(entry, reference) for reference in focus)
    ]
    if len(found) != 1 or found[0].get("type") != "history" or not isinstance(found[0].get("entry"), list):
        raise invalid(
            "MessageHeader.focus should name one Bundle of type history in this message.",
            code="structure",
            expression="Bundle.entry[0].resource.focus",
        )
    entries = found[0]["entry"]
    if not all(isinstance(entry, dict) for entry in entries):
        raise invalid("Bundle.entry is a list of entries.", code="structure", expression="Bundle.entry")
    if len(entries) > _MOST:
        raise invalid(
            "The bundle has %(count)d entries; at most %(most)d are taken at once. Send it in parts.",
            code="too-long",
            expression="Bundle.entry",
            count=len(entries),
            most=_MOST,
        )
    return list(entries)


def _names(entry: dict[str, Any], reference: str) -> bool:
    own = f"Bundle/{entry['resource'].get('id')}"
    return bool(reference) and (
        reference == entry.get("fullUrl") or reference == own or reference.endswith("/" + own)
    )


def _step(request: Request, entry: dict[str, Any], place: str) -> Step:
    asked = entry.get("request")
    asked = asked if isinstance(asked, dict) else {}
    verb = _VERBS.get(str(asked.get("method")))
    type_name, _, id_ = str(asked.get("url") or "").partition("/")
    resource = entry.get("resource")
    if verb is None or type_name != "Patient":
        raise invalid(
            "An entry of a patient feed should create, change or delete a Patient: POST, PUT or DELETE.",
            code="value",
            expression=f"{place}.request",
        )
    if verb is Verb.DELETE:
        if not id_:
            raise invalid("The request has no url.", code="required", expression=f"{place}.request.url")
        return Step(verb, "Patient", id_, place=place)
    if not isinstance(resource, dict) or resource.get("resourceType") != "Patient":
        raise invalid("The entry has no Patient.", code="required", expression=f"{place}.resource")
    id_ = id_ or str(resource.get("id") or "")
    if not id_:
        return Step(Verb.CREATE, "Patient", resource=resource, place=place, full_url=_full_url(entry))
    standing = _standing(request, id_)
    if standing is not None:
        resource = _reconciled(resource, standing, place)
    return Step(verb, "Patient", id_, {**resource, "id": id_}, place=place, full_url=_full_url(entry))


def _full_url(entry: dict[str, Any]) -> str | None:
    url = entry.get("fullUrl")
    return url if isinstance(url, str) else None


def _standing(request: Request, id_: str) -> dict[str, Any] | None:
    try:
        return request.door.read("Patient", id_).resource
    except Fault as fault:
        if fault.kind in (Kind.NOT_FOUND, Kind.GONE):
            return None
        raise


def _reconciled(sent: dict[str, Any], standing: dict[str, Any], place: str) -> dict[str, Any]:
    """What is to be stored: a merge that says no more than that keeps what was known.

    Raises ``conflict`` where the id is somebody else's: two senders that count from one would overwrite each other.
    """
    if sent.get("link") and not any(sent.get(name) for name in _KEPT_BY_MERGE):
        kept = copy.deepcopy(standing)
        kept.pop("meta", None)
        return {**kept, **{name: sent[name] for name in ("active", "link", "meta") if name in sent}}
    before, now = _identifiers(standing), _identifiers(sent)
    if before and now and not before & now:
        raise conflict(
            "Patient/%(id)s is known here by other identifiers. Send this patient under an id of its own, "
            "such as a UUID.",
            expression=f"{place}.resource.id",
            id=standing["id"],
        )
    return sent


def _identifiers(patient: dict[str, Any]) -> set[tuple[Any, Any]]:
    found = patient.get("identifier")
    return {
        (one.get("system"), one.get("value"))
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict)
    }


register(
    Operation(
        "process-message",
        frozenset({SYSTEM}),
        frozenset(),
        "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
        "Takes the patient feed of IHE PMIR (ITI-93): Patients created, changed, merged, deleted.",
        process,
        changes=True,
    )
)
