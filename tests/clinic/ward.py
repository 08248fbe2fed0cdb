"""A ward with four beds for tests, in the clinic of ``make``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.clinic import make
from tests.clinic.make import DOCTOR, HEAD, NURSE
from xinglin.clinic.actions import stocking
from xinglin.clinic.actions.recording import Written
from xinglin.clinic.actions.stocking import Delivery
from xinglin.clinic.actions.stocking import Wanted as Priced
from xinglin.clinic.rules import UNIT
from xinglin.clinic.ward import reference
from xinglin.clinic.ward.actions import admitting, billing, documenting, furnishing, ordering
from xinglin.clinic.ward.actions.admitting import Admission
from xinglin.clinic.ward.actions.furnishing import Place
from xinglin.clinic.ward.actions.ordering import Wanted
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xinglin.clinic.values import Guest
    from xinglin.clinic.ward.values import Document, Order, Stay
    from xinglin.kernel.errors import Kind

BED, NURSING, NEEDLES = 3500, 2000, 4500  # fen
TEXTS = {
    "complaint": "腰痛伴左下肢麻木1周", "history": "1周前搬重物后腰痛，牵及左下肢，活动受限，无发热。",
    "past": "否认高血压、糖尿病，否认药物过敏。", "personal": "无特殊。", "looking": "舌紫暗，苔薄白。",
    "listening": "",
    "asking": "腰痛，无发热。", "touching": "脉弦。", "physical": "L4/5棘突旁压痛，直腿抬高试验左30°阳性。",
    "tests": "",
    "method": "活血化瘀，通络止痛", "features": "中年男性，腰痛伴下肢麻木1周。", "grounds": "腰痛固定，舌紫暗，脉弦。",
    "differential": "与肾虚腰痛鉴别。", "plan": "针刺、推拿，中药内服。", "course": "腰痛减轻。",
    "nursing": "协助翻身，卧硬板床。",
    "teaching": "", "condition": "腰痛，活动受限。", "treatment": "针刺、推拿7日。", "state": "腰痛明显减轻。",
    "advice": "避免负重，一周后复诊。", "round": "同意目前诊断，继续针刺推拿治疗。",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ward:
    """What ``open_ward`` made: beds by number, items by name."""

    beds: dict[str, int]
    items: dict[str, int]


def refused(why: Kind, work: Callable[..., Any], /, **more: Any) -> str:
    """Do something that must be refused; what was said."""
    connection = database.connection()
    with pytest.raises(Fault) as found, connection.transaction():
        work(connection, **more)
    assert found.value.kind is why, str(found.value)
    return str(found.value)


def after(*, days: float = 0, hours: float = 0) -> datetime:
    """A moment after the admission of ``stay``: 10 o'clock at the clinic's place."""
    return make.NOW + timedelta(days=days, hours=hours)


def open_ward(items: dict[str, int] | None = None) -> Ward:
    """Four beds in two rooms, with the price of a day in them and of nursing."""
    connection = database.connection()
    known, beds = dict(items or {}), {}
    with connection.transaction():
        for name, fen in (("床位费", BED), ("二级护理费", NURSING), ("一级护理费", 2 * NURSING)):
            known[name] = stocking.put_item(connection, wanted=Priced("ward", name, unit="日"), actor=HEAD)
            stocking.set_price(connection, item=known[name], fen=fen, since=date(2026, 1, 1), actor=HEAD)
        known["腰痛宁胶囊"] = stocking.put_item(
            connection, wanted=Priced("patent", "腰痛宁胶囊", unit="粒"), actor=HEAD
        )
        stocking.set_price(connection, item=known["腰痛宁胶囊"], fen=150, since=date(2026, 1, 1), actor=HEAD)
        delivery = Delivery(known["腰痛宁胶囊"], "Y1", date(2027, 6, 30), 3 * UNIT, cost=300)
        stocking.purchase(connection, delivery=delivery, actor=NURSE, now=make.NOW)
        for room, number in (("201", "1"), ("201", "2"), ("202", "3"), ("202", "4")):
            made = furnishing.set_up(
                connection,
                place=Place(room, number, "双人间"),
                item=known["床位费"],
                today=make.TODAY,
                actor=HEAD,
            )
            beds[number] = made.id
        for level, name in (("second", "二级护理费"), ("first", "一级护理费")):
            furnishing.price_level(connection, level=level, item=known[name], today=make.TODAY, actor=HEAD)
    return Ward(beds, known)


def stay(ward: Ward, guest: Guest | None = None, bed: str = "1", **more: Any) -> Stay:
    """Somebody who was admitted at ``make.NOW``."""
    connection = database.connection()
    admission = Admission("2", "腰痛伴下肢麻木1周", "second", more.pop("severity", "stable"))
    with connection.transaction():
        return admitting.admit(
            connection, guest=guest or make.patient(), bed=ward.beds[bed], admission=admission,
            **{"actor": DOCTOR, "now": make.NOW, **more},
        )  # fmt: skip


def order(stay: Stay, item: int | None, words: str = "", frequency: str = "qd", amount: int = UNIT) -> Order:
    connection = database.connection()
    with connection.transaction():
        return ordering.sign(
            connection,
            stay=stay.id,
            wanted=Wanted(item, words, amount, frequency),
            actor=DOCTOR,
            now=make.NOW,
        )


def checked(stay: Stay, item: int | None, words: str = "", frequency: str = "qd") -> Order:
    made = order(stay, item, words, frequency)
    connection = database.connection()
    with connection.transaction():
        return ordering.check(connection, order=made.id, actor=NURSE, now=make.NOW)


def write(stay: Stay, kind: str, number: int = 1, version: int = 0, **more: str) -> Document:
    connection = database.connection()
    form = reference.documents()[kind]
    texts = {part.key: {**TEXTS, **more}.get(part.key, "") for part in form.parts}
    with connection.transaction():
        return documenting.write(
            connection, stay=stay.id, kind=kind, number=number, written=Written(texts, make.DIAGNOSES),
            version=version, actor=NURSE if form.right == "attending" else DOCTOR, now=make.NOW,
        )  # fmt: skip


def sign(stay: Stay, kind: str, now: datetime, number: int = 1) -> Document:
    connection = database.connection()
    actor = NURSE if reference.documents()[kind].right == "attending" else DOCTOR
    with connection.transaction():
        return documenting.sign(connection, stay=stay.id, kind=kind, number=number, actor=actor, now=now)


def discharge(stay: Stay, now: datetime, way: str = "1") -> Stay:
    connection = database.connection()
    with connection.transaction():
        return admitting.discharge(connection, stay=stay.id, way=way, actor=DOCTOR, now=now)


def deposit(stay: Stay, fen: int) -> None:
    connection = database.connection()
    with connection.transaction():
        billing.deposit(connection, stay=stay.id, way="cash", fen=fen, actor=NURSE, now=make.NOW)
