"""How institutions stand: their marks and tiers, and the forms by which the region changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_http_methods

from xinglin.kernel import clock
from xinglin.kernel.errors import not_found
from xinglin.recognition import actions, rules, standings, versions, words
from xinglin.recognition.actions import Marking
from xinglin.recognition.forms import MarkForm, TierForm
from xinglin.recognition.views.framing import done, require_sees, shown, today
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@require_http_methods(["GET", "POST"])
@entry.page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """All marks and the tiers that the region set; a POST gives or ends a mark, or sets a tier."""
    require_sees(door.actor)
    if request.method == "POST":
        rules.require(door.actor, "marking")
        act = _ACTS.get(request.POST.get("act", ""))
        if act is None:
            raise not_found(gettext_noop("There is no such step."))
        act(request, door)
        return redirect("recognition:institutions")
    connection, day = database.connection(), today()
    known = versions.in_force(connection, day)
    names = {item.code: item.named(words.language()) for item in known.items.values()}
    held = standings.held(connection, request.GET.get("institution", ""))
    places = standings.places(connection, [one.mark.institution for one in held])
    rows = [
        (
            one, words.items_of(one.mark.items, names), words.SCOPES[one.mark.scope.value],
            words.TIERS.get(places[one.mark.institution].tier or ""),
            one.mark.since <= day and (one.mark.until is None or day < one.mark.until),
        )
        for one in held
    ]  # fmt: skip
    may = rules.may(door.actor, "marking")
    context: dict[str, Any] = {
        "tab": "institutions", "rows": rows, "may": may,
        "tiers": [(one, words.TIERS.get(one.tier)) for one in standings.tier_lines(connection)],
    }  # fmt: skip
    if may:
        context |= {
            "mark_form": MarkForm(initial={"since": day}), "tier_form": TierForm(),
            "institutions": standings.some_institutions(connection),
            "items": [("*", words.items_of("*", {})), *words.KINDS.items(),
                      *((f"group:{group}", group) for group in dict.fromkeys(i.group for i in known.items.values())),
                      *names.items()],
        }  # fmt: skip
    return shown(request, "institutions", door.actor, context)


def _wrong(request: HttpRequest, form: MarkForm | TierForm) -> None:
    said = [f"{form.fields[name].label}：{errors[0]}" for name, errors in form.errors.items()]
    messages.error(request, "；".join(said))


def _give(request: HttpRequest, door: Door) -> None:
    form = MarkForm(request.POST)
    if not form.is_valid():
        _wrong(request, form)
        return

    def act(connection: Connection) -> str:
        actions.give_mark(connection, marking=Marking(**form.cleaned_data), actor=door.actor, now=clock.now())
        return gettext("The mark is kept.")

    done(request, act)


def _end(request: HttpRequest, door: Door) -> None:
    number = request.POST.get("number", "")

    def act(connection: Connection) -> str:
        actions.end_mark(
            connection, number=int(number) if number.isascii() and number.isdigit() and len(number) < 18 else -1,
            words=request.POST.get("words", ""), actor=door.actor, now=clock.now(),
        )  # fmt: skip
        return gettext("The mark holds no longer.")

    done(request, act)


def _tier(request: HttpRequest, door: Door) -> None:
    form = TierForm(request.POST)
    if not form.is_valid():
        _wrong(request, form)
        return

    def act(connection: Connection) -> str:
        actions.set_tier(connection, **form.cleaned_data, actor=door.actor, now=clock.now())
        return gettext("The tier is kept.")

    done(request, act)


_ACTS: dict[str, Callable[[HttpRequest, Door], None]] = {"give": _give, "end": _end, "tier": _tier}
