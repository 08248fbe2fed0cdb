"""What a subscription says: a FHIR R4 Subscription read, refused with what would be right, and written. Pure.

https://hl7.org/fhir/R4/subscription.html; content by the backport's extension of ``channel.payload``
(https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from django.utils.translation import gettext_noop

from xinglin.kernel import outgoing
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from datetime import datetime

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
_CONTENT = f"{BACKPORT}/backport-payload-content"
_FILTER = f"{BACKPORT}/backport-filter-criteria"
_JSON = "application/fhir+json"


class Status(StrEnum):
    """As the standard has it: asked for, working, given up after failures, ended."""

    REQUESTED = "requested"
    ACTIVE = "active"
    ERROR = "error"
    OFF = "off"


@cache
def limits() -> dict[str, Any]:
    """``limits-1.toml``."""
    return tomllib.loads((Path(__file__).parent / "data" / "limits-1.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a system asks for. ``headers`` are sent with each notification, as ``Name: value``."""

    criteria: str
    endpoint: str
    content: str
    headers: tuple[str, ...]
    reason: str
    end: str


def searched(criteria: str) -> tuple[str, list[tuple[str, str]]]:
    """The type and the parameters of a search as a subscription names it: ``Observation?code=…``."""
    type_name, _, asked = criteria.partition("?")
    return type_name, parse_qsl(asked, keep_blank_values=True)


def read(resource: Any) -> Wish:
    """A Subscription as a system sends it; fault ``invalid`` names the element that is wrong."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Subscription":
        raise invalid(gettext_noop("A FHIR Subscription is expected here."), code="structure")
    channel = resource.get("channel")
    if not isinstance(channel, dict) or channel.get("type") != "rest-hook":
        raise invalid(
            gettext_noop("Notifications go by rest-hook only."),
            code="not-supported",
            expression="Subscription.channel.type",
        )
    headers = channel.get("header", [])
    if not isinstance(headers, list) or not all(_is_header(one) for one in headers):
        raise invalid(
            gettext_noop("A header is a text such as “Authorization: Bearer …”."), code="value",
            expression="Subscription.channel.header",
        )  # fmt: skip
    return Wish(
        _criteria(resource), _endpoint(channel.get("endpoint")), _content(channel), tuple(headers),
        str(resource.get("reason", ""))[:300], str(resource.get("end", ""))[:40],
    )  # fmt: skip


def _criteria(resource: dict[str, Any]) -> str:
    """The search: as R4 has it, or in the backport's filter beside the canonical of a topic."""
    said = str(resource.get("criteria", ""))
    if "://" in said:
        found = [
            one.get("valueString")
            for one in (resource.get("_criteria") or {}).get("extension", ())
            if one.get("url") == _FILTER
        ]
        said = str(found[0]) if found else ""
    known = limits()["types"]
    if said.partition("?")[0] not in known or "?" not in said:
        raise invalid(
            gettext_noop("The criteria should search one of %(types)s, as DocumentReference?patient=Patient/17 does."),
            code="value", expression="Subscription.criteria", types=", ".join(known),
        )  # fmt: skip
    return said[:1000]


def _endpoint(said: Any) -> str:
    parts = urlsplit(str(said or ""))
    if not parts.hostname or parts.username or parts.fragment or not outgoing.is_private(parts):
        raise invalid(
            gettext_noop("The endpoint should be an https address without user and fragment."), code="value",
            expression="Subscription.channel.endpoint",
        )  # fmt: skip
    return str(said)[:500]


def _content(channel: dict[str, Any]) -> str:
    if channel.get("payload") is None:
        return "empty"
    if channel["payload"] not in (_JSON, "application/json"):
        raise invalid(
            gettext_noop("Notifications are %(media)s."), code="not-supported",
            expression="Subscription.channel.payload", media=_JSON,
        )  # fmt: skip
    said = [
        one.get("valueCode")
        for one in (channel.get("_payload") or {}).get("extension", ())
        if one.get("url") == _CONTENT
    ]
    content = str(said[0]) if said else "id-only"
    if content not in limits()["contents"]:
        raise invalid(
            gettext_noop("The content should be one of %(contents)s."), code="code-invalid",
            expression="Subscription.channel.payload", contents=", ".join(limits()["contents"]),
        )  # fmt: skip
    return content


def _is_header(said: Any) -> bool:
    if not isinstance(said, str) or len(said) > 2000:
        return False
    name, colon, value = said.partition(":")
    return bool(colon) and name.isascii() and name.replace("-", "").isalnum() and not set(value) & set("\r\n")


def notification(
    about: dict[str, Any], resources: list[dict[str, Any]], base: str, now: datetime
) -> dict[str, Any]:
    """The Bundle of one notification: a status, then what it is about as far as the content says."""
    said = about["content"]
    status = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subscription", "valueReference": {"reference": f"{base}/Subscription/{about['number']}"}},
            {"name": "status", "valueCode": about["status"]},
            {"name": "type", "valueCode": "event-notification"},
            {"name": "events-since-subscription-start", "valueString": str(about["events"])},
            *(
                {"name": "notification-event", "part": _event(one, about["events"] - len(resources) + at, said)}
                for at, one in enumerate(resources, 1)
            ),
        ],
    }  # fmt: skip
    entries: list[dict[str, Any]] = [{"resource": status}]
    if said != "empty":
        entries += [
            {
                "fullUrl": f"{about['fhir']}/{_named(one)}",
                **({"resource": one} if said == "full-resource" else {}),
            }
            for one in resources
        ]
    return {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": now.isoformat(timespec="seconds"),
        "entry": entries,
    }


def _event(resource: dict[str, Any], number: int, content: str) -> list[dict[str, Any]]:
    part: list[dict[str, Any]] = [{"name": "event-number", "valueString": str(number)}]
    if content != "empty":
        part.append({"name": "focus", "valueReference": {"reference": _named(resource)}})
    return part


def _named(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
