"""What is shown and printed, and how it is read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.healthcard.make import NOW, after
from xinglin.crypto.tokens import TokenRefused
from xinglin.healthcard import codes
from xinglin.healthcard.codes import Way

CARD = 0x1234_5678_9ABC_DEF0


def test_shown_code_leads_to_its_card():
    read = codes.read(codes.shown(CARD, now=NOW), now=after(59))

    assert codes.subject_of(read) == (CARD, None)


def test_code_of_a_carer_names_the_binding():
    read = codes.read(codes.shown(CARD, now=NOW, binding=7), now=NOW)

    assert codes.subject_of(read) == (CARD, 7)


def test_shown_code_ends_after_its_time():
    with pytest.raises(TokenRefused, match="expired"):
        codes.read(codes.shown(CARD, now=NOW), now=after(60))


def test_shown_code_is_short_enough_for_an_old_scanner():
    text = codes.shown(CARD, now=NOW)

    assert re.fullmatch("[0-9A-Z]{140,170}", text)


def test_number_has_the_form_of_the_electronic_card_and_depends_on_all_of_its_parts():
    numbers = {
        codes.number_of(*parts)
        for parts in [("p", "virtual", 1), ("q", "virtual", 1), ("p", "physical", 1), ("p", "virtual", 2)]
    }

    assert len(numbers) == 4
    assert all(re.fullmatch("[0-9a-f]{64}", number) for number in numbers)
    assert codes.number_of("p", "virtual", 1) in numbers


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        lambda t: f"  {t}\r\n",
        lambda t: t[:20] + " " + t[20:],
        lambda t: t.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}),
    ],
    ids=["small letters", "blanks and return", "blank inside", "full width"],
)
def test_what_keyboards_do_to_a_code_is_undone(change):
    shown = codes.shown(CARD, now=NOW)
    number = codes.number_of("p", "virtual", 1)

    assert codes.presented(change(shown)) == codes.Presented(Way.SHOWN, token=shown)
    assert codes.presented(change(codes.printed(number))) == codes.Presented(Way.PRINTED, number=number)


def test_number_may_be_typed_without_its_mark():
    number = codes.number_of("p", "virtual", 1)

    assert codes.presented(number) == codes.Presented(Way.PRINTED, number=number)


@given(text=st.text(max_size=100))
@settings(deadline=None)
def test_anything_else_is_neither(text):
    assert codes.presented(text).way in {Way.NONE, Way.SHOWN}
    if not "".join(text.split()).upper().startswith("X"):
        assert codes.presented(text).way is Way.NONE or "Ｘ" in text or "ｘ" in text


def test_drawing_has_neither_style_nor_script_nor_size():
    drawn = codes.drawing(codes.printed("0" * 64))

    assert drawn.startswith('<svg viewBox="')
    assert not re.search(r"style|script|\son|width|height|xmlns:xlink", drawn.split("<path")[0])
    assert "style=" not in drawn


def test_printed_code_says_nothing_of_its_holder():
    assert re.fullmatch("[0-9A-F]{64}:1", codes.printed(codes.number_of("p", "physical", 9)))
