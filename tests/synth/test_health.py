"""Statistical facts of a fixed seed: ages, co-occurrence, courses."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest

from xinglin.synth import bodies, health, households
from xinglin.synth.health import YEAR, Health
from xinglin.synth.households import Person

UNTIL = date(2026, 10, 31).toordinal()


@pytest.fixture(scope="module")
def population() -> list[tuple[Person, float, Health]]:
    people = [p for number in range(150) for p in households.block(11, number, UNTIL)]
    return [(p, (UNTIL - p.birth) / YEAR, health.draw(p, Random(p.index), UNTIL)) for p in people]


def share(found: list[bool]) -> float:
    return sum(found) / len(found)


def test_ages_are_those_of_a_city(population: list[tuple[Person, float, Health]]) -> None:
    ages = [age for _, age, _ in population]

    assert 0.10 < share([age < 15 for age in ages]) < 0.22
    assert 0.15 < share([age >= 60 for age in ages]) < 0.33
    assert min(ages) > 0
    assert max(ages) < 105
    assert 0.47 < share([p.sex == "male" for p, _, _ in population]) < 0.53


def test_households_are_families_and_lodgings(population: list[tuple[Person, float, Health]]) -> None:
    people = [p for p, _, _ in population]
    sizes = Counter(Counter(p.household for p in people).values())

    assert 2.0 < len(people) / sum(sizes.values()) < 3.5
    assert 0.05 < share([not p.local for p in people]) < 0.3
    for child in (p for p in people if p.mother is not None):
        assert child.mother is not None
        assert 18 < (child.birth - child.mother.birth) / YEAR < 45
        assert child.household == child.mother.household


def test_twins_share_their_day_and_not_their_number(population: list[tuple[Person, float, Health]]) -> None:
    people = {p.index: p for p, _, _ in population}
    seconds = [p for p in people.values() if p.twin == 2]

    assert len(seconds) > 10
    for second in seconds:
        first = people[second.index - 1]
        assert (first.twin, first.birth, first.mother) == (1, second.birth, second.mother)
        assert first.identity_number != second.identity_number


def test_identity_numbers_agree_with_birth_and_sex(population: list[tuple[Person, float, Health]]) -> None:
    for person, _, _ in population:
        assert person.identity_number[6:14] == date.fromordinal(person.birth).strftime("%Y%m%d")
        assert int(person.identity_number[16]) % 2 == (person.sex == "male")
    numbers = [p.identity_number for p, _, _ in population]
    assert len(set(numbers)) == len(numbers)


def test_some_share_a_household_and_a_name(population: list[tuple[Person, float, Health]]) -> None:
    names = Counter((p.household, p.name.text) for p, _, _ in population)

    assert sum(count > 1 for count in names.values()) >= 2


def test_diabetes_is_commoner_in_the_hypertensive(population: list[tuple[Person, float, Health]]) -> None:
    old = [h.lasting for _, age, h in population if age >= 55]
    with_pressure = share(["diabetes" in ill for ill in old if "hypertension" in ill])
    without = share(["diabetes" in ill for ill in old if "hypertension" not in ill])

    assert with_pressure > 1.6 * without
    assert 0.38 < share(["hypertension" in ill for ill in old]) < 0.6


def test_complications_follow_their_cause(population: list[tuple[Person, float, Health]]) -> None:
    for _, _, state in population:
        ill = state.lasting
        for later, cause in (
            ("nephropathy", "diabetes"),
            ("neuropathy", "diabetes"),
            ("heart_failure", "chd"),
        ):
            if later in ill:
                assert ill[cause] <= ill[later]


def test_lung_disease_is_of_smokers_and_sexes_keep_their_own(
    population: list[tuple[Person, float, Health]],
) -> None:
    older = [(p, h) for p, age, h in population if age >= 45]
    smokers = share(["copd" in h.lasting for _, h in older if h.smoker])
    others = share(["copd" in h.lasting for _, h in older if not h.smoker])

    assert smokers > 3 * others
    assert {p.sex for p, _, h in population if "bph" in h.lasting} == {"male"}
    assert {p.sex for p, _, h in population if "osteoporosis" in h.lasting} == {"female"}


def test_treatment_lowers_glycated_haemoglobin() -> None:
    state = Health(lasting={"diabetes": UNTIL - 1500}, hba1c=9.5, adherence=0.9)
    dice = Random(2)

    early = [bodies.hba1c(state, UNTIL - 1490, dice) for _ in range(50)]
    late = [bodies.hba1c(state, UNTIL, dice) for _ in range(50)]

    assert sum(early) / 50 - sum(late) / 50 > 1.8


def test_creatinine_rises_with_kidney_disease_and_filtration_falls() -> None:
    state = Health(lasting={"ckd3": UNTIL - 900}, creatinine=150.0, creatinine_slope=9.0)
    person = households.block(1, 0, UNTIL)[0]
    dice = Random(2)

    before = bodies.kidney(person, state, UNTIL - 1800, UNTIL, dice)
    after = bodies.kidney(person, state, UNTIL, UNTIL, dice)

    assert after["creatinine"] > before["creatinine"] + 30
    assert after["egfr"] < before["egfr"]
