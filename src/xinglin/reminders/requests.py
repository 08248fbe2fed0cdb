"""A request of CDS Hooks, read and refused with what would be right. Pure.

https://cds-hooks.hl7.org/2.0/#http-request_1 and https://cds-hooks.hl7.org/2.0/#feedback
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Fault, Issue, Kind, invalid
from xinglin.reminders import charting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.reminders.hooks import Service

_MOST_FEEDBACK = 500
_MOST_RESOURCES = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks: of which patient, where its FHIR server is, and what it sent along."""

    patient: str
    server: str
    context: dict[str, Any]
    resources: tuple[dict[str, Any], ...]
    types: frozenset[str]  # of which the prefetch is all that is wanted

    @property
    def has_patient(self) -> bool:
        return any(one.get("resourceType") == "Patient" for one in self.resources)


def missing() -> Fault:
    """That the data which are needed were neither sent nor can be read: HTTP 412 in CDS Hooks."""
    said = gettext_noop(
        "The patient is not in this record. Send the patient in prefetch, with the key that discovery names."
    )
    return Fault(Kind.CONFLICT, [Issue("not-found", said, {}, "prefetch.patient")], precondition=True)


def read(said: Any, service: Service) -> Asked:
    """The request of a service; raises ``invalid`` with the member that is wrong."""
    if not isinstance(said, dict):
        raise invalid(gettext_noop("The body is to be a JSON object as CDS Hooks 2.0 says."))
    _text(said, "hookInstance")
    if _text(said, "hook") != str(service.hook):
        raise invalid(
            gettext_noop("This service answers the hook %(hook)s."), hook=str(service.hook), expression="hook"
        )
    context = said.get("context")
    if not isinstance(context, dict):
        raise invalid(gettext_noop("The member %(name)s is missing."), name="context", expression="context")
    for name in service.context:
        if name not in context or context[name] in ("", None):
            place = f"context.{name}"
            raise invalid(gettext_noop("The member %(name)s is missing."), name=place, expression=place)
    _require_shapes(context)
    patient = _text(context, "patientId").removeprefix("Patient/")
    prefetch = said.get("prefetch") or {}
    if not isinstance(prefetch, dict):
        raise invalid(
            gettext_noop("The member %(name)s is to be an object."), name="prefetch", expression="prefetch"
        )
    resources = tuple(_prefetched(prefetch))
    if len(resources) > _MOST_RESOURCES:
        raise invalid(
            gettext_noop("There are more than %(most)d resources in prefetch."), most=_MOST_RESOURCES
        )
    return Asked(
        patient=patient,
        server=str(said.get("fhirServer") or "").rstrip("/"),
        context=context,
        resources=resources,
        types=frozenset(_satisfied(prefetch, service)),
    )


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(
            gettext_noop("The member %(name)s is to be a text that is not empty."), name=name, expression=name
        )
    return value.strip()


def _require_shapes(context: dict[str, Any]) -> None:
    if "selections" in context and not isinstance(context["selections"], list):
        raise invalid(
            gettext_noop("The member %(name)s is to be a list."),
            name="selections",
            expression="context.selections",
        )
    if "draftOrders" in context and not isinstance(context["draftOrders"], dict):
        raise invalid(
            gettext_noop("The member %(name)s is to be an object."), name="draftOrders",
            expression="context.draftOrders",
        )  # fmt: skip


def _prefetched(prefetch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in prefetch.values():
        yield from charting.resources_of(value)


def _satisfied(prefetch: dict[str, Any], service: Service) -> Iterator[str]:
    """The types that the keys of discovery stand for, also where there is nothing (null); a Patient under any key.

    A page of a longer answer satisfies nothing: the rest is read.
    """
    for key, value in prefetch.items():
        type_ = service.keys.get(key)
        if type_ is not None and not (isinstance(value, dict) and _goes_on(value)):
            yield type_
        if isinstance(value, dict) and value.get("resourceType") == "Patient":
            yield "Patient"


def _goes_on(bundle: dict[str, Any]) -> bool:
    links = bundle.get("link")
    return isinstance(links, list) and any(
        isinstance(link, dict) and link.get("relation") == "next" for link in links
    )


@dataclass(frozen=True, slots=True)
class Feedback:
    """One entry of feedback."""

    card: str
    outcome: str
    reason: str
    comment: str
    moment: datetime


def feedback(said: Any) -> list[Feedback]:
    """The entries of a feedback request; raises ``invalid`` with the member that is wrong."""
    entries = said.get("feedback") if isinstance(said, dict) else None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise invalid(
            gettext_noop("The member %(name)s is to be a list."), name="feedback", expression="feedback"
        )
    if len(entries) > _MOST_FEEDBACK:
        raise invalid(gettext_noop("There are more than %(most)d entries of feedback."), most=_MOST_FEEDBACK)
    return [_one(entry) for entry in entries]


def _one(entry: dict[str, Any]) -> Feedback:
    outcome = _text(entry, "outcome")
    chosen = entry.get("acceptedSuggestions")
    if outcome == "accepted" and not (isinstance(chosen, list) and chosen):
        raise invalid(
            gettext_noop("The member %(name)s is missing."), name="acceptedSuggestions",
            expression="acceptedSuggestions",
        )  # fmt: skip
    given = entry.get("overrideReason") or {}
    reason = given.get("reason") if isinstance(given, dict) else None
    comment = given.get("userComment") if isinstance(given, dict) else None
    return Feedback(
        card=_text(entry, "card"),
        outcome=outcome,
        reason=str(reason.get("code") or "") if isinstance(reason, dict) else "",
        comment=comment if isinstance(comment, str) else "",
        moment=_moment(_text(entry, "outcomeTimestamp")),
    )


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid(
            gettext_noop("The member %(name)s is to be a time with its zone, such as 2026-11-27T08:00:00Z."),
            name="outcomeTimestamp", expression="outcomeTimestamp",
        )  # fmt: skip
    return found
