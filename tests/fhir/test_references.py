from __future__ import annotations

import pytest

from xinglin.fhir import references
from xinglin.fhir.references import Kind, Reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", Reference("Patient", "1")),
        ("Patient/a-b.C/_history/3", Reference("Patient", "a-b.C", "3")),
        ("Nonsense/1", None),
        ("Patient/", None),
        ("Patient/1/", None),
        ("Patient/" + "x" * 65, None),
        ("Patient/1 ", None),
        ("patient/1", None),
        ("#p1", None),
        ("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", None),
        ("http://example.org/fhir/Patient/1", None),
    ],
)
def test_parse_reads_relative_references_alone(text: str, expected: Reference | None) -> None:
    assert references.parse(text) == expected


def test_parse_takes_urls_below_the_base_as_relative() -> None:
    base = "https://example.org/fhir"

    assert references.parse(f"{base}/Patient/1", base) == Reference("Patient", "1")
    assert references.parse("https://other.org/fhir/Patient/1", base) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", Kind.RELATIVE),
        ("Patient/1/_history/2", Kind.RELATIVE),
        ("Patient?identifier=http://x|1", Kind.CONDITIONAL),
        ("http://example.org/fhir/Patient/1", Kind.ABSOLUTE),
        ("ftp://example.org/x", Kind.ABSOLUTE),
        ("urn:uuid:C757873D-ec9a-4326-a141-556f43239520", Kind.URN),
        ("urn:oid:1.2.840", Kind.URN),
        ("urn:uuid:nonsense", Kind.MALFORMED),
        ("#", Kind.CONTAINED),
        ("#p1", Kind.CONTAINED),
        ("Nonsense/1", Kind.MALFORMED),
        ("Nonsense?a=b", Kind.MALFORMED),
        ("Patient/a b", Kind.MALFORMED),
        ("", Kind.MALFORMED),
    ],
)
def test_kind_tells_forms_apart(text: str, expected: Kind) -> None:
    assert references.kind(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", "Patient"),
        ("Patient?identifier=1", "Patient"),
        ("http://example.org/fhir/Group/1/_history/2", "Group"),
        ("http://example.org/docs/index", None),
        ("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", None),
        ("#x", None),
    ],
)
def test_target_type_is_what_the_text_says(text: str, expected: str | None) -> None:
    assert references.target_type(text) == expected


SUBJECT = {"reference": "Patient/1"}
RESOURCE = {
    "resourceType": "Observation",
    "subject": SUBJECT,
    "extension": [{"url": "x", "valueReference": {"reference": "Device/1"}}],
    "contained": [{"resourceType": "Patient", "generalPractitioner": [{"reference": "#"}]}],
    "performer": [{"display": "no literal reference"}, {"reference": "Practitioner/1"}],
}


def test_walk_names_every_reference() -> None:
    found = [(holder["reference"], key, expression) for holder, key, expression in references.walk(RESOURCE)]

    assert found == [
        ("Patient/1", "reference", "Observation.subject.reference"),
        ("Device/1", "reference", "Observation.extension[0].valueReference.reference"),
        ("#", "reference", "Observation.contained[0].generalPractitioner[0].reference"),
        ("Practitioner/1", "reference", "Observation.performer[1].reference"),
    ]


def test_walk_yields_the_objects_themselves() -> None:
    holder, _, _ = next(iter(references.walk(RESOURCE)))

    assert holder is SUBJECT


def test_holders_finds_what_walk_finds() -> None:
    walked = sorted(holder["reference"] for holder, _, _ in references.walk(RESOURCE))

    assert sorted(holder["reference"] for holder in references.holders(RESOURCE)) == walked


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "DetectedIssue", "reference": "http://example.org"},
        {"resourceType": "PlanDefinition", "x": {"language": "text/cql", "reference": "http://example.org"}},
        {"resourceType": "Immunization", "education": [{"documentType": "x", "reference": "http://x.org"}]},
    ],
)
def test_uris_that_are_called_reference_are_no_references(resource: dict[str, object]) -> None:
    assert list(references.walk(resource)) == []
    assert references.holders(resource) == []
