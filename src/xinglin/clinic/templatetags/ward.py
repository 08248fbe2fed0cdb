"""States of beds in templates."""

from __future__ import annotations

from typing import Any

from django import template

from xinglin.clinic.ward import words

register = template.Library()


@register.filter
def bed_state(code: str) -> Any:
    """The state of a bed in words."""
    return words.BEDS.get(code, code)


@register.filter
def ward_colour(code: str) -> str:
    """The colour of a state's label."""
    return words.COLOURS.get(str(code), "plain")
