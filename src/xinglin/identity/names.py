"""Names taken apart, and how near two of them are.

A Chinese name is compared character by character, a name in Latin letters word by word. A child that is still
called after its mother (李梅之子, 李梅之双胎A) has no name of its own: it has a mother and perhaps an order of birth.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from xinglin.identity import characters
from xinglin.terminology import pinyin

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]")
_NEWBORN = re.compile(
    r"^(?P<mother>.{2,}?)(?:之(?P<kind>[^之]{1,6})|(?P<plain>新生儿|女婴|男婴|婴儿|婴|BB|bb|宝宝|毛毛)(?P<tail>[一二三甲乙丙ABCabc123]?))$"
)
_NEWBORN_WORDS = re.compile(r"[子女婴儿男宝双胞胎孪生大小长次幼第一二三四甲乙丙ABCabc123]+")
_ORDERS = (("大长一甲Aa1", 1), ("小次二乙幼Bb2", 2), ("三丙Cc3", 3))
_LATIN_WORDS = re.compile(r"[^\W\d_]+")


class Parts(NamedTuple):
    """A name as it is compared. ``syllables`` has the words of a Latin name, the surname first."""

    name: str
    surname: str
    given: str
    syllables: tuple[str, ...]
    latin: bool
    newborn_of: str
    order: int


NOBODY = Parts("", "", "", (), False, "", 0)


class NameLevel(IntEnum):
    """How near two names are, the nearest first; the names of the levels are those of the weights file."""

    MISSING = 0
    EXACT = 1
    SOUND = 2  # other characters of the same sound
    SHAPE = 3  # other characters that look alike
    ACCENT = 4  # sounds that some regions do not tell apart
    SWAPPED = 5  # the same characters, or words, in another order
    PART = 6  # one is the other with something left out
    SPELT = 7  # a long or foreign name spelt a little differently
    ONE_OTHER = 8  # one character of the given name is quite another
    GIVEN = 9  # the given name alone
    SURNAME = 10  # the surname alone
    DIFFERENT = 11
    NEWBORN = 12  # one has no name yet, and no twin is spoken of
    NEWBORN_TWIN = 13  # one has no name yet and has a twin


def is_han(text: str) -> bool:
    return _HAN.search(text) is not None


@lru_cache(maxsize=1 << 15)
def newborn(name: str) -> tuple[str, int] | None:
    """The mother in the name of a child without one, and the child's order of birth (0 if not told)."""
    if not is_han(name):
        return None
    found = _NEWBORN.match(unicodedata.normalize("NFKC", name).strip().replace(" ", ""))
    if found is None:
        return None
    kind = found["kind"] or ""
    told = re.sub(r"[()（）]", "", kind)
    if kind and not (_NEWBORN_WORDS.fullmatch(told) and re.search("[子女婴儿男宝胎]", told)):
        return None
    told = told + (found["tail"] or "")
    order = next((n for signs, n in _ORDERS if any(s in told for s in signs)), 0)
    return characters.fold(found["mother"]), order


def take_apart(text: str, family: str = "", given: str = "") -> Parts:
    """``text`` as spoken, ``family`` and ``given`` where the sender told them apart."""
    whole = text or (family + given if is_han(family + given) else f"{given} {family}")
    if not whole.strip():
        return NOBODY
    if not is_han(whole):
        return _latin(whole, family, given)
    return _chinese(whole, family)


@lru_cache(maxsize=1 << 15)
def _chinese(whole: str, family: str) -> Parts:
    if child := newborn(whole):
        return Parts("", "", "", (), latin=False, newborn_of=child[0], order=child[1])
    name = characters.fold(whole)
    if not name:
        return NOBODY
    pointed = re.search("[·•・‧．.∙⋅﹒･]", whole.strip(" .。·")) is not None
    surname = characters.fold(family)
    if not (surname and len(surname) < len(name) and name.startswith(surname)):
        surname = "" if pointed or len(name) > 4 else pinyin.split(name)[0]
    if surname == name and len(name) > 1:
        surname = name[:1]
    given = name[len(surname) :]
    read = pinyin.surname_reading(surname) if surname else ()
    syllables = (*read, *(pinyin.readings_of(c)[0] for c in given))
    return Parts(name, surname, given, syllables, latin=False, newborn_of="", order=0)


@lru_cache(maxsize=1 << 15)
def _latin(whole: str, family: str, given: str) -> Parts:
    """Words without accents, in small letters; the surname is what the sender says, else the last word."""
    words = _words(whole)
    surname = "".join(_words(family))
    if not words:
        return NOBODY
    if family and not surname:
        surname = ""
    elif not surname and len(words) > 1:
        surname = words[0] if whole.split(maxsplit=1)[0].isupper() and not whole.isupper() else words[-1]
    rest = "".join(_words(given)) or "".join(w for w in words if w != surname)
    name = surname + rest if rest != surname else surname
    syllables = tuple(w for w in (surname, rest) if w)
    return Parts(name, surname, rest, syllables, latin=True, newborn_of="", order=0)


def _words(text: str) -> list[str]:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return _LATIN_WORDS.findall(bare.replace("'", "").replace("’", ""))


def compare(a: Parts, b: Parts) -> NameLevel:
    """How near the two names are; the order of the two does not matter."""
    if not a.name or not b.name:
        if not a.newborn_of and not b.newborn_of:
            return NameLevel.MISSING
        return NameLevel.NEWBORN if a.order == b.order else NameLevel.NEWBORN_TWIN
    if a.name == b.name:
        return NameLevel.EXACT
    return _compare(a, b) if (a.name, a.surname) <= (b.name, b.surname) else _compare(b, a)


@lru_cache(maxsize=1 << 16)
def _compare(a: Parts, b: Parts) -> NameLevel:
    if a.latin or b.latin:
        return _compare_words(a, b) if a.latin and b.latin else _compare_scripts(a, b)
    if sorted(a.name) == sorted(b.name):
        return NameLevel.SWAPPED
    if len(a.name) == len(b.name) and (level := _alike(a, b)):
        return level
    if a.syllables == b.syllables:
        return NameLevel.SOUND
    if _left_out(a, b):
        return NameLevel.PART
    if min(len(a.name), len(b.name)) >= 5 and _near(a.syllables, b.syllables):
        return NameLevel.SPELT
    return _by_parts(a, b)


def _alike(a: Parts, b: Parts) -> NameLevel | None:
    """The level of names of one length whose unlike characters are all alike in some way."""
    worst = NameLevel.EXACT
    for x, y in zip(a.name, b.name, strict=True):
        if x == y:
            continue
        how = characters.likeness(x, y)
        if not how:
            return None
        worst = max(
            worst, {"sound": NameLevel.SOUND, "shape": NameLevel.SHAPE, "accent": NameLevel.ACCENT}[how]
        )
    unlike = sum(x != y for x, y in zip(a.name, b.name, strict=True))
    return worst if worst == NameLevel.SOUND or unlike == 1 else None


def _left_out(a: Parts, b: Parts) -> bool:
    """Whether the shorter name is the longer one with a character or a part left out, the surname kept."""
    short, long = (a, b) if len(a.name) < len(b.name) else (b, a)
    if len(short.name) < 2 or len(short.name) == len(long.name):
        return False
    if len(long.name) >= 5:
        return len(short.name) >= 2 and (long.name.startswith(short.name) or long.name.endswith(short.name))
    if len(long.name) - len(short.name) > 1 or short.name[0] != long.name[0]:
        return False
    rest = iter(long.name)
    return all(c in rest for c in short.name)


def _by_parts(a: Parts, b: Parts) -> NameLevel:
    same_surname = a.surname == b.surname if a.surname and b.surname else False
    if same_surname:
        if (
            len(a.given) == len(b.given) > 1
            and sum(x != y for x, y in zip(a.given, b.given, strict=True)) == 1
        ):
            return NameLevel.ONE_OTHER
        return NameLevel.SURNAME
    if a.given and len(a.given) > 1 and a.given == b.given:
        return NameLevel.GIVEN
    return NameLevel.DIFFERENT


def _near(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two transliterations differ in a quarter of their letters at most."""
    left, right = "".join(a), "".join(b)
    return jaro_winkler(left, right) >= 0.92


def _compare_scripts(a: Parts, b: Parts) -> NameLevel:
    """A name in characters beside one in Latin letters: the pinyin of the one is the other."""
    latin, native = (a, b) if a.latin else (b, a)
    spelt = "".join(native.syllables)
    turned = "".join((*native.syllables[1:], *native.syllables[:1]))
    written = {latin.name, latin.given + latin.surname}
    return NameLevel.SOUND if {spelt, turned} & written else NameLevel.DIFFERENT


def _compare_words(a: Parts, b: Parts) -> NameLevel:
    """Two names in Latin letters: either order of surname and given name, small errors of spelling."""
    if a.surname == b.given and a.given == b.surname and a.given:
        return NameLevel.SWAPPED
    if not (a.surname and a.given and b.surname and b.given):
        return _compare_pieces(a, b)
    straight = (jaro_winkler(a.surname, b.surname), jaro_winkler(a.given, b.given))
    crossed = (jaro_winkler(a.surname, b.given), jaro_winkler(a.given, b.surname))
    surname, given = straight
    if min(straight) >= 0.88 and sum(straight) >= 1.86:
        return NameLevel.SPELT if min(straight) < 1 else NameLevel.EXACT
    if min(crossed) >= 0.88:
        return NameLevel.SWAPPED
    if surname >= 0.92:
        initials = a.given[0] == b.given[0] and 1 in {len(a.given), len(b.given)}
        return NameLevel.PART if initials else NameLevel.SURNAME
    if given >= 0.92:
        return NameLevel.GIVEN
    if max(crossed) >= 0.92:
        return NameLevel.GIVEN
    return NameLevel.DIFFERENT


def _compare_pieces(a: Parts, b: Parts) -> NameLevel:
    """Where one of the names is a single word."""
    of_a, of_b = (
        [p for p in (a.surname, a.given) if p] or [a.name],
        [p for p in (b.surname, b.given) if p] or [b.name],
    )
    nearest = max(jaro_winkler(x, y) for x in of_a for y in of_b)
    return NameLevel.PART if nearest >= 0.92 else NameLevel.DIFFERENT


@lru_cache(maxsize=1 << 16)
def jaro_winkler(a: str, b: str) -> float:
    """Winkler's similarity of two words, 0 to 1 (prefix weight 0.1, four letters)."""
    if a == b:
        return 1.0
    if not a or not b:
        return 0.0
    base = _jaro(a, b)
    prefix = 0
    for x, y in zip(a[:4], b[:4], strict=False):
        if x != y:
            break
        prefix += 1
    return base + prefix * 0.1 * (1 - base)


def _jaro(a: str, b: str) -> float:
    reach = max(max(len(a), len(b)) // 2 - 1, 0)
    taken = [False] * len(b)
    matched: list[str] = []
    for i, letter in enumerate(a):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            if not taken[j] and b[j] == letter:
                taken[j] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    others = [letter for letter, hit in zip(b, taken, strict=True) if hit]
    turned = sum(x != y for x, y in zip(matched, others, strict=True)) / 2
    n = len(matched)
    return (n / len(a) + n / len(b) + (n - turned) / n) / 3
