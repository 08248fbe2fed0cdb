"""States of subscriptions as people read them."""

from __future__ import annotations

from django import template

from xinglin.exchange.subscriptions import words
from xinglin.exchange.subscriptions.rules import Status

register = template.Library()


@register.filter
def subscription_status(code: str) -> str:
    return str(words.STATUS[Status(code)])


@register.filter
def subscription_colour(code: str) -> str:
    return words.COLOURS[Status(code)]
