"""The interface for institutions' systems: ``POST /cards/verify`` and ``GET /cards/keys``, JSON.

Whoever calls names itself as at the FHIR face, by a bearer token or by name and password; a session of the pages
counts for nothing here, so there is nothing that another site could make a browser do.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.healthcard import actions, emergencies, keys, queries, reference, verifying, words
from xinglin.healthcard.rules import Right
from xinglin.healthcard.verifying import Scan
from xinglin.kernel import clock
from xinglin.kernel.ages import Age
from xinglin.kernel.errors import invalid
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.ui import entry, machines

if TYPE_CHECKING:
    from django.http import HttpRequest, JsonResponse

    from xinglin.healthcard.queries import Card
    from xinglin.healthcard.verifying import Verdict
    from xinglin.kernel.actor import Actor

_MOST_BYTES = 8192
_FIELDS = {
    "code": str,
    "operation": str,
    "counter": str,
    "request": str,
    "scanned": str,
    "purpose": str,
    "emergency": bool,
}
_REFUSED_STATUS = {"forbidden": 403}  # every other verdict is an answer: 200
_LONGEST = {"operation": 40, "counter": 80, "request": 80}


@machines.called(words.fault)
@require_POST
def verify(request: HttpRequest, actor: Actor) -> JsonResponse:
    """A verdict on what a counter has scanned."""
    said = _body(request)
    actor = replace(actor, purpose=said.get("purpose", actor.purpose))
    scan = Scan(
        text=said["code"],
        counter=said.get("counter", ""),
        operation=said.get("operation", "other"),
        request=said.get("request", ""),
        scanned=_moment(said["scanned"]) if "scanned" in said else None,
    )
    connection = database.connection()
    with connection.transaction():
        verdict = verifying.verify(connection, scan, actor=actor, now=clock.now())
    answer = _answer(verdict)
    if said.get("emergency") and verdict.accepted and verdict.card is not None:
        answer["emergency"] = _emergency(verdict.card, actor)
    return machines.answer(answer, _REFUSED_STATUS.get(verdict.why, 200))


def _body(request: HttpRequest) -> dict[str, Any]:
    """What is asked; raises ``invalid`` with the name of the field that is wrong."""
    said = machines.asked(request, most=_MOST_BYTES)
    if not isinstance(said, dict):
        raise invalid(gettext_noop("The body is to be a JSON object with the member code."))
    for name, value in said.items():
        machines.require_known(name, _FIELDS)
        if not isinstance(value, _FIELDS[name]):
            raise invalid(
                gettext_noop("The member %(name)s is to be a %(type)s."),
                name=name, type="boolean" if _FIELDS[name] is bool else "string",
            )  # fmt: skip
        if isinstance(value, str) and ("\0" in value or len(value) > _LONGEST.get(name, _MOST_BYTES)):
            raise invalid(gettext_noop("The member %(name)s is too long, or has a NUL character."), name=name)
    if "code" not in said:
        raise invalid(gettext_noop("The member code is missing: what was scanned."), code="required")
    if said.get("purpose", "TREAT") not in entry.PURPOSES:
        raise invalid(gettext_noop("The purpose is one of %(known)s."), known=", ".join(entry.PURPOSES))
    return said


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid(
            gettext_noop(
                "The member scanned is to be a time with its zone, such as 2026-11-20T10:00:00+08:00."
            )
        )
    return moment


def _answer(verdict: Verdict) -> dict[str, Any]:
    """The verdict for a program."""
    answer: dict[str, Any] = {
        "outcome": "accepted" if verdict.accepted else "refused",
        "use": str(verdict.use),
        "way": verdict.way.value,
    }
    if verdict.card is not None:
        answer["card"] = {
            "number": verdict.card.short,
            "kind": verdict.card.kind.value,
            "state": verdict.card.state.value,
        }
    if not verdict.accepted:
        text, advice = words.WHY.get(verdict.why, (verdict.why, ""))
        return {**answer, "why": verdict.why, "text": str(text), "advice": str(advice)}
    told = dict(verdict.told)
    patients = told.pop("patient", ())
    told.pop("emergency", None)
    age = told.pop("age", None)
    answer["holder"] = {name: value for name, value in told.items() if value}
    if isinstance(age, Age):
        answer["holder"]["age"] = {"years": age.years, "months": age.months, "days": age.days}
    answer["patients"] = [f"Patient/{id_}" for id_ in patients]
    answer["warnings"] = [
        {"code": code, "text": str(words.WARNINGS.get(code, code))} for code in verdict.warnings
    ]
    return answer


def _emergency(card: Card, actor: Actor) -> dict[str, Any]:
    """What first helpers need, if the caller's role is told it; raises ``forbidden`` as the door does."""
    if "emergency" not in reference.disclosed(actor.roles):
        return {}
    connection = database.connection()
    _, holder = actions.holder_of(connection, queries.card(connection, card.id).person, actor)
    found = emergencies.emergency(open_as(actor), [at.patient for at in holder.patients])
    return {
        "blood": list(found.blood),
        "allergies": [
            {"substance": a.substance, "dangerous": a.high, "reactions": list(a.reactions)} for a in found.allergies
        ],
        "noKnownAllergy": found.denied and not found.allergies,
        "conditions": list(found.conditions),
        "implants": list(found.implants),
    }  # fmt: skip


@machines.called(words.fault)
@require_GET
def public_keys(_request: HttpRequest, actor: Actor) -> JsonResponse:
    """The public keys of shown codes, by which a counter without network can tell an altered one."""
    actions.require(actor, Right.VERIFY, "card.keys")
    ring = keys.ring(keys.CODE)
    shown = [
        {
            "version": key.version,
            "algorithm": key.algorithm.value,
            "public": base64.b64encode(key.verifier.public).decode(),
        }
        for key in ring.keys
        if key.revoked is None and key.verifier.public
    ]
    return machines.answer({"purpose": ring.purpose.name, "audience": "card", "keys": shown})
