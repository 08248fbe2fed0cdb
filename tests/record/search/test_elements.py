"""Composites whose parts must stand in one element."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.record.search.finding import Finder
from tests.record.search.world import LOCAL, concept, quantity
from xinglin.fhir.definitions import Component, SearchParameter
from xinglin.kernel.errors import Fault
from xinglin.record.search import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db

RESOURCES = [
    {
        "resourceType": "MolecularSequence",
        "id": "sequence",
        "coordinateSystem": 0,
        "referenceSeq": {"chromosome": concept("1"), "windowStart": 10, "windowEnd": 20},
        "variant": [{"start": 11, "end": 12}, {"start": 15, "end": 18}],
    },
    {
        "resourceType": "DocumentReference",
        "id": "old",
        "status": "superseded",
        "content": [{"attachment": {"title": "old"}}],
    },
    {
        "resourceType": "DocumentReference",
        "id": "new",
        "status": "current",
        "content": [{"attachment": {"title": "new"}}],
        "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/old"}}],
    },
    {
        "resourceType": "Group",
        "id": "smokers",
        "type": "person",
        "actual": False,
        "characteristic": [
            {"code": concept("smoker"), "valueCodeableConcept": concept("yes"), "exclude": False},
            {"code": concept("adult"), "valueBoolean": True, "exclude": False},
        ],
    },
    {
        "resourceType": "ActivityDefinition",
        "id": "weigh",
        "status": "active",
        "useContext": [
            {"code": {"system": LOCAL, "code": "age"}, "valueQuantity": quantity(7, "a")},
            {
                "code": {"system": LOCAL, "code": "weight"},
                "valueRange": {"low": {"value": 20}, "high": {"value": 30}},
            },
        ],
    },
]


@pytest.fixture(scope="module")
def elements(_record_database: None) -> Iterator[Finder]:
    finder = Finder()
    finder.store(*RESOURCES)
    yield finder
    finder.clear()


CASES = [
    ("MolecularSequence?chromosome-variant-coordinate=1$lt13$gt11", {"sequence"}),
    ("MolecularSequence?chromosome-variant-coordinate=1$11$12", {"sequence"}),
    ("MolecularSequence?chromosome-variant-coordinate=1$11$18", set()),
    ("MolecularSequence?chromosome-variant-coordinate=2$11$12", set()),
    ("MolecularSequence?chromosome-window-coordinate=http://example.org/codes|1$10$20", {"sequence"}),
    ("DocumentReference?relationship=replaces$DocumentReference/old", {"new"}),
    ("DocumentReference?relationship=replaces$old", {"new"}),
    ("DocumentReference?relationship=appends$old", set()),
    ("Group?characteristic-value=smoker$yes", {"smokers"}),
    ("Group?characteristic-value=http://example.org/codes|smoker$yes", {"smokers"}),
    ("Group?characteristic-value=http://example.org/codes|$yes", {"smokers"}),
    ("Group?characteristic-value=adult$true", {"smokers"}),
    ("Group?characteristic-value=smoker$true", set()),
    ("ActivityDefinition?context-type-quantity=age$7", {"weigh"}),
    ("ActivityDefinition?context-type-quantity=age$gt6||a", {"weigh"}),
    ("ActivityDefinition?context-type-quantity=weight$7", set()),
    ("ActivityDefinition?context-type-quantity=weight$gt25", {"weigh"}),
]


@pytest.mark.parametrize(("url", "expected"), CASES, ids=[url for url, _ in CASES])
def test_the_parts_of_a_composite_are_sought_in_one_element(
    elements: Finder, url: str, expected: set[str]
) -> None:
    assert elements.found(url) == expected


def test_a_system_alone_is_not_filed_with_a_range(elements: Finder) -> None:
    with pytest.raises(Fault) as refused:
        elements.found("ActivityDefinition?context-type-quantity=http://example.org/codes|$7")

    assert refused.value.issues[0].code == "value"


def test_a_composite_is_asked_of_the_catalogue_that_has_it(elements: Finder) -> None:
    parameter = SearchParameter(
        code="smoker-code",
        type="composite",
        expression="Group",
        base=("Group",),
        url="http://example.org/smoker-code",
        components=(Component("type", "", "type"), Component("actual", "", "actual")),
    )

    assert elements.found("Group?smoker-code=person$false", catalogue=Catalogue({"Group": [parameter]})) == {
        "smokers"
    }
