"""The figures of an institution or of the region, and the decisions behind each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.quality import exporting
from xinglin.recognition import counting, rules, standings, words
from xinglin.recognition.forms import WantedForm
from xinglin.recognition.views.framing import shown, today
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.recognition.counting import Figures, Wanted
    from xinglin.recognition.queries import Decision
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_SHOWN = 300


def _wanted(request: HttpRequest, door: Door) -> tuple[WantedForm, Wanted]:
    rules.require(door.actor, "counting")
    form = WantedForm(request.GET)
    return form, form.wanted(today(), door.actor.institution or "")


def _query(wanted: Wanted, **more: Any) -> str:
    """The same question as a query of an address, with something changed."""
    changed = replace(wanted, **more)
    said = {
        "since": f"{changed.since:%Y-%m}", "until": f"{changed.last:%Y-%m}", "institution": changed.institution,
        "source": changed.source, "item": changed.item, "verdict": changed.verdict, "reason": changed.reason,
        "own": "1" if changed.own else "",
    }  # fmt: skip
    return urlencode({name: value for name, value in said.items() if value})


@require_GET
@entry.page
def board(request: HttpRequest, door: Door) -> HttpResponse:
    """Rate, saved money, reasons and months; every figure leads to its decisions. ``by`` and ``form`` give a file."""
    form, wanted = _wanted(request, door)
    connection, key = database.connection(), request.GET.get("by", "")
    if request.GET.get("form") in exporting.KINDS and key in counting.BY:
        groups = (
            counting.months(connection, wanted) if key == "month" else counting.by(connection, wanted, key)
        )
        return _exported(connection, request.GET["form"], key, groups)
    alone = replace(wanted, own=True)
    context = {
        "tab": "board", "form": form, "wanted": wanted,
        "query": _query(wanted),
        "total": counting.total(connection, wanted), "own": counting.total(connection, alone),
        "declined_query": _query(wanted, verdict="declined"), "own_query": _query(wanted, own=True),
        "recognised_query": _query(wanted, verdict="recognised"),
        "tables": {key: _table(connection, wanted, key) for key in ("institution", "source", "item")},
        "months": [
            (one, _query(wanted.month(one.key)), round(one.percent or 0))
            for one in counting.months(connection, wanted)
        ],
        "reasons": [
            (words.reason(one.key), one.declined, _query(wanted, reason=one.key, verdict="declined"))
            for one in counting.by(connection, replace(wanted, verdict="declined"), "reason")
        ],
        "place": standings.names(connection, [wanted.institution]).get(wanted.institution, ""),
    }  # fmt: skip
    return shown(request, "board", door.actor, context)


def _table(connection: Connection, wanted: Wanted, key: str) -> list[tuple[Figures, str, int]]:
    """Groups with their names, the question that lists them, and the bar of their rate."""
    groups = _named(connection, key, counting.by(connection, wanted, key))
    return [(one, _query(wanted, **{key: one.key}), round(one.percent or 0)) for one in groups]


def _named(connection: Connection, key: str, groups: Sequence[Figures]) -> list[Figures]:
    if key in ("institution", "source"):
        names = standings.names(connection, [one.key for one in groups])
        return [replace(one, name=names[one.key]) for one in groups]
    if key == "reason":
        return [replace(one, name=words.reason(one.key)) for one in groups]
    return list(groups)


def _exported(connection: Connection, form: str, key: str, groups: Sequence[Figures]) -> HttpResponse:
    head = [
        gettext("Key"), gettext("Known as"), gettext("Recognised"), gettext("Declined"), gettext("Rate of recognition"),
        gettext("Saved (yuan)"), gettext("Declined unjustly"),
    ]  # fmt: skip
    rows = [
        [one.key, one.name, one.recognised, one.declined, one.percent, one.fen / 100, one.overturned]
        for one in _named(connection, key, groups)
    ]
    return exporting.table(form, f"recognition-{key}", head, rows, clock.now())


@require_GET
@entry.page
def decisions(request: HttpRequest, door: Door) -> HttpResponse:
    """The decisions behind a figure; ``form`` gives them as a file, without whose they are."""
    form, wanted = _wanted(request, door)
    connection = database.connection()
    as_file = request.GET.get("form") in exporting.KINDS
    found = counting.rows(connection, wanted, limit=counting.MOST_ROWS if as_file else _SHOWN)
    names = standings.names(connection, [place for one in found for place in (one.institution, one.source)])
    if as_file:
        return _listed(request.GET["form"], found, names)
    total = counting.total(connection, wanted)
    mine = door.actor.institution
    context = {
        "tab": "decisions", "form": form, "wanted": wanted,
        "query": _query(wanted), "total": total,
        "rows": [
            {
                "decision": one, "institution": names[one.institution], "source": names[one.source],
                "reason": words.reason(one.reason), "verdict": words.VERDICTS[one.verdict.value],
                "yuan": counting.yuan(one.fen),
                "state": words.STATES.get(one.dispute), "record": bool(mine) and one.institution == mine,
                "objects": bool(mine) and one.source == mine and not one.own and not one.dispute
                and one.verdict is rules.Verdict.DECLINED and rules.may(door.actor, "disputing"),
            }
            for one in found
        ],
        "more": total.of - len(found),
    }  # fmt: skip
    return shown(request, "decisions", door.actor, context)


def _listed(form: str, found: Sequence[Decision], names: dict[str, str]) -> HttpResponse:
    head = [
        gettext("Decision"), gettext("Moment"), gettext("Item"), gettext("What was decided"), gettext("Reason"),
        gettext("In words"), gettext("Saved (yuan)"), gettext("Ordered at"), gettext("Doctor"), gettext("Result of"),
        gettext("Day of the result"), gettext("Dispute"),
    ]  # fmt: skip
    rows = [
        [
            f"{one.shard}/{one.id}", f"{one.moment.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M}", one.item_name,
            words.VERDICTS[one.verdict.value], words.reason(one.reason), one.words, one.fen / 100,
            names[one.institution], one.doctor_name, names[one.source],
            f"{one.result_time.astimezone(LOCAL_ZONE):%Y-%m-%d}",
            words.STATES[one.dispute][0] if one.dispute else "",
        ]
        for one in found
    ]  # fmt: skip
    return exporting.table(form, "recognition-decisions", head, rows, clock.now())
