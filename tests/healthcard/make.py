"""Residents, persons and cards for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.identity import persons
from xinglin.healthcard import actions, codes
from xinglin.healthcard.actions import Issuer
from xinglin.healthcard.rules import Kind
from xinglin.healthcard.verifying import Scan, Verdict, verify
from xinglin.identity import actions as linking
from xinglin.identity import queries as identity
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.healthcard.queries import Card

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
WANG = "11010519491231002X"  # the example of GB 11643
NURSE = Actor("account/1", "覃美玲", frozenset({"nurse"}), institution="hospital")
DOCTOR = Actor("account/2", "黄志远", frozenset({"doctor"}), institution="hospital")
STEWARD = Actor("account/3", "陆文清", frozenset({"steward"}), institution="hospital")
SYSTEM_OF_CENTRE = Actor("account/4", "东门中心接口", frozenset({"client"}), institution="centre")
HOSPITAL = Issuer("hospital", "第一人民医院")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def store(*resources: dict[str, Any]) -> None:
    door = open_as(SYSTEM)
    for resource in resources:
        door.update(resource)


def amend(id_: str, **more: Any) -> None:
    """Change some elements of a Patient and leave the others."""
    open_as(SYSTEM).patch("Patient", id_, lambda current: {**current, **more})


def patient(id_: str, institution: str = "hospital", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "managingOrganization": {"reference": f"Organization/{institution}"},
        **more,
    }


def one_person(*patients: str) -> str:
    """The person that these Patients are from now on, whatever the index has made of them by itself."""
    connection = database.connection()
    with connection.transaction():
        known = [identity.person_of(connection, id_) for id_ in patients]
        if not any(known):
            return persons.settle(connection, patients)[0]
        first = next(filter(None, known))
        for other in known:
            if other is not None and identity.person(connection, other).id != first:
                linking.merge(connection, survivor=first, other=other, actor=persons.STEWARD, reason="test")
    return first


def wang() -> str:
    """Wang Guilan, known to the hospital and the centre: the person."""
    common = {"name": [{"text": "王桂兰"}], "gender": "female", "birthDate": "1949-12-31"}
    number = [{"system": "urn:oid:2.16.156.10011.1.3", "value": WANG}]
    phone = [{"system": "phone", "value": "15412345678"}]
    store(
        {"resourceType": "Organization", "id": "hospital", "name": "第一人民医院"},
        {"resourceType": "Organization", "id": "centre", "name": "东门社区卫生服务中心"},
        patient("a", identifier=number, telecom=phone, **common),
        patient("b", "centre", identifier=number, **common),
    )
    return one_person("a", "b")


def child(id_: str = "k", birth: str = "2020-06-01") -> str:
    """A child of Wang's family, known to the centre."""
    store(patient(id_, "centre", name=[{"text": "李小宝"}], gender="male", birthDate=birth))
    return one_person(id_)


def issue(person: str, kind: Kind = Kind.VIRTUAL, **more: Any) -> Card:
    connection = database.connection()
    given = {"actor": NURSE, "now": NOW, "issuer": HOSPITAL, **more}
    with connection.transaction():
        return actions.issue(connection, person=person, kind=kind, **given)


def present(text: str, *, actor: Actor = NURSE, now: datetime = NOW, **more: Any) -> Verdict:
    """What a counter is answered that presents ``text``."""
    connection = database.connection()
    with connection.transaction():
        return verify(connection, Scan(text, **more), actor=actor, now=now)


def show(card: Card, **more: Any) -> str:
    return codes.shown(card.id, **{"now": NOW, **more})


def rows(table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """The whole table, the earliest first."""
    order = {"healthcard_spent": "card, nonce"}.get(table, "id")
    return database.connection().execute(f"SELECT {columns} FROM {table} ORDER BY {order}").fetchall()
