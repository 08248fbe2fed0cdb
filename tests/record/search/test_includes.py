"""What comes along with the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.record.search.finding import Finder

pytestmark = pytest.mark.django_db

INCLUDES = [
    ("Observation?_id=glucose&_include=Observation:subject", {"Patient/zhang"}),
    ("Observation?_id=glucose,ward-air&_include=Observation:subject", {"Patient/zhang", "Group/ward"}),
    ("Observation?_id=glucose,ward-air&_include=Observation:subject:Group", {"Group/ward"}),
    ("Observation?_id=ward-air&_include=Observation:patient", set()),
    (
        "Observation?_id=glucose&_include=Observation:performer&_include=Observation:encounter",
        {"Practitioner/wang", "Encounter/visit"},
    ),
    ("Observation?_id=glucose&_include=*", {"Patient/zhang", "Practitioner/wang", "Encounter/visit"}),
    (
        "Observation?_id=glucose&_include=Observation:*",
        {"Patient/zhang", "Practitioner/wang", "Encounter/visit"},
    ),
    ("Observation?_id=glucose&_include=Patient:organization", set()),
    (
        "Observation?_id=glucose&_include=Observation:subject&_include:iterate=Patient:organization",
        {"Patient/zhang", "Organization/clinic"},
    ),
    (
        (
            "Observation?_id=glucose&_include=Observation:subject"
            "&_include:iterate=Patient:organization&_include:iterate=Organization:partof"
        ),
        {"Patient/zhang", "Organization/clinic", "Organization/city"},
    ),
    (
        "Observation?_id=glucose&_include=Observation:subject&_include=Patient:organization",
        {"Patient/zhang"},
    ),
    ("Observation?_id=glucose&_revinclude=Provenance:target", {"Provenance/origin"}),
    ("Observation?_id=glucose,pressure&_revinclude=Provenance:target", {"Provenance/origin"}),
    ("Observation?_id=glucose&_revinclude=*", {"Provenance/origin", "DiagnosticReport/report"}),
    ("Patient?_id=eve&_revinclude=Encounter:patient", {"Encounter/stay"}),
    (
        "Patient?_id=eve&_revinclude=Encounter:subject&_revinclude=Condition:patient",
        {"Encounter/stay", "Condition/pneumonia"},
    ),
    ("Patient?_id=eve&_revinclude=Observation:subject:Group", set()),
    (
        "Encounter?_id=visit&_revinclude=Observation:encounter&_revinclude:iterate=Provenance:target",
        {"Observation/glucose", "Provenance/origin"},
    ),
    ("Patient?_id=eve&_include=Patient:link", {"Patient/zhang"}),
    ("Patient?_id=zhang,eve&_include=Patient:link", set()),
    ("Patient?_id=nobody&_include=*&_revinclude=*", set()),
]


@pytest.mark.parametrize(("url", "expected"), INCLUDES, ids=[url for url, _ in INCLUDES])
def test_what_is_referred_to_or_refers_comes_along_once(world: Finder, url: str, expected: set[str]) -> None:
    page = world.page(url)

    included = [f"{e.stored.type}/{e.stored.id}" for e in page.entries if e.mode == "include"]
    assert sorted(included) == sorted(expected)
    assert page.warnings == ()


def test_included_resources_do_not_count(world: Finder) -> None:
    page = world.page("Observation?subject=Patient/zhang&_include=*&_revinclude=*&_total=accurate&_count=2")

    assert (page.total, len([e for e in page.entries if e.mode == "match"])) == (5, 2)


def test_pages_link_to_themselves(world: Finder) -> None:
    page = world.page("Patient?name:contains=le&_sort=birthdate&_count=1")

    links = dict(page.links("http://h/fhir/Patient"))

    assert (
        links["self"] == links["first"] == "http://h/fhir/Patient?name:contains=le&_sort=birthdate&_count=1"
    )
    assert links["next"] == f"{links['first']}&_page={page.next}"
    assert "previous" not in links
