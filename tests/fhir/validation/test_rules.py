"""Every invariant of ``rules``: a right node that passes, and a broken one that both judges refuse."""

from __future__ import annotations

from typing import Any

import pytest

from xinglin.fhir.validation import schemas
from xinglin.fhir.validation.explanation import explain
from xinglin.fhir.validation.rules import RULES, invariants

UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
GONE = object()  # in a change: without this member


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": TERMINOLOGY + system, "code": code}]}


WHO = {"reference": "Patient/1"}
TEXT = {"text": "x"}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'
ITEM = {"linkId": "1", "type": "string"}
ENTRY = {"fullUrl": "http://x.org/1", "resource": {"resourceType": "Patient"}}
CALL = {"method": "GET", "url": "Patient"}

# structure: a right node, then for each key what breaks it
CASES: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {
    "Age": ({"value": 1, "system": UCUM, "code": "a"}, {"age-1": {"value": 0}}),
    "Attachment": ({"data": "YWJj", "contentType": "text/plain"}, {"att-1": {"contentType": GONE}}),
    "ContactPoint": ({"system": "phone", "value": "1"}, {"cpt-2": {"system": GONE}}),
    "Count": ({"value": 2, "system": UCUM, "code": "1"}, {"cnt-3": {"value": 2.5}}),
    "DataRequirement.codeFilter": ({"path": "code"}, {"drq-1": {"searchParam": "code"}}),
    "DataRequirement.dateFilter": ({"path": "date"}, {"drq-2": {"path": GONE, "valuePeriod": {"start": "2024"}}}),
    "Distance": ({"value": 2, "system": UCUM, "code": "m"}, {"dis-1": {"code": GONE}}),
    "Duration": ({"value": 2, "system": UCUM, "code": "h"}, {"drt-1": {"value": GONE}}),
    "Expression": ({"language": "text/cql", "expression": "x"}, {"exp-1": {"expression": GONE}}),
    "MoneyQuantity": ({"value": 1, "system": "urn:iso:std:iso:4217", "code": "CNY"}, {"mqty-1": {"code": GONE}}),
    "Extension": (
        {"url": "http://x.org", "valueCode": "x"},
        {"ext-1": {"extension": [{"url": "http://x.org", "valueCode": "x"}]}},
    ),
    "Narrative": (
        {"status": "generated", "div": DIV % "<p>x</p>"},
        {"txt-1": {"div": DIV % "<script>x</script>"}, "txt-2": {"div": DIV % "<p> </p>"}},
    ),
    "Period": ({"start": "2024-02-01", "end": "2024-02-01"}, {"per-1": {"end": "2024-01"}}),
    "Quantity": ({"value": 1, "system": UCUM, "code": "m"}, {"qty-3": {"system": GONE}}),
    "Range": ({"low": {"value": 1}, "high": {"value": 1}}, {"rng-2": {"high": {"value": 0.5}}}),
    "Ratio": ({"numerator": {"value": 1}, "denominator": {"value": 2}}, {"rat-1": {"denominator": GONE}}),
    "Timing.repeat": (
        {"duration": 1, "durationUnit": "h", "period": 1, "periodUnit": "d", "when": ["ACM"], "offset": 10},
        {
            "tim-1": {"durationUnit": GONE},
            "tim-2": {"periodUnit": GONE},
            "tim-4": {"duration": -1},
            "tim-5": {"period": -1},
            "tim-6": {"period": GONE, "periodMax": 2},
            "tim-7": {"duration": GONE, "durationMax": 2},
            "tim-8": {"countMax": 2},
            "tim-9": {"when": ["CM"]},
            "tim-10": {"timeOfDay": ["10:00:00"]},
        },
    ),
    "TriggerDefinition": (
        {"type": "data-added", "data": [{"type": "Patient"}]},
        {
            "trd-1": {"timingDate": "2024-01-01"},
            "trd-2": {"type": "periodic", "timingDate": "2024-01-01", "data": GONE,
                      "condition": {"language": "text/cql", "expression": "x"}},
            "trd-3": {"type": "named-event"},
        },
    ),
    "AllergyIntolerance": (
        {"resourceType": "AllergyIntolerance", "patient": WHO,
         "clinicalStatus": concept("allergyintolerance-clinical", "active")},
        {
            "ait-1": {"clinicalStatus": GONE},
            "ait-2": {"verificationStatus": concept("allergyintolerance-verification", "entered-in-error")},
        },
    ),
    "Appointment": (
        {"resourceType": "Appointment", "status": "booked", "start": "2024-01-01T10:00:00Z",
         "end": "2024-01-01T10:10:00Z", "participant": [{"actor": WHO, "status": "accepted"}]},
        {
            "app-2": {"end": GONE},
            "app-3": {"start": GONE, "end": GONE},
            "app-4": {"cancelationReason": TEXT},
        },
    ),
    "Appointment.participant": ({"actor": WHO, "status": "accepted"}, {"app-1": {"actor": GONE}}),
    "AppointmentResponse": (
        {"resourceType": "AppointmentResponse", "appointment": {"reference": "Appointment/1"}, "actor": WHO,
         "participantStatus": "accepted"},
        {"apr-1": {"actor": GONE}},
    ),
    "AuditEvent.entity": ({"name": "x"}, {"sev-1": {"query": "YWJj"}}),
    "Bundle": (
        {"resourceType": "Bundle", "type": "collection", "entry": [ENTRY]},
        {
            "bdl-1": {"total": 1},
            "bdl-2": {"entry": [{**ENTRY, "search": {"mode": "match"}}]},
            "bdl-3": {"type": "transaction"},
            "bdl-4": {"type": "batch-response"},
            "bdl-7": {"entry": [ENTRY, ENTRY]},
            "bdl-9": {"type": "document", "timestamp": "2024-01-01T10:00:00Z",
                      "entry": [{"resource": {"resourceType": "Composition"}}]},
            "bdl-10": {"type": "document", "identifier": {"system": "http://x.org", "value": "1"},
                       "entry": [{"resource": {"resourceType": "Composition"}}]},
            "bdl-11": {"type": "document", "identifier": {"system": "http://x.org", "value": "1"},
                       "timestamp": "2024-01-01T10:00:00Z"},
            "bdl-12": {"type": "message"},
        },
    ),
    "Bundle.entry": (
        ENTRY, {"bdl-5": {"resource": GONE}, "bdl-8": {"fullUrl": "http://x.org/Patient/1/_history/1"}}
    ),
    "CarePlan.activity": ({"reference": {"reference": "Task/1"}}, {"cpl-3": {"detail": {"status": "completed"}}}),
    "Composition.section": (
        {"entry": [WHO]}, {"cmp-1": {"entry": GONE, "title": "x"}, "cmp-2": {"emptyReason": TEXT}}
    ),
    "ConceptMap.group.unmapped": (
        {"mode": "provided"}, {"cmd-2": {"mode": "fixed"}, "cmd-3": {"mode": "other-map"}}
    ),
    "Condition": (
        {"resourceType": "Condition", "subject": WHO, "clinicalStatus": concept("condition-clinical", "active")},
        {
            "con-4": {"abatementString": "x"},
            "con-5": {"verificationStatus": concept("condition-ver-status", "entered-in-error")},
        },
    ),
    "Condition.stage": ({"summary": TEXT}, {"con-1": {"summary": GONE, "type": TEXT}}),
    "Condition.evidence": (
        {"code": [TEXT]}, {"con-2": {"code": GONE, "extension": [{"url": "http://x.org", "valueCode": "x"}]}}
    ),
    "Consent": (
        {"resourceType": "Consent", "status": "active", "scope": TEXT, "category": [TEXT], "policyRule": TEXT},
        {"ppc-1": {"policyRule": GONE}},
    ),
    "CoverageEligibilityResponse.insurance.item": ({"category": TEXT}, {"ces-1": {"productOrService": TEXT}}),
    "FamilyMemberHistory": (
        {"resourceType": "FamilyMemberHistory", "status": "completed", "patient": WHO, "relationship": TEXT},
        {"fhs-1": {"ageString": "x", "bornString": "y"}, "fhs-2": {"estimatedAge": True}},
    ),
    "Goal.target": (
        {"measure": TEXT, "detailString": "x"}, {"gol-1": {"measure": GONE}}
    ),
    "Group": (
        {"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": WHO}]},
        {"grp-1": {"actual": False}},
    ),
    "Immunization.education": (
        {"reference": "http://x.org"}, {"imm-1": {"reference": GONE, "publicationDate": "2024"}}
    ),
    "ImmunizationRecommendation.recommendation": (
        {"vaccineCode": [TEXT], "forecastStatus": TEXT}, {"imr-1": {"vaccineCode": GONE}}
    ),
    "InsurancePlan": ({"resourceType": "InsurancePlan", "name": "x"}, {"ipn-1": {"name": GONE, "status": "active"}}),
    "Linkage": (
        {"resourceType": "Linkage", "item": [{"type": "source", "resource": WHO}] * 2},
        {"lnk-1": {"item": [{"type": "source", "resource": WHO}]}},
    ),
    "List": (
        {"resourceType": "List", "status": "current", "mode": "working", "entry": [{"item": WHO}]},
        {
            "lst-1": {"emptyReason": TEXT},
            "lst-2": {"entry": [{"item": WHO, "deleted": True}]},
            "lst-3": {"mode": "snapshot", "entry": [{"item": WHO, "date": "2024"}]},
        },
    ),
    "MeasureReport": (
        {"resourceType": "MeasureReport", "status": "complete", "type": "summary", "measure": "http://x.org/M",
         "period": {"start": "2024"}, "group": [{"code": TEXT}]},
        {"mrp-1": {"type": "data-collection"}},
    ),
    "MedicationAdministration.dosage": ({"dose": {"value": 1}, "text": "x"}, {"mad-1": {"dose": GONE}}),
    "MedicationDispense": (
        {"resourceType": "MedicationDispense", "status": "completed", "medicationCodeableConcept": TEXT,
         "whenPrepared": "2024-01-01", "whenHandedOver": "2024-01-02"},
        {"mdd-1": {"whenHandedOver": "2023-12-31T10:00:00Z"}},
    ),
    "MolecularSequence": (
        {"resourceType": "MolecularSequence", "coordinateSystem": 1}, {"msq-3": {"coordinateSystem": 2}}
    ),
    "Observation": (
        {"resourceType": "Observation", "status": "final", "code": concept("x", "a"), "valueInteger": 1},
        {"obs-6": {"dataAbsentReason": TEXT}, "obs-7": {"component": [{"code": concept("x", "a")}]}},
    ),
    "Observation.referenceRange": ({"text": "x"}, {"obs-3": {"text": GONE, "type": TEXT}}),
    "OperationDefinition.parameter": (
        {"name": "x", "use": "in", "min": 0, "max": "1", "type": "string"}, {"opd-1": {"type": GONE}}
    ),
    "Organization": (
        {"resourceType": "Organization", "name": "x", "address": [{"text": "y"}],
         "telecom": [{"system": "phone", "value": "1"}]},
        {
            "org-1": {"name": GONE},
            "org-2": {"address": [{"use": "home"}]},
            "org-3": {"telecom": [{"system": "phone", "value": "1", "use": "home"}]},
        },
    ),
    "Parameters.parameter": ({"name": "x", "valueInteger": 1}, {"inv-1": {"part": [{"name": "y", "valueInteger": 1}]}}),
    "Patient.contact": ({"name": {"text": "x"}}, {"pat-1": {"name": GONE, "gender": "male"}}),
    "Questionnaire": (
        {"resourceType": "Questionnaire", "status": "active", "item": [ITEM]}, {"que-2": {"item": [ITEM, ITEM]}}
    ),
    "Questionnaire.item": (
        ITEM,
        {
            "que-1": {"type": "group"},
            "que-3": {"type": "display", "code": [{"code": "x"}]},
            "que-4": {"answerOption": [{"valueString": "x"}], "answerValueSet": "http://x.org"},
            "que-5": {"type": "boolean", "answerValueSet": "http://x.org"},
            "que-6": {"type": "display", "required": True},
            "que-8": {"type": "group", "item": [ITEM], "initial": [{"valueString": "x"}]},
            "que-9": {"type": "display", "readOnly": True},
            "que-10": {"type": "date", "maxLength": 3},
            "que-11": {"answerOption": [{"valueString": "x"}], "initial": [{"valueString": "x"}]},
            "que-12": {"enableWhen": [{"question": "1", "operator": "exists", "answerBoolean": True}] * 3},
            "que-13": {"initial": [{"valueString": "x"}] * 2},
        },
    ),
    "Questionnaire.item.enableWhen": (
        {"question": "1", "operator": "exists", "answerBoolean": True},
        {"que-7": {"answerBoolean": GONE, "answerString": "x"}},
    ),
    "QuestionnaireResponse.item": (
        {"linkId": "1", "answer": [{"valueString": "x"}]}, {"qrs-1": {"item": [{"linkId": "2"}]}}
    ),
    "RequestGroup.action": ({"resource": {"reference": "Task/1"}}, {"rqg-1": {"resource": GONE, "title": "x"}}),
    "RiskAssessment.prediction": ({"probabilityDecimal": 100}, {"ras-2": {"probabilityDecimal": 100.5}}),
    "SearchParameter": (
        {"resourceType": "SearchParameter", "url": "http://x.org", "name": "x", "status": "draft", "code": "x",
         "description": "x", "base": ["Patient"], "type": "string", "expression": "Patient.name"},
        {"spd-1": {"xpath": "f:x"}, "spd-2": {"chain": ["name"]}},
    ),
    "ServiceRequest": (
        {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": WHO, "code": TEXT,
         "orderDetail": [TEXT]},
        {"prr-1": {"code": GONE}},
    ),
    "Task": (
        {"resourceType": "Task", "status": "ready", "intent": "order", "authoredOn": "2024-01-02",
         "lastModified": "2024-01-03"},
        {"inv-1": {"lastModified": "2024-01-01"}},
    ),
    "TestReport.setup.action": (
        {"operation": {"result": "pass"}}, {"inv-1": {"assert": {"result": "pass"}}}
    ),
    "TestReport.test.action": (
        {"operation": {"result": "pass"}}, {"inv-2": {"assert": {"result": "pass"}}}
    ),
    "TestScript.setup.action": (
        {"operation": {"encodeRequestUrl": True}},
        {"tst-1": {"assert": {"warningOnly": True}}},
    ),
    "TestScript.test.action": (
        {"operation": {"encodeRequestUrl": True}},
        {"tst-2": {"operation": GONE, "extension": [{"url": "http://x.org", "valueCode": "x"}]}},
    ),
    "ValueSet.compose.include": (
        {"system": "http://x.org", "concept": [{"code": "x"}]},
        {
            "vsd-1": {"system": GONE, "concept": GONE, "version": "1"},
            "vsd-2": {"system": GONE, "valueSet": ["http://x.org"]},
            "vsd-3": {"filter": [{"property": "x", "op": "=", "value": "y"}]},
        },
    ),
    "ValueSet.expansion.contains": (
        {"system": "http://x.org", "code": "x"},
        {
            "vsd-6": {"code": GONE, "abstract": True},
            "vsd-9": {"code": GONE, "display": "x"},
            "vsd-10": {"system": GONE},
        },
    ),
}  # fmt: skip

BROKEN = [(name, key) for name, (_, changes) in CASES.items() for key in changes]


def broken(name: str, key: str) -> dict[str, Any]:
    right, changes = CASES[name]
    return {k: v for k, v in {**right, **changes[key]}.items() if v is not GONE}


def test_every_rule_has_a_case() -> None:
    assert {(n, k) for n, keys in RULES.items() for k in keys} == set(BROKEN)


@pytest.mark.parametrize("name", CASES)
def test_a_right_node_passes(name: str) -> None:
    right, _ = CASES[name]

    assert [issue.text for issue in explain(right, name, name)] == []
    assert schemas.gate(name)(right)


@pytest.mark.parametrize(("name", "key"), BROKEN)
def test_a_broken_node_is_refused_with_the_key(name: str, key: str) -> None:
    node = broken(name, key)

    issues = list(explain(node, name, name))

    assert key in [issue.params.get("key") for issue in issues]
    assert {(issue.code, issue.expression) for issue in issues} == {("invariant", name)}
    assert not schemas.gate(name)(node)


def test_rules_are_inherited() -> None:
    assert [i.constraint.key for i in invariants("SimpleQuantity")] == ["qty-3"]
    assert [i.constraint.key for i in invariants("Age")] == ["age-1", "qty-3"]


@pytest.mark.parametrize(
    ("start", "end", "right"),
    [
        ("2024", "2024", True),
        ("2024-05-06", "2024", True),
        ("2024-05-06", "2024-05", True),
        ("2024-06", "2024-05-31", False),
        ("2024-01-01T10:00:00+08:00", "2024-01-01T03:00:00Z", True),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00+08:00", False),
        ("2024-01-01T10:00:00Z", "2024-01-01", True),
    ],
)
def test_a_period_is_in_order_as_far_as_its_precision_tells(start: str, end: str, right: bool) -> None:
    period = {"start": start, "end": end}

    assert (not list(explain(period, "Period", "x"))) is right
    assert schemas.gate("Period")(period) is right
