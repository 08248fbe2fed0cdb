"""``{% live "readers" %}``: the page wants to hear that kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from xinglin.live import pages

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def live(context: dict[str, Any], kind: str) -> SafeString:
    """What the page's script opens a stream by; nothing where the reader may hear nothing of the kind."""
    request = context.get("request")
    made = pages.ticket(request, kind) if request is not None else ""
    if request is None or not made:
        return mark_safe("")
    return format_html(
        '<xl-live data-for="{}" data-ticket="{}" data-from="{}" data-renew="{}" hidden></xl-live>',
        kind, made, pages.address(request), reverse("live:renew"),
    )  # fmt: skip
