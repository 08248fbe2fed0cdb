"""What the shipped mappings make of messages."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.exchange.hl7v2 import make
from xinglin.exchange import naming
from xinglin.exchange.doors import Door, Sender, Translated
from xinglin.exchange.hl7v2 import acknowledgements, door, structures
from xinglin.exchange.receipts import Delivery, Receipt, State
from xinglin.fhir.validation import checks

pytestmark = pytest.mark.usefixtures("emptied")  # what is made is checked as the record checks it

UCUM = "http://unitsofmeasure.org"
_handler = door.Handler()
_PATIENT = {"reference": f"Patient/{naming.id_of('h01', 'Patient', 'P0001')}"}
_VISIT = {"reference": f"Encounter/{naming.id_of('h01', 'Encounter', 'V0001')}"}
_ORGANIZATION = {"reference": "Organization/org-h01"}


def _told(*segments: str, sender: Sender = make.SENDER) -> Translated:
    told = _handler.translate(make.message(*segments), acknowledgements.MEDIA, sender)
    if told.is_usable:
        assert [checks.check(resource) for resource in told.resources if checks.check(resource)] == []
    return told


def _made(told: Translated, type_name: str) -> list[dict[str, Any]]:
    """The resources of a type without their types."""
    found = [dict(one) for one in told.resources if one["resourceType"] == type_name]
    for one in found:
        del one["resourceType"]
    return found


def _only(told: Translated, type_name: str) -> dict[str, Any]:
    found = _made(told, type_name)
    assert len(found) == 1
    return found[0]


def _id(type_name: str, *parts: str) -> str:
    return naming.id_of("h01", type_name, *parts)


def _errors(told: Translated) -> list[tuple[str, str]]:
    return [(reason.place, reason.code) for reason in told.reasons if reason.severity == "error"]


def _adt(event: str, *segments: str) -> Translated:
    return _told(make.header(f"ADT^{event}"), f"EVN|{event}|20261126091500", *segments)


def test_every_kind_has_a_structure_and_a_mapping() -> None:
    assert set(door.shipped()) <= set(structures.structures())
    assert {
        *(f"ADT^A{number:02d}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 28, 31, 40)),
        *(f"MDM^T{number:02d}" for number in range(1, 12)),
        *(f"SIU^S{number}" for number in range(12, 16)),
        "ORM^O01", "OML^O21", "ORU^R01", "RDE^O11", "RDE^O01", "DFT^P03", "VXU^V04",
    } == set(door.shipped())  # fmt: skip


def test_a_patient_is_made_of_pid() -> None:
    told = _adt("A28", make.PID, "NK1|1|王^强|SPO^配偶^HL70063||13900139000")

    assert _errors(told) == []
    assert _only(told, "Patient") == {
        "id": _id("Patient", "P0001"),
        "identifier": [
            {
                "use": "usual",
                "type": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PI"}]
                },
                "system": "urn:xinglin:h01:patient",
                "value": "P0001",
            },
            {
                "type": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "NI"}],
                    "text": "NI",
                },
                "system": "urn:oid:2.16.156.10011.1.3",
                "value": "450103198001022046",
                "assigner": {"display": "GA"},
            },
        ],
        "active": True,
        "name": [{"text": "韦桂兰", "family": "韦", "given": ["桂兰"]}],
        "gender": "female",
        "birthDate": "1980-01-02",
        "address": [
            {
                "use": "home",
                "text": "广西壮族自治区南宁市民族大道1号",
                "line": ["民族大道1号"],
                "city": "南宁市",
                "state": "广西壮族自治区",
                "postalCode": "530000",
                "country": "CHN",
            }
        ],
        "telecom": [{"system": "phone", "value": "13800138000", "use": "mobile"}],
        "contact": [
            {
                "relationship": [
                    {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/v2-0131",
                                "code": "SPO",
                                "display": "配偶",
                            }
                        ],
                        "text": "配偶",
                    }
                ],
                "name": {"text": "王强"},
                "telecom": [{"system": "phone", "value": "13900139000"}],
            }
        ],
        "managingOrganization": _ORGANIZATION,
    }


@pytest.mark.parametrize(
    ("written", "sex"),
    [("1", "male"), ("2", "female"), ("男", "male"), ("f", "female"), ("9", "unknown"), ("O", "other")],
)
def test_sexes_are_read_as_senders_write_them(written: str, sex: str) -> None:
    assert _only(_adt("A31", f"PID|1||7||张三||19800102|{written}"), "Patient")["gender"] == sex


def test_a_sex_that_is_not_known_is_left_out_with_a_warning() -> None:
    told = _adt("A31", "PID|1||7||张三||19800102|X")

    assert "gender" not in _only(told, "Patient")
    assert [(reason.severity, reason.place) for reason in told.reasons] == [("warning", "PID-8")]


def test_the_identity_number_may_stand_in_pid_19() -> None:
    patient = _only(_adt("A31", "PID|1||7||John^Smith||||||||||||||45010319800102204x"), "Patient")

    assert patient["identifier"][1]["value"] == "45010319800102204X"
    assert patient["name"] == [{"text": "Smith John", "family": "John", "given": ["Smith"]}]


def test_the_envelope_has_the_number_by_which_the_mapping_names_the_patient() -> None:
    for field in ("A1^^^H01^PI~B2^^^^NI", "B2^^^^NI~A1^^^H01^MR", "A1", "^^^X~A1", "A1^^^X^ZZ~B2^^^X^ZZ"):
        body = make.message(make.header("ADT^A31"), "EVN|A31|20261126091500", f"PID|1||{field}||张三")
        envelope = _handler.open(body, "", make.SENDER)
        told = _handler.translate(body, "", make.SENDER)
        if _errors(told):
            continue
        assert _only(told, "Patient")["id"] == _id("Patient", envelope.patient)
        assert envelope.patient == "A1"


def test_an_admission_begins_a_visit() -> None:
    told = _adt(
        "A01", make.PID, make.PV1, "DG1|1||J18.900^肺炎^ICD10||20261120|A|||||||||1|D01^李^明",
        "AL1|1|DA|PCN^青霉素||皮疹",
        "IN1|1|01^城镇职工基本医疗保险||南宁市医保局||||||||20260101|20261231|||韦桂兰|SEL",
    )  # fmt: skip

    assert _errors(told) == []
    visit = _only(told, "Encounter")
    assert (visit["id"], visit["status"], visit["period"]) == (
        _id("Encounter", "V0001"), "in-progress", {"start": "2026-11-20T08:00:00+08:00"},
    )  # fmt: skip
    assert visit["class"] == {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP", "display": "住院",
    }  # fmt: skip
    assert visit["participant"][0]["individual"] == {
        "reference": f"Practitioner/{_id('Practitioner', 'D01')}", "display": "李明",
    }  # fmt: skip
    assert visit["location"] == [{"location": {"display": "ICU 01 02"}, "status": "active"}]
    condition = _only(told, "Condition")
    assert visit["diagnosis"][0]["condition"] == {"reference": f"Condition/{condition['id']}"}
    assert condition["code"] == {
        "coding": [{"system": "urn:oid:2.16.156.10011.2.3.3.11", "code": "J18.900", "display": "肺炎"}],
        "text": "肺炎",
    }
    assert (condition["subject"], condition["encounter"]) == (_PATIENT, _VISIT)
    allergy = _only(told, "AllergyIntolerance")
    assert (allergy["category"], allergy["code"]["text"], allergy["reaction"]) == (
        ["medication"], "青霉素", [{"manifestation": [{"text": "皮疹"}]}],
    )  # fmt: skip
    cover = _only(told, "Coverage")
    assert (cover["beneficiary"], cover["payor"], cover["type"]["text"]) == (
        _PATIENT, [{"display": "南宁市医保局"}], "城镇职工基本医疗保险",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "more", "status", "end"),
    [
        ("A01", "", "in-progress", None),
        ("A04", "", "arrived", None),
        ("A03", "|20261126080000", "finished", "2026-11-26T08:00:00+08:00"),
        ("A03", "", "finished", "2026-11-26T09:15:00+08:00"),
        ("A08", "", "in-progress", None),
        ("A08", "|20261126080000", "finished", "2026-11-26T08:00:00+08:00"),
        ("A11", "", "cancelled", None),
        ("A13", "|20261126080000", "in-progress", None),
        ("A05", "", "planned", None),
    ],
)  # fmt: skip
def test_an_event_says_how_the_visit_stands(event: str, more: str, status: str, end: str | None) -> None:
    told = _adt(event, make.PID, make.PV1 + more)

    visit = _only(told, "Encounter")
    assert (visit["status"], visit["period"].get("end"), _errors(told)) == (status, end, [])


def test_a_merge_leads_from_the_number_given_up_to_the_one_that_stays() -> None:
    told = _told(
        make.header("ADT^A40^ADT_A39"),
        "EVN|A40|20261126",
        "PID|1||7^^^H01^PI||张三||19800102|M",
        "MRG|8^^^H01^PI",
    )

    assert told.links == ((_id("Patient", "8"), _id("Patient", "7")),)
    assert [one["id"] for one in _made(told, "Patient")] == [_id("Patient", "7")]
    assert _errors(told) == []


def test_results_become_a_report_with_observations() -> None:
    told = _handler.translate(make.results().encode(), acknowledgements.MEDIA, make.SENDER)

    assert _errors(told) == []
    report = _only(told, "DiagnosticReport")
    items = ["1742-6", "1920-8", "1975-2", "HBSAG", "6690-2"]
    assert report["result"] == [
        {"reference": f"Observation/{_id('Observation', 'R0001', item, '-')}"} for item in items
    ]
    assert (report["id"], report["status"], report["issued"], report["subject"], report["encounter"]) == (
        _id("DiagnosticReport", "R0001"), "final", "2026-11-26T09:00:00+08:00", _PATIENT, _VISIT,
    )  # fmt: skip
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{_id('ServiceRequest', 'O0001')}"}]
    assert _made(told, "Observation")[0] == {
        "id": _id("Observation", "R0001", "1742-6", "-"),
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "1742-6", "display": "丙氨酸氨基转移酶"}],
            "text": "丙氨酸氨基转移酶",
        },
        "subject": _PATIENT,
        "encounter": _VISIT,
        "effectiveDateTime": "2026-11-26T08:30:00+08:00",
        "issued": "2026-11-26T09:00:00+08:00",
        "performer": [_ORGANIZATION],
        "valueQuantity": {"value": 45.0, "unit": "U/L"},
        "interpretation": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
                        "code": "H",
                    }
                ],
                "text": "H",
            }
        ],
        "specimen": {"reference": f"Specimen/{_id('Specimen', 'S0001')}"},
        "referenceRange": [
            {"low": {"value": 7, "unit": "U/L"}, "high": {"value": 40, "unit": "U/L"}, "text": "7-40"}
        ],
    }


def test_a_unit_and_a_range_that_were_not_escaped_are_read_as_meant() -> None:
    told = _handler.translate(make.results().encode(), acknowledgements.MEDIA, make.SENDER)

    cells = _made(told, "Observation")[4]
    assert cells["valueQuantity"] == {"value": 6.1, "unit": "10^9/L"}
    assert cells["referenceRange"][0]["text"] == "3.5~9.5"
    assert cells["referenceRange"][0]["low"] == {"value": 3.5, "unit": "10^9/L"}
    assert cells["note"] == [{"text": "标本无溶血"}]
    assert [(reason.severity, reason.place) for reason in told.reasons] == [("warning", "OBX[5]-6")]


def test_results_are_read_by_their_types() -> None:
    told = _told(
        make.header("ORU^R01"), "PID|1||7", "OBR|1||R1|B^血常规||||||||||||||||||||||F",
        "OBX|1|NM|A||<0.5|g/L", "OBX|2|SN|B||>^100|g/L", "OBX|3|SN|C||^1^:^128", "OBX|4|ST|D||5.6|mmol/L",
        "OBX|5|ST|E||5.6",
        "OBX|6|CE|F||POS^阳性", "OBX|7|DT|G||20261126", "OBX|8|NM|H||未检出|g/L", "OBX|9|TX|I||第一行",
        "OBX|10|TX|I||第二行", "OBX|11|NM|J||7", "OBX|12|NM|J||8",
    )  # fmt: skip

    values = [
        {name: value for name, value in one.items() if name.startswith("value")}
        for one in _made(told, "Observation")
    ]
    assert values == [
        {"valueQuantity": {"value": 0.5, "comparator": "<", "unit": "g/L"}},
        {"valueQuantity": {"value": 100, "comparator": ">", "unit": "g/L"}},
        {"valueString": "1:128"},
        {"valueQuantity": {"value": 5.6, "unit": "mmol/L"}},
        {"valueString": "5.6"},
        {
            "valueCodeableConcept": {
                "coding": [{"system": "urn:xinglin:h01:result", "code": "POS", "display": "阳性"}],
                "text": "阳性",
            }
        },
        {"valueDateTime": "2026-11-26"},
        {"valueString": "未检出"},
        {"valueString": "第一行\n第二行"},
        {"valueQuantity": {"value": 7}},
        {"valueQuantity": {"value": 8}},
    ]
    assert _errors(told) == []
    assert len({one["id"] for one in _made(told, "Observation")}) == 11


def test_two_patients_of_one_message_keep_their_own_results() -> None:
    told = _told(
        make.header("ORU^R01"),
        "PID|1||7",
        "OBR|1||R1|B",
        "OBX|1|NM|A||1",
        "PID|2||8",
        "OBR|1||R2|B",
        "OBX|1|NM|A||2",
    )

    assert [(one["subject"], one["valueQuantity"]["value"]) for one in _made(told, "Observation")] == [
        ({"reference": f"Patient/{_id('Patient', '7')}"}, 1),
        ({"reference": f"Patient/{_id('Patient', '8')}"}, 2),
    ]


def test_two_patients_where_there_may_be_one_are_refused() -> None:
    told = _adt("A31", "PID|1||7||张三", "PID|2||8||李四")

    assert ("PID[2]", "structure") in _errors(told)


def test_an_examination_with_a_picture_and_a_conclusion_becomes_a_report() -> None:
    told = _told(
        make.header("ORU^R01"), make.PID, "OBR|1|O2|R2|CT^胸部CT||||||||||||||||||||CT|F",
        "OBX|1|TX|DESC^检查所见||双肺纹理清晰", "OBX|2|TX|IMP^诊断意见||未见异常",
        "OBX|3|ED|PDF^报告||^application^pdf^Base64^JVBERi0=",
    )  # fmt: skip

    report = _only(told, "DiagnosticReport")
    assert report["conclusion"] == "未见异常"
    assert report["presentedForm"] == [
        {"contentType": "application/pdf", "data": "JVBERi0=", "title": "报告"}
    ]
    assert len(_made(told, "Observation")) == 2
    assert _errors(told) == []


def test_orders_of_the_laboratory_come_with_their_specimens() -> None:
    told = _told(
        make.header("OML^O21"), make.PID, make.PV1,
        "ORC|NW|O1||G1|||||20261126080000|||D01^李^明", "TQ1|1||||||20261126083000||S",
        "OBR|1|O1||24323-8^肝功能^LN", "NTE|1||空腹", "SPM|1|S1||BLD^血液",
        "ORC|CA|O2", "OBR|2|O2||X^血脂",
    )  # fmt: skip

    first, second = _made(told, "ServiceRequest")
    assert (first["status"], first["priority"], first["code"]["text"], first["note"], second["status"]) == (
        "active", "stat", "肝功能", [{"text": "空腹"}], "revoked",
    )  # fmt: skip
    assert (first["subject"], first["encounter"], first["authoredOn"]) == (
        _PATIENT,
        _VISIT,
        "2026-11-26T08:00:00+08:00",
    )
    assert first["specimen"] == [{"reference": f"Specimen/{_id('Specimen', 'S1')}"}]
    assert _only(told, "Specimen")["type"]["text"] == "血液"
    assert _errors(told) == []


def test_an_order_of_the_older_form_may_be_of_a_drug() -> None:
    told = _told(
        make.header("ORM^O01", version="2.3"), make.PID, "ORC|NW|O1", "OBR|1|O1||XR^胸片", "ORC|NW|O2||RX1",
        "RXO|AMX^阿莫西林|0.5||g", "RXR|PO^口服",
    )  # fmt: skip

    assert _only(told, "ServiceRequest")["id"] == _id("ServiceRequest", "O1")
    drug = _only(told, "MedicationRequest")
    assert (drug["id"], drug["medicationCodeableConcept"]["text"]) == (
        _id("MedicationRequest", "RX1", "O2"),
        "阿莫西林",
    )
    assert drug["dosageInstruction"] == [
        {"route": {"text": "口服"}, "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "g"}}]}
    ]
    assert _errors(told) == []


@pytest.mark.parametrize(
    ("exact", "timing", "days"),
    [
        ("", "TQ1|1||QD|||30^d", {"value": 30, "unit": "d", "system": UCUM, "code": "d"}),
        ("", "TQ1|1||QD|||4^周", {"value": 4, "unit": "wk", "system": UCUM, "code": "wk"}),
        ("^QD^D28", "TQ1|1||QD", {"value": 28, "unit": "d", "system": UCUM, "code": "d"}),
        ("^QD^X5", "TQ1|1||QD", None),  # five times, not for five days
        ("", "TQ1|1||QD|||30", None),  # of what?
        ("", "TQ1|1||QD", None),
    ],
)
def test_a_prescription_lasts_as_long_as_it_is_said_to(
    exact: str, timing: str, days: dict[str, Any] | None
) -> None:
    told = _told(
        make.header("RDE^O11"), make.PID, "ORC|NW|L1||RX9|||||20261126",
        f"RXE|{exact}|AML^氨氯地平片|5||mg||^口服||||||||RX9", timing,
    )  # fmt: skip

    request = _only(told, "MedicationRequest")
    assert request.get("dispenseRequest", {}).get("expectedSupplyDuration") == days
    assert _errors(told) == []


def test_a_prescription_has_a_line_for_each_order() -> None:
    told = _told(
        make.header("RDE^O11"), make.PID, make.PV1, "ORC|NW|L1||RX9|||||20261126|||D01^李^明",
        "RXE||AMX^阿莫西林胶囊^99H|0.5||g|胶囊|^饭后服用|||24|粒|0||||RX9", "TQ1|1||BID", "RXR|PO^口服",
        "ORC|DC|L2||RX9", "RXE||ASP^阿司匹林|100||mg",
    )  # fmt: skip

    first, second = _made(told, "MedicationRequest")
    assert (first["id"], first["status"], second["status"]) == (
        _id("MedicationRequest", "RX9", "L1"),
        "active",
        "stopped",
    )
    assert first["dosageInstruction"] == [
        {
            "text": "饭后服用",
            "timing": {"code": {"text": "BID"}, "repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "route": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v2-0162",
                        "code": "PO",
                        "display": "口服",
                    }
                ],
                "text": "口服",
            },
            "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "g"}}],
        }
    ]
    assert first["dispenseRequest"]["quantity"] == {"value": 24, "unit": "粒"}
    assert first["groupIdentifier"] == {"system": "urn:xinglin:h01:prescription", "value": "RX9"}
    assert _errors(told) == []


def test_a_text_document_is_kept_inline() -> None:
    told = _told(
        make.header("MDM^T02"), "EVN|T02|20261126", make.PID, make.PV1,
        make.segment("TXA", f1="1", f2="DS^出院小结", f4="20261126090000", f9="D01^李^明", f12="DOC1", f17="AU"),
        "OBX|1|TX|A^小结||第一行", "OBX|2|TX|A^小结||第二行",
    )  # fmt: skip

    document = _only(told, "DocumentReference")
    assert (document["id"], document["status"], document["docStatus"], document["type"]["text"]) == (
        _id("DocumentReference", "DOC1"), "current", "final", "出院小结",
    )  # fmt: skip
    attachment = document["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]).decode() == "第一行\n第二行"
    assert document["context"]["encounter"] == [_VISIT]
    assert _errors(told) == []


def test_a_document_replaces_another_and_is_cancelled() -> None:
    replaced = _told(
        make.header("MDM^T10"), "EVN|T10|20261126", make.PID, "PV1|1|I",
        make.segment("TXA", f1="1", f2="DS", f12="DOC2", f13="DOC1", f17="AU"),
        "OBX|1|ED|A||^application^pdf^Base64^JVBERi0=",
    )  # fmt: skip
    cancelled = _told(
        make.header("MDM^T11"),
        "EVN|T11|20261126",
        make.PID,
        "PV1|1|I",
        make.segment("TXA", f1="1", f2="DS", f12="DOC2"),
    )

    document = _only(replaced, "DocumentReference")
    assert document["relatesTo"] == [
        {"code": "replaces", "target": {"reference": f"DocumentReference/{_id('DocumentReference', 'DOC1')}"}}
    ]
    assert document["content"][0]["attachment"]["data"] == "JVBERi0="
    assert _only(cancelled, "DocumentReference")["status"] == "entered-in-error"
    assert (_errors(replaced), _errors(cancelled)) == ([], [])


@pytest.mark.parametrize(
    ("event", "status"), [("S12", "booked"), ("S13", "booked"), ("S14", "arrived"), ("S15", "cancelled")]
)
def test_an_appointment_is_made_and_cancelled(event: str, status: str) -> None:
    state = "Arrived" if event == "S14" else "Booked"
    told = _told(
        make.header(f"SIU^{event}"),
        make.segment("SCH", f1="B1", f2="A1", f9="15", f10="MIN", f11="^^^20261201090000^20261201091500", f25=state),
        make.PID, "RGS|1", "AIS|1||CARD^心内科门诊", "AIL|1||301诊室", "AIP|1||D01^李^明",
    )  # fmt: skip

    found = _only(told, "Appointment")
    assert (found["id"], found["status"], found["start"], found["end"], found["minutesDuration"]) == (
        _id("Appointment", "A1"), status, "2026-12-01T09:00:00+08:00", "2026-12-01T09:15:00+08:00", 15,
    )  # fmt: skip
    assert [one["actor"] for one in found["participant"]] == [
        _PATIENT,
        {"reference": f"Practitioner/{_id('Practitioner', 'D01')}", "display": "李明"},
        {"display": "301诊室"},
    ]  # fmt: skip
    assert _errors(told) == []


def test_charges_are_known_by_their_transactions() -> None:
    told = _told(
        make.header("DFT^P03"), "EVN|P03|20261126", make.PID, make.PV1,
        "FT1|1|T1||20261126080000|20261126|CG|250403^血细胞分析|||1|20.00|||||||||J18.9|D01^李^明",
        "FT1|2|T2||20261126080000|20261126|CR|250403^血细胞分析|||1|20.00",
    )  # fmt: skip

    first, second = _made(told, "ChargeItem")
    assert (first["status"], second["status"], first["context"]) == ("billable", "aborted", _VISIT)
    assert (float(first["priceOverride"]["value"]), first["priceOverride"]["currency"]) == (20, "CNY")
    assert _errors(told) == []


def test_vaccinations_become_immunizations() -> None:
    told = _told(
        make.header("VXU^V04"), make.PID, "ORC|RE||I1",
        make.segment(
            "RXA", f1="0", f3="20261126", f5="BCG^卡介苗", f6="0.1", f7="mL", f9="00", f10="D01^李^明", f15="L1",
            f16="20271231", f17="WX^武汉所", f20="CP",
        ),
        "RXR|ID^皮内|LA^左臂",
        "OBX|1|NM|30973-2^剂次||1", "ORC|RE||I2",
        make.segment("RXA", f1="0", f3="20261126", f5="HEP^乙肝疫苗", f6="999", f21="D"),
    )  # fmt: skip

    found = _only(told, "Immunization")
    assert (found["id"], found["status"], found["occurrenceDateTime"], found["lotNumber"]) == (
        _id("Immunization", "I1"), "completed", "2026-11-26", "L1",
    )  # fmt: skip
    assert found["protocolApplied"] == [{"doseNumberPositiveInt": 1}]
    assert (found["doseQuantity"], found["primarySource"]) == ({"value": 0.1, "unit": "mL"}, True)
    assert told.deletes == (("Immunization", _id("Immunization", "I2")),)
    assert _errors(told) == []


def test_a_missing_number_is_an_error_with_its_place() -> None:
    told = _adt("A31", "PID|1||||张三")

    assert _errors(told) == [("PID-3.1", "required")]


def test_a_kind_without_mapping_is_an_error() -> None:
    assert _errors(_told(make.header("MFN^M02"), "MFI|STF")) == [("MSH-9", "not-supported")]
    assert _errors(_told(make.header("ADT^A60"), "EVN|A60")) == [("MSH-9.2", "not-supported")]


def test_the_envelope_is_read_without_mapping() -> None:
    envelope = _handler.open(make.results().encode(), "", make.SENDER)

    assert (envelope.kind, envelope.control, envelope.patient) == ("ORU^R01", "M1", "P0001")
    assert envelope.sent_at == make.NOW


def test_over_http_the_acknowledgement_is_given_to_those_who_ask() -> None:
    delivery = Delivery(make.SENDER, Door.HL7V2, make.results().encode(), acknowledgements.MEDIA)
    receipt = Receipt("r1", State.STORED)

    assert _handler.answer(delivery, receipt, "application/json") is None
    answer = _handler.answer(delivery, receipt, acknowledgements.MEDIA)
    assert answer is not None
    assert answer[1] == acknowledgements.MEDIA
    assert answer[0].split(b"\r")[1] == b"MSA|AA|M1|Receipt r1"
