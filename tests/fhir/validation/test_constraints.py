from __future__ import annotations

from typing import Any

import pytest

from xinglin.fhir.validation import check, check_fully

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
ELEMENTS = [
    {"id": "Patient", "path": "Patient", "definition": "x", "min": 0, "max": "*",
     "base": {"path": "Patient", "min": 0, "max": "*"}},
    {"id": "Patient.name", "path": "Patient.name", "definition": "x", "min": 0, "max": "*",
     "base": {"path": "Patient.name", "min": 0, "max": "*"}, "type": [{"code": "HumanName"}]},
]  # fmt: skip
PROFILE: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "text": NARRATIVE,
    "url": "http://example.org/p",
    "name": "P",
    "status": "draft",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "snapshot": {"element": ELEMENTS},
}
RIGHT = {"resourceType": "Patient", "text": NARRATIVE}


def said(resource: Any) -> list[tuple[str, str | None, Any]]:
    return [(i.severity, i.expression, i.params.get("key")) for i in check_fully(resource)]


def test_a_right_resource_with_a_narrative_has_no_issues() -> None:
    assert said(RIGHT) == []
    assert said(PROFILE) == []


def test_errors_of_the_check_come_alone() -> None:
    resource = {"resourceType": "Patient", "gender": "x"}

    assert check_fully(resource) == check(resource) != []


def test_a_missing_narrative_is_a_warning() -> None:
    assert said({"resourceType": "Patient"}) == [("warning", "Patient", "dom-6")]


def test_contained_resources_need_no_narrative() -> None:
    contained = [{"resourceType": "Organization", "id": "o", "name": "x"}]

    assert said({**RIGHT, "contained": contained, "managingOrganization": {"reference": "#o"}}) == []


def test_resources_in_bundles_are_looked_at_too() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": {"resourceType": "Patient"}}],
    }

    assert said(bundle) == [("warning", "Bundle.entry[0].resource", "dom-6")]


def test_an_unknown_profile_is_a_warning() -> None:
    known = "http://hl7.org/fhir/StructureDefinition/Patient"
    issues = check_fully({**RIGHT, "meta": {"profile": [known, "http://example.org/p|1"]}})

    assert [(i.severity, i.code, i.expression) for i in issues] == [
        ("warning", "not-found", "Patient.meta.profile[1]")
    ]
    assert "http://example.org/p|1" in issues[0].text


@pytest.mark.parametrize(
    ("change", "severity", "expression", "key"),
    [
        ({"name": "not a name"}, "warning", "StructureDefinition", "sdf-0"),
        ({"baseDefinition": None}, "error", "StructureDefinition", "sdf-4"),
        ({"type": "Observation"}, "error", "StructureDefinition", "sdf-11"),
        ({"mapping": [{"identity": "x"}]}, "error", "StructureDefinition.mapping[0]", "sdf-2"),
        ({"snapshot": {"element": [{**ELEMENTS[0], "definition": None}]}}, "error",
         "StructureDefinition.snapshot", "sdf-3"),
        ({"snapshot": {"element": [ELEMENTS[0], {**ELEMENTS[1], "min": 2, "max": "1"}]}}, "error",
         "StructureDefinition.snapshot.element[1]", "eld-2"),
        ({"snapshot": {"element": [ELEMENTS[0], {**ELEMENTS[1], "isModifier": True}]}}, "error",
         "StructureDefinition.snapshot.element[1]", "eld-18"),
    ],
)  # fmt: skip
def test_a_constraint_of_the_standard_is_told_with_its_key(
    change: dict[str, Any], severity: str, expression: str, key: str
) -> None:
    resource = without_none({**PROFILE, **change})

    assert check(resource) == []
    assert (severity, expression, key) in said(resource)


def without_none(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: without_none(value) for name, value in node.items() if value is not None}
    return [without_none(value) for value in node] if isinstance(node, list) else node
