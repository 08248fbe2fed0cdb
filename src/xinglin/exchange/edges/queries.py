"""What is asked of front machines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.exchange import senders
from xinglin.exchange.edges import rules
from xinglin.exchange.edges.models import Count, Edge
from xinglin.exchange.edges.rules import Alarm, Counted
from xinglin.record import database, sealing

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.rights import Scope

DAYS = 14


@dataclass(frozen=True, slots=True)
class Standing:
    """A front machine as it is shown."""

    sender: str
    name: str
    organization: str
    heard: datetime
    first: datetime
    address: str
    state: dict[str, Any]
    alarms: list[Alarm]
    counts: list[Counted]

    @property
    def worst(self) -> str:
        return self.alarms[0].value if self.alarms else ""

    @property
    def rate(self) -> float | None:
        """The upload rate over the days shown that are over."""
        rated = [one for one in self.counts if one.rate is not None]
        whole = sum(one.captured if one.expected is None else one.expected for one in rated)
        return sum(one.sent for one in rated) / whole if whole else None


def every(scope: Scope, now: datetime) -> list[Standing]:
    """The front machines that somebody sees: those with an alarm first."""
    known = {one.code: one for one in senders.every(database.connection()) if scope.covers(one)}
    counts = _counts(now)
    found = [
        _standing(
            edge, known[edge.sender].name, known[edge.sender].organization, counts.get(edge.sender, []), now
        )
        for edge in Edge.objects.order_by("sender")
        if edge.sender in known
    ]
    ranks = list(Alarm)
    return sorted(
        found, key=lambda one: (ranks.index(one.alarms[0]) if one.alarms else len(ranks), one.sender)
    )


def one(scope: Scope, sender: str, now: datetime) -> Standing | None:
    """One of them."""
    return next((found for found in every(scope, now) if found.sender == sender), None)


def _counts(now: datetime) -> dict[str, list[Counted]]:
    since = now.astimezone().date() - timedelta(days=DAYS)
    found: dict[str, list[Counted]] = {}
    for row in Count.objects.filter(day__gte=since).order_by("-day", "source"):
        counted = Counted(row.source, row.day, row.expected, row.captured, row.sent, row.refused)
        found.setdefault(row.sender, []).append(counted)
    return found


def _standing(edge: Edge, name: str, organization: str, counted: list[Counted], now: datetime) -> Standing:
    kept = json.loads(sealing.open_text(edge.state))
    limit = rules.limits(settings.SETTINGS.home)
    return Standing(
        edge.sender, name, organization, edge.heard, edge.first, edge.address, kept,
        rules.alarms(kept, edge.heard, counted, now=now, limit=limit), counted,
    )  # fmt: skip
