"""Keeping what a doctor chose, and measuring how it went with what was proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext_noop

from xinglin.kernel import clock
from xinglin.kernel.errors import forbidden, invalid
from xinglin.tcm.differentiation import naming
from xinglin.tcm.differentiation.models import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor

_MOST = 20_000  # characters of a text


def may(actor: Actor) -> bool:
    """Whether the actor may ask for proposals, by data."""
    return bool(actor.roles & frozenset(naming.elements()["rights"]["roles"]))


def require(actor: Actor) -> None:
    """Fault ``forbidden`` for whoever may not."""
    if not may(actor):
        raise forbidden(gettext_noop("Syndromes are differentiated by doctors."))


def require_text(text: str) -> str:
    """The text, if there is one that is not too long; fault ``invalid``."""
    if not text.strip():
        raise invalid(gettext_noop("Write what the patient shows."), code="required", expression="text")
    if len(text) > _MOST:
        raise invalid(
            gettext_noop("The text is too long: %(most)s characters at most."), code="too-long", expression="text",
            most=f"{_MOST:,}",
        )  # fmt: skip
    return text


def choose(*, proposed: Sequence[str], known: bool, term: str, name: str, actor: Actor) -> Choice:
    """Keep a decision; ``term`` is empty where the doctor named one of their own."""
    require(actor)
    if not name.strip():
        raise invalid(gettext_noop("Say which syndrome it is."), code="required", expression="name")
    rank = proposed.index(term) + 1 if term in proposed else 0
    return Choice.objects.create(
        moment=clock.now(), actor=actor.id, institution=actor.institution or "", proposed=list(proposed)[:20],
        known=known, term=term if rank else "", name=name.strip()[:100], rank=rank,
        version=str(naming.elements()["version"]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Month:
    """Of one month: how many were decided, and how many were the first or among the first three proposed."""

    month: datetime
    count: int
    first: int
    third: int
    other: int


def months(institution: str | None) -> list[Month]:
    """The measure by month, the latest first; of one institution, or of all."""
    found = Choice.objects.all() if institution is None else Choice.objects.filter(institution=institution)
    rows = (
        found.annotate(month=TruncMonth("moment"))
        .values("month")
        .annotate(
            count=Count("id"), first=Count("id", filter=Q(rank=1)), third=Count("id", filter=Q(rank__range=(1, 3))),
            other=Count("id", filter=Q(rank=0)),
        )
        .order_by("-month")[:24]
    )  # fmt: skip
    return [Month(row["month"], row["count"], row["first"], row["third"], row["other"]) for row in rows]
