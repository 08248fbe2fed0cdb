"""The keys under which a term is found: its characters, the Latin spelling of them, its code, its other names.

A term is filed under its text from every character on (高血压, 血压, 压), so that whatever part is remembered
finds it, and from every character on under the initials of its syllables (``gxy``) beside the syllables themselves
(``gao xue ya``). What is typed is cut into syllables or beginnings of them in each way that makes sense, so that
``gxy``, ``gaoxueya`` and ``gaoxy`` are one and the same look-up by initials. The dictionary of pypinyin is
overruled by the reviewed list ``terms.toml``; other readings are filed too, but rank lower.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from xinglin.fhir.index.keys import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_IS_HAN = re.compile(f"[{_HAN}]")
_PLAIN = re.compile("[a-z0-9]")
_RUNS = re.compile(f"[{_HAN}]+")
_VOWEL = re.compile("[aeiouv]")
_LATIN = re.compile("[a-zα-ω0-9]")

STARTS = 24  # characters of a term from which it is filed
LONGEST = 40  # characters of a key
_SYLLABLES = 12  # of a key
_VARIANTS = 3  # further readings of a term
_CUTS = 6  # ways to cut what is typed

HEAD, ALIAS, INNER, INNER_ALIAS, VARIANT = 0, 1, 2, 3, 4
"""What a key is to its term; the first counts most. Within each the shorter term goes first."""
_CLASS = 100
OUT_OF_USE = 800  # added to the weights of what is no longer used


class Key(NamedTuple):
    """``weight``: the smaller, the nearer to what is meant."""

    weight: int
    text: str | None
    initials: str | None
    spelt: str | None


class Cut(NamedTuple):
    """One way to read Latin letters as syllables.

    Initials alone, or else how the syllables ``begin`` (``gao x``) and, if that is not all, the ``pattern`` of them.
    """

    initials: str
    begin: str | None = None
    pattern: str | None = None

    def fits(self, initials: str, spelt: str) -> bool:
        """Whether a key is found by it."""
        if not initials.startswith(self.initials) or not spelt.startswith(self.begin or ""):
            return False
        return self.pattern is None or re.match(self.pattern, spelt) is not None


class _Overrides(NamedTuple):
    version: str
    characters: dict[str, list[str]]
    words: dict[str, list[str]]


@cache
def _overrides() -> _Overrides:
    text = (Path(__file__).parent / "terms.toml").read_text(encoding="utf-8")
    return _Overrides(**tomllib.loads(text))


@cache
def _words() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _overrides().words), key=len, reverse=True)))


class _Unit(NamedTuple):
    """A character with its readings, the usual one first; ``offset`` is its place in the text."""

    char: str
    readings: tuple[str, ...]
    offset: int
    starts: bool  # whether a key may start here


def term_keys(code: str, display: str, others: Iterable[str] = ()) -> list[Key]:
    """The keys of a concept: of its code, its display and its other names."""
    found: dict[tuple[str | None, str | None], Key] = {}
    for key in _all_keys(code, display, others):
        known = found.get(key[1:3])
        if known is None or key.weight < known.weight:
            found[key[1:3]] = key
    return list(found.values())


def _all_keys(code: str, display: str, others: Iterable[str]) -> Iterator[Key]:
    folded = code.lower()[:LONGEST]
    yield Key(min(len(folded), _CLASS - 1), folded, None, None)
    yield from _name_keys(display, HEAD)
    for other in dict.fromkeys(others):
        if other and other != display:
            yield from _name_keys(other, ALIAS)


def _name_keys(name: str, head: int) -> Iterator[Key]:
    text = normalise(name)
    length = min(len(text), _CLASS - 1)
    units = _units(text)
    chinese = any(len(unit.readings[0]) > 1 for unit in units) or bool(_IS_HAN.search(text))
    usual = [unit.readings[0] for unit in units]
    for place, unit in enumerate(units[:STARTS]):
        if unit.starts:
            weight = (head if not place else head + INNER) * _CLASS + length
            yield _key(weight, text[unit.offset :], usual[place:] if chinese else None)
    if not chinese:
        return
    for place, reading in _variants(units):
        spelt = [*usual[:place], reading, *usual[place + 1 :]]
        for start in range(min(place + 1, STARTS)):
            if units[start].starts:
                weight = (head + VARIANT + (INNER if start else 0)) * _CLASS + length
                yield _key(weight, None, spelt[start:])


def _key(weight: int, text: str | None, syllables: list[str] | None) -> Key:
    shown = syllables[:_SYLLABLES] if syllables else None
    return Key(
        weight,
        text[:LONGEST].rstrip() if text else None,
        "".join(syllable[0] for syllable in shown) if shown else None,
        " ".join(shown) if shown else None,
    )


def _variants(units: list[_Unit]) -> list[tuple[int, str]]:
    found = [(place, reading) for place, unit in enumerate(units) for reading in unit.readings[1:]]
    return found[:_VARIANTS]


def _units(text: str) -> list[_Unit]:
    """The characters that can be spelt: Chinese ones, letters and digits; each of those is its own syllable."""
    readings = _readings(text)
    found: list[_Unit] = []
    before = " "
    for offset, char in enumerate(text):
        if offset in readings:
            found.append(_Unit(char, readings[offset], offset, starts=True))
        elif _LATIN.match(char):
            found.append(_Unit(char, (char,), offset, starts=not _LATIN.match(before)))
        before = char
    return found


def _readings(text: str) -> dict[int, tuple[str, ...]]:
    """The readings of each Chinese character by its place: reviewed words, else the dictionary's."""
    found: dict[int, tuple[str, ...]] = {}
    for run in _RUNS.finditer(text):
        chars, start = run[0], run.start()
        for place, (char, reading) in enumerate(zip(chars, _dictionary(chars), strict=True)):
            found[start + place] = _character(char, reading)
        for word in _words().finditer(chars):
            choices = [reading.split() for reading in _overrides().words[word[0]]]
            for place in range(len(word[0])):
                readings = dict.fromkeys(choice[place] for choice in choices)
                found[start + word.start() + place] = tuple(readings)
    return found


@lru_cache(maxsize=1 << 14)
def _character(char: str, reading: str) -> tuple[str, ...]:
    """The reading in its word, then the reviewed ones, then one more of the dictionary's."""
    reviewed = _overrides().characters.get(char)
    if reviewed is not None:
        return tuple(reviewed)
    listed = PINYIN_DICT.get(ord(char), "").split(",")
    plain = [syllable for syllable in map(_plain, listed) if syllable]
    return tuple(dict.fromkeys([reading, *plain[:2]]))


@lru_cache(maxsize=1 << 12)
def _plain(syllable: str) -> str:
    """A syllable without its tone, ü as v."""
    letters = normalise(syllable.replace("ü", "v").translate(_TONED_V))
    return letters if letters.isascii() and letters.isalpha() else ""


_TONED_V = str.maketrans(dict.fromkeys("ǖǘǚǜ", "v"))


def _dictionary(chars: str) -> list[str]:
    read = [_plain(syllable) or syllable for syllable in lazy_pinyin(chars)]
    if len(read) == len(chars):
        return [syllable if syllable.isascii() else "?" for syllable in read]
    return [_plain(PINYIN_DICT.get(ord(char), "").split(",")[0]) or "?" for char in chars]


# -- what is typed


@cache
def _syllables() -> frozenset[str]:
    """Every syllable of the language, ü as v and as u."""
    found = {_plain(one) for listed in PINYIN_DICT.values() for one in listed.split(",")} - {""}
    found = {one for one in found if one[0] not in "iuv" and len(one) > 1 and _VOWEL.search(one)}
    found |= {"a", "e", "o"}
    return frozenset(found | {one.replace("v", "u") for one in found})


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(one[:length] for one in _syllables() for length in range(1, len(one) + 1))


_ALONE = frozenset("bpmfdtnlgkhjqxrzcsyw") | {"zh", "ch", "sh"}


@lru_cache(maxsize=4096)
def cuts(letters: str) -> tuple[Cut, ...]:
    """The ways to read ``letters`` as syllables, initials or digits, the one with the fewest pieces first.

    A syllable may be cut short at its initial consonant, the last one anywhere.
    """
    if not letters or len(letters) > LONGEST or not all(map(_PLAIN.match, letters)):
        return ()
    ways: list[list[tuple[str, ...]]] = [[()]]
    for end in range(1, len(letters) + 1):
        here: list[tuple[str, ...]] = []
        for start in range(max(0, end - 6), end):
            piece = letters[start:end]
            if _may_stand(piece, last=end == len(letters)):
                here += [(*way, piece) for way in ways[start] if _may_follow(way, piece)]
        ways.append(sorted(here, key=len)[:_CUTS])
    shortest = min(map(len, ways[-1]), default=0)
    found = {cut: None for way in ways[-1] if len(way) <= shortest + 1 for cut in _cut(way)}
    single = Cut(letters)  # letters and digits within a name are syllables of their own
    return tuple(dict.fromkeys([*found, *([single] if len(letters) <= _SYLLABLES else [])]))


def _may_follow(way: tuple[str, ...], piece: str) -> bool:
    """Not where a lone initial and the syllable after it are one syllable: ``zhong`` is not z, hong."""
    return not way or len(piece) == 1 or way[-1] not in _ALONE or way[-1] + piece not in _syllables()


def _may_stand(piece: str, *, last: bool) -> bool:
    if piece.isdigit():
        return len(piece) == 1
    return piece in _syllables() or piece in _ALONE or (last and piece in _beginnings())


def _cut(pieces: tuple[str, ...]) -> list[Cut]:
    """The cut of these pieces; two where a u may stand for ü."""
    pieces = pieces[:_SYLLABLES]
    initials = "".join(piece[0] for piece in pieces)
    if len(initials) == sum(map(len, pieces)):
        return [Cut(initials)]
    found = [_spelt_cut(initials, pieces)]
    written = tuple(re.sub("^([nl])u", r"\1v", piece) for piece in pieces)
    if written != pieces and _syllables() >= {piece for piece in written if len(piece) > 1}:
        found.append(_spelt_cut(initials, written))
    return found


def _spelt_cut(initials: str, pieces: tuple[str, ...]) -> Cut:
    """Everything up to the first piece that is only a beginning, and a pattern if more comes after that."""
    last = len(pieces) - 1
    first_open = next((n for n, piece in enumerate(pieces) if piece in _ALONE), last)
    begin = " ".join(pieces[: first_open + 1])
    if first_open == last:
        return Cut(initials, begin)
    places = [
        piece + ("[a-z]*" if piece in _ALONE or number == last else "") for number, piece in enumerate(pieces)
    ]
    return Cut(initials, begin, "^" + " ".join(places) + "( |$)")


def marked(text: str, typed: str) -> list[tuple[str, bool]]:
    """``text`` in pieces, those that ``typed`` has found marked: by characters, else by spelling."""
    folded = normalise(typed)
    if not folded or len(text) != len(normalise(text)):
        return [(text, False)]
    at = normalise(text).find(folded)
    length = len(folded)
    if at < 0:
        at, length = _spelt_place(normalise(text), folded.replace(" ", ""))
    pieces = [(text[:at], False), (text[at : at + length], True), (text[at + length :], False)]
    return [piece for piece in pieces if piece[0]] if at >= 0 else [(text, False)]


def _spelt_place(text: str, letters: str) -> tuple[int, int]:
    """Where letters spell a part of the text: offset and length; -1 if nowhere."""
    units = _units(text)
    usual = [unit.readings[0] for unit in units]
    for cut in cuts(letters):
        size = len(cut.initials)
        for start in range(len(units) - size + 1):
            spelt = usual[start : start + size]
            if cut.fits("".join(s[0] for s in spelt), " ".join(spelt)):
                return units[start].offset, units[start + size - 1].offset + 1 - units[start].offset
    return -1, 0
