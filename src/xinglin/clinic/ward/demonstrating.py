"""A ward for a demonstration: beds, prices, two people who lie in it. For made-up regions alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xinglin.clinic import people
from xinglin.clinic import queries as clinic
from xinglin.clinic.actions import stocking
from xinglin.clinic.actions.recording import Written
from xinglin.clinic.actions.stocking import Wanted as Priced
from xinglin.clinic.rules import UNIT
from xinglin.clinic.ward import queries, reference
from xinglin.clinic.ward.actions import admitting, billing, documenting, furnishing, ordering
from xinglin.clinic.ward.actions.admitting import Admission
from xinglin.clinic.ward.actions.furnishing import Place
from xinglin.clinic.ward.actions.ordering import Wanted
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.clinic.values import Guest
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_HOURS = 8  # between two rounds of measuring


def open_ward(connection: Connection, *, actor: Actor, skip: int, now: datetime) -> None:
    """Furnish a ward and let people lie in it, where there is none; ``skip`` of the clinic's patients do other things.

    ``actor`` has every role of a clinic.
    """
    institution = actor.institution or ""
    if queries.beds(connection, institution):
        return
    beds = _furnish(connection, actor, now)
    door = open_as(replace(actor, roles=frozenset({"system"})), connection)
    stays = reference.demo()["stay"]
    about = [("organization", f"Organization/{institution}"), ("_count", str(skip + len(stays)))]
    found = door.search("Patient", about).entries[skip : skip + len(stays)]
    for given, entry in zip(stays, found, strict=False):
        guest = people.as_guest(entry.stored.resource)
        _stay(connection, actor, guest, beds[given["bed"]], given, now)


def _furnish(connection: Connection, actor: Actor, now: datetime) -> dict[str, int]:
    """Fees, levels of nursing and beds; the beds by number."""
    given, today = reference.demo(), now.astimezone(LOCAL_ZONE).date()
    items = {}
    for name, fen in given["fees"].items():
        items[name] = stocking.put_item(connection, wanted=Priced("ward", name, unit="日"), actor=actor)
        stocking.set_price(
            connection, item=items[name], fen=fen, since=today - timedelta(days=30), actor=actor
        )
    for level, name in given["levels"].items():
        furnishing.price_level(connection, level=level, item=items[name], today=today, actor=actor)
    beds = {}
    for one in given["bed"]:
        place = Place(one["room"], one["number"], one["kind"])
        made = furnishing.set_up(connection, place=place, item=items[one["fee"]], today=today, actor=actor)
        beds[one["number"]] = made.id
    return beds


def _stay(
    connection: Connection, actor: Actor, guest: Guest, bed: int, given: Mapping[str, Any], now: datetime
) -> None:  # fmt: skip
    """Somebody who was admitted some days ago: with a deposit, orders, measurements and the first documents."""
    doctor = replace(actor, id="demo/doctor", name="黄明轩")
    nurse = replace(actor, id="demo/nurse", name="农丽华")
    began = now - timedelta(days=given["days"])
    admission = Admission("2", given["reason"], given["level"], given["severity"])
    stay = admitting.admit(connection, guest=guest, bed=bed, admission=admission, actor=doctor, now=began).id
    billing.deposit(
        connection, stay=stay, way="mobile", fen=reference.demo()["deposit"], actor=nurse, now=began
    )
    for round_, figures in enumerate(given["signs"]):
        at = began + timedelta(hours=_HOURS * round_, minutes=5)
        keys = ("temperature", "pulse", "breaths", "systolic", "diastolic")
        typed = {key: str(figure) for key, figure in zip(keys, figures, strict=True)}
        documenting.measure(connection, stay=stay, moment=at, typed=typed, actor=nurse, now=now)
    _order(connection, stay, given["orders"], doctor, nurse, began)
    note = {
        "features": f"{given['reason']}，入院治疗。", "grounds": "结合病史、舌脉与体征。",
        "differential": "与肾虚证鉴别。",
        "plan": "针灸、推拿配合中药，密切观察。",
    }  # fmt: skip
    documenting.write(
        connection, stay=stay, kind="first", number=1, written=Written(note), version=0, actor=doctor,
        now=began + timedelta(hours=1),
    )  # fmt: skip
    documenting.sign(
        connection, stay=stay, kind="first", number=1, actor=doctor, now=began + timedelta(hours=1)
    )
    billing.charge_stay(
        connection, stay=queries.stay(connection, actor.institution or "", stay), actor=nurse, now=now
    )


def _order(
    connection: Connection, stay: int, orders: list[list[str]], doctor: Actor, nurse: Actor, began: datetime
) -> None:  # fmt: skip
    day = began.astimezone(LOCAL_ZONE).date()
    items = {one.name: one for one in clinic.items(connection, doctor.institution or "", day)}
    for _, name, frequency, words in orders:
        item = items.get(name)
        wanted = Wanted(item.id if item else None, words if item else f"{name}：{words}", UNIT, frequency)
        made = ordering.sign(connection, stay=stay, wanted=wanted, actor=doctor, now=began)
        if frequency:  # what is for once still waits for the nurse
            ordering.check(connection, order=made.id, actor=nurse, now=began + timedelta(minutes=20))
            ordering.carry_out(connection, order=made.id, actor=nurse, now=began + timedelta(hours=1))
