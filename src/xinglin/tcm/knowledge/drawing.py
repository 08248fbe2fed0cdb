"""The web of relations around a term as SVG: what leads to it on the left, what it leads to on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.html import format_html, format_html_join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.safestring import SafeString

    from xinglin.tcm.knowledge.models import Term
    from xinglin.tcm.knowledge.queries import Group

MOST_OF_A_GROUP = 7
MOST_OF_A_SIDE = 18
_WIDE, _ROW, _TOP, _BOX = 900, 30, 26, 220
_LONGEST = 14  # characters of a name


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a column: a heading, or a term."""

    text: str
    term: Term | None = None
    more: int = 0


def web(term: Term, out: Sequence[Group], back: Sequence[Group], *, english: bool) -> SafeString | None:
    """The picture; None where nothing leads anywhere. Every term in it is a link."""
    left, right = _column(back, english=english), _column([g for g in out if g.terms], english=english)
    if not left and not right:
        return None
    height = _TOP * 2 + _ROW * max(len(left), len(right), 2)
    middle = height // 2
    parts = [
        *_drawn(left, 10, _WIDE // 2 - 90, middle, _top(height, left), to_left=True),
        *_drawn(right, _WIDE - _BOX - 10, _WIDE // 2 + 90, middle, _top(height, right), to_left=False),
    ]
    centre = format_html(
        '<rect class="tcm-centre" x="{}" y="{}" width="180" height="44" rx="10"/>'
        '<text class="tcm-centre-name" x="{}" y="{}" text-anchor="middle">{}</text>',
        _WIDE // 2 - 90, middle - 22, _WIDE // 2, middle + 6, _short(term.name),
    )  # fmt: skip
    return format_html(
        '<svg class="tcm-web" viewBox="0 0 {} {}" width="{}" height="{}" role="group">{}{}</svg>',
        _WIDE, height, _WIDE, height, format_html_join("", "{}", ((part,) for part in parts)), centre,
    )  # fmt: skip


def _column(groups: Sequence[Group], *, english: bool) -> list[_Row]:
    rows: list[_Row] = []
    for group in groups:
        room = MOST_OF_A_SIDE - len(rows) - 1
        if room < 1:
            break
        terms = group.terms
        shown = terms[: min(MOST_OF_A_GROUP, room)]
        more = max(group.total, len(terms)) - len(shown)
        rows.append(_Row(group.predicate.said(english=english, back=group.back), more=more))
        rows += [_Row(one.name, one) for one in shown]
    return rows


def _top(height: int, rows: Sequence[_Row]) -> int:
    return (height - _ROW * len(rows)) // 2


def _drawn(
    rows: Sequence[_Row], x: int, towards: int, middle: int, top: int, *, to_left: bool
) -> list[SafeString]:
    drawn = []
    for number, row in enumerate(rows):
        y = top + number * _ROW
        if row.term is None:
            more = f" +{row.more}" if row.more > 0 else ""
            drawn.append(
                format_html('<text class="tcm-web-head" x="{}" y="{}">{}{}</text>', x, y + 20, row.text, more)
            )
            continue
        edge = x + _BOX if to_left else x
        bend = (edge + towards) // 2
        drawn.append(
            format_html(
                '<path class="tcm-edge" d="M{} {}C{} {} {} {} {} {}"/>'
                '<a href="{}" class="tcm-node tcm-of-{}"><rect x="{}" y="{}" width="{}" height="24" rx="6"/>'
                '<text x="{}" y="{}">{}</text></a>',
                edge, y + 14, bend, y + 14, bend, middle, towards, middle,
                reverse("tcm:term", args=[row.term.id]), row.term.kind, x, y + 2, _BOX, x + 10, y + 19,
                _short(row.text),
            )
        )  # fmt: skip
    return drawn


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
