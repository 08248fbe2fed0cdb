"""Words and numbers of the exchange as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.translation import gettext

from xinglin.accounts import queries
from xinglin.exchange import tabs, words

if TYPE_CHECKING:
    from xinglin.exchange.doors import Reason
    from xinglin.exchange.receipts import State

register = template.Library()


@register.simple_tag(takes_context=True)
def exchange_tabs(context: dict[str, Any]) -> list[tabs.Shown]:
    """The exchange's pages as the reader may open them."""
    request = context["request"]
    return tabs.shown(queries.actor_of(request.user), request.path)


@register.filter
def door(code: str) -> str:
    return str(words.DOORS.get(code, code))  # type: ignore[call-overload]  # its keys are texts


@register.filter
def state(code: State) -> str:
    return str(words.STATES[code])


@register.filter
def state_colour(code: State) -> str:
    return words.STATE_COLOURS[code]


@register.filter
def code(said: str) -> str:
    return words.code(said)


@register.filter
def step(code_: str) -> str:
    return str(words.STEPS.get(code_, code_))


@register.filter
def sender_event(code_: str) -> str:
    return str(words.SENDER_EVENTS.get(code_, code_))


@register.filter
def said(reason: Reason) -> str:
    """A reason's words in the reader's language."""
    words_ = gettext(reason.text)
    try:
        return words_ % reason.params if reason.params else words_
    except (KeyError, TypeError, ValueError):
        return reason.words


@register.filter
def grouped(number: Any) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}" if isinstance(number, int) else str(number)


@register.filter
def size(count: int) -> str:
    """Bytes as people say them."""
    amount, unit = float(count), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


@register.filter
def span(seconds: float | None) -> str:
    """Some seconds as people say them."""
    if seconds is None:
        return "—"
    if seconds < 1:
        return gettext("%(n)s ms") % {"n": round(seconds * 1000)}
    if seconds < 120:
        return gettext("%(n)s s") % {"n": f"{seconds:.1f}" if seconds < 10 else round(seconds)}
    if seconds < 7200:
        return gettext("%(n)s min") % {"n": round(seconds / 60)}
    if seconds < 172_800:
        return gettext("%(n)s h") % {"n": round(seconds / 3600)}
    return gettext("%(n)s d") % {"n": round(seconds / 86_400)}
