"""What every template needs: icons, dates, ages and sexes in words, sparklines, the reader's appearance."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from xinglin.accounts import queries
from xinglin.record import database, notices
from xinglin.ui import navigation
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Sequence

register = template.Library()

_ICONS = Path(__file__).resolve().parent.parent / "static" / "vendor" / "tabler-icons" / "icons"
_THEMES = ("light", "dark")
WALL = "wall"
"""The look, asked for by ``?look=wall``, of a board that hangs on a wall."""
_SIZES = ("large", "largest")
_MANY = 100
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_EDGE = 92, 26, 4


@cache
def _drawing(name: str) -> str:
    """The inside of an icon's file, which is ours since it was vendored."""
    svg = re.sub(r"\s+", " ", (_ICONS / f"{name}.svg").read_text())
    drawn = re.search(r"<svg[^>]*>(.*)</svg>", svg)
    assert drawn is not None, name
    return drawn[1].strip()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon as inline SVG; the words beside it say what it means, so readers skip it."""
    return mark_safe(  # noqa: S308 -- a file of ours
        '<svg class="xl-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{_drawing(name)}</svg>'
    )


@register.simple_tag(takes_context=True)
def appearance(context: dict[str, Any]) -> SafeString:
    """The attributes of ``<html>``: language, and the theme and size that the reader has chosen."""
    request = context.get("request")
    cookies = request.COOKIES if request is not None else {}
    wall = request is not None and request.GET.get("look") == WALL
    chosen = "dark" if wall else cookies.get("xl-theme", "")
    language = "zh-Hans" if is_chinese() else "en"
    theme = format_html(' data-bs-theme="{}"', chosen) if chosen in _THEMES else ""
    large = cookies.get("xl-size", "")
    size = format_html(' data-xl-size="{}"', large) if large in _SIZES else ""
    if wall:
        size = mark_safe(' data-xl-look="wall"')  # its size follows from the wall's
    return format_html('lang="{}"{}{}', language, theme, size)


@register.simple_tag
def other_language() -> dict[str, str]:
    """The language that the switch leads to: its code and its own name."""
    chinese = is_chinese()
    return {"code": "en", "name": "English"} if chinese else {"code": "zh-hans", "name": "中文"}


@register.simple_tag(takes_context=True)
def main_places(context: dict[str, Any]) -> navigation.Bar:
    """The main navigation as the reader may see it; empty for who is not signed in."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return navigation.Bar([], [])
    return navigation.bar(queries.actor_of(request.user), request.path)


@register.simple_tag(takes_context=True)
def wall_boards(context: dict[str, Any]) -> list[navigation.Shown]:
    """The boards that the reader may hang on a wall; none on a page that is not one of them."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return []
    boards = navigation.boards(queries.actor_of(request.user), request.path)
    return boards if any(board.current for board in boards) else []


@register.simple_tag(takes_context=True)
def unread_notices(context: dict[str, Any]) -> str:
    """How many notices the reader has not read: empty for none, 99+ for very many."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return ""
    actor = queries.actor_of(request.user)
    count = notices.count_unread(database.connection(), actor.id, notices.addressed(actor))
    return "" if not count else str(count) if count < _MANY else f"{_MANY - 1}+"


@register.filter
def sex(code: str) -> str:
    """FHIR's administrative gender in words."""
    words = {"male": gettext("Male"), "female": gettext("Female"), "other": gettext("Other sex")}
    return words.get(code, gettext("Sex not stated"))


@register.filter
def age(value: Any) -> str:
    """An age as clinicians say it: years from three on, else months, else days."""
    if value is None:
        return ""
    if value.years >= 3:
        return ngettext("%(n)s year old", "%(n)s years old", value.years) % {"n": value.years}
    months = value.years * 12 + value.months
    if months >= 1:
        return ngettext("%(n)s month old", "%(n)s months old", months) % {"n": months}
    return ngettext("%(n)s day old", "%(n)s days old", value.days) % {"n": value.days}


@register.simple_tag
def spark(points: Sequence[Any], words: str = "") -> SafeString:
    """A sparkline of points with ``at``, ``value``, ``low``, ``high`` and ``flag``; the last range is its band."""
    shown = [p for p in points if p.value is not None][-24:]
    if len(shown) < 2:
        return mark_safe("")
    low, high = shown[-1].low, shown[-1].high
    marks = [p.value for p in shown] + [b for b in (low, high) if b is not None]
    x = _scale([float(p.at) for p in shown], _SPARK_EDGE, _SPARK_WIDTH - _SPARK_EDGE)
    y = _scale(marks, _SPARK_HEIGHT - _SPARK_EDGE, _SPARK_EDGE)
    line = " ".join(f"{'L' if i else 'M'}{x(float(p.at)):.1f} {y(p.value):.1f}" for i, p in enumerate(shown))
    top, bottom = (0.0 if high is None else y(high)), (float(_SPARK_HEIGHT) if low is None else y(low))
    band = mark_safe("")
    if low is not None or high is not None:
        band = format_html(
            '<rect class="xl-spark-band" x="0" y="{}" width="92" height="{}"/>',
            f"{top:.1f}",
            f"{bottom - top:.1f}",
        )
    dot = format_html(
        '<circle class="{}" cx="{}" cy="{}" r="2.4"/>',
        shown[-1].flag,
        f"{x(float(shown[-1].at)):.1f}",
        f"{y(shown[-1].value):.1f}",
    )
    return format_html(
        '<svg class="xl-spark" viewBox="0 0 92 26" role="img" aria-label="{}">{}<path d="{}"/>{}</svg>',
        words,
        band,
        line,
        dot,
    )


def _scale(values: Sequence[float], start: float, end: float) -> Any:
    """The straight line that takes the least of ``values`` to ``start`` and the greatest to ``end``."""
    least, most = min(values), max(values)
    if most == least:
        return lambda _: (start + end) / 2
    return lambda value: start + (value - least) / (most - least) * (end - start)
