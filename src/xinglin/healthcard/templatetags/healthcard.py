"""The package's codes in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from xinglin.healthcard import reference, words

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Words

register = template.Library()
register.filter("known", words.known)
register.filter("reason", words.reason)
register.filter("why", words.why)
register.filter("operation", words.operation)


@register.filter
def colour(state: str) -> str:
    """The colour of a state's label."""
    return words.COLOURS.get(state, "grey")


@register.filter
def advice(why: str) -> str | Words:
    """What a counter is to do about a refusal."""
    return words.WHY[why][1] if why in words.WHY else ""


@register.filter
def warning(code: str) -> str | Words:
    return words.WARNINGS.get(code, code)


@register.filter
def relation(code: str) -> str:
    found = reference.relations().get(code)
    return found.words(words.language()) if found else code


@register.filter
def evidence(code: str) -> str:
    found = reference.evidence().get(code)
    return found.words(words.language()) if found else code
