"""What the residents' templates need beside the kit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.residents.measuring import Kind

register = template.Library()


@register.filter
def named(kind: Kind, language: str) -> str:
    """A kind of measurement in a language of the table."""
    return kind.words(language)["name"]


@register.filter
def is_share(actor: str) -> bool:
    """Whether an actor is whoever was shown a record by a shared address."""
    return actor.startswith("share/")


@register.filter
def elder(cookies: Mapping[str, str]) -> str:
    """The size of elder mode that was chosen; empty for the standard one."""
    chosen = cookies.get("xl-size", "")
    return chosen if chosen in {"large", "largest"} else ""
