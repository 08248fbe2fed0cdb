"""Words and numbers of the audit as people read them."""

from __future__ import annotations

from typing import Any

from django import template

from xinglin.audit import words

register = template.Library()


@register.filter
def action(code: str) -> str:
    return words.said(words.ACTIONS, code)


@register.filter
def purpose(code: str) -> str:
    return words.said(words.PURPOSES, code)


@register.filter
def rule(code: str) -> str:
    return words.said(words.RULES, code)


@register.filter
def level(code: Any) -> str:
    return words.said(words.LEVELS, code)


@register.filter
def level_colour(code: Any) -> str:
    return words.COLOURS.get(code, "")


@register.filter
def state(code: Any) -> str:
    return words.said(words.STATES, code)


@register.filter
def state_colour(code: Any) -> str:
    return words.STATE_COLOURS.get(code, "")


@register.filter
def confidence(code: str) -> str:
    return words.said(words.CONFIDENCES, code)


@register.filter
def grouped(number: Any) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}" if isinstance(number, int) else str(number)
