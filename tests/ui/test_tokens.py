"""The colours of the kit: every pair that words stand in is readable, in every theme and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "src" / "xinglin" / "ui" / "static" / "xl" / "tokens.css").read_text()
ENOUGH = 4.5  # WCAG 2.2, 1.4.3: contrast (minimum)
ENOUGH_DRAWN = 3.0  # 1.4.11: what is drawn
_NAMED = re.compile(r"--(xl-[a-z0-9-]+): (#[0-9a-f]{3,6});")

INKS = ["ink", "ink-2", "teal", "red", "amber", "green", "violet", "blue", "brown"]
PAIRS = [
    *[(ink, ground) for ink in INKS for ground in ("card", "head")],
    *[(ink, "ground") for ink in ("ink", "ink-2", "teal")],
    *[(colour, f"{colour}-soft") for colour in ("teal", "red", "amber", "green", "violet", "blue")],
    ("on-teal", "teal"),
    *[(ink, ground) for ink in ("bar-ink", "bar-ink-2") for ground in ("bar", "bar-field")],
]
LANES = ["outpatient", "inpatient", "laboratory", "imaging", "medicine", "tcm", "public"]
DRAWN = [*[(f"lane-{lane}", "card") for lane in LANES], ("line-strong", "card"), ("focus", "card")]


def block(opening: str) -> dict[str, str]:
    """The colours that a rule of the style sheet sets."""
    start = TOKENS.index(opening)
    return dict(_NAMED.findall(TOKENS[start : TOKENS.index("}", start)]))


LIGHT = block("\n:root {")
THEMES = {
    "light": LIGHT,
    "dark": LIGHT | block('\n[data-bs-theme="dark"] {'),
    "wall": LIGHT | block('\n[data-bs-theme="dark"] {') | block('\nhtml[data-xl-look="wall"] {'),
    "paper": LIGHT | block("@media print"),
}


def luminance(colour: str) -> float:
    """The relative luminance of #rgb or #rrggbb, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_words_and_what_is_drawn_stand_out(theme):
    colours = THEMES[theme]
    weak = {
        pair: round(found, 2)
        for least, pairs in ((ENOUGH, PAIRS), (ENOUGH_DRAWN, DRAWN))
        for pair in pairs
        if (found := contrast(colours[f"xl-{pair[0]}"], colours[f"xl-{pair[1]}"])) < least
    }

    assert weak == {}


def test_paper_leaves_no_colour_of_the_dark_theme():
    dark, paper = block('\n[data-bs-theme="dark"] {'), block("@media print")

    assert sorted(set(dark) - set(paper)) == []


def test_contrast_is_measured_as_defined():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)
