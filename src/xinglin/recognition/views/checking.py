"""The doctor's pages: whom it is about, what of an order is there already, recognise or decline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.recognition import actions, people, queries, reference, rules, versions, words
from xinglin.recognition.actions import Choice
from xinglin.recognition.rules import Verdict
from xinglin.recognition.views.framing import done, shown, today
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.recognition.queries import Decision
    from xinglin.recognition.values import Catalogue, Found, Item, Judged
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_MOST_ITEMS = 100
_MOST_OTHERS = 6


@require_GET
@entry.page
def start(request: HttpRequest, door: Door) -> HttpResponse:
    """Whom the order is for; who only counts goes on to the figures."""
    if not rules.may(door.actor, "deciding"):
        rules.require(door.actor, "counting")
        return redirect("recognition:board")
    text = request.GET.get("q", "").strip()[:100]
    context: dict[str, Any] = {"tab": "start", "q": text}
    if text:
        context["people"] = people.find(door, text)
    return shown(request, "start", door.actor, context)


@require_GET
@entry.page
def check(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """What of an order's items the person has already; the order and its items stand in the address."""
    rules.require(door.actor, "checking")
    now, connection = clock.now(), database.connection()
    ordering = request.GET.get("order", "").strip()[:80]
    chosen = request.GET.getlist("items")[:_MOST_ITEMS]
    known = versions.in_force(connection, today())
    holder = people.holder(door, patient)
    context: dict[str, Any] = {
        "tab": "start", "patient": patient, "holder": holder, "catalogue": known,
        "ordering": ordering or f"{now.astimezone(LOCAL_ZONE):%Y%m%d-%H%M%S}",
        "groups": _groups(known, chosen), "reasons": _reasons(), "deciding": _decides(door),
        "closed": not any(door.is_open(one.patient) for one in holder.patients) if holder else False,
    }  # fmt: skip
    if chosen:
        found = queries.candidates(door, patient, chosen, now)
        taken = queries.of_order(
            connection,
            patient=patient,
            institution=door.actor.institution or "",
            ordering=context["ordering"],
        )
        context["cards"] = [_card(one, taken.get(one.item.code)) for one in found.found]
    return shown(request, "check", door.actor, context)


def _decides(door: Door) -> bool:
    return rules.may(door.actor, "deciding") and bool(door.actor.institution)


def _reasons() -> list[tuple[str, str]]:
    return [(one.code, one.said(words.language())) for one in reference.reasons().values()]


def _groups(known: Catalogue, chosen: list[str]) -> list[tuple[str, list[tuple[Item, str, str, bool]]]]:
    """Items by group, each with its name, what it is looked for by, and whether it is chosen."""
    found: dict[str, list[tuple[Item, str, str, bool]]] = {}
    for item in known.items.values():
        name = item.named(words.language())
        keys = " ".join((item.code, item.name, item.english, *item.names, *words.spelt(item))).casefold()
        found.setdefault(item.group, []).append((item, name, keys, item.code in chosen))
    return list(found.items())


def _card(one: Found, taken: Decision | None) -> dict[str, Any]:
    return {
        "item": one.item,
        "name": one.item.named(words.language()),
        "valid": [_line(each) for each in one.valid],
        "others": [_line(each) for each in one.others[:_MOST_OTHERS]],
        "more": max(0, len(one.others) - _MOST_OTHERS),
        "taken": taken,
        "taken_reason": words.reason(taken.reason) if taken else "",
    }


def _line(one: Judged) -> dict[str, Any]:
    kind, _, id_ = one.result.reference.partition("/")
    return {
        "judged": one,
        "id": id_,
        "report": kind == "DiagnosticReport",
        "abnormal": bool({"H", "L", "A", "HH", "LL", "AA"} & set(one.result.interpretation)),
        "why": [words.WHY[code] for code in one.reasons],
        "cautions": [words.CAUTIONS[code] for code in one.cautions],
        "scope": words.SCOPES[one.mark.scope.value] if one.mark else "",
    }


@require_POST
@entry.page
def decide(request: HttpRequest, door: Door, patient: str) -> HttpResponse:
    """Keep a decision and go back to the order."""
    given = request.POST
    verdict = Verdict.RECOGNISED if given.get("verdict") == Verdict.RECOGNISED else Verdict.DECLINED
    choice = Choice(
        patient=patient, ordering=given.get("order", "").strip(), item=given.get("item", ""),
        reference=given.get("result", ""), verdict=verdict,
        reason=given.get("reason", "") if verdict is Verdict.DECLINED else "",
        words=given.get("words", "") if verdict is Verdict.DECLINED else "",
    )  # fmt: skip

    def act(connection: Connection) -> str:
        kept = actions.decide(connection, choice=choice, actor=door.actor, now=clock.now())
        if kept.verdict is Verdict.RECOGNISED:
            return gettext("The result is recognised; the examination need not be made again.")
        return gettext("The reason for repeating the examination is kept.")

    done(request, act)
    back = {"order": choice.ordering, "items": given.getlist("items")[:_MOST_ITEMS] or [choice.item]}
    return redirect(f"{reverse('recognition:check', args=[patient])}?{urlencode(back, doseq=True)}")
