"""Medicines of a visit: herbs and patent medicines by keyboard, checked as they are typed; what one begins with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from xinglin.clinic import asking, queries, reference, rules, words
from xinglin.clinic.actions import prescribing, templates
from xinglin.clinic.rules import HERB, PATENT, State
from xinglin.clinic.values import Line
from xinglin.clinic.views.framing import attempt, frame, number, said, today
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.record import database
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.http import HttpRequest, HttpResponse, QueryDict

    from xinglin.clinic.asking import Finding
    from xinglin.clinic.values import Item, Prescription, Visit
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_COLOURS = {"stop": "red", "second": "amber", "note": "blue"}


def of_visit(connection: Connection, door: Door, visit: Visit) -> dict[str, Any]:
    """What the page of a visit shows of medicines: what was prescribed, and an editor for each kind."""
    kept = queries.prescriptions(connection, visit.institution, visit.id)
    drafts = {
        one.kind: one
        for one in reversed(kept)
        if one.state in (State.DRAFT, State.HELD) and one.author == door.actor.id
    }
    items = queries.items(connection, visit.institution, today(), kinds=[HERB, PATENT])
    offered = [one for one in items if one.active and one.fen is not None]
    return {
        "prescriptions": [
            one for one in kept if one.state is not State.VOID and one is not drafts.get(one.kind)
        ],
        "editors": [_editor(kind, connection, door, drafts.get(kind), offered) for kind in (HERB, PATENT)],
        "usages": reference.words("usages"),
        "pregnancies": list(words.PREGNANCIES.items()), "scopes": list(words.SCOPES.items()),
        **_beginnings(connection, door, visit, ""),
    }  # fmt: skip


def _editor(
    kind: str, connection: Connection, door: Door, draft: Prescription | None, offered: Iterable[Item]
) -> dict[str, Any]:
    items = [_offered(one) for one in offered if one.kind == kind]
    known = asking.ranges() if kind == HERB else {}
    data = {
        "items": items, "lines": [_typed(line) for line in draft.lines] if draft else [],
        "preparations": reference.words("preparations"), "roles": list(reference.words("roles")),
        "ranges": {row[1]: known[row[1]] for row in items if row[1] in known},
    }  # fmt: skip
    made = {"kind": kind, "draft": draft, "data": data, "offers": bool(items)}
    return made | (_findings(connection, draft, door) if draft else {})


def _offered(one: Item) -> list[Any]:
    """What the browser needs of a medicine; ids as texts, for they are longer than its numbers."""
    return [str(one.id), one.name, one.initials, one.fen, one.per, one.left, one.unit]


def _typed(line: Line) -> dict[str, str]:
    return {
        "item": str(line.item), "name": line.name, "grams": rules.plain(line.amount), "preparation": line.preparation,
        "role": line.role, "usage": line.usage,
    }  # fmt: skip


# -- what one begins with


def _beginnings(connection: Connection, door: Door, visit: Visit, typed: str) -> dict[str, Any]:
    """Formulas of one's own and of the knowledge, and what the patient got before; lines as the editor takes them."""
    own = [one for one in templates.kept(connection, (HERB, PATENT), actor=door.actor) if typed in one.name]
    return {
        "typed": typed,
        "own": [
            {
                "id": one.id, "kind": one.kind, "name": one.name, "scope": words.SCOPES[one.scope],
                "lines": _taken(Line(**line) for line in one.body["lines"]), "usage": one.body["usage"],
            }
            for one in own
        ],
        "before": [
            {
                "kind": one.kind, "name": one.body["formula"], "made": one.made, "lines": _taken(one.lines),
                "usage": one.body["usage"],
            }
            for one in queries.earlier(connection, visit.institution, visit.patient, visit.id)
        ],
        "known": _known_formulas(connection, visit.institution, typed) if typed else [],
    }  # fmt: skip


def _taken(lines: Iterable[Line]) -> str:
    return json.dumps([_typed(line) for line in lines], ensure_ascii=False)


def _known_formulas(connection: Connection, institution: str, typed: str) -> list[dict[str, Any]]:
    items = queries.items(connection, institution, today(), kinds=[HERB])
    by_name = {one.name: one for one in items if one.active and one.fen is not None}
    return [_known_formula(one, by_name) for one in asking.formulas(typed)]


def _known_formula(one: asking.Formula, by_name: Mapping[str, Item]) -> dict[str, Any]:
    """A formula of the knowledge with the herbs that this clinic has; its source says no grams, the doctor does."""
    found = [(names, next((by_name[name] for name in names if name in by_name), None)) for names in one.herbs]
    lines = [
        {"item": str(item.id), "name": item.name, "grams": "", "preparation": "", "role": "", "usage": ""}
        for _, item in found
        if item is not None
    ]
    return {
        "kind": HERB, "name": one.name, "source": one.source, "lines": json.dumps(lines, ensure_ascii=False),
        "herbs": [names[0] for names in one.herbs],
        "missing": [names[0] for names, item in found if item is None],
    }  # fmt: skip


@require_GET
@entry.page
def formulas(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Formulas for what is typed: a name, pinyin or initials."""
    institution = rules.require(door.actor, "treating")
    connection = database.connection()
    held = queries.visit(connection, institution, visit)
    typed = request.GET.get("q", "").replace("\0", "").strip()[:30]
    context = {"visit": held, **_beginnings(connection, door, held, typed)}
    return render(request, "clinic/formulas.html", context)


@require_POST
@entry.page
def forget(request: HttpRequest, door: Door, visit: int, template: int) -> HttpResponse:
    """Take a template away."""
    rules.require(door.actor, "treating")
    attempt(
        request, lambda connection: templates.forget(connection, template=template, actor=door.actor),
        gettext("The template is taken away."),
    )  # fmt: skip
    return redirect("clinic:visit", visit)


# -- what is written


def _written(given: QueryDict) -> prescribing.Written:
    """What the editor sends; raises ``invalid``."""
    kind = PATENT if given.get("kind") == PATENT else HERB
    try:
        sent = json.loads(given.get("lines", "[]") or "[]")
        lines = tuple(_line(one, kind) for one in sent)
    except (ValueError, KeyError, TypeError):
        raise invalid(gettext_noop("The medicines cannot be read.")) from None
    pregnancy = given.get("pregnancy", "")
    return prescribing.Written(
        lines, 1 if kind == PATENT else number(given.get("doses", "")), given.get("usage", "").strip()[:200],
        given.get("formula", "").strip()[:60],
        pregnancy if pregnancy in words.PREGNANCIES else "", "boiled" in given, kind,
    )  # fmt: skip


def _line(one: Mapping[str, Any], kind: str) -> Line:
    what = (number(str(one["item"])), str(one["name"])[:100], rules.thousandths(str(one["grams"])))
    if kind == PATENT:
        return Line(
            *what, usage=str(one.get("usage") or "").strip()[:100], unit=str(one.get("unit") or "")[:10]
        )
    return Line(
        *what,
        _known(one, "preparation", reference.words("preparations")),
        _known(one, "role", reference.words("roles")),
    )


def _known(one: Mapping[str, Any], name: str, words_: Sequence[str]) -> str:
    text = str(one.get(name) or "")
    return text if text in words_ else ""


def _findings(connection: Connection, held: Prescription, door: Door) -> dict[str, Any]:
    found = asking.reviewed(connection, held, actor=door.actor, now=clock.now())
    return _rows(found.report, {one.key for one in asking.outstanding(connection, found)})


def _rows(report: asking.Report, left: set[str] | None = None) -> dict[str, Any]:
    zh = is_chinese()
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
    """What the rules say of medicines as they are typed, together with what else the visit prescribes."""
    institution = rules.require(door.actor, "treating")
    connection = database.connection()
    held = queries.visit(connection, institution, visit)
    try:
        written = _written(request.POST)
    except Fault as fault:
        return render(request, "clinic/findings.html", {"wrong": said(fault.issues)})
    known = asking.person(connection, held.patient, door.actor, clock.now(), written.pregnancy)
    before = number(request.POST.get("prescription", "")) or None
    beside = queries.beside(connection, institution, visit, before)
    report = asking.review(written, known, beside=beside, actor=door.actor)
    return render(request, "clinic/findings.html", {**_rows(report), "typed": bool(written.lines)})


@require_POST
@entry.page
def prescribe(request: HttpRequest, door: Door, visit: int) -> HttpResponse:
    """Keep the medicines as a draft, and sign them where that was asked."""
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
    if held is not None and given.get("template", "").strip():
        attempt(
            request,
            lambda connection: templates.keep_formula(
                connection, scope=given.get("scope", "own"), name=given["template"], written=held,
                usage=held.body["usage"], actor=door.actor,
            ),
            gettext("The template is kept."),
        )  # fmt: skip
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
    zh = is_chinese()
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
