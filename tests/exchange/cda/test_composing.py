"""Documents made of what the record holds of a visit."""

# ruff: noqa: E501 -- resources and messages are easier to read in one line

from __future__ import annotations

import pytest

from xinglin.exchange.cda import checking, from_record, kinds, reading, rendering, writing
from xinglin.kernel import clock

ICD = "urn:oid:2.16.156.10011.2.3.3.11"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
ABOUT = {"subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"}}


def measured(loinc, text, amount, unit, category="vital-signs"):
    return {
        "resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}], "text": text},
        "effectiveDateTime": "2026-03-01T09:00:00+08:00",
        "valueQuantity": {"value": amount, "unit": unit},
        "interpretation": [{"coding": [{"code": "N"}]}] if category == "laboratory" else None,
        **ABOUT,
    }  # fmt: skip


RESOURCES = [
    {"resourceType": "Organization", "id": "h1", "name": "人民医院"},
    {"resourceType": "Practitioner", "id": "d1", "name": [{"text": "李医师"}]},
    {
        "resourceType": "Patient", "id": "p1", "name": [{"text": "黄某"}], "gender": "male", "birthDate": "1960-05-17",
        "identifier": [
            {"system": "urn:xinglin:institution:h1:patient", "value": "B9", "type": {"coding": [{"code": "MR"}]}},
            {"system": "urn:oid:2.16.156.10011.1.3", "value": "11010519491231002X"},
        ],
        "maritalStatus": {"coding": [{"system": "urn:oid:2.16.156.10011.2.3.3.5", "code": "20", "display": "已婚"}]},
    },
    {
        "resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"}, "type": [{"text": "心血管内科"}],
        "identifier": [{"system": "urn:xinglin:institution:h1:visit", "value": "Z9"}],
        "participant": [{"individual": {"reference": "Practitioner/d1", "display": "李医师"}}],
        "period": {"start": "2026-03-01T08:00:00+08:00", "end": "2026-03-08T10:00:00+08:00"},
        "reasonCode": [{"text": "头晕3天"}], "serviceProvider": {"reference": "Organization/h1", "display": "人民医院"},
        "hospitalization": {
            "dischargeDisposition": {"coding": [{"system": "urn:oid:2.16.156.10011.2.3.1.265", "code": "1", "display": "医嘱离院"}]}
        },
    },
    {
        "resourceType": "Condition", "code": {"coding": [{"system": ICD, "code": "I10.x02", "display": "高血压病"}], "text": "高血压病2级"},
        **ABOUT,
    },
    {"resourceType": "Procedure", "status": "completed", "code": {"text": "冠状动脉造影"}, "performedDateTime": "2026-03-02", **ABOUT},
    {
        "resourceType": "MedicationRequest", "status": "completed", "intent": "order",
        "medicationCodeableConcept": {"text": "苯磺酸氨氯地平片"},
        "dosageInstruction": [{"text": "口服，一次5mg，一日1次", "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}],
        **ABOUT,
    },
    {
        "resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"},
        "code": {"text": "青霉素"}, "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
    },
    measured("8480-6", "收缩压", 152, "mmHg"),
    measured("8462-4", "舒张压", 94, "mmHg"),
    measured("718-7", "血红蛋白", 132, "g/L", "laboratory"),
    {"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "血常规"}, "conclusion": "未见异常", **ABOUT},
    {
        "resourceType": "Observation", "status": "final", "valueString": "舌红苔黄，脉弦",
        "code": {"coding": [{"system": "urn:oid:2.16.156.10011.2.2.1", "code": "DE02.10.028.00"}]}, **ABOUT,
    },
]  # fmt: skip
for number, one in enumerate(RESOURCES):
    one.setdefault("id", f"r{number}")
    if one.get("interpretation") is None:
        one.pop("interpretation", None)


@pytest.fixture
def visit(door):
    from xinglin.record.steps import Step, Verb

    door.transaction([Step(Verb.UPDATE, one["resourceType"], one["id"], dict(one)) for one in RESOURCES])
    return door


def composed(door, code, **about):
    from xinglin.exchange.cda import queries

    return reading.read(writing.write(queries.made(door, code, now=clock.now(), **about)))


def told(document):
    return {
        one.name: rendering.said(one)
        for section in document.sections
        for one in section.all()
        if rendering.said(one)
    }


def test_documents_of_every_kind_can_be_made_of_a_visit_and_lack_only_who_signs(visit):
    for code in kinds.kinds():
        document = composed(visit, code, encounter="e1")
        errors = [(one.place, one.words) for one in checking.errors(checking.check(document))]
        assert errors == [], code
        assert document.patient.name == "黄某"


def test_a_discharge_summary_says_what_the_record_says(visit):
    document = composed(visit, "C0053", encounter="e1")

    said = told(document)
    assert said["出院诊断-西医诊断编码"] == "高血压病 I10.x02"
    assert said["实际住院天数"] == "7"
    assert document.number_of("2.16.156.10011.1.12") == "Z9"
    assert document.author.name == "李医师"
    assert (document.begin, document.end) == ("20260301080000", "20260308100000")


def test_a_laboratory_report_has_its_results_and_their_units(visit):
    document = composed(visit, "C0007", encounter="e1")

    said = told(document)
    assert said["检验项目代码"] == "血红蛋白 718-7"
    assert said["检验定量结果"] == "132"
    assert said["检查定量结果计量单位"] == "g/L"
    assert said["检验报告结果"] == "未见异常"


def test_a_prescription_says_how_often_and_how_much_in_all():
    order = {
        "resourceType": "MedicationRequest", "medicationCodeableConcept": {"text": "苯磺酸氨氯地平片"},
        "dosageInstruction": [{
            "text": "口服，一次5mg，一日1次", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}],
        }],
        "dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "天", "code": "d"}},
    }  # fmt: skip

    (lasting,) = from_record.elements_of(order)
    (given,) = from_record.elements_of({**order, "dispenseRequest": {"quantity": {"value": 2, "unit": "盒"}}})
    (unsaid,) = from_record.elements_of({**order, "dispenseRequest": {}})

    assert (lasting.medicine.rate.text, lasting.medicine.rate.unit) == ("1", "次/日")
    assert [rendering.said(one) for one in lasting.inside] == ["口服，一次5mg，一日1次", "150 mg"]
    assert [rendering.said(one) for one in given.inside] == ["口服，一次5mg，一日1次", "2 盒"]
    assert [rendering.said(one) for one in unsaid.inside] == ["口服，一次5mg，一日1次"]


def test_an_outpatient_record_a_front_page_and_a_follow_up(visit):
    outpatient, front, follow = (
        told(composed(visit, c, encounter="e1")) for c in ("C0002", "C0032", "HSDB04.01")
    )

    assert outpatient["主诉"] == "头晕3天"
    assert outpatient["诊断代码"] == "高血压病 I10.x02"
    assert outpatient["中医“四诊”观察结果"] == "舌红苔黄，脉弦"
    assert outpatient["过敏史标志"] == "是"
    assert front["离院方式"] == "医嘱离院 1"
    assert front["手术操作名称"] == "冠状动脉造影"
    assert follow["收缩压(mmHg)"] == "152 mmHg"
    assert follow["药物名称"] == "苯磺酸氨氯地平片"
    assert follow["随访日期"] == "2026-03-01 08:00"


def test_a_prescription_has_its_medicines(visit):
    document = composed(visit, "C0004", encounter="e1")

    (one,) = [s for section in document.sections for s in section.all() if s.medicine]
    assert one.medicine.drug.display == "苯磺酸氨氯地平片"
    assert (one.medicine.dose.text, one.medicine.dose.unit) == ("5", "mg")


def test_what_must_be_there_and_is_not_known_is_said_to_be_unknown(visit):
    document = composed(visit, "HSDB04.01", encounter="e1")

    unknown = [
        s.name for section in document.sections for s in section.all() if s.value is not None and s.value.null
    ]
    assert unknown == ["随访方式代码", "随访评价结果代码", "下次随访日期"]


def test_a_summary_and_basic_data_are_made_of_a_person(visit):
    summary, basics = (composed(visit, code, patient="p1") for code in ("C0001", "HSDA00.01"))

    assert told(summary)["过敏史"] == "青霉素"
    assert told(basics)["婚姻状况代码"] == "已婚 20"
    assert summary.patient.identities[0].extension == "11010519491231002X"
