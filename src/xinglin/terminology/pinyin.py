"""The Latin spellings under which a Chinese name is looked up.

A name is split into surname and given name, each read by the table of ``readings.toml`` before the
dictionary of pypinyin, since many characters have a reading of their own in names: 单雄信 is Shan, not Dan.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pypinyin import lazy_pinyin

from xinglin.fhir.index.keys import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_READINGS = 6  # of one name; the likeliest come first
_PARTS = re.compile(r"[\s·•・‧.．]+")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_UNITS = re.compile(rf"[{_HAN}]|[^{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")
_U_UMLAUT = ("v", "u", "yu")  # typed, simplified, and as passports have it


class Readings(NamedTuple):
    """``readings.toml``: how characters are read in names, likeliest first."""

    version: str
    surnames: dict[str, list[str]]
    compounds: dict[str, list[str]]
    given: dict[str, list[str]]


@cache
def readings() -> Readings:
    """The table, read once."""
    return Readings(**tomllib.loads((Path(__file__).parent / "readings.toml").read_text(encoding="utf-8")))


@lru_cache(maxsize=1 << 14)
def name_keys(name: str) -> tuple[str, ...]:
    """How ``name`` may be written by someone who looks for it, beside the name itself.

    张三丰 → ``zhangsanfeng``, ``zhang san feng``, ``zhang sanfeng``, ``zsf``, ``张 三丰``; the same for each
    further reading. A space tells where the surname ends. Of a name with a point (阿依古丽·买买提) every
    part is read as it stands. A name without Chinese characters has no keys.
    """
    parts = [part for part in _PARTS.split(normalise(name)) if part]
    if not _IS_HAN.search("".join(parts)):
        return ()
    if re.search("[·•・‧．.]", name) or len(parts) > 2:
        return _distinct(_foreign_keys(parts))
    surname, given = parts if len(parts) == 2 else split(parts[0])
    return _distinct([*_native_keys(surname, given), *_written(surname, given)])


def split(name: str) -> tuple[str, str]:
    """Surname and given name of a Chinese name written without a space."""
    compounds = readings().compounds
    for length in (4, 2):
        if len(name) > length and name[:length] in compounds:
            return name[:length], name[length:]
    if not _IS_HAN.match(name):
        return name, ""
    return name[:1], name[1:]


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for key in found if key))


def _written(surname: str, given: str) -> tuple[str, ...]:
    """The name in its own characters, with the space that tells the parts."""
    return (f"{surname} {given}",) if given else ()


def _native_keys(surname: str, given: str) -> Iterator[str]:
    family_readings = list(_surname_readings(surname))
    given_readings = list(islice(_given_readings(given), MOST_READINGS))
    pairs = sorted(
        product(range(len(family_readings)), range(len(given_readings))), key=lambda pair: (sum(pair), pair)
    )
    for first, second in pairs[:MOST_READINGS]:
        family, personal = family_readings[first], given_readings[second]
        for spelt in _spellings((*family, "|", *personal)):
            bar = spelt.index("|")
            yield from _forms(spelt[:bar], spelt[bar + 1 :])


def _forms(family: tuple[str, ...], personal: tuple[str, ...]) -> Iterator[str]:
    syllables = (*family, *personal)
    yield "".join(syllables)
    yield " ".join(syllables)
    yield " ".join(("".join(family), "".join(personal))).strip()
    yield "".join(syllable[0] for syllable in syllables)


def _foreign_keys(parts: list[str]) -> Iterator[str]:
    """Of a name in several parts, none of which is a Chinese surname."""
    read = [
        tuple(syllable for unit in _UNITS.findall(part) for syllable in _dictionary(unit)) for part in parts
    ]
    for spelt in _spellings(tuple(syllable for part in read for syllable in (*part, "|"))):
        words = [word.split() for word in " ".join(spelt).split("|") if word.strip()]
        syllables = [syllable for word in words for syllable in word]
        yield "".join(syllables)
        yield " ".join(syllables)
        yield " ".join("".join(word) for word in words)
        yield "".join(syllable[0] for syllable in syllables)
        yield from ("".join(word) for word in words)


def _spellings(syllables: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The syllables with ü in each of its spellings."""
    if not any("v" in syllable and syllable[0] in "ln" for syllable in syllables):
        yield syllables
        return
    for letters in _U_UMLAUT:
        yield tuple(s.replace("v", letters) if s[0] in "ln" else s for s in syllables)


def _surname_readings(surname: str) -> Iterator[tuple[str, ...]]:
    table = readings()
    if surname in table.compounds:
        yield tuple(table.compounds[surname])
    elif surname in table.surnames:
        yield from ((reading,) for reading in table.surnames[surname])
    else:
        yield tuple(syllable for unit in _UNITS.findall(surname) for syllable in _dictionary(unit))


def _given_readings(given: str) -> Iterator[tuple[str, ...]]:
    """Each reading of a given name: the dictionary's for the whole, then those of single characters.

    A character that occurs twice is read the same way twice.
    """
    table, units = readings().given, _UNITS.findall(given)
    in_context = iter(_dictionary("".join(unit for unit in units if _IS_HAN.match(unit))))
    choices: dict[str, list[str]] = {}
    for unit in units:
        reading = next(in_context, unit) if _IS_HAN.match(unit) else unit
        choices.setdefault(unit, list(dict.fromkeys([reading, *table.get(unit, [])])))
    for chosen in product(*choices.values()):
        reading_of = dict(zip(choices, chosen, strict=True))
        yield tuple(reading_of[unit] for unit in units)


@lru_cache(maxsize=1 << 14)
def _dictionary(text: str) -> tuple[str, ...]:
    """The dictionary's syllables of a run of Chinese characters; any other text is one syllable."""
    if not text:
        return ()
    if not _IS_HAN.match(text):
        return (text,)
    return tuple(normalise(syllable) for syllable in lazy_pinyin(text))


@lru_cache(maxsize=1 << 14)
def readings_of(character: str) -> tuple[str, ...]:
    """How one character is read, without tones, the likeliest first; what is not Chinese reads as itself.

    The dictionary's first reading and those of ``readings.toml``: the dictionary's others are mostly of old books.
    """
    if not _IS_HAN.match(character):
        return (character,)
    table = readings()
    named = [*table.given.get(character, ()), *table.surnames.get(character, ())]
    return _distinct([*_dictionary(character), *named])


@lru_cache(maxsize=1 << 14)
def surname_reading(surname: str) -> tuple[str, ...]:
    """The syllables in which most bearers read the surname."""
    return next(_surname_readings(surname))
