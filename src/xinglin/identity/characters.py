"""Characters of names: which are one and the same, which sound or look alike.

``data/characters-1.toml`` holds the variants, look-alikes and private-use code points; sounds come from the
dictionary of pypinyin, all readings of a character counting.
"""

from __future__ import annotations

import tomllib
import unicodedata
from functools import cache, lru_cache
from itertools import combinations, product
from pathlib import Path
from typing import Any, Literal

from xinglin.terminology import pinyin

Likeness = Literal["", "sound", "accent", "shape"]

POINTS = "·•・‧．.。∙⋅●﹒᛫⸱･-—―‐－_'’`"
_DROPPED = {
    ord(c): None for c in POINTS + ' \u3000\t\r\n\u200b\u200c\u200d\ufeff\xa0,，、/*＊?？()（）[]【】〔〕"“”'
}


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "data" / "characters-1.toml").read_text(encoding="utf-8"))


@cache
def folding() -> dict[int, str | None]:
    """For ``str.translate``: variants and private-use characters to the form that is kept, points to nothing."""
    result: dict[int, str | None] = dict(_DROPPED)
    for word in _table()["variants"]["groups"].split():
        for other in word[1:]:
            result.setdefault(ord(other), word[0])
    for code, character in _table()["private"].items():
        result[ord(code)] = character
    return result


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """A name as it is compared: simplified forms, no spaces, points or brackets, small Latin letters."""
    return unicodedata.normalize("NFKC", text).translate(folding()).lower()


@cache
def _shapes() -> frozenset[tuple[str, str]]:
    """All pairs that look alike, both ways round."""
    pairs: set[tuple[str, str]] = set()
    words = _table()["shapes"]["groups"].split() + _table()["substitutes"]["groups"].split()
    for word in words:
        folded = [c.translate(folding()) for c in word]
        for a, b in combinations(folded, 2):
            if a != b:
                pairs |= {(a, b), (b, a)}
    return frozenset(pairs)


@lru_cache(maxsize=1 << 15)
def readings(character: str) -> frozenset[str]:
    """Every way in which the character is read, without tones; a letter is read as itself."""
    return frozenset(pinyin.readings_of(character))


@cache
def _accents() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    table = _table()["accents"]
    pairs = [tuple((w.split()[0], w.split()[1]) for w in table[part]) for part in ("initials", "finals")]
    return pairs[0], pairs[1]


@lru_cache(maxsize=1 << 12)
def _broad(syllable: str) -> str:
    """The syllable as the regions that merge most sounds would say it."""
    initials, finals = _accents()
    for told, merged in initials:
        if syllable.startswith(told):
            syllable = merged + syllable[len(told) :]
            break
    for told, merged in finals:
        if syllable.endswith(told):
            return syllable[: -len(told)] + merged
    return syllable


@lru_cache(maxsize=1 << 16)
def likeness(a: str, b: str) -> Likeness:
    """How the one character comes to stand for the other; empty if they are not alike."""
    of_a, of_b = readings(a), readings(b)
    if of_a & of_b:
        return "sound"
    if (a, b) in _shapes():
        return "shape"
    if any(_broad(x) == _broad(y) for x, y in product(of_a, of_b)):
        return "accent"
    return ""
