"""Lists and exports: the cards, the log of uses, what a resident may take along."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.crypto.sealing import SealBroken, open_sealed
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import actions, holders, keys, queries, rules, words
from xinglin.healthcard.forms import FilterForm, local_day
from xinglin.healthcard.rules import Right, State
from xinglin.healthcard.views.people import institution_of
from xinglin.kernel import clock
from xinglin.record import access, database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from xinglin.healthcard.queries import Card, Use
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_MOST_USES = 5000
_OUTCOMES = ("accepted", "refused")


@require_GET
@entry.page
def cards(request: HttpRequest, door: Door) -> HttpResponse:
    """The cards that were issued, filtered, page by page."""
    actions.require(door.actor, Right.OVERSEE, "card.list")
    connection = database.connection()
    bound = institution_of(door.actor)
    form = FilterForm(_issuers(connection, bound), request.GET)
    wanted = form.wanted(bound)
    found = queries.listed(connection, wanted, before=_before(request), limit=queries.PAGE + 1)
    shown = found[: queries.PAGE]
    access.note(door.actor, "card.list", query=request.GET.urlencode()[:500])
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "tab": "list",
        "form": form,
        "rows": [{"card": card, "name": _name(card)} for card in shown],
        "more": shown[-1].id if len(found) > queries.PAGE else 0,
        "query": query.urlencode(),
        "counts": [(state.value, count) for state, count in _counts(connection, bound)],
        "many": queries.MANY,
        "may": {right.value: rules.may(door.actor, right) for right in Right},
    }
    return render(request, "healthcard/list.html", context, status=422 if form.errors else 200)


def _issuers(connection: Connection, bound: str) -> list[tuple[str, str]]:
    """The institutions among which may be chosen."""
    return [one for one in queries.issuers(connection) if not bound or one[0] == bound]


def _counts(connection: Connection, institution: str) -> list[tuple[State, int]]:
    found = queries.counts(connection, institution)
    return [(state, found.get(state.value, 0)) for state in State]


def _name(card: Card) -> str:
    """The masked name that the card was issued to, from its sealed copy."""
    try:
        return holders.mask_name(
            open_sealed(keys.ring(keys.FIELDS), card.name, about=actions.place(card.id, "name"))
        )
    except SealBroken:
        return ""


def _before(request: HttpRequest) -> int:
    asked = request.GET.get("before", "")
    return int(asked) if asked.isdecimal() and len(asked) < 19 else queries.LAST_ID


@require_GET
@entry.page
def export(request: HttpRequest, door: Door) -> HttpResponse:
    """The same cards as a table, without names; the export is noted."""
    actions.require(door.actor, Right.OVERSEE, "card.export")
    bound, connection = institution_of(door.actor), database.connection()
    wanted = FilterForm(_issuers(connection, bound), request.GET).wanted(bound)
    access.note(door.actor, "card.export", query=request.GET.urlencode()[:500])
    head = [
        gettext("Card number"), gettext("Kind"), gettext("State"), gettext("Issued on"), gettext("Activated"),
        gettext("Ended"), gettext("Issued by"), gettext("Institution"), gettext("Person in the index"),
    ]  # fmt: skip
    rows = (
        [
            card.number, words.known(card.kind.value), words.known(card.state.value), _moment(card.requested),
            _moment(card.activated), _moment(card.ended), card.institution_name, card.institution, card.person,
        ]
        for card in queries.every(connection, wanted)
    )  # fmt: skip
    return _csv(head, rows, f"cards-{local_day(clock.now()):%Y%m%d}")


@require_GET
@entry.page
def person_uses(_request: HttpRequest, door: Door, person: str) -> HttpResponse:
    """Every use of somebody's cards, as a table for the resident."""
    actions.require(door.actor, Right.LOOK, "card.uses")
    connection = database.connection()
    current, _ = actions.holder_of(connection, person, door.actor)
    ids = [card.id for card in queries.of_person(connection, current)]
    found = queries.uses_of(connection, ids, limit=_MOST_USES)
    return _csv(_use_head(), map(_use_row, found), f"card-uses-{local_day(clock.now()):%Y%m%d}")


@require_GET
@entry.page
def uses(request: HttpRequest, door: Door) -> HttpResponse:
    """The log of uses and refusals."""
    actions.require(door.actor, Right.OVERSEE, "card.uses")
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in _OUTCOMES else ""
    found = queries.uses(
        database.connection(), outcome=outcome, institution=institution_of(door.actor), before=_before(request),
        limit=queries.PAGE + 1,
    )  # fmt: skip
    shown = found[: queries.PAGE]
    access.note(door.actor, "card.uses", query=request.GET.urlencode()[:500])
    context = {
        "tab": "uses",
        "uses": shown,
        "outcome": outcome,
        "more": shown[-1].id if len(found) > queries.PAGE else 0,
        "may": {right.value: rules.may(door.actor, right) for right in Right},
    }
    return render(request, "healthcard/uses.html", context)


def _use_head() -> list[str]:
    """The head of the table of uses, in the reader's language."""
    return [
        gettext("Moment"), gettext("Institution"), gettext("Name of this counter"), gettext("Needed for"),
        gettext("Scanned by"), gettext("Purpose"), gettext("Way"), gettext("Outcome"), gettext("Why refused"),
    ]  # fmt: skip


def _use_row(use: Use) -> list[str]:
    outcome = gettext("Accepted") if use.outcome == "accepted" else gettext("Refused")
    purpose = str(entry.PURPOSES.get(use.purpose, use.purpose))
    return [
        _moment(use.moment), use.institution, use.counter, words.operation(use.operation), use.actor_name,
        purpose, words.known(use.way), outcome, words.why(use.why),
    ]  # fmt: skip


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M:%S}" if moment else ""


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(head: Iterable[str], rows: Iterable[Iterable[str]], name: str) -> HttpResponse:
    """A table for download. What a spreadsheet would take for a formula is made a text."""
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow(head)
        for row in rows:
            yield writer.writerow([f"'{cell}" if cell[:1] in "=+-@\t" and cell else cell for cell in row])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer  # type: ignore[return-value]  # Django's two kinds of answers have no common type here
