"""Includes that go on: in circles, far, by canonical URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xinglin.record.search import includes

if TYPE_CHECKING:
    from tests.record.search.finding import Finder

pytestmark = pytest.mark.django_db


def test_a_circle_of_references_ends(finder: Finder) -> None:
    weighed = {"resourceType": "Observation", "status": "final", "code": {"text": "weight"}}
    finder.store(
        {**weighed, "id": "a", "hasMember": [{"reference": "Observation/b"}]},
        {**weighed, "id": "b", "hasMember": [{"reference": "Observation/a"}]},
    )

    page = finder.page(
        "Observation?_id=a&_include:iterate=Observation:has-member&_revinclude:iterate=Observation:has-member"
    )

    assert [e.stored.id for e in page.entries] == ["a", "b"]


def test_canonical_references_are_followed_by_url(finder: Finder) -> None:
    finder.store(
        {
            "resourceType": "ActivityDefinition",
            "id": "weigh",
            "url": "http://example.org/weigh",
            "version": "2",
            "status": "active",
        },
        {
            "resourceType": "PlanDefinition",
            "id": "plan",
            "status": "active",
            "action": [{"definitionCanonical": "http://example.org/weigh|2"}],
        },
    )

    assert finder.included("PlanDefinition?_include=PlanDefinition:definition") == {
        "ActivityDefinition/weigh"
    }


def test_a_chain_of_includes_that_is_too_long_is_cut_with_a_warning(finder: Finder) -> None:
    names = [f"o{n}" for n in range(includes.MAX_ROUNDS + 3)]
    above = [{"partOf": {"reference": f"Organization/{name}"}} for name in names[1:]] + [{}]
    finder.store(
        *(
            {"resourceType": "Organization", "id": name, "name": name, **more}
            for name, more in zip(names, above, strict=True)
        )
    )

    page = finder.page("Organization?_id=o0&_include:iterate=Organization:partof")

    assert [issue.code for issue in page.warnings] == ["too-costly"]
    assert len(page.entries) == 1 + includes.MAX_ROUNDS
