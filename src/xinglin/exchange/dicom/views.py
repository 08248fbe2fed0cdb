"""The pages of images: studies, one study, what is held, what has come."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.contrib import messages as told
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.exchange import quarantine, rights, senders
from xinglin.exchange.dicom import actions, encoding, facts, matching, queries, rendering
from xinglin.exchange.dicom.forms import MODALITIES, MendForm, StudiesForm
from xinglin.exchange.dicom.keeping import Missing, store
from xinglin.exchange.doors import Reason
from xinglin.exchange.rights import Right
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, not_found
from xinglin.record import access, database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from xinglin.exchange.dicom.actions import Held
    from xinglin.exchange.dicom.queries import Instance, Series, Study
    from xinglin.exchange.rights import Scope
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_PAGE = 30
_MOST_SHOWN = 60  # pictures of a series
_SMALL = (160, 160)


@dataclass(frozen=True, slots=True)
class Row:
    """A study as it is listed."""

    study: Study
    sums: queries.Sums
    sender: str

    @property
    def name(self) -> str:
        return facts.text(self.study.facts, "00100010").replace("^", " ")

    @property
    def number(self) -> str:
        return facts.text(self.study.facts, "00100020")

    @property
    def description(self) -> str:
        return facts.text(self.study.facts, "00081030")

    @property
    def accession(self) -> str:
        return facts.text(self.study.facts, "00080050")

    @property
    def referrer(self) -> str:
        return facts.text(self.study.facts, "00080090").replace("^", " ")

    @property
    def institution(self) -> str:
        return facts.text(self.study.facts, "00080080")

    @property
    def time(self) -> str:
        found = facts.text(self.study.facts, "00080030")
        return f"{found[:2]}:{found[2:4]}" if found[:4].isdigit() and len(found) >= 4 else ""

    @property
    def modalities(self) -> list[tuple[str, Any]]:
        return [(code, MODALITIES.get(code, code)) for code in self.sums.modalities]


@dataclass(frozen=True, slots=True)
class Shown:
    """A series as it is shown, with its pictures or documents."""

    series: Series
    instances: Sequence[Instance]

    @property
    def description(self) -> str:
        return facts.text(self.series.facts, "0008103E")

    @property
    def modality(self) -> Any:
        return MODALITIES.get(self.series.modality, self.series.modality)

    @property
    def part(self) -> str:
        return facts.text(self.series.facts, "00180015")

    @property
    def more(self) -> int:
        return max(self.series.instances - len(self.instances), 0)


@require_GET
@entry.page
def studies(request: HttpRequest, door: Door) -> HttpResponse:
    """Studies that the reader may see, the latest first."""
    queries.require(door.actor, "search")
    connection = database.connection()
    form = StudiesForm(request.GET)
    asked = form.asked() if form.is_valid() else ()
    begin = _whole(request.GET.get("from", ""))
    found = [] if form.errors else list(_fitting(connection, door, asked, begin))
    rows = _rows(connection, found[:_PAGE])
    for row in {row.study.patient: row for row in rows}.values():
        queries.note(door.actor, "search", row.study, request.get_full_path())
    query = request.GET.copy()
    query.pop("from", None)
    context = {
        "form": form,
        "rows": rows,
        "query": query.urlencode(),
        "more": begin + _PAGE if len(found) > _PAGE else 0,
        "may_mend": rights.may(door.actor, Right.MEND),
    }
    return render(request, "exchange_dicom/studies.html", context)


def _fitting(connection: Connection, door: Door, asked: Sequence[matching.Asked], begin: int) -> Any:
    plain = [one for one in asked if one.tag != "00080061"]  # the statement itself has decided about this one
    fitting = (
        study
        for study in queries.studies(connection, door.actor, asked)
        if matching.all_fit(plain, study.facts)
    )
    return islice(fitting, begin, begin + _PAGE + 1)


def _rows(connection: Connection, found: Sequence[Study]) -> list[Row]:
    sums = queries.sums(connection, found)
    names = {sender.code: sender.name for sender in senders.every(connection)}
    return [Row(study, sums[study.number], names.get(study.sender, study.sender)) for study in found]


@require_GET
@entry.page
def study(request: HttpRequest, door: Door, study: str) -> HttpResponse:
    """One study: what it is, its series, small pictures."""
    connection = database.connection()
    one = _study(connection, door, study, request.path)
    shown = []
    for series in queries.series_of(connection, one):
        instances = queries.instances_of(connection, one, series=series.uid)
        shown.append(Shown(series, instances[:_MOST_SHOWN]))
    row = _rows(connection, [one])[0]
    context = {"row": row, "shown": shown, "watching": rights.may(door.actor, Right.MONITOR)}
    return render(request, "exchange_dicom/study.html", context)


@require_GET
@entry.page
def thumbnail(request: HttpRequest, door: Door, study: str) -> HttpResponse:
    """A small picture of the study: of the middle of its first series that has pictures."""
    connection = database.connection()
    one = _study(connection, door, study, request.path)
    for series in queries.series_of(connection, one):
        instances = queries.instances_of(connection, one, series=series.uid)
        drawn = _drawn(instances[len(instances) // 2], rendering.View(size=_SMALL, quality=80))
        if drawn is not None:
            return _kept(HttpResponse(drawn, content_type="image/jpeg"))
    return _kept(HttpResponse(_EMPTY, content_type="image/svg+xml"))


@require_GET
@entry.page
def picture(request: HttpRequest, door: Door, study: str, series: str, instance: str) -> HttpResponse:
    """A picture of an instance, ``?small`` or whole; of a document the document."""
    connection = database.connection()
    one = _study(connection, door, study, request.get_full_path())
    found = queries.instances_of(connection, one, series=series, uid=instance)
    if not found:
        raise not_found(gettext_noop("There is no such study, series or instance."))
    small = "small" in request.GET
    if encoding.is_document(found[0].sop_class) and not small:
        with store().open(found[0].digest) as file:
            body, media = encoding.document(file)
        response = HttpResponse(body, content_type=media)
        response["Content-Disposition"] = f'attachment; filename="{found[0].uid}"'
        return response
    frame = _whole(request.GET.get("frame", "")) or found[0].frames // 2 + 1
    view = rendering.View(frame, size=_SMALL, quality=80) if small else rendering.View(frame)
    drawn = _drawn(found[0], view)
    if drawn is None:
        return _kept(HttpResponse(_EMPTY, content_type="image/svg+xml"))
    return _kept(HttpResponse(drawn, content_type="image/jpeg"))


def _study(connection: Connection, door: Door, id_: str, query: str) -> Study:
    queries.require(door.actor, "read")
    one = queries.of_id(connection, door.actor, id_)
    if one is None:
        raise not_found(gettext_noop("There is no such study, series or instance."))
    queries.note(door.actor, "read", one, query)
    return one


def _drawn(instance: Instance, view: rendering.View) -> bytes | None:
    try:
        with store().open(instance.digest) as file:
            return rendering.picture(file, view, "image/jpeg")
    except (Fault, Missing):
        return None


def _kept(response: HttpResponse) -> HttpResponse:
    response["X-Content-Type-Options"] = "nosniff"
    return response


_EMPTY = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160"><rect width="160" height="160" fill="#1b2430"/>'
    '<path d="M52 44h36l20 20v52H52z M88 44v20h20" fill="none" stroke="#8fa3b8" stroke-width="4"/></svg>'
)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


# -- what is held, what has come


@require_GET
@entry.page
def held(request: HttpRequest, door: Door) -> HttpResponse:
    """Instances that could not be used."""
    connection = database.connection()
    scope = rights.require(door.actor, Right.MEND)
    found = [
        (one, _reasons(one))
        for one in actions.held(connection, before=_whole(request.GET.get("before", "")) or None)
        if _covers(connection, scope, one.sender)
    ]
    _note(door, "exchange-held")
    return render(request, "exchange_dicom/held.html", {"rows": found})


@require_http_methods(["GET", "POST"])
@entry.page
def held_one(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """One of them; what is wrong in it can be put right."""
    connection = database.connection()
    one = _held(connection, door, number)
    known = {tag: facts.text(one.said["facts"], tag) for tag in actions.MENDABLE}
    form = MendForm(request.POST or None, known)
    wrong: tuple[Reason, ...] = ()
    if request.method == "POST" and form.is_valid():
        taken = actions.mend(
            connection, number=number, changes=form.changes, actor=door.actor, now=clock.now()
        )
        if taken.study is not None:
            _settle_message(connection, door, one, gettext("Put right and taken in."))
            told.success(request, gettext("The instance was taken in."))
            return redirect("exchange-dicom:held")
        wrong = taken.reasons
    _note(door, "exchange-held-read", query=f"held/{number}")
    context = {
        "held": one,
        "reasons": wrong or _reasons(one),
        "form": form,
        "known": [(form.fields[f"tag_{tag}"].label, tag, value) for tag, value in known.items()],
        "again": bool(wrong),
    }
    return render(request, "exchange_dicom/held_one.html", context)


@require_POST
@entry.page
def discard(request: HttpRequest, door: Door, number: int) -> HttpResponse:
    """Decide that it is not wanted."""
    connection = database.connection()
    one = _held(connection, door, number)
    actions.discard(connection, number=number, actor=door.actor, now=clock.now())
    _settle_message(connection, door, one, gettext("Not wanted."))
    told.success(request, gettext("The instance was discarded."))
    return redirect("exchange-dicom:held")


def _held(connection: Connection, door: Door, number: int) -> Held:
    scope = rights.require(door.actor, Right.MEND)
    one = actions.find_held(connection, number)
    if not _covers(connection, scope, one.sender):
        raise not_found(gettext_noop("There is no held instance %(number)s."), number=number)
    return one


def _covers(connection: Connection, scope: Scope, code: str) -> bool:
    return not scope.organization or scope.covers(senders.by_code(connection, code))


def _settle_message(connection: Connection, door: Door, one: Held, why: str) -> None:
    """The message that told of it has nothing left to do."""
    if not one.receipt:
        return
    try:
        with connection.transaction():
            quarantine.discard(
                connection, receipts=[one.receipt], note=why, actor=door.actor, now=clock.now()
            )
    except Fault:
        return  # somebody has decided about it there


def _reasons(one: Held) -> tuple[Reason, ...]:
    return tuple(Reason(**said) for said in one.said["reasons"])


def _note(door: Door, action: str, **about: Any) -> None:
    access.note(door.actor, action, **about)


@require_GET
@entry.page
def arrivals(request: HttpRequest, door: Door) -> HttpResponse:
    """Associations and requests: who sent when, how much, with what success."""
    connection = database.connection()
    scope = rights.require(door.actor, Right.MONITOR)
    registered = {one.code: one for one in senders.every(connection)}
    found = [
        (one, registered.get(one.sender))
        for one in queries.arrivals(connection, before=_whole(request.GET.get("before", "")) or None)
        if not scope.organization or (one.sender in registered and scope.covers(registered[one.sender]))
    ]
    return render(request, "exchange_dicom/arrivals.html", {"rows": found})
