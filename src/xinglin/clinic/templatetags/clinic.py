"""Money, amounts and states in templates."""

from __future__ import annotations

from typing import Any

from django import template

from xinglin.clinic import reference, rules, words

register = template.Library()


@register.simple_tag
def denials() -> str:
    """The words of denial, as the chips of terms take them."""
    return " ".join(reference.denials())


@register.filter
def yuan(fen: int) -> str:
    """Fen as yuan with two places."""
    return rules.yuan(fen)


@register.filter
def amount(thousandths: int) -> str:
    """Thousandths of a unit without needless zeros."""
    return rules.plain(thousandths) if thousandths else "0"


@register.filter
def state_of(state: Any) -> Any:
    """A state of a visit or a prescription in words."""
    code = str(getattr(state, "value", state))
    return words.VISITS.get(code) or words.STATES.get(code, code)


@register.filter
def state_colour(state: Any) -> str:
    """The colour of its label."""
    return words.COLOURS.get(str(getattr(state, "value", state)), "")
