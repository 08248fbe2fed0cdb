"""What ``check`` says: one resource, one mistake, one exact issue."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from xinglin.fhir import json
from xinglin.fhir.validation import check

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "meta": {"lastUpdated": "2024-02-28T09:30:00.123+08:00", "profile": ["http://example.org/p"]},
    "extension": [{"url": "http://example.org/e", "valueString": "x"}],
    "status": "final",
    "category": [{"coding": [{"system": "http://example.org", "code": "vital-signs"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}], "text": "血压"},
    "subject": {"reference": "Patient/p1", "display": "张三"},
    "effectiveDateTime": "2024-02-28T09:30:00+08:00",
    "issued": "2024-02-28T09:30:00Z",
    "performer": [{"reference": "Practitioner/d1"}],
    "component": [
        {
            "code": {"text": "收缩压"},
            "valueQuantity": {
                "value": 5.4, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"
            },
        }
    ],
}  # fmt: skip
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"family": "张", "given": ["三", "丰"]}],
    "gender": "male",
    "birthDate": "1980-02-29",
    "multipleBirthInteger": 1,
    "photo": [{"contentType": "image/png", "data": "iVBO Rw0K"}],
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "clinicalStatus": {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"},
            {"system": "http://example.org", "code": "local"},
        ]
    },
    "subject": {"reference": "Patient/p1"},
}
RIGHT = {"Observation": OBSERVATION, "Patient": PATIENT, "Condition": CONDITION}
GONE = object()


def changed(resource: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy in which the member at a path like ``component.0.code`` is ``value``, or gone."""
    out = copy.deepcopy(resource)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node: Any = out
    for part in parents:
        node = node[part]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return out


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_resource_has_no_issues(name: str) -> None:
    assert check(RIGHT[name]) == []


MISTAKES: list[tuple[str, str, object, str, str, str]] = [
    # type, where, what instead, the issue's code, its expression, part of its text
    ("Observation", "nonsense", 1, "structure", "Observation.nonsense", "Observation has no element nonsense"),
    ("Observation", "a b", 1, "structure", "Observation.`a b`", "Observation has no element a b."),
    ("Observation", "staus", "final", "structure", "Observation.staus", "did you mean status?"),
    ("Observation", "component.0.valueQuantity.amount", 1, "structure",
     "Observation.component[0].valueQuantity.amount", "Quantity has no element amount"),
    ("Observation", "status", GONE, "required", "Observation.status", "Observation.status is missing"),
    ("Observation", "component.0.code", GONE, "required", "Observation.component[0].code",
     "every Observation.component must have it"),
    ("Observation", "status", "nonsense", "code-invalid", "Observation.status",
     "must be one of amended, cancelled, corrected, entered-in-error, final, preliminary, registered, unknown"),
    ("Observation", "status", 1, "structure", "Observation.status", "is 1, which is no code"),
    ("Observation", "status", ["final"], "structure", "Observation.status", "must not be an array"),
    ("Observation", "status", None, "structure", "Observation.status", "is null, which is no code"),
    ("Observation", "category", {"text": "x"}, "structure", "Observation.category", "must be an array"),
    ("Observation", "category", [], "structure", "Observation.category", "empty array"),
    ("Observation", "category", [{}], "invariant", "Observation.category[0]", "ele-1"),
    ("Observation", "category", [None], "structure", "Observation.category[0]", "must be an object"),
    ("Observation", "code", "x", "structure", "Observation.code",
     "must be an object of type CodeableConcept, not a string"),
    ("Observation", "code", {"id": "x"}, "invariant", "Observation.code", "ele-1"),
    ("Observation", "code.text", "", "value", "Observation.code.text", "text that is not empty"),
    ("Observation", "code.text", "a\x00b", "value", "Observation.code.text", "no control characters"),
    ("Observation", "code.text", "a\ud800b", "value", "Observation.code.text", "no string"),
    ("Observation", "code.coding.0.code", " x", "value", "Observation.code.coding[0].code", "no spaces at its ends"),
    ("Observation", "code.coding.0.code", "a  b", "value", "Observation.code.coding[0].code", "single ones inside"),
    ("Observation", "code.coding.0.system", "a b", "value", "Observation.code.coding[0].system", "without spaces"),
    ("Observation", "id", "a_b", "value", "Observation.id", "1 to 64 letters, digits, - and ."),
    ("Observation", "id", "x" * 65, "value", "Observation.id", "1 to 64 letters"),
    ("Observation", "effectiveDateTime", "2023-02-29", "value", "Observation.effectiveDateTime", "2024-02-28"),
    ("Observation", "effectiveDateTime", "2024-02-28T09:30:00", "value", "Observation.effectiveDateTime",
     "with seconds and zone"),
    ("Observation", "effectiveDateTime", "2024-02-28T09:30+08:00", "value", "Observation.effectiveDateTime",
     "with seconds and zone"),
    ("Observation", "issued", "2024-02-28", "value", "Observation.issued", "a moment with seconds and zone"),
    ("Observation", "effectivePeriod", {"start": "2024"}, "structure", "Observation.effective",
     "there are effectiveDateTime, effectivePeriod"),
    ("Observation", "component.0.valueString", "x", "structure", "Observation.component[0].value", "one type only"),
    ("Observation", "component.0.valueQuantity.value", "5.4", "structure",
     "Observation.component[0].valueQuantity.value", "a number, without quotes"),
    ("Observation", "component.0.valueQuantity.value", True, "structure",
     "Observation.component[0].valueQuantity.value", "a number, without quotes"),
    ("Observation", "component.0.valueQuantity.comparator", "=", "code-invalid",
     "Observation.component[0].valueQuantity.comparator", "<, <=, >, >="),
    ("Observation", "component.0.valueQuantity.system", GONE, "invariant",
     "Observation.component[0].valueQuantity", "qty-3"),
    ("Observation", "subject.reference", "Practitioner/1", "value", "Observation.subject.reference",
     "points to Practitioner, but must point to Device | Group | Location | Patient"),
    ("Observation", "subject.reference", "Practitioner?identifier=1", "value",
     "Observation.subject.reference", "points to"),
    ("Observation", "subject.reference", "Patiend/1", "value", "Observation.subject.reference",
     "which is no reference"),
    ("Observation", "subject.reference", "urn:uuid:x", "value", "Observation.subject.reference",
     "which is no reference"),
    ("Observation", "subject.reference", "#x", "invariant", "Observation.subject.reference", "ref-1"),
    ("Observation", "subject", "Patient/1", "structure", "Observation.subject", "must be an object"),
    ("Observation", "subject", {"identifier": 1}, "structure", "Observation.subject.identifier", "object"),
    ("Observation", "extension.0._url", {"id": "x"}, "structure", "Observation.extension[0]._url", "no element _url"),
    ("Observation", "extension.0.url", GONE, "required", "Observation.extension[0].url", "is missing"),
    ("Observation", "extension.0.valueString", GONE, "invariant", "Observation.extension[0]", "ext-1"),
    ("Observation", "extension.0.extension", [{"url": "a", "valueCode": "b"}], "invariant",
     "Observation.extension[0]", "ext-1"),
    ("Observation", "extension.0.valueCode", "x", "structure", "Observation.extension[0].value", "one type only"),
    ("Observation", "_status", {"value": 1}, "structure", "Observation._status.value",
     "Element has no element value"),
    ("Observation", "_status", {}, "invariant", "Observation._status", "ele-1"),
    ("Observation", "_subject", {"id": "x"}, "structure", "Observation._subject", "has no element _subject"),
    ("Observation", "meta.lastUpdated", "now", "value", "Observation.meta.lastUpdated", "a moment"),
    ("Patient", "active", "true", "structure", "Patient.active", "true or false, without quotes"),
    ("Patient", "active", 1, "structure", "Patient.active", "true or false, without quotes"),
    ("Patient", "birthDate", "29.02.1980", "value", "Patient.birthDate", "2024, 2024-02 or 2024-02-28"),
    ("Patient", "multipleBirthInteger", 1.0, "structure", "Patient.multipleBirthInteger", "a whole number"),
    ("Patient", "multipleBirthInteger", 2**31, "value", "Patient.multipleBirthInteger", "2147483647"),
    ("Patient", "photo.0.data", "x", "value", "Patient.photo[0].data", "groups of four"),
    ("Patient", "photo.0.size", -1, "value", "Patient.photo[0].size", "from 0 to"),
    ("Patient", "name.0.given", ["三", None], "structure", "Patient.name[0].given[1]", "is null"),
    ("Patient", "name.0.given", "三", "structure", "Patient.name[0].given", "must be an array"),
    ("Patient", "name.0._given", [{"id": "x"}], "structure", "Patient.name[0]._given", "as long as given"),
    ("Patient", "name.0._given", {"id": "x"}, "structure", "Patient.name[0]._given", "must be an array"),
    ("Patient", "name.0", {"given": [None], "_given": [{"id": "x"}]}, "invariant",
     "Patient.name[0]._given[0]", "ele-1"),
    ("Patient", "name.0", {"_given": [None]}, "structure", "Patient.name[0]._given[0]", "never null in both"),
    ("Patient", "contained", [], "structure", "Patient.contained", "empty array"),
    ("Patient", "contained", [1], "structure", "Patient.contained[0]", "must be an object"),
    ("Patient", "contained", [{"id": "x"}], "required", "Patient.contained[0].resourceType", "has no resourceType"),
    ("Condition", "clinicalStatus", {"text": "x"}, "code-invalid", "Condition.clinicalStatus",
     "condition-clinical|active"),
    ("Condition", "clinicalStatus.coding.0.code", "x", "code-invalid", "Condition.clinicalStatus",
     "must have a coding from http://hl7.org/fhir/ValueSet/condition-clinical"),
    ("Condition", "clinicalStatus.coding.0.system", "http://example.org", "code-invalid",
     "Condition.clinicalStatus", "coding"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "path", "value", "code", "expression", "part"), MISTAKES)
def test_a_mistake_is_named(
    type_: str, path: str, value: object, code: str, expression: str, part: str
) -> None:
    issues = check(changed(RIGHT[type_], path, value))

    assert [(issue.severity, issue.code, issue.expression) for issue in issues] == [
        ("error", code, expression)
    ]
    assert part in issues[0].text


UNUSUAL: list[tuple[str, str, object]] = [
    ("Observation", "subject", {"display": "张三"}),
    ("Observation", "_status", {"extension": [{"url": "http://x.org", "valueCode": "x"}]}),
    ("Observation", "code.id", "c1"),
    ("Observation", "extension.0.id", "e1"),
    ("Observation", "extension.0._valueString", {"id": "v1", "extension": [{"url": "http://x.org",
     "valueCode": "x"}]}),
    ("Observation", "component.0.valueQuantity.value", json.Exact("5.40")),
    ("Observation", "code.text", " x\n\ty　"),
    ("Observation", "subject.reference", "http://example.org/fhir/Patient/1"),
    ("Observation", "subject.reference", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
    ("Observation", "subject.reference", "Patient?identifier=http://x.org|1"),
    ("Observation", "subject.reference", "Patient/1/_history/2"),
    ("Observation", "effectiveDateTime", "2024-02-29"),
    ("Observation", "effectiveDateTime", "2024"),
    ("Observation", "issued", "2016-12-31T23:59:60Z"),
    ("Patient", "name.0._given", [None, {"id": "x"}]),
    ("Patient", "name.0", {"given": ["三", None],
                           "_given": [None, {"extension": [{"url": "http://x.org", "valueCode": "x"}]}]}),
    ("Patient", "name.0", {"_given": [{"id": "x", "extension": [{"url": "http://x.org", "valueCode": "x"}]}],
                           "family": "张"}),
    ("Patient", "_birthDate", {"extension": [{"url": "http://x.org", "valueTime": "10:00:00"}]}),
    ("Patient", "deceasedDateTime", "2024-01-01T10:00:00.123456789-14:00"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "path", "value"), UNUSUAL)
def test_what_is_unusual_but_right_passes(type_: str, path: str, value: object) -> None:
    assert [issue.text for issue in check(changed(RIGHT[type_], path, value))] == []


def test_a_missing_choice_lists_its_forms() -> None:
    request = {"resourceType": "MedicationRequest", "status": "active", "intent": "order"}

    issues = check({**request, "subject": {"reference": "Patient/1"}})

    assert [(issue.code, issue.expression) for issue in issues] == [
        ("required", "MedicationRequest.medication")
    ]
    assert "one of medicationCodeableConcept, medicationReference" in issues[0].text


def test_a_required_primitive_may_be_present_by_its_extension_alone() -> None:
    resource = changed(OBSERVATION, "status", GONE)
    resource["_status"] = {"extension": [{"url": "http://x.org", "valueCode": "unknown"}]}

    assert check(resource) == []


@pytest.mark.parametrize(
    ("resource", "code", "expression"),
    [
        ([], "structure", "Resource"),
        (None, "structure", "Resource"),
        ("x", "structure", "Resource"),
        ({}, "required", "Resource.resourceType"),
        ({"resourceType": "Observaton"}, "value", "Resource.resourceType"),
        ({"resourceType": "DomainResource"}, "value", "Resource.resourceType"),
        ({"resourceType": ["Patient"]}, "value", "Resource.resourceType"),
        ({"resourceType": None}, "value", "Resource.resourceType"),
    ],
)
def test_what_is_no_resource_is_refused(resource: object, code: str, expression: str) -> None:
    assert [(issue.code, issue.expression) for issue in check(resource)] == [(code, expression)]


def test_a_misspelt_resource_type_gets_a_hint() -> None:
    assert "did you mean Observation?" in check({"resourceType": "Observaton"})[0].text


def test_the_prefix_stands_for_the_resource() -> None:
    issues = check(changed(OBSERVATION, "status", "x"), expression_prefix="Bundle.entry[3].resource")

    assert [issue.expression for issue in issues] == ["Bundle.entry[3].resource.status"]


def test_all_mistakes_are_told_at_once() -> None:
    resource = changed(changed(OBSERVATION, "status", "x"), "subject", 1)
    resource["nonsense"] = 1

    assert {issue.expression for issue in check(resource)} == {
        "Observation.status",
        "Observation.subject",
        "Observation.nonsense",
    }


CONTAINED: dict[str, Any] = {
    **PATIENT,
    "contained": [
        {"resourceType": "Organization", "id": "org", "name": "x", "partOf": {"reference": "#"}},
        {"resourceType": "Practitioner", "id": "doc"},
    ],
    "generalPractitioner": [{"reference": "#doc"}],
}


def test_contained_resources_may_be_referred_to_and_refer_back() -> None:
    assert check(CONTAINED) == []


@pytest.mark.parametrize(
    ("path", "value", "code", "expression"),
    [
        ("contained.1.id", "other", "invariant", "Patient.generalPractitioner[0].reference"),
        ("generalPractitioner", GONE, "invariant", "Patient.contained[1]"),
        ("contained.1.id", GONE, "invariant", "Patient.generalPractitioner[0].reference"),
        ("contained.0.contained", [{"resourceType": "Patient"}], "invariant", "Patient.contained[0].contained"),
        ("contained.0.meta", {"versionId": "1"}, "invariant", "Patient.contained[0].meta.versionId"),
        ("contained.0.meta",
         {"lastUpdated": "2024-01-01T10:00:00Z"}, "invariant", "Patient.contained[0].meta.lastUpdated"),
        ("contained.0.meta", {"security": [{"code": "R"}]}, "invariant", "Patient.contained[0].meta.security"),
        ("contained.0.nonsense", 1, "structure", "Patient.contained[0].nonsense"),
        ("contained.0.resourceType", "Nonsense", "value", "Patient.contained[0].resourceType"),
        ("generalPractitioner.0.reference", "#", "invariant", "Patient.generalPractitioner[0].reference"),
    ],
)  # fmt: skip
def test_mistakes_of_containment_are_named(path: str, value: object, code: str, expression: str) -> None:
    issues = check(changed(CONTAINED, path, value))

    assert (code, expression) in [(issue.code, issue.expression) for issue in issues]


BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"resource": OBSERVATION, "request": {"method": "POST", "url": "Observation"}},
        {
            "resource": changed(OBSERVATION, "status", "x"),
            "request": {"method": "POST", "url": "Observation"},
        },
    ],
}


def test_resources_in_a_bundle_are_checked_with_their_place() -> None:
    assert [issue.expression for issue in check(BUNDLE)] == ["Bundle.entry[1].resource.status"]
    assert check(BUNDLE, nested=False) == []


def test_resources_in_parameters_are_checked_with_their_place() -> None:
    parts = [{"name": "y", "resource": PATIENT}, {"name": "z", "resource": {"resourceType": "Basic"}}]
    resource = {"resourceType": "Parameters", "parameter": [{"name": "x", "part": parts}]}

    assert [(i.code, i.expression) for i in check(resource)] == [
        ("required", "Parameters.parameter[0].part[1].resource.code")
    ]


@pytest.mark.parametrize("entry", [None, 1, {}, [], [1], [{}], [{"resource": 1}], [{"resource": {}}]])
def test_malformed_entries_are_refused(entry: object) -> None:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entry}

    assert check(bundle) != []
    if entry != [{"resource": {}}]:
        assert check(bundle, nested=False) != []
