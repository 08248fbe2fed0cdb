"""What all pages share: whose rows the reader sees, which weeks, how a page and a table to take away are given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.shortcuts import render
from django.utils.translation import gettext_noop

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import forbidden, not_found
from xinglin.quality import actions, exporting, places, queries, rulebook, scoring
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from django.http import HttpRequest, HttpResponse

    from xinglin.kernel.actor import Actor
    from xinglin.quality.places import Unit
    from xinglin.quality.queries import Window
    from xinglin.quality.rules import Rule
    from xinglin.quality.scoring import Rights, Scheme
    from xinglin.record.database import Connection

WEEKS = (4, 13, 26, 52)


@dataclass(frozen=True, slots=True)
class Look:
    """One look at quality: who looks, from where, with which rules."""

    connection: Connection
    actor: Actor
    own: int  # the institution the reader is bound to; 0 for the region
    rights: Rights
    scheme: Scheme
    rules: Mapping[str, Rule]
    units: Mapping[int, Unit]
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(LOCAL_ZONE).date()

    def may(self, right: str) -> bool:
        return self.rights.may(self.actor, right)

    def unit(self, id_: str) -> Unit:
        """The institution with that id, if the reader may see it."""
        number = places.unit_number(id_)
        found = self.units.get(number)
        if found is None:
            raise not_found(gettext_noop("There is no institution %(id)s that sends data."), id=id_)
        if self.own and self.own != number:
            raise forbidden(gettext_noop("You see the quality of your own institution's data."))
        return found

    def chosen(self, request: HttpRequest) -> Unit | None:
        """The institution of the page's filter, or the reader's own."""
        id_ = request.GET.get("institution", "")
        if id_:
            return self.unit(id_)
        return self.units.get(self.own) if self.own else None

    def scope(self, unit: Unit | None) -> int:
        """The institution to ask for; -1, which there is not, for an own one that has sent nothing."""
        return unit.number if unit else (self.own and -1)

    def window(self, request: HttpRequest, unit: Unit | None) -> Window | None:
        return queries.window(self.connection, weeks_of(request, self.scheme.weeks), self.scope(unit))

    def name(self, number: int) -> str:
        found = self.units.get(number)
        return found.name if found else "—"

    def id(self, number: int) -> str:
        found = self.units.get(number)
        return found.id if found else ""


def look(actor: Actor, what: str, *, query: str = "") -> Look:
    """Begin a page: the reader has the right, and the look is noted as work on quality."""
    given = scoring.rights(settings.SETTINGS.home)
    noted = replace(actor, purpose="HOPERAT")
    if not given.may(actor, "looking"):
        access.note(noted, "quality", "deny", query=what)
        given.require(actor, "looking")
    access.note(noted, "quality", query=f"{what} {query}".strip()[:200])
    connection = database.connection()
    return Look(
        connection, actor, actions.own_institution(actor), given, scoring.scheme(settings.SETTINGS.home),
        rulebook.in_force(connection), places.institutions(connection), clock.now(),
    )  # fmt: skip


def weeks_of(request: HttpRequest, default: int) -> int:
    text = request.GET.get("weeks", "")
    return int(text) if text.isdecimal() and len(text) < 4 and int(text) else default


def shown(
    request: HttpRequest, template: str, seen: Look, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of quality."""
    query = request.GET.copy()
    for name in ("as", "after"):
        query.pop(name, None)
    common = {
        "seen": seen, "weeks": weeks_of(request, seen.scheme.weeks), "choices": WEEKS, "query": query.urlencode(),
        "may_rule": seen.may("ruling"), "may_issue": seen.may("issuing"),
    }  # fmt: skip
    return render(request, f"quality/{template}", {**common, **context}, status=status)


def is_export(request: HttpRequest) -> bool:
    return request.GET.get("as") in exporting.KINDS


def export(
    request: HttpRequest, seen: Look, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]
) -> HttpResponse:
    """The page's table to take away; that it was taken away is noted."""
    access.note(replace(seen.actor, purpose="HOPERAT"), "quality-export", query=name)
    return exporting.table(request.GET["as"], name, head, rows, seen.now)
