"""The interface for institutions' systems: ``POST /recognition/candidates`` and ``/recognition/decisions``, JSON.

Whoever calls names itself as at the FHIR face, by a bearer token or by name and password; a session of the pages
counts for nothing here, so there is nothing that another site could make a browser do. The institution is that of
the account; the doctor, who decides, is named in the body.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid
from xinglin.recognition import actions, queries, rules, words
from xinglin.recognition.actions import Choice
from xinglin.recognition.rules import Verdict
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.ui import entry, machines

if TYPE_CHECKING:
    from django.http import HttpRequest, JsonResponse

    from xinglin.kernel.actor import Actor
    from xinglin.recognition.queries import Candidates, Decision
    from xinglin.recognition.values import Judged

_MOST_BYTES = 65_536
_MOST_ITEMS = 100
_LONGEST = 200
_DECISION = ("patient", "order", "item", "result", "verdict", "reason", "words", "doctor", "purpose")
_VERDICTS = {"recognise": Verdict.RECOGNISED, "decline": Verdict.DECLINED}


@machines.called()
@require_POST
def candidates(request: HttpRequest, actor: Actor) -> JsonResponse:
    """What of a person's earlier results is valid for the items of an order, and why the rest is not."""
    said = _body(request, ("patient", "items", "purpose"))
    items = said.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= _MOST_ITEMS or not all(map(_is_text, items)):
        raise invalid(
            gettext_noop("The member items is to be a list of 1 to %(most)d codes or names."),
            most=_MOST_ITEMS,
        )
    found = queries.candidates(
        open_as(_with_purpose(actor, said)), _text(said, "patient", required=True), items, clock.now()
    )
    return machines.answer(_as_data(found))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and "\0" not in value


def _body(request: HttpRequest, known: tuple[str, ...]) -> dict[str, Any]:
    """What is asked; raises ``invalid`` with the member that is wrong."""
    said = machines.asked(request, most=_MOST_BYTES)
    if not isinstance(said, dict):
        raise invalid(
            gettext_noop("The body is to be a JSON object with the members %(known)s."),
            known=", ".join(known),
        )
    for name in said:
        machines.require_known(name, known)
    return said


def _text(said: dict[str, Any], name: str, *, required: bool = False, longest: int = _LONGEST) -> str:
    value = said.get(name, "")
    if (
        not isinstance(value, str)
        or len(value) > longest
        or "\0" in value
        or (required and not value.strip())
    ):
        raise invalid(
            gettext_noop("The member %(name)s is to be a text of at most %(most)s characters."),
            name=name, most=longest,
        )  # fmt: skip
    return value


def _with_purpose(actor: Actor, said: dict[str, Any]) -> Actor:
    purpose = said.get("purpose", actor.purpose)
    if "purpose" in said and purpose not in entry.PURPOSES:
        raise invalid(gettext_noop("The purpose is one of %(known)s."), known=", ".join(entry.PURPOSES))
    return replace(actor, purpose=purpose)


def _as_data(found: Candidates) -> dict[str, Any]:
    return {
        "patient": found.patient,
        "catalogue": {"number": found.catalogue.number, "version": found.catalogue.version},
        "unknown": list(found.unknown),
        "items": [
            {
                "item": one.item.code, "name": one.item.name, "days": one.item.days, "price": one.item.fen / 100,
                "valid": [_judged(each) for each in one.valid],
                "others": [_judged(each) for each in one.others],
            }
            for one in found.found
        ],
    }  # fmt: skip


def _judged(one: Judged) -> dict[str, Any]:
    result = one.result
    said: dict[str, Any] = {
        "result": result.reference, "version": result.version, "title": result.title, "value": result.value,
        "range": result.range, "interpretation": list(result.interpretation), "status": result.status,
        "time": result.moment.astimezone(LOCAL_ZONE).isoformat() if result.moment else None,
        "institution": {"id": one.place.id, "name": one.place.name}, "own": one.own,
        "cautions": [{"code": code, "text": str(words.CAUTIONS[code])} for code in one.cautions],
    }  # fmt: skip
    if one.reasons:
        said["reasons"] = [{"code": code, "text": str(words.WHY[code])} for code in one.reasons]
    elif one.mark is not None:
        said["mark"] = {"number": one.mark.id, "scope": one.mark.scope.value}
    return said


@machines.called()
@require_POST
def decisions(request: HttpRequest, actor: Actor) -> JsonResponse:
    """Keep what a doctor decided on a result."""
    said = _body(request, _DECISION)
    verdict = _VERDICTS.get(str(said.get("verdict")))
    if verdict is None:
        raise invalid(
            gettext_noop("The member %(name)s is to be one of %(known)s."),
            name="verdict",
            known=", ".join(_VERDICTS),
        )
    doctor = said.get("doctor")
    if not isinstance(doctor, dict) or not _text(doctor, "id").strip() or not _text(doctor, "name").strip():
        raise invalid(gettext_noop("The member doctor is to be an object with the members id and name."))
    choice = Choice(
        patient=_text(said, "patient", required=True), ordering=_text(said, "order", required=True),
        item=_text(said, "item", required=True), reference=_text(said, "result", required=True), verdict=verdict,
        reason=_text(said, "reason"), words=_text(said, "words", longest=rules.MOST_WORDS),
        doctor=doctor["id"].strip(), doctor_name=doctor["name"].strip(),
    )  # fmt: skip
    connection = database.connection()
    with connection.transaction():
        kept = actions.decide(connection, choice=choice, actor=_with_purpose(actor, said), now=clock.now())
    return machines.answer(_kept(kept), 201)


def _kept(kept: Decision) -> dict[str, Any]:
    return {
        "decision": f"{kept.shard}/{kept.id}", "verdict": kept.verdict.value, "item": kept.item,
        "result": kept.reference, "saved": kept.fen / 100, "own": kept.own,
        "replaces": f"{kept.shard}/{kept.replaces}" if kept.replaces else None,
    }  # fmt: skip
