"""What the residents' templates need beside the kit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import get_language

from xinglin.residents import devices, words
from xinglin.residents.explaining import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.residents.measuring import Kind

register = template.Library()


@register.filter
def named(kind: Kind, language: str) -> str:
    """A kind of measurement in a language of the table."""
    return kind.words(language)["name"]


@register.filter
def look(action: str) -> str:
    """What somebody did with a record, in a resident's words."""
    return words.look(action)


@register.filter
def elder(cookies: Mapping[str, str]) -> str:
    """The size of elder mode that was chosen; empty for the standard one."""
    chosen = cookies.get("xl-size", "")
    return chosen if chosen in {"large", "largest"} else ""


@register.filter
def device(agent: str) -> str:
    """The device behind a session, in words."""
    return devices.named(agent, language_of(get_language()))
