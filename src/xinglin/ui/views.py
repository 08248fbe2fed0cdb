"""The kit's own page: every colour, symbol and component as it is now, in the reader's language, theme and size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door

_STATIC = Path(__file__).parent / "static"
_COLOUR = re.compile(r"^  --(xl-[a-z0-9-]+): #[0-9a-f]{3,8};$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Point:
    """A made-up result, for an example of a sparkline."""

    at: int
    value: float
    low: float = 4.0
    high: float = 6.0
    flag: str = "high"


@cache
def colours() -> tuple[str, ...]:
    """The names of the colours, as the style sheet of tokens has them."""
    return tuple(dict.fromkeys(_COLOUR.findall((_STATIC / "xl" / "tokens.css").read_text())))


@cache
def symbols() -> tuple[str, ...]:
    """The names of the icons that are shipped."""
    return tuple(sorted(path.stem for path in (_STATIC / "vendor" / "tabler-icons" / "icons").glob("*.svg")))


@require_GET
@entry.page
def kit(request: HttpRequest, door: Door) -> HttpResponse:  # noqa: ARG001 -- as all pages have it
    """The page; its examples are made up."""
    values = (5.9, 6.4, 7.4, 6.8, 7.2)
    context = {
        "colours": colours(), "symbols": symbols(), "tags": ("", "blue", "green", "amber", "red", "violet"),
        "notes": ("", "green", "amber", "red"), "points": [Point(at, value) for at, value in enumerate(values)],
        "course": " → ".join(map(str, values)),
    }  # fmt: skip
    return render(request, "ui/kit.html", context)


@require_GET
@never_cache
def unread(request: HttpRequest) -> HttpResponse:
    """How many notices are unread, as the bell shows it; nothing for who is not signed in."""
    return render(request, "ui/unread.html")
