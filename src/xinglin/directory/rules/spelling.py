"""What one may type to find a name of the directory: its characters, full pinyin or initials.

Names of institutions and divisions are long and begin alike, so that each may also be found from any of its
characters on: 杏川市第一人民医院 by ``rmyy``. Names of people have readings of their own (``terminology.pinyin``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pypinyin import lazy_pinyin

from xinglin.terminology.pinyin import name_keys

MOST_PLACES = 24  # characters from which a name may be found
_APART = re.compile(r"[\s·•・‧,，.．()（）【】\[\]\-—_/]+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]")


def plain(text: str) -> str:
    """As names are compared: full-width forms, capitals, blanks and points do not count."""
    return _APART.sub("", unicodedata.normalize("NFKC", text)).casefold()


@lru_cache(maxsize=1 << 12)
def _syllables(name: str) -> tuple[str, ...]:
    """One syllable or character for each character of ``name``."""
    read: list[str] = []
    for run in re.findall(rf"(?:{_HAN.pattern})+|.", name):
        read += lazy_pinyin(run) if _HAN.match(run) else [run]
    return tuple(read)


def long_keys(name: str) -> list[tuple[int, str]]:
    """The keys of an institution, department, service, place or division: (place, key)."""
    bare, words = plain(name), _word_starts(name)
    syllables = _syllables(bare)
    if len(syllables) != len(bare):  # a rare character without a reading
        return [(0, bare)]
    found: dict[tuple[int, str], None] = {}
    for place in range(min(len(bare), MOST_PLACES)):
        if place not in words and not _HAN.match(bare[place]) and not _HAN.match(bare[place - 1]):
            continue  # not from the middle of a word or number
        rest = syllables[place:]
        for key in (bare[place:], "".join(rest), "".join(s[0] for s in rest)):
            found[place, key] = None
    return list(found)


def _word_starts(name: str) -> set[int]:
    """Where the words of a name begin in what ``plain`` makes of it."""
    starts, place = set(), 0
    for word in _APART.split(unicodedata.normalize("NFKC", name).casefold()):
        starts.add(place)
        place += len(word)
    return starts


def personal_keys(name: str) -> list[tuple[int, str]]:
    """The keys of a person's name."""
    keys = dict.fromkeys([plain(name), *(key.replace(" ", "") for key in name_keys(name))])
    return [(0, key) for key in keys if key]


def initials(name: str) -> str:
    """The first letters of a name, by which a tree is walked."""
    return "".join(s[0] for s in _syllables(plain(name)))[:12]
