"""Whatever of a term is typed finds it: characters, syllables, initials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.terminology.spelling import HEAD, cuts, marked, term_keys


def finds(typed: str, term: str) -> bool:
    """Whether one of the ways to read what is typed meets a key of the term."""
    for key in term_keys("X", term):
        if key.text is not None and key.text.startswith(typed):
            return True
        for cut in cuts(typed):
            if key.initials and cut.fits(key.initials, key.spelt or ""):
                return True
    return False


@pytest.mark.parametrize(
    "typed", ["gxy", "gaoxueya", "gaoxy", "gxueya", "高血压", "血压", "xy", "gaoxuey", "g"]
)
def test_a_term_is_found_by_characters_syllables_and_initials(typed: str) -> None:
    assert finds(typed, "高血压病")


@pytest.mark.parametrize("typed", ["gxb", "gaoxin", "压血", "xyg"])
def test_a_term_is_not_found_by_what_it_does_not_say(typed: str) -> None:
    assert not finds(typed, "高血压病")


@pytest.mark.parametrize(
    ("term", "initials"),
    [("川芎", "cx"), ("重楼", "cl"), ("射干", "sg"), ("莪术", "ez"), ("阿胶", "ej"), ("白术", "bz"), ("人参", "rs"),
     ("大黄", "dh"), ("没药", "my"), ("女贞子", "nzz"), ("便血", "bx"), ("薄荷", "bh"), ("血压", "xy"), ("骨髓", "gs")],
)  # fmt: skip
def test_the_usual_reading_of_a_medical_word_comes_first(term: str, initials: str) -> None:
    first = min((key for key in term_keys("", term) if key.initials), key=lambda key: key.weight)

    assert (first.initials, first.weight // 100) == (initials, HEAD)


def test_another_reading_finds_a_term_but_ranks_lower() -> None:
    keys = {key.initials: key.weight for key in term_keys("", "重楼") if key.initials}

    assert keys["cl"] < keys["zl"]


@pytest.mark.parametrize("typed", ["2xtnb", "ctjc", "ctjiancha", "nvzhenzi", "nuzhenzi"])
def test_digits_letters_and_both_ways_to_write_u_are_read(typed: str) -> None:
    assert any(finds(typed, term) for term in ("2型糖尿病", "CT检查", "女贞子"))


def test_what_was_found_is_marked() -> None:
    assert marked("原发性高血压", "gxy") == [("原发性", False), ("高血压", True)]
    assert marked("原发性高血压", "血压") == [("原发性高", False), ("血压", True)]
    assert marked("原发性高血压", "tnb") == [("原发性高血压", False)]
    assert marked("Essential hypertension", "hyper") == [
        ("Essential ", False),
        ("hyper", True),
        ("tension", False),
    ]


@given(st.text(max_size=50))
def test_any_text_has_keys_and_ways_to_be_read(text: str) -> None:
    for key in term_keys("c", text):
        assert key.text or key.initials
        assert (key.initials is None) == (key.spelt is None)
        assert key.initials is None or len(key.initials) == len((key.spelt or "").split())
    cuts(text)
    assert "".join(piece for piece, _ in marked(text, text[:3])) == text
