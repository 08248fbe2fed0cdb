"""A small region: two hospitals, a health centre, one person known at two of them, and results to recognise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.recognition.queries import Decision
    from xinglin.record.database import Connection

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DOCTOR = Actor("account/1", "黄志远", frozenset({"doctor"}), institution="h1")
OTHER = Actor("account/2", "覃芳", frozenset({"doctor"}), institution="h2")
STEWARD = Actor("account/3", "陆文清", frozenset({"steward"}))
MACHINE = Actor("account/4", "医院系统", frozenset({"client"}), institution="h1")
_LEVELS = {"h1": "三级甲等", "h2": "二级甲等", "c1": "未定级"}
_NAMES = {"h1": "第一人民医院", "h2": "城东人民医院", "c1": "河西社区卫生服务中心"}
_DEPARTMENT = {"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "dept"}
_LABORATORY = [{"coding": [{"code": "laboratory"}]}]


def ago(days: float, now: datetime = NOW) -> str:
    return (now - timedelta(days=days)).isoformat()


def observation(id_: str, days: float, **more: Any) -> dict[str, Any]:
    """A fasting glucose of the second hospital, so many days before NOW."""
    now = more.pop("now", NOW)
    made = {
        "resourceType": "Observation", "id": id_, "status": "final", "category": _LABORATORY,
        "code": {"coding": [{"system": "http://loinc.org", "code": "14771-0"}], "text": "空腹葡萄糖"},
        "subject": {"reference": "Patient/p2"}, "effectiveDateTime": ago(days, now),
        "performer": [{"reference": "Organization/h2"}], "valueQuantity": {"value": 6.8, "unit": "mmol/L"}, **more,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value}


def report(id_: str, days: float, **more: Any) -> dict[str, Any]:
    """A plain CT of the chest, by name alone, of a department of the second hospital."""
    now = more.pop("now", NOW)
    return {
        "resourceType": "DiagnosticReport", "id": id_, "status": "final",
        "code": {"coding": [{"system": "urn:local", "code": "I1"}], "text": "胸部CT平扫"},
        "subject": {"reference": "Patient/p2"}, "effectiveDateTime": ago(days, now),
        "performer": [{"reference": "Organization/h2-ct"}], "conclusion": "双肺未见明显异常。", **more,
    }  # fmt: skip


def admission(id_: str, days: float) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": id_, "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "subject": {"reference": "Patient/p1"}, "period": {"start": ago(days), "end": ago(days - 0.5)},
    }  # fmt: skip


def region() -> None:
    """Institutions with levels, and the person: p1 at the first hospital and p2 at the second are the same."""
    door = open_as(SYSTEM)
    for id_, name in _NAMES.items():
        kind = {"system": "urn:xinglin:codes:institution-kind", "code": "A100"}
        door.update(
            {
                "resourceType": "Organization", "id": id_, "active": True, "name": name,
                "type": [{"coding": [kind], "text": _LEVELS[id_]}],
            }
        )  # fmt: skip
    door.update(
        {
            "resourceType": "Organization", "id": "h2-ct", "active": True, "name": "放射科",
            "type": [{"coding": [_DEPARTMENT]}],
            "partOf": {"reference": "Organization/h2"},
        }
    )  # fmt: skip
    card = [{"system": "urn:oid:2.16.156.10011.1.3", "value": "11010519491231002X"}]
    for id_, place in (("p1", "h1"), ("p2", "h2")):
        door.update(
            {
                "resourceType": "Patient", "id": id_, "name": [{"text": "王桂兰"}], "gender": "female",
                "birthDate": "1949-12-31", "identifier": card,
                "managingOrganization": {"reference": f"Organization/{place}"},
            }
        )  # fmt: skip
    door.update(
        {
            "resourceType": "Patient", "id": "p9", "name": [{"text": "别人"}],
            "managingOrganization": {"reference": "Organization/h1"},
        }
    )  # fmt: skip


def store(*resources: dict[str, Any]) -> None:
    for resource in resources:
        open_as(SYSTEM).update(resource)


def marked(connection: Connection, institution: str = "h2", items: str = "laboratory", **more: Any) -> int:
    """A city's mark since the beginning of the year."""
    from datetime import date

    from xinglin.recognition import actions

    given = actions.Marking(institution, items, **{"scope": "city", "since": date(2026, 1, 1), **more})
    with connection.transaction():
        return actions.give_mark(connection, marking=given, actor=STEWARD, now=NOW)


def decided(connection: Connection, *, actor: Actor = DOCTOR, now: datetime = NOW, **more: Any) -> Decision:
    """The first hospital's doctor recognises the glucose o1, unless something else is said."""
    from xinglin.recognition import actions
    from xinglin.recognition.rules import Verdict

    given = {
        "patient": "p1", "ordering": "order-1", "item": "glucose", "reference": "Observation/o1",
        "verdict": Verdict.RECOGNISED, **more,
    }  # fmt: skip
    with connection.transaction():
        return actions.decide(connection, choice=actions.Choice(**given), actor=actor, now=now)
