"""The doctor's workstation: the record of a visit, proposals, treatment; medicines are in ``prescriptions``."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import accounting, asking, coding, queries, reference, rules, words
from xinglin.clinic.actions import recording, templates, treating
from xinglin.clinic.actions.recording import Code
from xinglin.clinic.rules import VisitState
from xinglin.clinic.views import prescriptions
from xinglin.clinic.views.framing import attempt, frame, number, today
from xinglin.kernel import clock
from xinglin.record import database
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse, QueryDict

    from xinglin.clinic.values import Note
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@require_GET
@entry.page
def visit(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """The whole visit on one page."""
    return _page(request, door, visit)


def _page(request: HttpRequest, door: Door, visit: int, *, typed: QueryDict | None = None) -> HttpResponse:
    """The visit; with the record as it was typed where it could not be kept, so that no words are lost."""
    institution = rules.require(door.actor, "treating")
    connection = database.connection()
    held = queries.visit(connection, institution, visit)
    note = queries.note(connection, institution, visit)
    measured = queries.measurings(connection, institution, [visit]).get(visit)
    context: dict[str, Any] = {
        "visit": held, "note": note, "fields": _fields(note, typed), "codes": _codes(note, typed),
        "version": typed.get("version", "0") if typed else note.version if note else 0, "lacking": _lacking(note),
        "measured": words.measured(measured) if measured else [], "measuring": measured,
        "plans": queries.plans(connection, institution, visit),
        "techniques": queries.items(connection, institution, today(), kinds=["technique"]),
        "due": sum(one.fen for one in accounting.due(accounting.charges(connection, institution, visit))),
        "templates": [
            (one.id, one.scope, one.name, one.body)
            for one in templates.kept(connection, (templates.RECORD,), actor=door.actor)
        ],
        "points": asking.points(), "going_on": held.state is VisitState.SEEN,
        **prescriptions.of_visit(connection, door, held),
    }  # fmt: skip
    status = HTTPStatus.UNPROCESSABLE_ENTITY if typed else HTTPStatus.OK
    return render(request, "clinic/visit.html", frame(door.actor, "queue", **context), status=status)


def _fields(note: Note | None, typed: QueryDict | None) -> list[dict[str, Any]]:
    texts: Mapping[str, str] = typed or (note.body["texts"] if note else {})
    return [
        {"part": part, "text": texts.get(key, ""), "groups": reference.terms().get(key, ())}
        for key, part in reference.parts().items()
    ]


def _codes(note: Note | None, typed: QueryDict | None) -> list[dict[str, Any]]:
    if typed:
        return [
            {
                "one": one, "set": coding.address(key), "typed": typed.get(f"{key}_typed", ""),
                "chosen": typed.get(key, ""),
            }
            for key, one in reference.diagnoses().items()
        ]  # fmt: skip
    given = note.body["diagnoses"] if note else {}
    return [
        {
            "one": one, "set": coding.address(key), "typed": given[key]["display"] if key in given else "",
            "chosen": f"{given[key]['system']}|{given[key]['code']}" if key in given else "",
        }
        for key, one in reference.diagnoses().items()
    ]  # fmt: skip


def _lacking(note: Note | None) -> list[str]:
    zh = is_chinese()
    known = {one.key: one.zh if zh else one.en for one in reference.parts().values()}
    known |= {one.key: one.zh if zh else one.en for one in reference.diagnoses().values()}
    return [known[one.key] for one in recording.lacks(note)]


# -- the record


@require_POST
@entry.page
def record(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Keep the record, and sign it where that was asked."""
    given = request.POST

    def work(connection: Connection) -> Note:
        texts = {key: given.get(key, "").replace("\r\n", "\n") for key in reference.parts()}
        codes = {}
        for key in reference.diagnoses():
            found = coding.picked(
                key, chosen=given.get(key, ""), typed=given.get(f"{key}_typed", "")[:100], now=clock.now()
            )
            if found is not None:
                codes[key] = Code(found.system, found.code, found.display)
        written = recording.Written(texts, codes)
        return recording.write(
            connection,
            visit=visit,
            written=written,
            version=number(given.get("version", "")),
            actor=door.actor,
        )

    kept = attempt(request, work, "" if given.get("act") == "sign" else gettext("The record is kept."))
    if kept is None:
        return _page(request, door, visit, typed=given)
    if given.get("act") == "sign":
        signed = attempt(
            request, lambda connection: recording.sign(connection, visit=visit, actor=door.actor, now=clock.now()),
            gettext("The record is signed and stands in the resident's record."),
        )  # fmt: skip
        if signed is not None and not kept.signer:  # what is amended later was chosen knowing more
            asking.keep_choice(
                signed.body["texts"], signed.body["diagnoses"].get("syndrome"), actor=door.actor
            )
    if given.get("template", "").strip():
        scope = given.get("scope", "own")
        attempt(
            request,
            lambda connection: templates.keep_texts(
                connection, scope=scope, name=given["template"], texts=kept.body["texts"], actor=door.actor
            ),
            gettext("The template is kept."),
        )
    return redirect("clinic:visit", visit)


@require_POST
@entry.page
def proposal(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Syndromes that fit what is written so far, with what speaks for and against them."""
    institution = rules.require(door.actor, "treating")
    queries.visit(database.connection(), institution, visit)
    texts = {key: request.POST.get(key, "")[:4000] for key in reference.parts()}
    made = asking.propose(texts) if asking.may_propose(door.actor) and any(texts.values()) else None
    return render(request, "clinic/proposal.html", {"made": made, "visit": visit})


# -- treatment


@require_POST
@entry.page
def plan(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Order a course of treatment."""
    given = request.POST
    points = [one.strip() for one in re.split("[、，,]", given.get("points", "")) if one.strip()]
    attempt(
        request,
        lambda connection: treating.plan(
            connection, visit=visit, item=number(given.get("item", "")), points=points,
            codes=asking.points_named(points),
            sessions=number(given.get("sessions", "")), note=given.get("note", ""), actor=door.actor, now=clock.now(),
        ),
        gettext("The treatment is ordered; the till knows of it."),
    )  # fmt: skip
    return redirect("clinic:visit", visit)
