"""From a clinical text to a proposal: elements, syndromes with what speaks for and against them, the question that
would decide most, and treatment; or that too little is known. Nothing is hidden: every score is a sum over findings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xinglin.tcm.differentiation import naming
from xinglin.tcm.differentiation.catalog import catalog
from xinglin.tcm.differentiation.reading import findings, grams
from xinglin.tcm.differentiation.weights import weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.tcm.differentiation.catalog import Term
    from xinglin.tcm.differentiation.reading import Finding
    from xinglin.tcm.differentiation.weights import Floats

_LIKELY_SHOWN, _ELSE_SHOWN = (
    0.7,
    0.12,
)  # how often a sign is there with a syndrome that has it, and with another
_WEIGHT_OF_KNOWN = 0.8  # of likeness to what a standard writes of a syndrome, beside the learned elements
_SPREAD = 0.35  # differences of scores that count as one


@dataclass(frozen=True, slots=True)
class Ground:
    """A finding and how much it speaks for (above 0) or against what it stands beside."""

    finding: Finding
    share: float


@dataclass(frozen=True, slots=True)
class Element:
    """A place or a nature: ``strength`` is the sum of the shares of all findings."""

    id: str
    kind: str
    name: str
    english: str
    strength: float
    grounds: tuple[Ground, ...]

    @property
    def supporting(self) -> list[str]:
        """The findings that speak for it most."""
        return [ground.finding.text for ground in self.grounds if ground.share > 0]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A syndrome. ``share`` is its part among the candidates: a way to compare them, no probability of being right."""

    term: Term
    strength: float
    share: float
    supporting: tuple[Ground, ...]
    opposing: tuple[Ground, ...]
    shown: tuple[str, ...]  # signs that a standard names for it and the text has
    lacking: tuple[str, ...]  # those that it denies or says nothing of


@dataclass(frozen=True, slots=True)
class Question:
    """A sign that the text says nothing of: knowing it would narrow the candidates by so many bits."""

    sign: str
    bits: float
    speaks_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that treats, with where it is from, and why it is offered."""

    term: Term
    fit: float


@dataclass(frozen=True, slots=True)
class Modification:
    """What could be added for a finding: herbs with an effect."""

    finding: str
    effect: str
    herbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """``known`` False: the findings are too few, or fit nothing well; ``why`` says which (``few`` or ``vague``)."""

    findings: tuple[Finding, ...]
    known: bool
    why: str
    elements: tuple[Element, ...]
    syndromes: tuple[Candidate, ...]
    question: Question | None
    diseases: tuple[str, ...]
    therapies: tuple[Advice, ...]
    formulas: tuple[Advice, ...]
    modifications: tuple[Modification, ...]


def propose(text: str, chosen: str = "") -> Proposal:
    """What the text speaks for. ``chosen``: the id of a syndrome that treatment is to be for, else the first one."""
    found = tuple(findings(text))
    said = "，".join(one.text for one in found if not one.denied)
    known = weights()
    words = known.words_of(said)
    scores = known.scores(words)
    limits = naming.elements()["limits"]
    by_word = known.shares(words) if words else np.zeros((0, len(scores)))
    own = [set() if one.denied else set(known.words_of(one.text)) for one in found]
    shares = [by_word[[row for row, word in enumerate(words) if word in each]].sum(axis=0) for each in own]
    ranked = _ranked(words, scores, found, shares, said, limits)
    telling = sum(map(bool, own))
    why = "few" if telling < limits["fewest_findings"] else "vague" if _is_vague(ranked, limits) else ""
    first = next((one for one in ranked if one.term.id == chosen), ranked[0] if ranked else None)
    return Proposal(
        found, not why, why, _elements(scores, found, shares), tuple(ranked),
        _question(ranked, said, found) if ranked else None,
        tuple(first.term.seen_in[:6]) if first else (),
        _therapies(first) if first else (), _formulas(first, said) if first else (),
        _modifications(found),
    )  # fmt: skip


# -- elements


def _elements(scores: Floats, found: Sequence[Finding], shares: Sequence[Floats]) -> tuple[Element, ...]:
    made = []
    at = weights().letter_at
    for one in naming.elements()["element"]:
        columns = [at[letter] for letter in one["letters"] if letter in at]
        if not columns:
            continue
        if one.get("needs"):  # 气虚: both 气 and 虚; the others are what their clearest character says
            strength, value = (
                float(scores[columns].mean()),
                [float(share[columns].mean()) for share in shares],
            )
        else:
            best = max(columns, key=lambda column: scores[column])
            strength, value = float(scores[best]), [float(share[best]) for share in shares]
        grounds = tuple(
            sorted(
                (
                    Ground(finding, each)
                    for finding, each in zip(found, value, strict=True)
                    if abs(each) > 0.02
                ),
                key=lambda ground: -abs(ground.share),
            )
        )
        made.append(Element(one["id"], one["kind"], one["name"], one["english"], strength, grounds[:4]))
    return tuple(sorted(made, key=lambda one: -one.strength))


# -- syndromes


@cache
def _columns() -> tuple[list[Term], Any, dict[frozenset[str], list[int]]]:
    """Syndromes with the mean of their characters, as one matrix; and known syndromes by their characters."""
    at = weights().letter_at
    terms = [one for one in catalog().syndromes if sum(letter in at for letter in one.letters) >= 2]
    matrix = np.zeros((len(terms), len(at)))
    for row, one in enumerate(terms):
        columns = [at[letter] for letter in one.letters if letter in at]
        matrix[row, columns] = 1 / max(len(columns), len(one.letters))
    by_letters: dict[frozenset[str], list[int]] = {}
    for place, letters in enumerate(weights().known_letters):
        by_letters.setdefault(letters, []).append(place)
    return terms, matrix, by_letters


def _ranked(
    words: Sequence[int],
    scores: Floats,
    found: Sequence[Finding],
    shares: Sequence[Floats],
    said: str,
    limits: dict[str, Any],
) -> list[Candidate]:
    if not words:
        return []
    terms, matrix, by_letters = _columns()
    near: dict[int, float] = {place: share for share, place in weights().like_known(words, 200)}
    worth = matrix @ scores
    for row, one in enumerate(terms):
        places = by_letters.get(one.letters)
        if places:
            worth[row] += _WEIGHT_OF_KNOWN * max(near.get(place, 0.0) for place in places)
    order = np.argsort(-worth, kind="stable")
    picked: list[int] = []
    seen: set[frozenset[str]] = set()
    for row in map(int, order):  # of names that say the same, the first
        if terms[row].letters not in seen:
            seen.add(terms[row].letters)
            picked.append(row)
        if len(picked) == limits["shown"]:
            break
    odds = np.exp((worth[picked] - worth[picked[0]]) / _SPREAD)
    return [
        _candidate(
            terms[row], float(worth[row]), float(odd / odds.sum()), _grounds(matrix[row], found, shares), said
        )
        for row, odd in zip(picked, odds, strict=True)
    ]


def _grounds(row: Floats, found: Sequence[Finding], shares: Sequence[Floats]) -> list[Ground]:
    return [Ground(one, float(each @ row)) for one, each in zip(found, shares, strict=True)]


def _candidate(term: Term, strength: float, share: float, grounds: Sequence[Ground], said: str) -> Candidate:
    supporting = sorted((one for one in grounds if one.share > 0.02), key=lambda one: -one.share)
    opposing = sorted((one for one in grounds if one.share < -0.02), key=lambda one: one.share)
    denied = [one.finding for one in grounds if one.finding.denied]
    shown = tuple(sign for sign in term.shows if _has(sign, said))
    lacking = tuple(sign for sign in term.shows if sign not in shown)
    against = [Ground(one, 0.0) for one in denied if any(_has(sign, one.text) for sign in term.shows)]
    return Candidate(
        term, strength, share, tuple(supporting[:5]), tuple([*against, *opposing][:4]), shown[:8], lacking[:8]
    )


def _has(sign: str, said: str) -> bool:
    """Whether a sign is said: by its words, or by most of its pairs of characters."""
    if sign in said:
        return True
    pairs = {sign[at : at + 2] for at in range(len(sign) - 1)}
    return len(pairs) > 1 and sum(pair in said for pair in pairs) / len(pairs) >= 0.6


def _is_vague(ranked: Sequence[Candidate], limits: dict[str, Any]) -> bool:
    return not ranked or ranked[0].strength < limits["least_strength"]


# -- what to ask


def _question(ranked: Sequence[Candidate], said: str, found: Sequence[Finding]) -> Question | None:
    """Of the signs of the candidates, that whose answer is expected to narrow them most."""
    everything = said + "，" + "，".join(one.text for one in found if one.denied)
    told = grams(everything)
    before = [one.share for one in ranked]
    best: Question | None = None
    for sign in dict.fromkeys(sign for one in ranked for sign in one.term.shows if 2 <= len(sign) <= 8):
        if _has(sign, everything) or grams(sign) <= told:
            continue
        there = [_LIKELY_SHOWN if sign in one.term.shows else _ELSE_SHOWN for one in ranked]
        yes = sum(share * chance for share, chance in zip(before, there, strict=True))
        after = yes * _bits([share * chance / yes for share, chance in zip(before, there, strict=True)])
        no = [share * (1 - chance) / (1 - yes) for share, chance in zip(before, there, strict=True)]
        after += (1 - yes) * _bits(no)
        gain = _bits(before) - after
        if best is None or gain > best.bits + 1e-9:
            best = Question(sign, gain, tuple(one.term.name for one in ranked if sign in one.term.shows))
    return best if best is not None and best.bits > 0.01 else None


def _bits(shares: Sequence[float]) -> float:
    return -sum(share * math.log2(share) for share in shares if share > 0)


# -- treatment


def _therapies(first: Candidate) -> tuple[Advice, ...]:
    """Methods that name the places and natures of the syndrome."""
    made = [Advice(one, naming.likeness(one.letters, first.term.letters)) for one in catalog().therapies]
    made.sort(key=lambda one: (-one.fit, len(one.term.name), one.term.id))
    return tuple(one for one in made[:4] if one.fit > 0.3)


def _formulas(first: Candidate, said: str) -> tuple[Advice, ...]:
    """Formulas whose effects name them, and whose uses are like the text."""
    here = grams(said)
    made = []
    for one in catalog().formulas:
        uses = one.words
        alike = len(uses & here) / math.sqrt(len(uses) * max(len(here), 1)) if uses else 0.0
        made.append(Advice(one, 0.6 * naming.likeness(one.letters, first.term.letters) + alike))
    made.sort(key=lambda one: (-one.fit, one.term.id))
    return tuple(made[:4])


def _modifications(found: Sequence[Finding]) -> tuple[Modification, ...]:
    herbs = catalog().herbs_by_effect
    made: dict[str, Modification] = {}
    for one in found:
        for rule in naming.elements()["modification"]:
            effect = rule["effect"]
            if not one.denied and rule["sign"] in one.text and effect not in made:
                names = herbs.get(effect) or [
                    n for said, named in herbs.items() if effect in said for n in named
                ]
                if names:
                    made[effect] = Modification(one.text, effect, tuple(dict.fromkeys(names))[:6])
    return tuple(made.values())
