"""What the pages of shared documents need beside the common tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext

if TYPE_CHECKING:
    from xinglin.exchange.doors import Reason

register = template.Library()


@register.filter
def reason(one: Reason) -> str:
    """What is wrong, in the reader's language."""
    return gettext(one.text) % one.params if one.params else gettext(one.text)
