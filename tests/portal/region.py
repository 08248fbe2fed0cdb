"""A resident of whom three institutions know, and a namesake."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.portal import make
from xinglin.kernel.actor import SYSTEM

HOSPITAL, CENTRE, CLINIC = "第一人民医院", "东门社区卫生服务中心", "杏春堂中医诊所"
HYPERTENSION = make.concept("原发性高血压", icd="I10.x09")
DIABETES = make.concept("2型糖尿病", icd="E11.900")


def resources() -> list[dict[str, Any]]:
    """Everything, in an order in which references can be resolved."""
    return [
        *_people(),
        *_allergies(),
        *_problems(),
        *_visits(),
        *_medicines(),
        *_results(),
        *_documents(),
        *_doses(),
    ]


def _people() -> list[dict[str, Any]]:
    organizations = [
        {"resourceType": "Organization", "id": id_, "name": name}
        for id_, name in (("hospital", HOSPITAL), ("centre", CENTRE), ("clinic", CLINIC))
    ]
    common = {"birthDate": "1949-12-31", "gender": "female"}
    name = [{"text": "王桂兰"}]
    phone = [{"system": "phone", "value": "13812345678"}]
    return [
        *organizations,
        _patient("a", "hospital", name=name, identifier=make.identified(make.WANG), telecom=phone,
                 address=[{"text": "东门街道人民路38号"}], **common),
        _patient("b", "centre", name=name, identifier=make.identified("110105491231002"), **common),
        _patient("c", "clinic", name=[{"text": "王桂蓝"}], identifier=make.identified(make.WANG),
                 birthDate="1949-01-01", gender="female"),
        _patient("d", "clinic", name=name, birthDate="1980-05-05", gender="female"),
    ]  # fmt: skip


def _patient(id_: str, organization: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "managingOrganization": {"reference": f"Organization/{organization}"},
        **more,
    }


def _allergies() -> list[dict[str, Any]]:
    active = make.status_of("allergyintolerance-clinical", "active")
    said = {"clinicalStatus": active, "code": make.concept("青霉素"), "recordedDate": "2019-06-01"}
    return [make.resource("AllergyIntolerance", "al", "a", **said)]


def _problems() -> list[dict[str, Any]]:
    return [
        make.condition("c1", HYPERTENSION, "2012-10-31", "a"),
        make.condition("c2", HYPERTENSION, "2025-12-16", "b"),
        make.condition("c3", DIABETES, "2015-05-01", "b"),
        make.condition("c4", make.concept("急性支气管炎", icd="J20.9"), "2024-01-01", "a", status="resolved"),
    ]


def _visits() -> list[dict[str, Any]]:
    def visit(id_: str, about: str, kind: str, start: str, end: str, department: str) -> dict[str, Any]:
        coded = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind}
        period = {"start": f"{start}T09:00:00+08:00", "end": f"{end}T09:20:00+08:00"}
        more: dict[str, Any] = {
            "status": "finished",
            "class": coded,
            "type": [make.concept(department)],
            "period": period,
        }
        return make.resource("Encounter", id_, about, **more)

    return [
        visit("e1", "a", "AMB", "2025-01-05", "2025-01-05", "心血管内科"),
        visit("e2", "a", "IMP", "2025-03-01", "2025-03-12", "神经内科"),
        visit("e3", "b", "HH", "2025-06-10", "2025-06-10", "公共卫生科"),
        visit("e4", "c", "AMB", "2026-02-10", "2026-02-10", "中医内科"),
        visit("e5", "a", "EMER", "2026-05-10", "2026-05-10", "急诊科"),
    ]


def _medicines() -> list[dict[str, Any]]:
    amlodipine = make.concept("氨氯地平片 5mg", atc="C08CA01")
    dosage = {"dosageInstruction": [{"text": "口服，一次5mg，一日1次"}]}
    return [
        make.request("m1", amlodipine, "2026-11-01", 60, about="a", **dosage),
        make.request(
            "m2", make.concept("苯磺酸氨氯地平片 5mg", atc="C08CA01"), "2026-11-05", 60, about="b", **dosage
        ),
        make.request("m3", make.concept("二甲双胍片 0.5g", atc="A10BA02"), "2025-01-05", 30, about="b"),
    ]


def _results() -> list[dict[str, Any]]:
    category = [{"coding": [{"code": "laboratory"}]}]
    found = []
    for i in range(8):
        month, about = f"2025-{i + 1:02d}-15", "ab"[i % 2]
        value = round(6.4 + i * 0.3, 1)
        more: dict[str, Any] = {"category": category, "about": about, "referenceRange": make.bounds(4, 6)}
        found.append(
            make.quantity(f"o{i}", make.concept("糖化血红蛋白", loinc="4548-4"), month, value, "%", **more)
        )
        pressure = [
            {
                "code": make.concept("收缩压", loinc="8480-6"),
                "valueQuantity": {"value": 150 - i, "unit": "mmHg"},
            },
            {
                "code": make.concept("舒张压", loinc="8462-4"),
                "valueQuantity": {"value": 92 - i, "unit": "mmHg"},
            },
        ]
        code = make.concept("血压", loinc="85354-9")
        found.append(
            make.resource(
                "Observation",
                f"b{i}",
                about,
                status="final",
                code=code,
                effectiveDateTime=month,
                component=pressure,
            )
        )
    return found


def _documents() -> list[dict[str, Any]]:
    def held(text: str) -> dict[str, Any]:
        return {"contentType": "text/plain; charset=utf-8", "data": b64encode(text.encode()).decode()}

    def report(id_: str, kind: str, title: str, when: str, **more: Any) -> dict[str, Any]:
        said = {"status": "final", "category": [make.concept(code=kind)], "code": make.concept(title)}
        return make.resource("DiagnosticReport", id_, "a", **said, effectiveDateTime=when, **more)

    seen = {"conclusion": "左侧基底节区脑梗死", "presentedForm": [held("左侧基底节区见片状低密度影")]}
    note = {
        "date": "2026-02-10T09:00:00+08:00",
        "content": [{"attachment": held("主诉：头晕目眩三天。\n舌红，苔黄。")}],
    }
    return [
        report("r1", "LAB", "糖化血红蛋白测定", "2025-08-15", result=[{"reference": "Observation/o7"}]),
        report("r2", "RAD", "头颅CT平扫", "2025-03-02", **seen),
        make.resource(
            "DocumentReference", "d1", "c", status="current", type=make.concept("中医门诊病历"), **note
        ),
    ]


def _doses() -> list[dict[str, Any]]:
    return [
        make.resource(
            "Immunization",
            "v1",
            "b",
            status="completed",
            vaccineCode=make.concept("流感疫苗"),
            occurrenceDateTime="2025-10-20",
        ),
    ]


def store() -> None:
    """Put everything into the record."""
    from xinglin.record.door import open_as

    door = open_as(SYSTEM)
    for resource in resources():
        door.update(resource)
