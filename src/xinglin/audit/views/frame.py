"""What all pages share: whose lines the reader sees, how a line is shown, what is noted of the look."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.shortcuts import render
from django.utils.translation import gettext_noop

from xinglin.audit import queries, rules, words
from xinglin.fhir import definitions
from xinglin.identity import queries as identity
from xinglin.kernel.errors import conflict, forbidden
from xinglin.record import access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from xinglin.audit.patients import Sitting
    from xinglin.audit.queries import Reader
    from xinglin.audit.rules import Rules, Scope, Scopes
    from xinglin.kernel.actor import Actor
    from xinglin.record.access import Line, Placed
    from xinglin.record.database import Connection

_BEFORE = re.compile(r"(\d{1,18})-(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is shown."""

    place: int
    line: Line
    reader: Reader
    type: str
    patient: str
    name: str

    @property
    def refused(self) -> bool:
        return self.line.outcome != "permit"

    @property
    def about(self) -> str:
        return f"{self.type}/{self.line.id}" if self.line.id else self.type


def scopes() -> Scopes:
    return rules.scopes(settings.SETTINGS.home)


def wide_scope(actor: Actor, action: str) -> Scope:
    """The scope of who may see others' lines; raises ``forbidden``, and the refusal is noted."""
    scope = rules.scope(actor, scopes())
    if not scope.wide:
        note(actor, action, "deny")
        raise forbidden(gettext_noop("The audit is read by auditors and administrators."))
    return scope


def rules_in_force() -> Rules:
    """The rules of this region; a file that cannot be used is said on the page."""
    try:
        return rules.abnormal(settings.SETTINGS.home)
    except rules.Unusable as wrong:
        raise conflict(gettext_noop("The rules cannot be used: %(why)s"), why=str(wrong)) from None


def note(actor: Actor, action: str, outcome: str = "permit", *, query: str | None = None) -> None:
    """Put a look at the audit itself into the log: not treatment, whatever the session is for, but operations."""
    access.note(replace(actor, purpose="HOPERAT"), action, outcome, query=query)


def rows(connection: Connection, found: Sequence[Placed]) -> list[Row]:
    """Lines with the names of readers and residents."""
    readers = queries.readers({row.line.actor for row in found})
    known = identity.of_numbers(connection, sorted({row.line.patient for row in found if row.line.patient}))
    shown = []
    for row in found:
        line = row.line
        person = known.get(line.patient or 0)
        patient = person.patient if person else line.id if _is_patient(line) else ""
        shown.append(
            Row(
                row.place, line, reader_of(readers, line.actor),
                definitions.type_name(line.type) if line.type is not None else "",
                patient or "", words.mask(person.name) if person else "",
            )
        )  # fmt: skip
    return shown


def reader_of(readers: dict[str, Reader], actor: str) -> Reader:
    return readers.get(actor) or queries.Reader(
        actor, "Xinglin" if actor == "system" else actor, machine=True
    )


def _is_patient(line: Line) -> bool:
    return bool(line.patient) and line.type == definitions.type_number("Patient")


def before_of(request: HttpRequest) -> tuple[datetime, int] | None:
    """From which line on a page goes."""
    match = _BEFORE.fullmatch(request.GET.get("before", ""))
    return (_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None


def after(row: Placed) -> str:
    """What the address of the next page says, after this line."""
    return _place_of(row.line.moment, row.place)


def after_of(one: Sitting) -> str:
    """The same, after these looks of one reader."""
    return _place_of(one.latest, one.place)


def _place_of(moment: datetime, place: int) -> str:
    return f"{(moment - _EPOCH) // timedelta(microseconds=1)}-{place}"


def shown(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page of the audit."""
    return render(request, f"audit/{template}", context, status=status)
