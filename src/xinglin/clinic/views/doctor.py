"""The doctor's workstation: the record of a visit, herbs by keyboard, checks as they are typed, treatment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import accounting, asking, coding, queries, reference, rules, words
from xinglin.clinic.actions import prescribing, recording, treating
from xinglin.clinic.actions.recording import Code
from xinglin.clinic.rules import State, VisitState
from xinglin.clinic.values import Line
from xinglin.clinic.views.framing import attempt, frame, number, said, today
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest, HttpResponse, QueryDict

    from xinglin.clinic.asking import Finding
    from xinglin.clinic.values import Item, Note, Prescription
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_COLOURS = {"stop": "red", "second": "amber", "note": "blue"}


@require_GET
@entry.page
def visit(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """The whole visit on one page."""
    institution = rules.require(door.actor, "treating")
    connection = database.connection()
    held = queries.visit(connection, institution, visit)
    note = queries.note(connection, institution, visit)
    kept = queries.prescriptions(connection, institution, visit)
    draft = next(
        (one for one in kept if one.state in (State.DRAFT, State.HELD) and one.author == door.actor.id), None
    )
    herbs = queries.items(connection, institution, today(), kinds=["herb"])
    context: dict[str, Any] = {
        "visit": held, "note": note, "fields": _fields(note), "codes": _codes(note),
        "lacking": _lacking(note), "herbs": [_herb(one) for one in herbs if one.active and one.fen is not None],
        "prescriptions": [one for one in kept if one is not draft and one.state is not State.VOID],
        "draft": draft, "draft_lines": [_typed(line) for line in draft.lines] if draft else [],
        "usages": reference.words("usages"), "preparations": reference.words("preparations"),
        "roles": list(reference.words("roles").items()), "pregnancies": list(words.PREGNANCIES.items()),
        "plans": queries.plans(connection, institution, visit),
        "techniques": queries.items(connection, institution, today(), kinds=["technique"]),
        "due": sum(one.fen for one in accounting.due(accounting.charges(connection, institution, visit))),
        "templates": recording.templates(connection, actor=door.actor), "going_on": held.state is VisitState.SEEN,
    }  # fmt: skip
    if draft is not None:
        context |= _findings(connection, draft, door)
    return render(request, "clinic/visit.html", frame(door.actor, "queue", **context))


def _fields(note: Note | None) -> list[dict[str, Any]]:
    texts = note.body["texts"] if note else {}
    return [
        {"part": part, "text": texts.get(key, ""), "groups": reference.terms().get(key, ())}
        for key, part in reference.parts().items()
    ]


def _codes(note: Note | None) -> list[dict[str, Any]]:
    given = note.body["diagnoses"] if note else {}
    return [
        {
            "one": one, "set": coding.address(key), "typed": given[key]["display"] if key in given else "",
            "chosen": f"{given[key]['system']}|{given[key]['code']}" if key in given else "",
        }
        for key, one in reference.diagnoses().items()
    ]  # fmt: skip


def _lacking(note: Note | None) -> list[str]:
    zh = words.is_chinese()
    known = {one.key: one.zh if zh else one.en for one in reference.parts().values()}
    known |= {one.key: one.zh if zh else one.en for one in reference.diagnoses().values()}
    return [known[one.key] for one in recording.lacks(note)]


def _herb(one: Item) -> list[Any]:
    """What the browser needs of a herb; ids as texts, for they are longer than its numbers."""
    return [str(one.id), one.name, one.initials, one.fen, one.per, one.left]


def _typed(line: Line) -> dict[str, str]:
    return {
        "item": str(line.item), "name": line.name, "grams": rules.plain(line.amount), "preparation": line.preparation,
        "role": line.role,
    }  # fmt: skip


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
    if kept is not None and given.get("act") == "sign":
        attempt(
            request, lambda connection: recording.sign(connection, visit=visit, actor=door.actor, now=clock.now()),
            gettext("The record is signed and stands in the resident's record."),
        )  # fmt: skip
    if kept is not None and given.get("template", "").strip():
        scope = given.get("scope", "own")
        attempt(
            request,
            lambda connection: recording.keep_template(
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


# -- herbs


def _written(given: QueryDict) -> prescribing.Written:
    """What the editor sends; raises ``invalid``."""
    try:
        sent = json.loads(given.get("lines", "[]") or "[]")
        lines = tuple(
            Line(
                number(str(one["item"])), str(one["name"])[:100], rules.thousandths(str(one["grams"])),
                _known(one, "preparation", reference.words("preparations")),
                _known(one, "role", reference.words("roles")),
            )
            for one in sent
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        raise invalid(gettext_noop("The herbs cannot be read.")) from None
    pregnancy = given.get("pregnancy", "")
    return prescribing.Written(
        lines, number(given.get("doses", "")), given.get("usage", "").strip()[:200],
        given.get("formula", "").strip()[:60],
        pregnancy if pregnancy in words.PREGNANCIES else "", "boiled" in given,
    )  # fmt: skip


def _known(one: Mapping[str, Any], name: str, words_: Sequence[str]) -> str:
    text = str(one.get(name) or "")
    return text if text in words_ else ""


def _findings(connection: Connection, held: Prescription, door: Door) -> dict[str, Any]:
    at: dict[str, Any] = {"actor": door.actor, "now": clock.now()}
    left = {one.key for one in asking.outstanding(connection, held, **at)}
    return _rows(asking.report(connection, held, **at), left)


def _rows(report: asking.Report, left: set[str] | None = None) -> dict[str, Any]:
    zh = words.is_chinese()
    return {
        "findings": [
            {
                "one": one, "text": one.zh if zh else one.en, "colour": _COLOURS[one.level.value],
                "hinders": one.level.value != "note" and (left is None or one.key in left),
            }
            for one in report.findings
        ],
        "unknown": report.unknown,
        "reasons": [(code, said_["zh" if zh else "en"]) for code, said_ in asking.reasons().items()],
    }  # fmt: skip


@require_POST
@entry.page
def check(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """What the rules say of the herbs as they are typed."""
    institution = rules.require(door.actor, "treating")
    connection = database.connection()
    held = queries.visit(connection, institution, visit)
    try:
        written = _written(request.POST)
    except Fault as fault:
        return render(request, "clinic/findings.html", {"wrong": said(fault.issues)})
    known = asking.person(connection, held.patient, door.actor, clock.now(), written.pregnancy)
    report = asking.review(written.lines, written.doses or 1, known, actor=door.actor)
    return render(request, "clinic/findings.html", {**_rows(report), "typed": bool(written.lines)})


@require_POST
@entry.page
def prescribe(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Keep the herbs as a draft, and sign them where that was asked."""
    given = request.POST
    at: dict[str, Any] = {"actor": door.actor, "now": clock.now()}
    before = number(given.get("prescription", "")) or None
    held = attempt(
        request,
        lambda connection: prescribing.draft(
            connection, visit=visit, written=_written(given), prescription=before, **at
        ),
        "" if given.get("act") == "sign" else gettext("The prescription is kept as a draft."),
    )
    if held is not None and given.get("act") == "sign":
        reasons = [
            (
                key.removeprefix("reason:"),
                str(code),
                given.get(f"words:{key.removeprefix('reason:')}", "")[:200],
            )
            for key, code in given.items()
            if key.startswith("reason:") and code
        ]
        left = attempt(
            request,
            lambda connection: prescribing.sign(connection, prescription=held.id, reasons=reasons, **at),
        )
        if left is not None:
            _tell(request, left)
    return redirect("clinic:visit", visit)


def _tell(request: HttpRequest, left: Sequence[Finding]) -> None:
    """What came of a signature."""
    if not left:
        messages.success(request, gettext("The prescription is signed; the till knows of it."))
        return
    zh = words.is_chinese()
    messages.error(
        request,
        gettext("Not signed yet: %(findings)s")
        % {"findings": "；".join(one.zh if zh else one.en for one in left)},
    )


@require_POST
@entry.page
def void(request: HttpRequest, door: Door, prescription: int) -> HttpResponse:
    """Take back a prescription that nobody has paid."""
    institution = rules.require(door.actor, "treating")
    held = queries.prescription(database.connection(), institution, prescription)
    attempt(
        request,
        lambda connection: prescribing.void(
            connection, prescription=prescription, actor=door.actor, now=clock.now()
        ),
        gettext("The prescription is taken back."),
    )
    return redirect("clinic:visit", held.visit)


@entry.page
def second(request: HttpRequest, door: Door, prescription: int) -> HttpResponse:
    """Look at somebody else's prescription that was stopped, and stand behind it."""
    institution = rules.require(door.actor, "treating")
    connection = database.connection()
    if request.method == "POST":
        key, code = request.POST.get("key", "")[:200], request.POST.get("reason", "")
        left = attempt(
            request,
            lambda own: prescribing.second(
                own, prescription=prescription, key=key, reason=(code, request.POST.get("words", "")[:200]),
                actor=door.actor, now=clock.now(),
            ),
        )  # fmt: skip
        if left is not None:
            _tell(request, left)
    held = queries.prescription(connection, institution, prescription)
    context = {
        "prescription": held, "visit": queries.visit(connection, institution, held.visit),
        "note": queries.note(connection, institution, held.visit), **_findings(connection, held, door),
    }  # fmt: skip
    return render(request, "clinic/second.html", frame(door.actor, "queue", **context))


# -- treatment


@require_POST
@entry.page
def plan(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Order a course of treatment."""
    given = request.POST
    attempt(
        request,
        lambda connection: treating.plan(
            connection, visit=visit, item=number(given.get("item", "")),
            points=given.get("points", "").replace("，", "、").replace(",", "、").split("、"),
            sessions=number(given.get("sessions", "")), note=given.get("note", ""), actor=door.actor, now=clock.now(),
        ),
        gettext("The treatment is ordered; the till knows of it."),
    )  # fmt: skip
    return redirect("clinic:visit", visit)
