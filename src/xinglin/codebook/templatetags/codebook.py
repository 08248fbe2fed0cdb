"""Addresses of the pages of codes, which are named by query since codes and systems are URLs themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def address(name: str, **given: Any) -> str:
    """The address of a page with what it is asked; empty values are left out."""
    asked = {key: value for key, value in given.items() if value not in (None, "")}
    return reverse(f"codebook:{name}") + (f"?{urlencode(asked)}" if asked else "")


@register.filter
def marked(pieces: Iterable[tuple[str, bool]]) -> SafeString:
    """A text in pieces, what was typed marked in it."""
    shown = [format_html("<mark>{}</mark>", text) if hit else format_html("{}", text) for text, hit in pieces]
    return format_html_join("", "{}", ((one,) for one in shown))


@register.simple_tag
def address_pairs(**given: Any) -> list[tuple[str, Any]]:
    """What a form keeps in hidden fields: the pairs that have a value."""
    return [(name, value) for name, value in given.items() if value]


@register.filter
def named_by(code: str, about: dict[str, Any]) -> str:
    """What a code system calls a property; its code, where it says nothing."""
    said = {one[0]: one[2] for one in about.get("properties", ())}
    return str(said.get(code) or code)
