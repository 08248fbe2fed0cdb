"""Words of a report as people read them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext

from xinglin.exchange.onboarding import words
from xinglin.exchange.onboarding.rules import Dimension, Mark

register = template.Library()


@register.filter
def dimension(code: str) -> str:
    return str(words.DIMENSIONS[Dimension(code)])


@register.filter
def mark(code: str) -> str:
    return str(words.MARKS[Mark(code)])


@register.filter
def mark_colour(code: str) -> str:
    return words.MARK_COLOURS[Mark(code)]


@register.filter
def onboarding_state(code: str) -> str:
    return str(words.STATES[code])


@register.filter
def onboarding_colour(code: str) -> str:
    return words.STATE_COLOURS[code]


@register.filter
def translated(text: str) -> str:
    """A point's name: data are English, the reader's language is looked up."""
    return gettext(text) if text else ""


@register.filter
def finding_words(finding: dict[str, Any]) -> str:
    """What is wrong, filled in."""
    said = gettext(finding["text"])
    return said % finding["params"] if finding["params"] else said


@register.filter
def share(point: dict[str, Any]) -> str:
    return f"{100 * point['right'] / point['seen']:.1f} %" if point["seen"] else "—"


@register.filter
def asked(point: dict[str, Any]) -> str:
    return f"{100 * point['asked']:.0f} %"
