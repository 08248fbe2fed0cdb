"""The examples of the standard and the synthetic patients pass; the few examples that are wrong are named."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from tests.examples import examples
from xinglin.fhir import json
from xinglin.fhir.validation import check

_LONG = "ImplementationGuide.manifest.resource[11904].reference.reference"
WRONG = {
    # file: (the issue's code, its expression, why the example itself is wrong)
    "ActivityDefinition-blood-tubes-supply.json": ("invariant", "ActivityDefinition.text", "empty narrative"),
    "ActivityDefinition-heart-valve-replacement.json": ("invariant", "ActivityDefinition.text", "empty narrative"),
    "EventDefinition-example.json": ("invariant", "EventDefinition.text", "empty narrative"),
    "Questionnaire-zika-virus-exposure-assessment.json": ("invariant", "Questionnaire.text", "empty narrative"),
    "Questionnaire-qs1.json": ("required", "Questionnaire.item[0].item[0].linkId", "items without linkId"),
    "Bundle-dataelements.json": ("invariant", "Bundle", "one entry is there twice"),
    "ImplementationGuide-fhir.json": ("value", _LONG, "points to that id of 66 characters"),
    "ig-r4.json": ("value", _LONG, "points to that id of 66 characters"),
    "DeviceMetric-example.json": ("value", "DeviceMetric.parent.reference", "points to a DeviceDefinition"),
    "DeviceUseStatement-example.json": (
        "value",
        "DeviceUseStatement.reasonReference[0].reference",
        "points to a Procedure",
    ),
    "MedicationRequest-medrx0301.json": (
        "value",
        "MedicationRequest.dispenseRequest.performer.reference",
        "points to a Practitioner",
    ),
    "Observation-clinical-gender.json": ("value", "Observation.performer[0].reference", "points to an Encounter"),
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": (
        "value",
        "SearchParameter.id",
        "an id of 66 characters",
    ),
}  # fmt: skip
WITHOUT_BASE = {
    f"SearchParameter-{kind}-extensions-{type_}-{name}.json"
    for kind, type_, names in (
        ("codesystem", "CodeSystem", ("author", "effective", "end", "keyword", "workflow")),
        ("valueset", "ValueSet", ("author", "effective", "end", "keyword", "workflow")),
    )
    for name in names
}
WRONG |= dict.fromkeys(WITHOUT_BASE, ("required", "SearchParameter.base", "no base"))


def test_every_example_is_right_but_for_those_known() -> None:
    found: dict[str, tuple[str, str | None]] = {}
    count = 0

    for name, body in examples():
        count += 1
        issues = check(json.parse(body))
        if issues:
            found[name] = (issues[0].code, issues[0].expression)

    assert found == {name: (code, expression) for name, (code, expression, _) in WRONG.items()}
    assert count == 5306


def test_every_synthetic_resource_is_right() -> None:
    folder = Path(__file__).parents[3] / ".." / "shared" / "data" / "synthea"
    if not folder.is_dir():
        pytest.skip("the synthetic bundles are not beside the repository")
    count = 0

    for path in sorted(folder.glob("*.gz")):
        for entry in orjson.loads(gzip.decompress(path.read_bytes()))["entry"]:
            assert check(entry["resource"]) == []
            count += 1

    assert count > 9000
