"""A clinic with people, a price list and stock for tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from xinglin.clinic import queries
from xinglin.clinic.actions import charging, dispensing, prescribing, recording, registering, stocking
from xinglin.clinic.actions.recording import Code
from xinglin.clinic.actions.stocking import Delivery, Wanted
from xinglin.clinic.rules import State, VisitState
from xinglin.clinic.values import Guest, Line
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.clinic.values import Prescription, Visit

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
DOCTOR = Actor("account/1", "黄志远", frozenset({"doctor"}), institution="clinic")
OTHER = Actor("account/2", "梁秀英", frozenset({"doctor"}), institution="clinic")
NURSE = Actor("account/3", "覃美玲", frozenset({"nurse"}), institution="clinic")
SECOND = Actor("account/4", "农丽华", frozenset({"nurse"}), institution="clinic")
HEAD = Actor("account/5", "韦建平", frozenset({"administrator"}), institution="clinic")
ELSEWHERE = Actor(
    "account/6", "陆文清", frozenset({"doctor", "nurse", "administrator"}), institution="hospital"
)

HERBS = {  # fen for 10 g, thousandths of a gram in stock
    "甘草": 60, "甘遂": 90, "细辛": 120, "黄芪": 80, "党参": 150, "白术": 70, "茯苓": 65, "当归": 110,
    "酸枣仁": 900, "远志": 300,
}  # fmt: skip
TEXTS = {
    "complaint": "入睡困难3月", "history": "3月前因劳累出现入睡困难，多梦易醒，伴心悸、神疲乏力，无发热。",
    "past": "否认高血压，否认药物过敏。", "looking": "神疲，面色萎黄，舌淡，苔薄白。", "listening": "",
    "asking": "不寐，多梦，心悸，纳差，便溏，无口苦。", "touching": "脉细弱。",
    "basis": "思虑劳倦，伤及心脾，心神失养。", "principle": "补虚", "method": "补益心脾，养血安神", "advice": "",
}  # fmt: skip
GB15657 = "urn:oid:2.16.156.10011.2.3.3.14"
DIAGNOSES = {
    "disease": Code(GB15657, "A04.01.13", "不寐病"),
    "syndrome": Code(GB15657, "B04.06.01.03.02", "心脾两虚证"),
}


@dataclass(frozen=True, slots=True)
class Clinic:
    """What ``open_clinic`` made: items by name."""

    items: dict[str, int]

    def line(self, name: str, grams: float, **more: str) -> Line:
        return Line(self.items[name], name, round(grams * 1000), **more)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def patient(id_: str = "p1", **more: Any) -> Guest:
    """A Patient of the clinic."""
    resource = {
        "resourceType": "Patient", "id": id_, "name": [{"text": "李秋月"}], "gender": "female",
        "birthDate": "1968-04-02", "managingOrganization": {"reference": "Organization/clinic"}, **more,
    }  # fmt: skip
    open_as(SYSTEM).update(resource)
    return Guest(id_, resource["name"][0]["text"], resource["gender"], resource["birthDate"])


def open_clinic(grams: int = 500) -> Clinic:
    """The clinic, with herbs at prices and ``grams`` of each in stock, a fee and a technique."""
    connection = database.connection()
    for id_, name in (("clinic", "杏春堂中医诊所"), ("hospital", "第一人民医院")):
        open_as(SYSTEM).update({"resourceType": "Organization", "id": id_, "name": name})
    items = {}
    with connection.transaction():
        for name, fen in HERBS.items():
            items[name] = _item(Wanted("herb", name, per=10), fen)
            delivery = Delivery(items[name], "A1", date(2027, 6, 30), grams * 1000, cost=1000)
            stocking.purchase(connection, delivery=delivery, actor=NURSE, now=NOW)
        items["挂号费"] = _item(Wanted("fee", "挂号费", unit="次"), 500)
        items["针刺"] = _item(Wanted("technique", "针刺", unit="次"), 4500)
    return Clinic(items)


def _item(wanted: Wanted, fen: int) -> int:
    connection = database.connection()
    made = stocking.put_item(connection, wanted=wanted, actor=HEAD)
    stocking.set_price(connection, item=made, fen=fen, since=date(2026, 1, 1), actor=HEAD)
    return made


def seen(guest: Guest | None = None, **more: Any) -> Visit:
    """A visit that the doctor sees."""
    connection = database.connection()
    with connection.transaction():
        made = registering.register(connection, guest=guest or patient(), actor=NURSE, now=NOW, **more)
        return registering.move(
            connection, visit=made.id, to=VisitState.SEEN, room="1", actor=DOCTOR, now=NOW
        )


def write(visit: Visit, version: int = 0, **texts: str) -> Any:
    connection = database.connection()
    written = recording.Written({**TEXTS, **texts}, DIAGNOSES)
    with connection.transaction():
        return recording.write(connection, visit=visit.id, written=written, version=version, actor=DOCTOR)


def draft(visit: Visit, *lines: Line, doses: int = 7, **more: Any) -> Prescription:
    connection = database.connection()
    written = prescribing.Written(lines, doses, "水煎服，每日1剂，分2次温服")
    with connection.transaction():
        return prescribing.draft(connection, visit=visit.id, written=written, actor=DOCTOR, now=NOW, **more)


def sign(prescription: Prescription, *reasons: tuple[str, str, str]) -> Any:
    connection = database.connection()
    with connection.transaction():
        return prescribing.sign(
            connection, prescription=prescription.id, reasons=reasons, actor=DOCTOR, now=NOW
        )


def again(prescription: Prescription) -> Prescription:
    return queries.prescription(database.connection(), "clinic", prescription.id)


def pay(visit: Visit, expected: int, way: str = "cash", actor: Actor = NURSE) -> Any:
    connection = database.connection()
    with connection.transaction():
        return charging.pay(connection, visit=visit.id, way=way, expected=expected, actor=actor, now=NOW)


def advance(prescription: Prescription, to: State, actor: Actor) -> Prescription:
    connection = database.connection()
    with connection.transaction():
        return dispensing.advance(connection, prescription=prescription.id, to=to, actor=actor, now=NOW)
