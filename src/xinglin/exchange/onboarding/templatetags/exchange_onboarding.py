"""Aspects, states, shares and findings as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext

from xinglin.exchange.onboarding import words

if TYPE_CHECKING:
    from xinglin.exchange.onboarding.queries import Said

register = template.Library()


@register.filter
def aspect(code: str) -> str:
    return str(words.ASPECTS.get(code, code))


@register.filter
def onboarding_state(code: str) -> str:
    return str(words.STATES.get(code, code))


@register.filter
def onboarding_colour(code: str) -> str:
    return words.STATE_COLOURS.get(code, "plain")


@register.filter
def onboarding_step(code: str) -> str:
    return str(words.STEPS.get(code, code))


@register.filter
def share(part: float) -> str:
    """A share as whole per cents, rounded down: 99.9 % is not all."""
    return f"{int(part * 100 + 1e-9)}%"


@register.filter
def finding(one: Said) -> str:
    """A finding's words in the reader's language."""
    said = gettext(one.text)
    try:
        return said % one.params if one.params else said
    except (KeyError, TypeError, ValueError):
        return one.text
