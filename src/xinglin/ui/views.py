"""The kit's own page: every colour, symbol and component as it is now, in the reader's language, theme and size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

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


@require_GET
@never_cache
def session(request: HttpRequest) -> HttpResponse:
    """Whether the session of ``account`` still holds: 200 with a token for its forms, else 401.

    Asked before something that took long to type is sent, and after signing in again beside it. Another person's
    session does not count: what one has typed is never sent under another's name.
    """
    user = request.user
    if not user.is_authenticated or str(user.pk) != request.GET.get("account"):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    return HttpResponse(get_token(request), content_type="text/plain")
