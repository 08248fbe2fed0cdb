"""What documents mean in FHIR."""

# ruff: noqa: E501 -- resources and messages are easier to read in one line

from __future__ import annotations

import base64
import hashlib

from tests.exchange.cda import make
from xinglin.exchange import naming
from xinglin.exchange.cda import documents as d
from xinglin.exchange.cda import kinds, reading, to_record, writing
from xinglin.exchange.cda.documents import Statement, Value
from xinglin.exchange.doors import Sender
from xinglin.summary import medicines


def translated(document, original=b"<x/>", sender=make.SENDER):
    kind = kinds.kinds()[document.code]
    return to_record.resources(reading.read(writing.write(document)), kind, sender, original)


def of(resources, type_name):
    return [one for one in resources if one["resourceType"] == type_name]


def element(code, name, value, *inside):
    return Statement("observation", code, d.ELEMENTS, name, value, inside=list(inside))


def laboratory():
    document = make.good(kinds.kinds()["C0007"])
    section = document.sections[1]
    section.statements = []
    for code, name, amount, unit, judged in (
        ("718-7", "血红蛋白", "132", "g/L", "1"), ("6690-2", "白细胞计数", "12.30", "10^9/L", "2")
    ):  # fmt: skip
        section.statements += [
            element("DE04.30.019.00", "检验项目代码", Value("CD", code=code, system=d.LOINC, display=name)),
            element("DE04.30.017.00", "检验结果代码", Value("CD", code=judged, system="2.16.156.10011.2.3.2.38")),
            element(
                "DE04.30.015.00", "检验定量结果", Value("REAL", text=amount),
                element("DE04.30.016.00", "检查定量结果计量单位", Value("ST", text=unit)),
            ),
        ]  # fmt: skip
    return document


def test_a_laboratory_report_is_a_report_with_its_results():
    found = translated(laboratory())

    (report,) = of(found, "DiagnosticReport")
    results = [
        one for one in of(found, "Observation") if one["category"][0]["coding"][0]["code"] == "laboratory"
    ]
    assert report["id"] == naming.id_of("h01", "DiagnosticReport", "L0001")
    assert report["identifier"] == [{"system": "urn:xinglin:h01:report", "value": "L0001"}]
    assert [one["reference"] for one in report["result"]] == [f"Observation/{one['id']}" for one in results]
    assert [
        (one["code"]["coding"][0]["code"], one["code"]["text"], one["valueQuantity"], one["interpretation"][0]["coding"][0]["code"])
        for one in results
    ] == [
        ("718-7", "血红蛋白", {"value": 132, "unit": "g/L"}, "N"),
        ("6690-2", "白细胞计数", {"value": 12.3, "unit": "10^9/L"}, "A"),
    ]  # fmt: skip
    assert results[0]["code"]["coding"][0]["system"] == "http://loinc.org"
    assert results[0]["id"] == naming.id_of("h01", "Observation", "L0001", "718-7")
    assert results[0]["specimen"] == {"identifier": {"system": "urn:xinglin:h01:specimen", "value": "T0001"}}


def test_every_data_element_stands_coded_in_its_sections_observation():
    document = laboratory()

    found = translated(document)

    (composition,) = of(found, "Composition")
    panels = {
        one["reference"]: resource
        for section in composition["section"]
        for one in section["entry"][:1]
        for resource in found
        if one["reference"] == f"{resource['resourceType']}/{resource['id']}"
    }
    coded = [c["code"]["coding"][0]["code"] for panel in panels.values() for c in panel["component"]]
    assert coded == [one.code for section in document.sections for one in section.all()]


def test_whose_and_who_are_named_by_the_senders_own_numbers():
    found = translated(laboratory())

    (patient,), (encounter,), (practitioner, *_) = (
        of(found, n) for n in ("Patient", "Encounter", "Practitioner")
    )
    assert patient["id"] == naming.id_of("h01", "Patient", "B0001")
    assert {"system": "urn:xinglin:h01:patient", "value": "B0001"}.items() <= patient["identifier"][0].items()
    assert patient["identifier"][-1]["system"] == "urn:oid:2.16.156.10011.1.3"
    assert (patient["gender"], patient["birthDate"]) == ("female", "1949-12-31")
    assert encounter["id"] == naming.id_of("h01", "Encounter", "V0001")
    assert practitioner["id"] == naming.id_of("h01", "Practitioner", "D001")


def test_a_sender_that_is_in_the_directory_is_the_custodian():
    sender = Sender(1, "h01", "人民医院", "org-1")

    found = translated(laboratory(), sender=sender)

    (composition,) = of(found, "Composition")
    assert composition["custodian"]["reference"] == "Organization/org-1"
    assert of(found, "Organization") == []


def test_the_original_is_kept_with_its_digest_and_names_what_it_replaces():
    document = laboratory()
    document.replaces = [d.Replaced(d.Number(d.NUMBER, "C0007-0"))]
    original = b"<ClinicalDocument/>"

    found = translated(document, original)

    (reference,), (binary,) = of(found, "DocumentReference"), of(found, "Binary")
    attachment = reference["content"][0]["attachment"]
    assert attachment["url"] == f"Binary/{binary['id']}"
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(original).digest()
    assert base64.b64decode(binary["data"]) == original
    assert reference["masterIdentifier"] == {"system": "urn:oid:2.16.156.10011.1.1", "value": "C0007-1"}
    replaced = naming.id_of("h01", "DocumentReference", "C0007-0")
    assert reference["relatesTo"][0]["target"]["reference"] == f"DocumentReference/{replaced}"


def test_diagnoses_allergies_operations_and_medicines_have_resources_of_their_own():
    first = make.good(kinds.kinds()["C0002"])
    section = next(one for one in first.sections if one.code == "29548-5")
    section.statements = [
        element("DE05.01.025.00", "诊断名称", Value("ST", text="高血压病2级")),
        element("DE05.01.024.00", "诊断代码", Value("CD", code="I10.x02", system="2.16.156.10011.2.3.3.11.3")),
        element("DE05.01.025.00", "诊断名称", Value("ST", text="2型糖尿病")),
        element("DE05.10.130.00", "中医证候代码", Value("CD", code="B04.06.01.03.02", system="2.16.156.10011.2.3.3.14", display="肝阳上亢证")),
    ]  # fmt: skip
    conditions = of(translated(first), "Condition")
    prescription = make.good(kinds.kinds()["C0004"])
    (ordered,) = of(translated(prescription), "MedicationRequest")
    operation = of(translated(make.good(kinds.kinds()["C0009"])), "Procedure")
    dose = of(translated(make.good(kinds.kinds()["HSDB03.01"])), "Immunization")

    assert [(one["code"].get("coding"), one["code"]["text"]) for one in conditions] == [
        ([{"system": "urn:oid:2.16.156.10011.2.3.3.11", "code": "I10.x02", "display": "高血压病2级"}], "高血压病2级"),
        (None, "2型糖尿病"),
        ([{"system": "urn:oid:2.16.156.10011.2.3.3.14", "code": "B04.06.01.03.02", "display": "肝阳上亢证"}], "肝阳上亢证"),
    ]  # fmt: skip
    assert ordered["medicationCodeableConcept"]["text"] == "苯磺酸氨氯地平片"
    assert ordered["dosageInstruction"][0]["doseAndRate"] == [{"doseQuantity": {"value": 5, "unit": "mg"}}]
    assert ordered["dosageInstruction"][0]["route"]["coding"][0]["code"] == "1"
    assert operation[0]["code"]["text"].startswith("手术(操作)名称")
    assert dose[0]["lotNumber"] == "疫苗批号：患者一般情况可<&>"
    assert [
        one["code"] for one in of(translated(first), "AllergyIntolerance")[0]["clinicalStatus"]["coding"]
    ] == ["active"]


def prescribed(rate, total, *inside):
    """The order of a prescription of one medicine with this rate and total dose."""
    document = make.good(kinds.kinds()["C0004"])
    section = next(one for one in document.sections if one.code == "10160-0")
    one = make.medicine()
    one.medicine.rate = rate
    one.inside = [element("DE06.00.135.00", "药物使用总剂量", total), *inside]
    section.statements = [one, element("DE06.00.294.00", "处方有效天数", Value("PQ", text="3", unit="天"))]
    (order,) = of(translated(document), "MedicationRequest")
    return order


def test_a_medicine_lasts_by_its_total_dose_and_how_often_it_is_taken():
    code = Value("CD", code="01", system="2.16.156.10011.2.3.1.267", display="bid")
    total = Value("PQ", text="280", unit="mg")

    counted = prescribed(Value("PQ", text="2", unit="次/日"), total)
    coded = prescribed(code, total)
    element_of_its_own = prescribed(Value(), total, element("DE06.00.133.00", "药物使用频率", code))
    in_boxes = prescribed(code, Value("PQ", text="2", unit="盒"))
    of_no_unit = prescribed(code, Value("REAL", text="280"))

    assert counted["dispenseRequest"] == {"quantity": {"value": 280, "unit": "mg"}}
    assert counted["dosageInstruction"][0]["timing"] == {
        "repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}
    }
    assert counted["dosageInstruction"][0]["text"] == "口服，一次5mg，一日2次，总量280mg"
    assert [medicines.end_of(one) for one in (counted, coded, element_of_its_own)] == ["2026-01-30"] * 3
    assert [medicines.end_of(one) for one in (in_boxes, of_no_unit)] == ["", ""]


def test_what_the_usage_says_in_words_is_not_said_again():
    usage = element("DE06.00.136.00", "用药方法", Value("ST", text="口服，一次5mg，一日2次"))

    order = prescribed(Value("PQ", text="2", unit="次/日"), Value("PQ", text="280", unit="mg"), usage)

    assert order["dosageInstruction"][0]["text"] == "口服，一次5mg，一日2次，总量280mg"


def test_no_allergy_is_said_as_such():
    document = make.good(kinds.kinds()["C0002"])
    section = next(one for one in document.sections if one.code == "48765-2")
    section.statements = [element("DE02.10.023.00", "过敏史标志", Value("BL", text="false"))]

    (allergy,) = of(translated(document), "AllergyIntolerance")

    assert allergy["code"]["coding"][0]["code"] == "716186003"


def test_measured_things_are_observations_in_loinc_and_aims_are_none():
    found = translated(make.good(kinds.kinds()["HSDB04.01"]))

    vital = {
        one["code"]["coding"][0]["code"]: one["valueQuantity"]
        for one in of(found, "Observation")
        if one["category"][0]["coding"][0]["code"] == "vital-signs"
    }
    assert vital["8480-6"] == {
        "value": 36.5, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"
    }  # fmt: skip
    assert (
        len([one for one in of(found, "Observation") if one["code"]["coding"][0]["code"] == "29463-7"]) == 1
    )


def test_the_stay_is_told_by_data_elements_too():
    document = make.good(kinds.kinds()["HSDC00.03"])
    document.patient.numbers.append(d.Number(d.INPATIENT, "Z1"))

    (encounter,) = of(translated(document), "Encounter")

    assert encounter["class"]["code"] == "IMP"
    assert encounter["period"] == {"start": "2026-01-02T03:04:05+08:00", "end": "2026-01-02T03:04:05+08:00"}
    assert encounter["status"] == "finished"
