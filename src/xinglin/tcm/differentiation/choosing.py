"""Choosing among options: which mechanisms and which syndromes of two lists fit a case. Pure.

Each option is measured by what the words of the case say of its characters, by how like it is to known syndromes with
such signs, and by how well it goes with the likely options of the other list: a mechanism and the syndrome that sums it
up name the same places and natures. Weights learned from training cases make of this a probability; that set is chosen
whose expected score is highest, where a wrong choice costs as much as the measure says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xinglin.tcm.differentiation import naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinglin.tcm.differentiation.weights import Floats, Weights

_MOST = 4  # options of one list
_MEASURES = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """Of one list: how likely each option is, by its mark, and the marks that are chosen."""

    likely: dict[str, float]
    marks: tuple[str, ...]


def choose(
    text: str, mechanisms: Mapping[str, str], syndromes: Mapping[str, str], known: Weights
) -> tuple[Chosen, Chosen]:
    """The choices for both lists (mark → name)."""
    lists = (mechanisms, syndromes)
    base = measured(text, lists, known)
    first = tuple(_likely(rows, known.first[at]) for at, rows in enumerate(base))
    whole = together(lists, base, first)
    likely = tuple(_likely(rows, known.second[at]) for at, rows in enumerate(whole))
    made = []
    for options, chances in zip(lists, likely, strict=True):
        marks = list(options)
        best = best_set(chances)
        made.append(
            Chosen(
                dict(zip(marks, map(float, chances), strict=True)), tuple(sorted(marks[at] for at in best))
            )
        )
    return made[0], made[1]


def measured(text: str, lists: Sequence[Mapping[str, str]], known: Weights) -> tuple[Floats, Floats]:
    """For each list (options, measures), each measure as it differs from the list's mean."""
    found = known.words_of(text)
    scores = known.scores(found)
    near = [(share, known.known_letters[at]) for share, at in known.like_known(found)]
    names = [[naming.letters(name) for name in options.values()] for options in lists]
    company = {letter: known.company(found, letter) for part in names for one in part for letter in one}
    made = []
    for at, options in enumerate(lists):
        others = names[1 - at]
        other_names = set(lists[1 - at].values())
        rows = [
            [
                *_of_letters(one, scores, company, known), *_of_known(one, near),
                max((naming.likeness(one, other) for other in others), default=0.0),
                *_literal(name, text), float(name in other_names),
            ]
            for one, name in zip(names[at], options.values(), strict=True)
        ]  # fmt: skip
        made.append(_standard(np.array(rows or np.zeros((0, _MEASURES)))))
    return made[0], made[1]


def _of_letters(
    letters: frozenset[str], scores: Floats, company: Mapping[str, float], known: Weights
) -> tuple[float, ...]:
    ties = [company[letter] for letter in letters if letter in known.letter_at] or [0.0]
    said = [float(scores[known.letter_at[letter]]) for letter in letters if letter in known.letter_at] or [
        0.0
    ]
    return (
        sum(ties) / len(ties), min(ties),
        sum(said) / len(said), min(said), max(said), sum(said) / len(said) ** 0.5,
    )  # fmt: skip


def _of_known(letters: frozenset[str], near: Sequence[tuple[float, frozenset[str]]]) -> tuple[float, float]:
    alike = [share * naming.likeness(letters, other) for share, other in near]
    return sum(alike) / (sum(share for share, _ in near) + 1e-9), max(alike, default=0.0)


def _literal(name: str, text: str) -> tuple[float, float]:
    pairs = {name[at : at + 2] for at in range(len(name) - 1)}
    return sum(sign in text for sign in name) / max(len(name), 1), sum(p in text for p in pairs) / max(
        len(pairs), 1
    )


def together(
    lists: Sequence[Mapping[str, str]], base: Sequence[Floats], first: Sequence[Floats]
) -> tuple[Floats, Floats]:
    """The measures with how each option goes with the likely ones of the other list, and of its own."""
    names = [[naming.letters(name) for name in options.values()] for options in lists]
    made = []
    for at in (0, 1):
        columns = []
        for other, is_own in ((1 - at, False), (at, True)):
            likeness = np.array(
                [
                    [0.0 if is_own and i == j else naming.likeness(a, b) for j, b in enumerate(names[other])]
                    for i, a in enumerate(names[at])
                ]
            ).reshape(len(names[at]), len(names[other]))
            weighed = likeness * first[other][None, :]
            columns += [weighed.max(axis=1, initial=0.0), weighed.sum(axis=1)]
        odds = np.log(first[at] / (1 - first[at]))[:, None]
        made.append(np.hstack([base[at], _standard(np.stack(columns, axis=1)), odds]))
    return made[0], made[1]


def best_set(likely: Floats) -> list[int]:
    """The places whose choice has the highest expected score, right / (all that is right + wrongly chosen).

    Options are taken as independent, so that the expectation is exact: of k chosen, the sum of their probabilities
    times the mean of 1 / (k + what is right among the others).
    """
    order = sorted(range(len(likely)), key=lambda at: (-likely[at], at))
    best: tuple[float, list[int]] = (-1.0, [])
    for count in range(1, min(_MOST, len(order)) + 1):
        chances = np.array([1.0])  # of 0, 1, 2 … right ones among those that are not chosen
        for at in order[count:]:
            chances = np.convolve(chances, [1 - likely[at], likely[at]])
        mean = float((chances / (count + np.arange(len(chances)))).sum())
        value = float(sum(likely[at] for at in order[:count])) * mean
        if value > best[0] + 1e-12:
            best = (value, order[:count])
    return best[1]


def fitted(rows: Floats, right: Floats, ridge: float = 20.0) -> Floats:
    """Logistic regression by Newton's way: the weights of the measures, the constant last."""
    whole = np.hstack([rows, np.ones((len(rows), 1))])
    held = np.full(whole.shape[1], ridge)
    held[-1] = 0.0
    weights = np.zeros(whole.shape[1])
    for _ in range(60):
        chances = _sigmoid(whole @ weights)
        slope = whole.T @ (chances - right) + held * weights
        curve = (whole * (chances * (1 - chances))[:, None]).T @ whole + np.diag(held + 1e-9)
        weights -= np.linalg.solve(curve, slope)
        if np.abs(slope).max() < 1e-7:
            break
    return weights


def _likely(rows: Floats, weights: Floats) -> Floats:
    return np.clip(_sigmoid(rows @ weights[:-1] + weights[-1]), 1e-4, 1 - 1e-4)


def _sigmoid(value: Floats) -> Floats:
    made: Any = 1 / (1 + np.exp(-value))
    return np.asarray(made)


def _standard(rows: Floats) -> Floats:
    if not len(rows):
        return rows
    made: Floats = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-6)
    return made


likely = _likely
