"""What can be done: hearing of a front machine, and forgetting old counts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from xinglin.exchange.edges import rules
from xinglin.exchange.edges.models import Count, Edge
from xinglin.record import sealing

if TYPE_CHECKING:
    from datetime import datetime

_KEEP_DAYS = 800  # two years of comparison, and some


def hear(*, sender: str, told: dict[str, Any], address: str, now: datetime) -> None:
    """Keep what a front machine tells. Fault ``invalid``, and nothing is kept."""
    kept, counted = rules.state(told), rules.counts(told)
    sealed = sealing.seal_text(json.dumps(kept))
    with transaction.atomic():
        Edge.objects.update_or_create(
            sender=sender,
            defaults={"heard": now, "address": address, "state": sealed},
            create_defaults={"heard": now, "first": now, "address": address, "state": sealed},
        )
        Count.objects.bulk_create(
            [
                Count(
                    sender=sender, source=one.source, day=one.day, expected=one.expected, captured=one.captured,
                    sent=one.sent, refused=one.refused, told=now,
                )
                for one in {(one.source, one.day): one for one in counted}.values()
            ],
            update_conflicts=True,
            unique_fields=["sender", "source", "day"],
            update_fields=["expected", "captured", "sent", "refused", "told"],
        )  # fmt: skip


def forget(*, now: datetime) -> int:
    """Drop counts of days long past; tell how many."""
    return Count.objects.filter(day__lt=(now - timedelta(days=_KEEP_DAYS)).date()).delete()[0]
