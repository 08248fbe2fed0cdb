"""Marks, scores and levels, by hand-made numbers; and the data file."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.onboarding.make import SCHEME
from xinglin.exchange.cda import kinds as documents
from xinglin.exchange.hl7v2 import door as hl7v2
from xinglin.exchange.onboarding import points, rules
from xinglin.exchange.onboarding.rules import Judged, Mark, Tally
from xinglin.exchange.tables import sets as tables

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = Judged("a", "ORU^R01", "1", 10, 0, 0)
WRONG = replace(SAMPLE, errors=1)


def mark(
    looked: int, good: int, *, level: str = "L3", weight: int = 1, least: float = 1.0, must: bool = True
) -> Mark:
    return Mark("p", "codes", level, weight, least, must, looked, good)


def test_the_score_weighs_shares_and_leaves_out_what_was_not_tested() -> None:
    assert rules.score([mark(4, 1, weight=1), mark(2, 2, weight=3), mark(0, 0, weight=9)]) == 81
    assert rules.score([]) == 0
    assert rules.score([mark(3, 3)]) == 100


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5))))
def test_a_score_is_between_nothing_and_all(given: list[tuple[int, int, int]]) -> None:
    marks = [mark(max(a, b), min(a, b), weight=weight) for a, b, weight in given]

    assert 0 <= rules.score(marks) <= 100


@pytest.mark.parametrize(
    ("marks", "level"),
    [
        ([], ""),
        ([mark(1, 0)], ""),
        ([mark(1, 1)], "L3"),
        ([mark(1, 1), mark(2, 1, level="L4B")], "L3"),
        ([mark(1, 1), mark(2, 1, level="L4B", least=0.5)], "L4B"),
        ([mark(1, 1), mark(0, 0, level="L4B"), mark(1, 1, level="L4A")], "L3"),
        ([mark(1, 0), mark(1, 1, level="L4B")], ""),
    ],
)
def test_a_level_needs_every_point_of_it_and_of_all_below(marks: list[Mark], level: str) -> None:
    assert rules.level(SCHEME, marks) == level


@pytest.mark.parametrize(
    ("marks", "green"),
    [
        ([mark(1, 1)], True),
        ([mark(1, 0)], False),
        ([mark(1, 1, weight=9), mark(1, 0, must=False)], True),
        ([mark(1, 1), mark(1, 0, must=False)], False),  # half the score is not enough
    ],
)
def test_green_is_what_must_hold_and_enough_of_the_rest(marks: list[Mark], green: bool) -> None:
    assert rules.is_green(SCHEME, marks, [SAMPLE]) is green
    assert not rules.is_green(SCHEME, marks, [])


def test_kinds_are_met_by_good_samples_alone() -> None:
    asked = SCHEME.kinds("hl7v2-laboratory", "hl7v2")

    found = rules.covered(asked.requirements, asked.each, [SAMPLE, SAMPLE, WRONG])

    assert [(one.good, one.wanted, one.is_met) for one in found] == [(2, 3, False)]


def test_where_nothing_is_asked_for_everything_that_is_sent_must_be_good() -> None:
    other = replace(WRONG, kind="ADT^A01")

    assert [(one.kinds, one.is_met) for one in rules.covered((), 1, [SAMPLE, other])] == [
        (("ORU^R01",), True),
        (("ADT^A01",), False),
    ]


def test_tallies_add_up() -> None:
    assert Tally(2, 1) + Tally(3, 3) == Tally(5, 4)


def test_every_kind_that_is_asked_for_is_one_that_its_door_takes() -> None:
    taken = {
        "hl7v2": set(hl7v2.shipped()),
        "cda": set(documents.kinds()),
        "table": set(tables.all_sets()),
        "fhir": {f"Bundle/{kind}" for kind in ("transaction", "batch", "collection", "message", "document")},
    }

    asked = {
        door: {kind for one in SCHEME.sets_of(door) for r in one.requirements for kind in r.kinds}
        for door in taken
    }
    assert {door: kinds - taken[door] for door, kinds in asked.items()} == {door: set() for door in taken}


def test_an_operators_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "exchange"
    folder.mkdir()
    text = points.SHIPPED.read_text("utf-8").replace("green_score = 80", "green_score = 55")
    (folder / "onboarding.toml").write_text(text, "utf-8")

    assert points.scheme(tmp_path).green_score == 55


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('level = "L3"', 'level = "L9"'),
        ('key = "any"', 'key = "all"'),
        ('"name.exists()"', '"name.("'),
        ("[limits]", "[x]"),
    ],
)
def test_a_file_that_cannot_be_used_says_so(tmp_path: Path, old: str, new: str) -> None:
    file = tmp_path / "onboarding.toml"
    file.write_text(points.SHIPPED.read_text("utf-8").replace(old, new, 1), "utf-8")

    with pytest.raises(SystemExit, match="is no scheme of points"):
        points.read(file)


def test_everything_in_the_data_is_said_in_both_languages() -> None:
    said = tomllib.loads(points.SHIPPED.read_text("utf-8"))
    named = [*said["levels"], *said["points"], *said["elements"], *said["sets"]]
    named += [one for set_ in said["sets"] for one in set_["requirements"]]

    assert [one for one in named if not one["name"] or not one["name_en"]] == []
