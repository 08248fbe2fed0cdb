"""Numbers and hashes as people read them."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.filter
def grouped(number: Any) -> str:
    """A whole number with its thousands apart; anything else as it is."""
    return f"{number:,}" if isinstance(number, int) else str(number)


@register.filter
def spaced(digits: str) -> str:
    """A long hexadecimal number in groups of eight."""
    return " ".join(digits[place : place + 8] for place in range(0, len(digits), 8))
