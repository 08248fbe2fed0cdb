from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from xinglin.synth import names

SEEDS = st.integers(min_value=0, max_value=2**32)


@given(SEEDS, st.integers(min_value=1930, max_value=2026), st.sampled_from(["male", "female"]))
def test_a_misheard_name_differs_in_one_character_of_the_given_name(seed: int, year: int, sex: str) -> None:
    dice = Random(seed)
    name = names.Name(names.surname(dice), names.given(dice, year, sex))

    wrong = names.misheard(name, dice)

    if wrong is not None:
        assert wrong.surname == name.surname
        assert sum(a != b for a, b in zip(wrong.given, name.given, strict=True)) == 1


@given(SEEDS, st.integers(min_value=1930, max_value=2026), st.sampled_from(["male", "female"]))
def test_a_mistyped_name_is_another_text(seed: int, year: int, sex: str) -> None:
    dice = Random(seed)
    name = names.Name(names.surname(dice), names.given(dice, year, sex))

    assert names.mistyped(name, dice).text != name.text


def test_a_minority_name_loses_its_middle_dot_and_keeps_its_letters() -> None:
    name = names.Name("", "阿依古丽·买买提")

    spellings = {names.mistyped(name, Random(seed)).text for seed in range(40)}

    assert "阿依古丽.买买提" in spellings
    assert name.text not in spellings


def test_names_follow_the_fashion_of_their_years() -> None:
    dice = Random(1)
    old = {names.given(dice, 1945, "female") for _ in range(400)}
    young = {names.given(dice, 2018, "female") for _ in range(400)}

    assert old & young == set()
