"""The colours can be read: WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (graphics 3:1), light and dark.

A browser's checker does not judge text inside a drawing, so the pairs are computed here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "src" / "xinglin" / "ui" / "static" / "xl" / "tokens.css"
_CHOSEN = {"light": ":root", "dark": '[data-bs-theme="dark"]'}
LANES = ("outpatient", "inpatient", "laboratory", "imaging", "medicine", "tcm", "public")
TEXT = [
    ("ink", "card"), ("ink", "ground"), ("ink-2", "card"), ("ink-2", "ground"), ("ink-2", "head"), ("ink", "teal-soft"),
    ("teal", "card"), ("on-teal", "teal"), ("bar-ink", "bar"), ("bar-ink-2", "bar"), ("bar-ink-2", "bar-field"),
    *((colour, f"{colour}-soft") for colour in ("teal", "red", "amber", "green", "violet", "blue")),
    ("red", "card"), ("blue", "card"), ("ink-2", "teal-soft"), ("red", "teal-soft"), ("card", "ink"),
]  # fmt: skip
GRAPHICS = [
    *((f"lane-{lane}", "card") for lane in LANES),
    ("line-strong", "card"), ("line-strong", "ground"), ("focus", "card"), ("focus", "ground"), ("teal", "band"),
    ("red", "band"), ("bar-line", "bar"),
]  # fmt: skip


def colours(theme: str) -> dict[str, str]:
    """The tokens of a theme; dark says only what it changes."""
    text = TOKENS.read_text()
    found: dict[str, str] = {}
    for name in ("light", theme):
        block = text.split(f"{_CHOSEN[name]} {{", 1)[1].split("}", 1)[0]
        found |= dict(re.findall(r"--xl-([\w-]+):\s*(#[0-9a-f]+)", block))
    return found


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_of_black_on_white_is_the_greatest():
    assert round(contrast("#000", "#ffffff"), 6) == 21


@pytest.mark.parametrize("theme", _CHOSEN)
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (GRAPHICS, 3.0)], ids=["text", "graphics"])
def test_colours_stand_out(theme, pairs, least):
    tokens = colours(theme)

    weak = {f"{a} on {b}": round(contrast(tokens[a], tokens[b]), 2) for a, b in pairs}

    assert {pair: ratio for pair, ratio in weak.items() if ratio < least} == {}
