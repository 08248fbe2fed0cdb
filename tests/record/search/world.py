"""A small region in which every kind of value occurs, so that each way of searching finds something."""

from __future__ import annotations

from typing import Any

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
LOCAL = "http://example.org/codes"
HL7 = "http://terminology.hl7.org/CodeSystem"


def concept(
    code: str, system: str | None = LOCAL, *, text: str | None = None, display: str | None = None
) -> dict[str, Any]:
    coding = {"system": system, "code": code, "display": display}
    made: dict[str, Any] = {"coding": [{name: value for name, value in coding.items() if value is not None}]}
    if text is not None:
        made["text"] = text
    return made


def quantity(value: float, code: str, unit: str | None = None) -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": code, "unit": unit or code}


def observation(id_: str, code: str, subject: str | None = "Patient/zhang", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": concept(code, LOINC),
        **more,
    }
    if subject:
        made["subject"] = {"reference": subject}
    return made


PATIENTS = [
    {
        "resourceType": "Patient",
        "id": "zhang",
        "meta": {
            "tag": [{"system": LOCAL, "code": "pilot"}],
            "profile": ["http://example.org/fhir/StructureDefinition/resident"],
            "security": [{"system": f"{HL7}/v3-Confidentiality", "code": "R"}],
            "source": "http://his.example.org/a",
        },
        "active": True,
        "identifier": [
            {
                "system": "urn:oid:1.2.156",
                "value": "11010519491231002X",
                "type": concept("NI", f"{HL7}/v2-0203", text="身份证"),
            },
            {"system": "http://hospital.example.org", "value": "77"},
        ],
        "name": [{"family": "张", "given": ["三"]}],
        "telecom": [
            {"system": "phone", "value": "13800138000"},
            {"system": "email", "value": "zhang@example.org"},
        ],
        "gender": "male",
        "birthDate": "1980-03-15",
        "address": [{"city": "苏州市", "district": "姑苏区", "line": ["人民路1号"]}],
        "generalPractitioner": [{"reference": "Practitioner/wang"}],
        "managingOrganization": {"reference": "Organization/clinic"},
    },
    {
        "resourceType": "Patient",
        "id": "eve",
        "active": False,
        "identifier": [{"system": "http://hospital.example.org", "value": "78"}, {"value": "bare"}],
        "name": [{"family": "Müller-Straße", "given": ["Eve", "Maria"], "prefix": ["Dr."]}],
        "gender": "female",
        "birthDate": "1990",
        "managingOrganization": {"reference": "Organization/city"},
        "link": [{"other": {"reference": "Patient/zhang"}, "type": "seealso"}],
    },
    {
        "resourceType": "Patient",
        "id": "anna",
        "name": [{"family": "Lee", "given": ["Anna"]}],
        "birthDate": "1975-07",
    },
]

OTHERS = [
    {"resourceType": "Organization", "id": "city", "name": "City Hospital"},
    {
        "resourceType": "Organization",
        "id": "clinic",
        "name": "Clinic",
        "partOf": {"reference": "Organization/city"},
    },
    {"resourceType": "Practitioner", "id": "wang", "name": [{"family": "王", "given": ["五"]}]},
    {
        "resourceType": "Group",
        "id": "ward",
        "type": "person",
        "actual": True,
        "member": [{"entity": {"reference": "Patient/zhang"}}],
    },
    {
        "resourceType": "Location",
        "id": "suzhou",
        "name": "Suzhou",
        "position": {"latitude": 31.2990, "longitude": 120.5853},
    },
    {
        "resourceType": "Location",
        "id": "fiji",
        "name": "Fiji",
        "position": {"latitude": -17.0, "longitude": 179.95},
    },
    {
        "resourceType": "RiskAssessment",
        "id": "risk",
        "status": "final",
        "subject": {"reference": "Patient/zhang"},
        "prediction": [{"probabilityDecimal": 0.25}],
    },
    {
        "resourceType": "RiskAssessment",
        "id": "riskier",
        "status": "final",
        "subject": {"reference": "Patient/zhang"},
        "prediction": [{"probabilityDecimal": 100}],
    },
    {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "finished",
        "class": {"system": f"{HL7}/v3-ActCode", "code": "AMB"},
        "subject": {"reference": "Patient/zhang"},
        "period": {"start": "2024-01-10T08:00:00+08:00", "end": "2024-01-10T09:00:00+08:00"},
    },
    {
        "resourceType": "Encounter",
        "id": "stay",
        "status": "in-progress",
        "class": {"system": f"{HL7}/v3-ActCode", "code": "IMP"},
        "subject": {"reference": "Patient/eve"},
        "period": {"start": "2024-03-01"},
    },
    {
        "resourceType": "Condition",
        "id": "cough",
        "subject": {"reference": "Patient/zhang"},
        "code": concept("cough", text="Dry cough"),
        "asserter": {"identifier": {"system": "http://hospital.example.org", "value": "doctor-9"}},
    },
    {
        "resourceType": "Condition",
        "id": "pneumonia",
        "subject": {"reference": "Patient/eve"},
        "code": concept("pneumonia", display="Pneumonia"),
        "onsetAge": {"value": 34, "system": UCUM, "code": "a"},
    },
    {
        "resourceType": "CodeSystem",
        "id": "codes",
        "url": LOCAL,
        "status": "active",
        "content": "complete",
        "concept": [
            {
                "code": "respiratory",
                "concept": [{"code": "cough"}, {"code": "infection", "concept": [{"code": "pneumonia"}]}],
            },
            {"code": "other"},
        ],
    },
    {
        "resourceType": "ValueSet",
        "id": "coughs",
        "url": "http://example.org/fhir/ValueSet/coughs",
        "version": "1",
        "status": "active",
        "compose": {"include": [{"system": LOCAL, "concept": [{"code": "cough"}]}]},
    },
    {
        "resourceType": "ValueSet",
        "id": "infections",
        "url": "http://example.org/fhir/ValueSet/infections",
        "status": "active",
        "compose": {
            "include": [
                {"system": LOCAL, "filter": [{"property": "concept", "op": "is-a", "value": "infection"}]}
            ]
        },
    },
    {
        "resourceType": "ValueSet",
        "id": "local",
        "url": "http://example.org/fhir/ValueSet/local",
        "status": "active",
        "compose": {
            "include": [{"system": LOCAL}],
            "exclude": [{"valueSet": ["http://example.org/fhir/ValueSet/coughs"], "system": LOCAL}],
        },
    },
    {
        "resourceType": "Provenance",
        "id": "origin",
        "target": [{"reference": "Observation/pressure"}, {"reference": "Observation/glucose"}],
        "recorded": "2024-01-11T00:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/wang"}}],
    },
    {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "status": "final",
        "code": concept("panel", LOINC),
        "subject": {"reference": "Patient/zhang"},
        "result": [{"reference": "Observation/glucose"}],
    },
]

OBSERVATIONS = [
    observation(
        "glucose",
        "2345-7",
        valueQuantity=quantity(5.4, "mmol/L"),
        effectiveDateTime="2024-01-10T08:30:00+08:00",
        performer=[{"reference": "Practitioner/wang"}],
        encounter={"reference": "Encounter/visit"},
        category=[concept("laboratory", f"{HL7}/observation-category")],
    ),
    observation(
        "glucose-high",
        "2345-7",
        valueQuantity=quantity(11.1, "mmol/L"),
        effectiveDateTime="2024-02",
        category=[concept("laboratory", f"{HL7}/observation-category")],
    ),
    observation(
        "pressure",
        "85354-9",
        effectivePeriod={"start": "2024-01-15", "end": "2024-01-20"},
        component=[
            {"code": concept("8480-6", LOINC), "valueQuantity": quantity(150, "mm[Hg]", "mmHg")},
            {"code": concept("8462-4", LOINC), "valueQuantity": quantity(80, "mm[Hg]", "mmHg")},
        ],
    ),
    observation(
        "smoking", "72166-2", valueCodeableConcept=concept("never", text="从不吸烟"), status="amended"
    ),
    observation(
        "note",
        "8251-1",
        valueString="No acute distress; patient rests quietly all day long, says the night nurse, and eats well.",
    ),
    observation(
        "eve-glucose",
        "2345-7",
        "Patient/eve",
        valueQuantity=quantity(100, "mg/dL"),
        effectiveDateTime="2023-12-31",
    ),
    observation("ward-air", "11", "Group/ward", effectiveDateTime="2024-01-10"),
    observation("homeless", "11", None),
]

RESOURCES: list[dict[str, Any]] = [*OTHERS, *PATIENTS, *OBSERVATIONS]
