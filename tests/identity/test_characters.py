"""Characters that stand for one another."""

from __future__ import annotations

import pytest

from xinglin.identity import characters


def groups(part: str) -> list[str]:
    return str(characters._table()[part]["groups"]).split()


def test_no_character_folds_to_one_that_folds_further():
    kept = {word[0] for word in groups("variants")}

    assert [c for c in kept if c.translate(characters.folding()) != c] == []


def test_no_character_folds_in_two_ways():
    folded = [c for word in groups("variants") for c in word[1:]]

    assert len(folded) == len(set(folded))


@pytest.mark.parametrize("part", ["shapes", "substitutes"])
def test_alike_characters_are_different_ones(part):
    folded = {word: {c.translate(characters.folding()) for c in word} for word in groups(part)}

    assert [word for word, found in folded.items() if len(found) < 2] == []


def test_private_code_points_become_characters_that_everybody_has():
    table = characters._table()["private"]

    assert all("\ue000" <= code <= "\uf8ff" for code in table)
    assert not any("\ue000" <= c <= "\uf8ff" for c in table.values())


@pytest.mark.parametrize(
    ("a", "b", "how"),
    [
        ("伟", "玮", "sound"),
        ("单", "善", "sound"),
        ("己", "巳", "shape"),
        ("戊", "戌", "shape"),
        ("林", "河", ""),
        ("张", "章", "sound"),
        ("森", "生", "accent"),
        ("王", "李", ""),
        ("a", "b", ""),
    ],
)
def test_characters_are_alike_by_sound_shape_or_accent(a, b, how):
    assert (characters.likeness(a, b), characters.likeness(b, a)) == (how, how)
