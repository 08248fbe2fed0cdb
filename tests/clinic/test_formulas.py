"""Formulas of the knowledge, as the editor begins with them."""

from __future__ import annotations

from tests.tcm.conftest import _loaded, knowledge  # noqa: F401 -- fixtures
from xinglin.clinic import asking


def test_a_formula_is_found_by_name_and_initials_with_its_herbs_in_order(knowledge):  # noqa: F811 -- a fixture
    for typed in ("四君子汤", "sjzt"):
        found = {one.name: one for one in asking.formulas(typed)}
        herbs = [names[0] for names in found["四君子汤"].herbs]
        assert herbs == ["人参", "白术", "茯苓", "炙甘草"] or set(herbs) >= {"人参", "白术", "茯苓"}
        assert found["四君子汤"].source


def test_what_is_no_formula_finds_none(knowledge):  # noqa: F811 -- a fixture
    assert asking.formulas("没有这个方") == []


def test_usual_grams_are_those_of_the_pharmacopoeia(knowledge):  # noqa: F811 -- a fixture
    assert asking.ranges()["甘草"] == (2, 10)
