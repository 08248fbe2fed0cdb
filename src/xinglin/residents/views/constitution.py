"""The constitution of whom one acts for: one question a screen, the result, and the results before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.residents import rules
from xinglin.residents.views.entering import Here, mine, shown
from xinglin.tcm.constitution import actions, instruments, queries, showing

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.tcm.constitution.queries import Person

_DIGITS = frozenset("12345")


@require_GET
@mine
def constitution(request: HttpRequest, here: Here) -> HttpResponse:
    """The latest result with advice, and those before it."""
    person, today = queries.person(here.door, here.acting.patient), rules.day_of(here.now)
    results = queries.results(here.door, person)
    language = get_language() or "zh-hans"
    of = instruments.for_age(person.age(today))
    context: dict[str, Any] = {"asked": len(of.asked(person.sex)), "may": bool(person.sex)}
    if results:
        context |= showing.context(results, today, language, queries.leanings(here.door, person))
    return shown(request, here, "constitution.html", context)


@require_http_methods(["GET", "POST"])
@mine
def ask(request: HttpRequest, here: Here) -> HttpResponse:
    """One question; the answers so far travel with the page, so that nothing is kept of who gives up."""
    person, today = queries.person(here.door, here.acting.patient), rules.day_of(here.now)
    of = instruments.for_age(person.age(today))
    items = of.asked(person.sex)
    given = _given(request, len(items))
    if len(given) == len(items):
        answers = {item.id: int(digit) for item, digit in zip(items, given, strict=True)}
        _keep(here, person, of.id, answers)
        messages.success(request, gettext("Your result is in your record."))
        return redirect("residents:constitution")
    language, item = get_language() or "zh-hans", items[len(given)]
    context = {
        "text": item.text(language),
        "options": list(enumerate(item.options(language), 1)),
        "given": given,
        "number": len(given) + 1,
        "total": len(items),
    }
    return shown(request, here, "constitution_ask.html", context)


def _given(request: HttpRequest, most: int) -> str:
    """The answers so far, one digit each, with the one that was chosen now, or without the last."""
    text = "".join(digit for digit in request.POST.get("given", "") if digit in _DIGITS)[:most]
    if request.POST.get("back"):
        return text[:-1]
    answer = request.POST.get("answer", "")
    return (text + answer)[:most] if answer in _DIGITS else text[: most - 1]


def _keep(here: Here, person: Person, instrument: str, answers: dict[str, int]) -> None:
    """As the platform: residents write nothing else into a record. Whose it is, the way in has made sure."""
    actor = replace(here.door.actor, roles=frozenset({"system"}))
    with here.connection.transaction():
        actions.keep(
            here.connection, person=person, instrument=instrument, answers=answers, actor=actor, now=here.now
        )
