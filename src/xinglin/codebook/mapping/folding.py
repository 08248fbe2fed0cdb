"""What a name comes down to when names are compared. Pure."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_BRACKETS = re.compile(r"[(\[{【〔<]([^()\[\]{}【】〔〕<>]*)[)\]}】〕>]")
_METHOD = re.compile(rf"[{_HAN}a-z0-9\-+]*法\d?$|^(elisa|clia|pcr|poct|ngs)$")
_PIECES = re.compile(rf"[{_HAN}]+|[a-zα-ω]+\d*[a-z]*|\d+(?:\.\d+)?")
_RUN = re.compile(rf"[{_HAN}]+")
_LATIN = re.compile(r"[a-z][a-z0-9]*|\d+")
_GRADES = {"iv": "4", "iii": "3", "ii": "2", "i": "1", "四": "4", "三": "3", "二": "2", "一": "1"}
_GRADED = re.compile(r"(iv|iii|ii|i|[一二三四])(?=[型期级度])")
_NUMBER = re.compile(r"\d+")
_GREEK = str.maketrans({"α": "a", "β": "b", "γ": "g", "δ": "d", "κ": "k", "λ": "l", "μ": "u", "ω": "w"})


class Words(NamedTuple):
    """``words.toml``."""

    noise: tuple[str, ...]
    forms: tuple[str, ...]
    equal: tuple[tuple[str, str], ...]
    tell: tuple[str, ...]


@cache
def words() -> Words:
    said = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    longest = sorted(said["equal"].items(), key=lambda pair: -len(pair[0]))
    return Words(
        tuple(sorted(said["noise"], key=len, reverse=True)),
        tuple(sorted(said["forms"], key=len, reverse=True)),
        tuple((one, other) for one, other in longest if one != other),
        tuple(said["tell"]["words"]),
    )


@dataclass(frozen=True, slots=True)
class Folded:
    """A name made comparable.

    ``text`` is all of it in one writing; ``bare`` what remains without noise, methods and dosage forms; ``pieces``
    the pairs of characters, words of letters and numbers in it; ``tells`` the words that set it apart.
    """

    text: str
    bare: str
    pieces: frozenset[str]
    tells: frozenset[str]
    numbers: frozenset[str]


@lru_cache(maxsize=1 << 17)
def fold(name: str) -> Folded:
    """谷丙转氨酶(ALT) 测定 → text ``谷丙转氨酶alt测定``, bare ``谷丙转氨酶alt``."""
    plain = _plain(name)
    kept = _BRACKETS.sub(lambda found: "" if _METHOD.search(found[1].strip()) else f" {found[1]} ", plain)
    text = _joined(kept)
    for one, other in words().equal:
        text = text.replace(one, other)
    bare = text
    for word in (*words().noise, *words().forms):
        if word in bare and len(bare) > len(word) + 1:
            bare = bare.replace(word, "")
    if len(bare) > 3:
        bare = bare.replace("性", "").rstrip("病症") or bare
    return Folded(
        text=text,
        bare=bare,
        pieces=frozenset(_pieces(bare, kept)),
        tells=frozenset(word for word in words().tell if word in text),
        numbers=frozenset(_NUMBER.findall(text)),
    )


def variants(name: str) -> tuple[Folded, ...]:
    """A name as a whole, and what stands in and outside its brackets as names of their own.

    丙氨酸氨基转移酶(ALT) may be either of the two; so may what is parted by a slash or a blank: 血糖 GLU.
    """
    plain = _plain(name)
    inside = [part.strip() for part in _BRACKETS.findall(plain)]
    outside = _BRACKETS.sub(" ", plain).strip()
    parts = [outside, *(part for part in inside if not _METHOD.search(part))]
    parts += re.findall(rf"[{_HAN}][{_HAN}\d,.\-αβγ]*[{_HAN}]", outside)
    parts += re.findall(r"(?<![a-z0-9])[a-z][a-z0-9\-+#%/]{1,}(?![a-z0-9])", outside)
    found = dict.fromkeys([fold(name), *(fold(part) for part in parts if len(_joined(part)) > 1)])
    return tuple(found)


def _plain(name: str) -> str:
    """One width, one case, grades and types as figures."""
    text = unicodedata.normalize("NFKC", name).lower().translate(_GREEK).strip()
    return _GRADED.sub(lambda found: _GRADES[found[1]], text)


def _joined(text: str) -> str:
    """Without blanks and punctuation, but for what tells abbreviations apart."""
    return re.sub(rf"[^{_HAN}a-z0-9#%]+", "", text)


def _pieces(bare: str, kept: str) -> list[str]:
    found: list[str] = []
    for run in _RUN.findall(bare):
        found += [*run, *(run[n : n + 2] for n in range(len(run) - 1))]
    found += [piece for piece in _PIECES.findall(kept) if not _RUN.match(piece)]
    found += _LATIN.findall(bare)
    found += [sign for sign in "#%" if sign in kept]
    return found
