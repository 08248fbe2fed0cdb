"""What the directory's views share: the day, who may edit, where a thing's page is."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy, gettext_noop

from xinglin.directory.kinds import KINDS
from xinglin.directory.rules import rights
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid
from xinglin.record import access, database
from xinglin.record.door import Door, open_as

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.database import Connection

KIND_OF = {kind.entry: kind.key for kind in KINDS.values()}
"""The kind of a ``directory_entry`` → the key of the Kind."""

WORDS = {
    "institution": gettext_lazy("Institution"),
    "department": gettext_lazy("Department"),
    "practitioner": gettext_lazy("Practitioner"),
    "service": gettext_lazy("Service"),
    "place": gettext_lazy("Place"),
    "bed": gettext_lazy("Bed"),
    "equipment": gettext_lazy("Equipment"),
    "division": gettext_lazy("Division"),
}
STATUS = {
    "inactive": gettext_lazy("not in use"),
    "suspended": gettext_lazy("suspended"),
    "planned": gettext_lazy("being set up"),
    "closed": gettext_lazy("closed"),
}
LEVELS = {
    1: gettext_lazy("Province"),
    2: gettext_lazy("Prefecture"),
    3: gettext_lazy("County"),
    4: gettext_lazy("Township"),
    5: gettext_lazy("Village"),
}


def today() -> date:
    """The day in this country."""
    return clock.now().astimezone(LOCAL_ZONE).date()


def day_of(request: HttpRequest) -> date:
    """The day that the page is asked for, today if none."""
    asked = request.GET.get("on", "").strip()
    if not asked:
        return today()
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise invalid(gettext_noop("%(text)s is not a day; write it as 2024-01-31."), text=asked) from None


def tables(door: Door, action: str, query: str = "") -> Connection:
    """The connection to the directory's tables; the look is noted."""
    access.note(door.actor, action, query=query or None)
    return database.connection()


def reading(door: Door) -> Door:
    """A door by which everybody who is signed in may read the directory's resources."""
    return open_as(rights.reader(door.actor))


def shown(
    request: HttpRequest, door: Door, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page or fragment, with what all of them need to know."""
    may_edit = rights.may_edit(door.actor)
    return render(
        request,
        f"directory/{template}.html",
        {"may_edit": may_edit, "words": WORDS, **context},
        status=status,
    )


def address(kind: str, id_: str) -> str:
    """Where the page of a thing is; ``kind`` as in ``directory_entry``."""
    if kind == "division":
        return reverse("directory:thing", args=["divisions", id_])
    return reverse("directory:thing", args=[KIND_OF[kind], id_])
