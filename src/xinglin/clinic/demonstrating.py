"""A clinic for a demonstration: people who work there, price list, stock, today's queue. For made-up regions alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.accounts.actions import DEMO_PASSWORD
from xinglin.accounts.models import Account
from xinglin.clinic import people, queries, reference
from xinglin.clinic.actions import registering, stocking
from xinglin.clinic.actions.stocking import Delivery, Wanted
from xinglin.clinic.rules import HERB, PATENT, UNIT
from xinglin.clinic.ward.demonstrating import open_ward
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.actor import Actor
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import date, datetime

    from xinglin.record.database import Connection

_WAITING = 5  # people who wait when the demonstration begins


def open_clinic(
    connection: Connection, *, institution: str, name: str, now: datetime
) -> tuple[tuple[str, str], ...]:
    """Open it, or a new day at it; what is there is left alone. The names to sign in with, and whose they are."""
    given = reference.demo()
    for one in given["account"]:
        if not Account.objects.filter(username=one["username"]).exists():
            Account.objects.create_user(
                one["username"], DEMO_PASSWORD, display_name=one["name"], title=one["title"], roles=[one["role"]],
                institution_id=institution, institution_name=name,
            )  # fmt: skip
    actor = Actor(
        "demo",
        "演示",
        frozenset({"administrator", "nurse", "doctor"}),
        institution=institution,
        purpose="HOPERAT",
    )
    today = now.astimezone(LOCAL_ZONE).date()
    with connection.transaction():
        if not queries.items(connection, institution, today):
            _fill(connection, actor, today, now)
        if not queries.visits(connection, institution, today):
            _queue(connection, actor, now)
        open_ward(connection, actor=actor, skip=_WAITING, now=now)
    return tuple((one["username"], f"{one['name']} {one['title']}") for one in given["account"])


def _fill(connection: Connection, actor: Actor, today: date, now: datetime) -> None:
    given = reference.demo()
    since = today - timedelta(days=30)
    kinds = (
        (HERB, "herbs", "g", 10, given["grams"]), (PATENT, "patents", "盒", 1, given["boxes"]),
        ("fee", "fees", "次", 1, 0), ("technique", "techniques", "次", 1, 0),
    )  # fmt: skip
    for kind, table, unit, per, stocked in kinds:
        for name, fen in given[table].items():
            item = stocking.put_item(connection, wanted=Wanted(kind, name, unit, per), actor=actor)
            stocking.set_price(connection, item=item, fen=fen, since=since, actor=actor)
            if stocked:
                delivery = Delivery(
                    item, f"{today:%y%m}01", today + timedelta(days=given["days"]), stocked * UNIT,
                    cost=fen * stocked // per // 2, supplier="演示药材公司",
                )  # fmt: skip
                stocking.purchase(connection, delivery=delivery, actor=actor, now=now)


def _queue(connection: Connection, actor: Actor, now: datetime) -> None:
    """Some of the clinic's own patients come."""
    door = open_as(replace(actor, roles=frozenset({"system"})), connection)
    about = [("organization", f"Organization/{actor.institution}"), ("_count", str(_WAITING))]
    fees = queries.items(
        connection, actor.institution or "", now.astimezone(LOCAL_ZONE).date(), kinds=["fee"]
    )
    for place, entry in enumerate(door.search("Patient", about).entries[:_WAITING]):
        guest = people.as_guest(entry.stored.resource)
        early = now - timedelta(minutes=5 * (_WAITING - place))
        registering.register(
            connection,
            guest=guest,
            fee=fees[0].id if fees else None,
            urgent=place == 3,
            actor=actor,
            now=early,
        )
