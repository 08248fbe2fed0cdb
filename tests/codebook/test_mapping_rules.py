"""What a decision must be like, and what makes it doubtful."""

from __future__ import annotations

import pytest

from tests.codebook.mapping_make import DOCTOR, STEWARD
from xinglin.codebook.mapping.ranking import Candidate, Reason
from xinglin.codebook.mapping.rules import (
    Decision,
    Doubt,
    Equivalence,
    State,
    doubts,
    is_sure,
    require,
    require_decision,
    require_second,
)
from xinglin.kernel.errors import Fault, Kind


def candidate(code: str = "a", score: float = 0.9, *reasons: Reason) -> Candidate:
    return Candidate(code, "甲", score, reasons or (Reason("name", score),))


def test_a_doctor_may_not_map_and_a_steward_may():
    require(STEWARD)
    with pytest.raises(Fault) as caught:
        require(DOCTOR)

    assert caught.value.kind is Kind.FORBIDDEN


def test_mapped_needs_a_code():
    with pytest.raises(Fault):
        require_decision(Decision(State.MAPPED))
    require_decision(Decision(State.NONE))


@pytest.mark.parametrize("equivalence", [Equivalence.NARROWER, Equivalence.INEXACT])
def test_what_is_narrower_or_inexact_needs_a_comment(equivalence):
    with pytest.raises(Fault):
        require_decision(Decision(State.MAPPED, "a", "甲", equivalence))
    require_decision(Decision(State.MAPPED, "a", "甲", equivalence, "只含成人"))


@pytest.mark.parametrize(
    ("chosen", "elsewhere", "within", "found"),
    [
        (candidate(), [], [], []),
        (candidate(score=0.3), [], [], [Doubt.WEAK]),
        (None, [], [], [Doubt.WEAK]),
        (candidate("a", 0.8, Reason("name", 0.9), Reason("unit", -0.1)), [], [], [Doubt.UNIT]),
        (candidate(), ["b"], [], [Doubt.ELSEWHERE]),
        (candidate(), ["a", "b"], [], []),
        (candidate(), [], ["b"], [Doubt.WITHIN]),
        (candidate(), [], ["a"], []),
    ],
)
def test_doubts(chosen, elsewhere, within, found):
    decision = Decision(State.MAPPED, "a", "甲")

    assert doubts(decision, chosen, elsewhere=elsewhere, within=within) == found


def test_no_match_is_never_doubtful():
    assert doubts(Decision(State.NONE), None, elsewhere=["b"], within=["b"]) == []


@pytest.mark.parametrize(
    ("scores", "sure"),
    [([], False), ([0.95], True), ([0.95, 0.91], False), ([0.95, 0.8], True), ([0.8], False)],
)
def test_sure_is_high_and_well_before_the_second(scores, sure):
    assert is_sure([candidate(score=score) for score in scores], 0.9) is sure


def test_second_look_is_for_somebody_else():
    require_second(DOCTOR, STEWARD.id)
    with pytest.raises(Fault):
        require_second(STEWARD, STEWARD.id)
