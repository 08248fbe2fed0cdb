"""Faults of every type planted into a made-up region: what is found, what is not, how the score moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.quality.make import NOW
from xinglin.quality import checks, rulebook, scoring, trial
from xinglin.quality.rules import Dimension
from xinglin.quality.scoring import score
from xinglin.synth import directory
from xinglin.synth.plan import Plan
from xinglin.synth.stream import portions

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.quality.trial import Evaluation

RESIDENTS = 220


@pytest.fixture(scope="module")
def found(_record_database: None) -> Evaluation:
    lines, truth = list(directory.transactions(RESIDENTS)), []
    for made in portions(Plan(RESIDENTS, 7, 3)):
        lines += made.bundles
        truth += made.truth
    return trial.evaluate(lines, now=NOW, each=6, wrong=trial.faulty(truth))


def test_planted_faults_of_every_type_are_found(found: Evaluation) -> None:
    assert {one.check for one in found.outcomes} == set(checks.TYPES)
    assert [
        (one.rule, one.planted, one.found) for one in found.outcomes if one.share < 0.99 or not one.planted
    ] == []


def test_nothing_else_is_found(found: Evaluation) -> None:
    assert {one.rule: one.alarms for one in found.outcomes if one.alarms} | found.others == {}


def test_the_score_falls_in_every_dimension_that_was_planted_in(found: Evaluation, tmp_path: Path) -> None:
    rules, scheme = rulebook.shipped(), scoring.scheme(tmp_path)
    before, after = score(found.before, rules, scheme), score(found.after, rules, scheme)
    planted = {rules[one.rule].dimension for one in found.outcomes}
    assert planted == set(Dimension)
    assert all(after.dimensions[one] < before.dimensions[one] for one in planted)
