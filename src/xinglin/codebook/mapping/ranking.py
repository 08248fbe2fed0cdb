"""Which standard concepts a local code may mean, and why. Pure.

A candidate's score is between 0 and 1 and is the sum of its reasons: how alike the names are (the rarer what they have
in common, the more it counts), and what is added or taken for sound, unit, words that set two names apart, what
other institutions have confirmed, and codes that were sent beside the local one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from heapq import nlargest
from math import log
from typing import TYPE_CHECKING, NamedTuple

from pypinyin import lazy_pinyin

from xinglin.codebook.mapping.folding import Folded, fold, variants
from xinglin.codebook.mapping.units import Agreement, Units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHOWN = 9
_LOOKED_AT = 60  # of the concepts that share most with a name
_LEAST = 0.2

EQUAL, BARE, SOUND = 1.0, 0.96, 0.82
_CONTAINED = 0.86
_WEIGHED = 0.55  # how much rarity counts beside order
_PART = 0.8  # what a part of a name is worth if the rest of it means something else
_TOGETHER = 0.9
_DISPLAY = 0.01  # an equal display before an equal alias
_BOTH = 0.05
_UNIT = {Agreement.SAME: 0.03, Agreement.CONVERTIBLE: 0.0, Agreement.OTHER: -0.12, Agreement.UNKNOWN: 0.0}
_TELLS = -0.1  # for each word
_NUMBERS = -0.2
_OTHERS, _BESIDE = 0.45, 0.45
_SPECIMEN = -0.12


class Term(NamedTuple):
    """A concept as it is compared: ``names`` are display, aliases and English name, the display first."""

    code: str
    display: str
    names: tuple[str, ...]
    unit: str = ""
    specimen: str = ""


class Local(NamedTuple):
    """A local code. ``beside``: standard codes sent in the same place, with counts; ``others``: targets that other
    institutions have confirmed for the same name, with how many of them did.
    """

    code: str
    name: str
    unit: str = ""
    beside: Mapping[str, int] = {}
    others: Mapping[str, int] = {}


class Reason(NamedTuple):
    """``code``: name, alias, sound, both, unit, tells, numbers, specimen, others or beside; ``about``: which."""

    code: str
    points: float
    about: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    code: str
    display: str
    score: float
    reasons: tuple[Reason, ...]
    unit: str = ""


@dataclass(slots=True)
class Index:
    """The concepts of a standard system, ready to be compared with."""

    terms: Sequence[Term]
    units: Units
    _places: dict[str, int] = field(init=False)
    _names: list[tuple[Folded, ...]] = field(init=False)
    _postings: dict[str, list[int]] = field(init=False)
    _equal: dict[str, list[int]] = field(init=False)
    _rarity: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._places = {term.code: place for place, term in enumerate(self.terms)}
        self._names = [tuple(dict.fromkeys(fold(name) for name in term.names if name)) for term in self.terms]
        self._postings, self._equal = {}, {}
        for place, names in enumerate(self._names):
            for piece in frozenset().union(*(name.pieces for name in names)):
                self._postings.setdefault(piece, []).append(place)
            for text in {text for name in names for text in (name.text, name.bare)}:
                self._equal.setdefault(text, []).append(place)
        total = len(self.terms) + 1
        self._rarity = {piece: log(total / len(found)) + 0.1 for piece, found in self._postings.items()}

    def candidates(self, local: Local, *, limit: int = SHOWN) -> list[Candidate]:
        """The likeliest concepts, the best first."""
        forms = variants(local.name)
        places = set(self._alike(forms))
        for code in (*local.others, *local.beside):
            if code in self._places:
                places.add(self._places[code])
        found = [self._candidate(place, forms, local) for place in places]
        good = [one for one in found if one.score >= _LEAST]
        return nlargest(limit, good, key=lambda one: (one.score, -len(one.display), one.code))

    def _alike(self, forms: Iterable[Folded]) -> list[int]:
        """The places that share the rarest pieces with a name."""
        shared: defaultdict[int, float] = defaultdict(float)
        for form in forms:
            for text in (form.text, form.bare):
                for place in self._equal.get(text, ()):
                    shared[place] += 1000
            for piece in form.pieces:
                rarity = self._rarity.get(piece, 0.0)
                for place in self._postings.get(piece, ()):
                    shared[place] += rarity
        return [
            place for place, _ in nlargest(_LOOKED_AT, shared.items(), key=lambda pair: (pair[1], -pair[0]))
        ]

    def _candidate(self, place: int, forms: Sequence[Folded], local: Local) -> Candidate:
        term = self.terms[place]
        reasons = list(self._name_reasons(place, forms))
        reasons += self._unit_reasons(term, local, forms[0])
        reasons += _evidence(term.code, local)
        score = min(1.0, max(0.0, sum(reason.points for reason in reasons)))
        return Candidate(term.code, term.display, round(score, 4), tuple(reasons), term.unit)

    def _name_reasons(self, place: int, forms: Sequence[Folded]) -> Iterable[Reason]:
        """How alike the names are, by the pair that is most so, and what sets that pair apart."""
        whole, names = forms[0], self._names[place]
        best, pair, first = -1.0, (whole, names[0]), 0
        agreeing = set()
        covered = self._covered(whole, names)
        for form in forms:
            for number, name in enumerate(names):
                alike = self._alikeness(form, name)
                if alike >= BARE:
                    agreeing.add(number)
                if form is not whole:
                    alike *= _PART + (1 - _PART) * covered
                alike += _DISPLAY if number == 0 and alike < EQUAL else 0.0
                if alike > best:
                    best, pair, first = alike, (form, name), number
        together = self._together(whole, names, covered)
        best = min(EQUAL, max(best, together))
        term = self.terms[place]
        shown = term.names[first] if first < len(term.names) else term.display
        yield Reason("name" if first == 0 else "alias", round(best, 4), shown)
        if best < SOUND and (sound := _sounds_like(pair[0], pair[1])):
            yield Reason("sound", round(SOUND - best, 4), sound)
        if whole.text != pair[1].text:
            yield from _apart(whole, pair[1])
        if len(agreeing) > 1:
            yield Reason("both", _BOTH)

    def _alikeness(self, one: Folded, other: Folded) -> float:
        """1 for the same text, 0 for nothing in common."""
        if one.text == other.text:
            return EQUAL
        if one.bare == other.bare:
            return BARE
        shared = self._weight(one.pieces & other.pieces)
        if not shared:
            return 0.0
        mine, theirs = self._weight(one.pieces), self._weight(other.pieces)
        overlap = 2 * shared / (mine + theirs)
        order = SequenceMatcher(None, one.bare, other.bare, autojunk=False).ratio()
        found = _WEIGHED * overlap + (1 - _WEIGHED) * order
        if theirs < mine:  # the standard's name is a part of the local one
            found = max(found, _CONTAINED * (shared / theirs) * (0.6 + 0.4 * theirs / mine))
        return found * BARE

    def _covered(self, whole: Folded, names: Sequence[Folded]) -> float:
        """How much of a name is in some name of the concept."""
        known = frozenset().union(*(name.pieces for name in names))
        return self._weight(whole.pieces & known) / max(1e-9, self._weight(whole.pieces))

    def _together(self, whole: Folded, names: Sequence[Folded], covered: float) -> float:
        """A name made of several of the concept's: 超敏CRP of 超敏C反应蛋白 and hs-CRP."""
        mine = self._weight(whole.pieces)
        nearest = min((self._weight(name.pieces) for name in names), key=lambda weight: abs(weight - mine))
        return _TOGETHER * covered**2 * min(mine, nearest) / max(mine, nearest, 1e-9)

    def _weight(self, pieces: Iterable[str]) -> float:
        return sum(self._rarity.get(piece, 6.0) for piece in pieces)

    def _unit_reasons(self, term: Term, local: Local, name: Folded) -> Iterable[Reason]:
        agreement = self.units.agreement(local.unit, term.unit)
        if _UNIT[agreement]:
            yield Reason("unit", _UNIT[agreement], f"{local.unit} · {term.unit}")
        wanted = _specimen(name)
        if term.specimen and wanted and not term.specimen.startswith(wanted):
            yield Reason("specimen", _SPECIMEN, term.specimen)


def _evidence(code: str, local: Local) -> Iterable[Reason]:
    """What others have confirmed, and what was sent beside it."""
    if confirmed := local.others.get(code, 0):
        yield Reason("others", round(_OTHERS * (1 - 0.5**confirmed), 4), str(confirmed))
    if sent := local.beside.get(code, 0):
        share = sent / max(1, sum(local.beside.values()))
        yield Reason("beside", round(_BESIDE * share, 4), str(sent))


def _apart(one: Folded, other: Folded) -> Iterable[Reason]:
    """The words and numbers that only one of two names has."""
    only = one.tells ^ other.tells
    words = {word for word in only if not any(word != wider and word in wider for wider in only)}
    if words:
        yield Reason("tells", _TELLS * min(3, len(words)), " ".join(sorted(words)))
    if one.numbers != other.numbers and one.numbers and other.numbers:
        yield Reason("numbers", _NUMBERS, " ".join(sorted(one.numbers ^ other.numbers)))


_SPECIMENS = (
    ("脑脊液", "csf"),
    ("尿", "urine"),
    ("粪便", "stool"),
    ("动脉血", "arterial"),
    ("血气", "arterial"),
)


def _specimen(name: Folded) -> str:
    """The specimen that a name speaks of, empty if none: 葡萄糖(尿) is of urine, but 尿素 and 尿酸 are not."""
    text = name.text.replace("尿素", "").replace("尿酸", "")
    return next((specimen for word, specimen in _SPECIMENS if word in text), "")


def _sounds_like(one: Folded, other: Folded) -> str:
    """The syllables that two names share if they sound the same; empty if not."""
    if abs(len(one.bare) - len(other.bare)) > 1 or len(one.bare) < 3:
        return ""
    said = _syllables(one.bare)
    return said if said == _syllables(other.bare) else ""


@lru_cache(maxsize=1 << 14)
def _syllables(text: str) -> str:
    return " ".join(lazy_pinyin(text))
