"""A policy is part of the SQL: what it hides is not found, counted, chained through or included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xinglin.kernel.ids import self_number
from xinglin.record.search.fragments import Fragment

if TYPE_CHECKING:
    from tests.record.search.finding import Finder
    from xinglin.record.search import Access

pytestmark = pytest.mark.django_db


def hides(number: int) -> Access:
    """A policy that hides one resource and all that is about it."""

    def access(alias: str, _types: tuple[str, ...]) -> Fragment:
        return Fragment(f"{alias}.self <> %s AND {alias}.patient <> %s", (number, number))

    return access


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("Observation?code=2345-7", {"eve-glucose"}),
        ("Observation?code=2345-7&_sort=date", {"eve-glucose"}),
        ("Observation?code=2345-7&_sort=code", {"eve-glucose"}),
        ("Observation?patient=zhang", set()),
        ("Patient?_id=zhang,eve", {"eve"}),
        ("Patient?identifier=77,78", {"eve"}),
        ("Patient/zhang/Condition", set()),
        ("Observation?subject:Patient.gender=male", set()),
        ("Organization?_has:Patient:organization:active:missing=false", {"city"}),
        ("Practitioner?_has:Observation:performer:status=final", set()),
    ],
)
def test_a_policy_holds_in_the_search_its_total_its_chains(
    world: Finder, url: str, expected: set[str]
) -> None:
    access = hides(self_number("Patient", "zhang"))

    assert world.found(url, access=access) == expected
    assert world.page(f"{url}{'&' if '?' in url else '?'}_summary=count", access=access).total == len(
        expected
    )


def test_a_policy_holds_for_what_is_included(world: Finder) -> None:
    access = hides(self_number("Patient", "zhang"))

    assert world.included("Patient?_id=eve&_include=*", access=access) == {"Organization/city"}
    assert world.included("Encounter?_id=stay&_include=*&_revinclude=*", access=access) == {"Patient/eve"}
    assert world.included("Practitioner?_id=wang&_revinclude=*", access=access) == {"Provenance/origin"}
