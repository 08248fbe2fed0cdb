"""Who is told of changed links, and in which words: IHE PMIR, ITI-94 (Subscription) and ITI-93 (messages).

A Subscription to ``Patient`` with channel rest-hook gets, for every change of links, a message with the persons
concerned: each as one Patient under the person's id; a merged one inactive, with a link ``replaced-by``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.fhir import dates
from xinglin.identity import golden
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.record.database import Connection
    from xinglin.record.followers import Written

EVENT = "urn:ihe:iti:pmir:2019:patient-feed"
_CRITERIA = frozenset({"Patient", "Patient?"})
_WANTED = frozenset({"requested", "active"})


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One who is told. ``headers`` are sent along, as ``Name: value``."""

    id: str
    endpoint: str
    headers: tuple[str, ...]


def keep_subscribers(connection: Connection, versions: Sequence[Written]) -> None:
    """Subscriptions were written: who is told from now on. A follower of the record."""
    for version in versions:
        wanted = _wanted(version.resource) if version.resource is not None else None
        if wanted is None:
            connection.execute("DELETE FROM identity_notice WHERE subscriber = %s", [version.id])
            connection.execute("DELETE FROM identity_subscriber WHERE id = %s", [version.id])
            continue
        endpoint, headers, ends, state = wanted
        if state == "error":  # we said so ourselves: what is waiting waits until the sender asks again
            continue
        connection.execute(
            "INSERT INTO identity_subscriber (id, endpoint, headers, ends) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET endpoint = excluded.endpoint, headers = excluded.headers,"
            " ends = excluded.ends, failing = ''",
            [version.id, endpoint, headers, ends],
        )
        if state == "requested":
            connection.execute(
                "UPDATE identity_notice SET tries = 0, due = now() WHERE subscriber = %s", [version.id]
            )


def _wanted(resource: dict[str, Any]) -> tuple[str, list[str], str | None, str] | None:
    """Endpoint, headers, end and status of a Subscription that is for us; None for any other."""
    channel = resource.get("channel") or {}
    status = str(resource.get("status"))
    if resource.get("criteria") not in _CRITERIA or channel.get("type") != "rest-hook":
        return None
    if status not in _WANTED | {"error"}:
        return None
    endpoint = str(channel.get("endpoint") or "")
    require_registered(endpoint)
    end = resource.get("end")
    if end is not None:
        dates.interval(end)
    return endpoint, [str(one) for one in channel.get("header") or ()], end, status


def require_registered(endpoint: str) -> None:
    """Raise ``invalid`` for an address that the operator has not allowed (``XINGLIN_NOTIFY``)."""
    asked = urlsplit(endpoint)
    for allowed in settings.SETTINGS.notify.replace(",", " ").split():
        known = urlsplit(allowed)
        inside = asked.path == known.path or asked.path.startswith(known.path.rstrip("/") + "/")
        same = (asked.scheme, asked.netloc) == (known.scheme, known.netloc)
        if asked.scheme in ("http", "https") and same and inside and "/../" not in asked.path + "/":
            return
    raise invalid(
        gettext_noop(
            "The address %(endpoint)s is not registered here. An operator adds it to the setting XINGLIN_NOTIFY."
        ),
        code="security",
        expression="Subscription.channel.endpoint",
        endpoint=repr(endpoint[:200]),
    )


def message(
    connection: Connection, base: str, event: dict[str, Any], moment: datetime
) -> tuple[dict[str, Any], list[str]]:
    """The message that tells of an event, and the ids of the persons it shows."""
    kind, person, other = event["kind"], event["person"], event.get("other")
    entries = []
    shown = []
    merged = kind in ("merged", "rejoined") or event.get("emptied")
    for id_ in (other, person):
        if id_ is None:
            continue
        if id_ == other and merged:
            entries.append(_entry(base, "PUT", id_, _replaced(id_, person)))
            continue
        found = golden.view(connection, id_)
        if found is not None and found.person.id == id_ and found.sources:
            entries.append(_entry(base, "PUT", id_, golden.as_patient(found)))
            shown.append(id_)
        elif found is not None and found.person.id != id_:
            entries.append(_entry(base, "PUT", id_, _replaced(id_, found.person.id)))
        else:
            entries.append(_entry(base, "DELETE", id_, None))
    return _message(base, entries, moment), shown


def _replaced(id_: str, survivor: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "active": False,
        "link": [{"other": {"reference": f"Patient/{survivor}"}, "type": "replaced-by"}],
    }


def _entry(base: str, method: str, id_: str, resource: dict[str, Any] | None) -> dict[str, Any]:
    made: dict[str, Any] = {"fullUrl": f"{base}/Patient/{id_}"}
    if resource is not None:
        made["resource"] = resource
    made["request"] = {"method": method, "url": f"Patient/{id_}"}
    made["response"] = {"status": "200" if resource is not None else "204"}
    return made


def _message(base: str, entries: list[dict[str, Any]], moment: datetime) -> dict[str, Any]:
    header, history = str(uuid.uuid4()), str(uuid.uuid4())
    return {
        "resourceType": "Bundle",
        "type": "message",
        "timestamp": moment.isoformat(timespec="milliseconds"),
        "entry": [
            {
                "fullUrl": f"urn:uuid:{header}",
                "resource": {
                    "resourceType": "MessageHeader",
                    "id": header,
                    "eventUri": EVENT,
                    "source": {"name": "Xinglin", "endpoint": base},
                    "focus": [{"reference": f"urn:uuid:{history}"}],
                },
            },
            {
                "fullUrl": f"urn:uuid:{history}",
                "resource": {"resourceType": "Bundle", "id": history, "type": "history", "entry": entries},
            },
        ],
    }


def acknowledgement(base: str, header: dict[str, Any], written: Sequence[str]) -> dict[str, Any]:
    """The answer to a message that was taken in; ``written`` are references to what it changed."""
    own = str(uuid.uuid4())
    answered: dict[str, Any] = {
        "resourceType": "MessageHeader",
        "id": own,
        "eventUri": EVENT,
        "source": {"name": "Xinglin", "endpoint": base},
        "response": {"identifier": str(header.get("id") or "unknown"), "code": "ok"},
    }
    if written:
        answered["focus"] = [{"reference": reference} for reference in written]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [{"fullUrl": f"urn:uuid:{own}", "resource": answered}],
    }
