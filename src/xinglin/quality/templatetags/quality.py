"""Words and numbers of data quality as people read them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import get_language, gettext

from xinglin.quality import queries, words

register = template.Library()


@register.filter
def dimension(code: Any) -> str:
    return words.said(words.DIMENSIONS, code)


@register.filter
def severity(code: Any) -> str:
    return words.said(words.SEVERITIES, code)


@register.filter
def state(code: Any) -> str:
    return words.said(words.STATES, code)


@register.filter
def verb(code: Any) -> str:
    return words.said(words.VERBS, code)


@register.filter
def role(code: Any) -> str:
    return words.said(words.ROLES, code)


@register.filter
def confidence(code: Any) -> str:
    return words.said(words.CONFIDENCES, code)


@register.filter
def of_table(code: Any) -> str:
    return words.said(words.TABLES, code)


@register.filter
def dataset(number: int) -> str:
    return words.dataset(number)


@register.filter
def colour(code: Any) -> str:
    return words.COLOURS.get(str(code), "")


@register.filter
def titled(rule: Any) -> str:
    """A rule's title in the reader's language."""
    return rule.named(str(get_language())) if hasattr(rule, "named") else str(rule)


@register.filter
def points(value: float | None) -> str:
    """A score with one decimal."""
    return "—" if value is None else f"{value:.1f}"


@register.filter
def change(value: float | None) -> str:
    return "" if value is None or abs(value) < 0.05 else f"{value:+.1f}"


@register.filter
def percent(share: float | None) -> str:
    """A share in hundredths, as exact as it has to be."""
    if share is None:
        return "—"
    hundred = share * 100
    return (
        f"{hundred:.0f} %"
        if hundred in (0, 100)
        else f"{hundred:.2f} %"
        if hundred < 1
        else f"{hundred:.1f} %"
    )


@register.filter
def grouped(number: Any) -> str:
    return f"{number:,}" if isinstance(number, int) else str(number)


@register.filter
def monday(week: int) -> str:
    """The first day of a week."""
    return queries.monday(week).isoformat()


@register.filter
def spoken(words_: str) -> str:
    """The words of a step: the platform's own are translated."""
    return gettext(words_) if words_ else ""
