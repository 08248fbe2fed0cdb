"""Every rule says what its cases say it should, and has cases of both sorts."""

from __future__ import annotations

import pytest

from xinglin.reminders import cases, firing
from xinglin.reminders.rulebook import shipped

EXAMPLES = cases.shipped_cases()
RULES = sorted(shipped().rules)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{n:03d}-{one.rule}" for n, one in enumerate(EXAMPLES)])
def test_a_rule_finds_what_its_case_says(example: cases.Example) -> None:
    assert len(cases.tried(example)) == example.fires, example.name


@pytest.mark.parametrize("id_", RULES)
def test_every_rule_has_positive_and_negative_cases(id_: str) -> None:
    assert {one.is_positive for one in cases.of_rule(id_)} == {True, False}


def test_every_case_is_of_a_rule_that_there_is() -> None:
    assert {one.rule for one in EXAMPLES} == set(RULES)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{n:03d}-{one.rule}" for n, one in enumerate(EXAMPLES)])
def test_a_case_is_at_a_hook_of_its_rule_and_found_among_all_rules(example: cases.Example) -> None:
    case = cases.case_of(example)
    found = [one.rule for one in firing.fire(case)]

    assert case.hook in shipped().rules[example.rule].hooks
    assert found.count(example.rule) == example.fires


def test_every_kind_of_rule_that_is_a_function_is_used() -> None:
    assert {rule.kind for rule in shipped().rules.values()} == {*firing.CHECKS, "when"}


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.is_positive], ids=lambda one: one.rule)
def test_what_is_said_is_short_complete_and_in_both_languages(example: cases.Example) -> None:
    for finding in cases.tried(example):
        for words in (finding.summary, finding.detail):
            for text in (words.zh, words.en):
                assert text
                assert not {"{", "}"} & set(text)
                assert "None" not in text
        assert max(len(finding.summary.zh), len(finding.summary.en)) < 140


def test_the_gravest_come_first() -> None:
    example = cases.Example(
        "allergy-medicine", "many", 1,
        {
            "hook": "order-sign", "birth": "1946-01-01", "allergies": [{"code": "101", "text": "青霉素"}],
            "taking": [{"atc": "N05BA01"}], "drafts": [{"atc": "N05BA12"}, {"atc": "J01CA04"}],
        },
    )  # fmt: skip

    found = [str(one.indicator) for one in firing.fire(cases.case_of(example))]

    assert found == ["critical", "warning", "info"]


def test_the_page_of_the_rules_is_current() -> None:
    from pathlib import Path

    from xinglin.reminders import reference

    kept = Path(__file__).parents[2] / "docs" / "reference" / "reminder-rules.md"

    assert kept.read_text(encoding="utf-8") == reference.page()
