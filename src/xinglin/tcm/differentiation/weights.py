"""What was learned from standards and training cases: tables of how much each word speaks for an element.

Everything is linear, so that every score is a sum over the words of the text and can be shown as such. Pure.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xinglin.tcm.differentiation import naming
from xinglin.tcm.differentiation.reading import grams

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Floats = np.ndarray[Any, np.dtype[np.float64]]
FILE = "weights-1.npz"
_FEWEST = 2  # lessons that a word must stand in
_BEST = 15  # words that speak for a character


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text, the names that are right for it, and how much it counts in either table."""

    text: str
    names: frozenset[str]  # characters, as ``naming.letters`` gives them
    weight: float  # in the linear table
    count: float  # in the table of what stands together


class Weights:
    """``linear[g, l]``: what word g adds to character l. ``together``: how often both are there."""

    def __init__(self, tables: dict[str, Any]) -> None:
        self.words: list[str] = tables["words"].tolist()
        self.letters: list[str] = tables["letters"].tolist()
        self.rarity: Floats = tables["rarity"].astype(np.float64)
        self.linear: Floats = tables["linear"].astype(np.float64) * tables["step"][None, :]
        self.word_counts: Floats = tables["word_counts"].astype(np.float64)
        self.letter_counts: Floats = tables["letter_counts"].astype(np.float64)
        self.total = float(tables["total"])
        self.together = tables["together"].astype(np.float64)
        self.known_names: list[str] = tables["known_names"].tolist()
        self.known_letters = [naming.letters(name) for name in self.known_names]
        self.known_words: list[Any] = np.split(tables["known_words"], tables["known_ends"][:-1])
        self.known_weight: Floats = tables["known_weight"].astype(np.float64)
        self.plain_rarity: Floats = tables["plain_rarity"].astype(np.float64)
        self.first = (tables["first_P"].astype(np.float64), tables["first_S"].astype(np.float64))
        self.second = (tables["second_P"].astype(np.float64), tables["second_S"].astype(np.float64))
        self.word_at = {word: at for at, word in enumerate(self.words)}
        self.letter_at = {letter: at for at, letter in enumerate(self.letters)}

    def words_of(self, text: str) -> list[int]:
        """The places of the words of a text that the tables know."""
        return sorted(at for word in grams(text) if (at := self.word_at.get(word)) is not None)

    def scores(self, found: Sequence[int]) -> Floats:
        """What these words say of each character: above 0 for it, below 0 against it."""
        if not found:
            return np.zeros(len(self.letters))
        weight = self.rarity[found]
        scores: Floats = (weight / (np.linalg.norm(weight) + 1e-9)) @ self.linear[found]
        return scores

    def shares(self, found: Sequence[int]) -> Floats:
        """The same word by word: (words, characters); the sum over words is ``scores``."""
        weight = self.rarity[found]
        shares: Floats = (weight / (np.linalg.norm(weight) + 1e-9))[:, None] * self.linear[found]
        return shares

    def company(self, found: Sequence[int], letter: str) -> float:
        """The mean of the strongest ties (logarithms of ratios) between the words and a character."""
        at = self.letter_at.get(letter)
        heard = [word for word in found if self.word_counts[word] > 1.5]
        if at is None or not heard:
            return 0.0
        ratio = (self.together[at, heard] + 0.3) * self.total
        ties = np.log(ratio / ((self.letter_counts[at] + 1) * (self.word_counts[heard] + 1)))
        return float(np.sort(ties)[::-1][:_BEST].sum() / _BEST)

    def like_known(self, found: Sequence[int], most: int = 60) -> list[tuple[float, int]]:
        """The known syndromes whose signs are most like the text: (likeness, place)."""
        here = np.zeros(len(self.words), dtype=bool)
        here[list(found)] = True
        made = []
        for at, words in enumerate(self.known_words):
            shared = words[here[words]]
            if len(shared):
                made.append((float(self.plain_rarity[shared].sum() / self.known_weight[at]), at))
        made.sort(key=lambda pair: (-pair[0], pair[1]))
        return made[:most]


@cache
def weights() -> Weights:
    """The shipped ones."""
    with np.load(naming.DATA / FILE, allow_pickle=False) as kept:
        return Weights({name: kept[name] for name in kept.files})


# -- learning


def learn(
    lessons: Sequence[Lesson], known: Sequence[tuple[str, str]], *, ridge: float = 4.0
) -> dict[str, Any]:
    """The tables from lessons and from known syndromes (name, signs); without what chooses among options."""
    texts = [grams(lesson.text) for lesson in lessons]
    taught = [text for text, lesson in zip(texts, lessons, strict=True) if lesson.weight]
    counted = Counter(word for text in taught for word in text)
    words = sorted(word for word, count in counted.items() if count >= _FEWEST)
    by_letter = Counter(letter for lesson in lessons if lesson.weight for letter in lesson.names)
    letters = sorted(letter for letter, count in by_letter.items() if count >= 8)
    place = {word: at for at, word in enumerate(words)}
    column = {letter: at for at, letter in enumerate(letters)}
    rarity = np.array([math.log(len(taught) / counted[word]) for word in words])
    found = [sorted(place[word] for word in text if word in place) for text in texts]
    pairs = [(lesson, at) for lesson, at in zip(lessons, found, strict=True) if lesson.weight]
    linear, step = _linear([one for one, _ in pairs], [at for _, at in pairs], rarity, column, ridge)
    together = np.zeros((len(letters), len(words)))
    word_counts, letter_counts, total = np.zeros(len(words)), np.zeros(len(letters)), 0.0
    for lesson, at in zip(lessons, found, strict=True):
        total += lesson.count
        word_counts[at] += lesson.count
        for letter in lesson.names:
            if letter in column:
                letter_counts[column[letter]] += lesson.count
                together[column[letter], at] += lesson.count
    return {
        "words": np.array(words), "letters": np.array(letters), "rarity": rarity.astype(np.float32),
        "linear": linear, "step": step, "word_counts": word_counts.astype(np.float32),
        "letter_counts": letter_counts.astype(np.float32), "total": np.float32(total),
        "together": together.astype(np.float16), **_known(known, place, lessons),
    }  # fmt: skip


def _linear(
    lessons: Sequence[Lesson],
    found: Sequence[list[int]],
    rarity: Floats,
    column: dict[str, int],
    ridge: float,
) -> tuple[Any, Any]:
    """Weighted ridge regression of the characters on the words, in its dual form; in steps of a byte."""
    rows = np.zeros((len(lessons), len(rarity)), dtype=np.float32)
    for at, words in enumerate(found):
        rows[at, words] = rarity[words]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    goal = np.array([[letter in lesson.names for letter in column] for lesson in lessons], dtype=np.float64)
    weight = np.array([lesson.weight for lesson in lessons])
    mean = np.average(goal, axis=0, weights=weight)
    goal = (goal - mean) / np.sqrt(mean * (1 - mean) + 1e-9)
    root = np.sqrt(weight)[:, None]
    kernel = root * (rows @ rows.T) * root.T + ridge * np.eye(len(lessons))
    linear = rows.T @ (root * np.linalg.solve(kernel, root * goal))
    step = np.abs(linear).max(axis=0) / 127 + 1e-12
    return np.round(linear / step).astype(np.int8), step.astype(np.float32)


def _known(
    known: Sequence[tuple[str, str]], place: dict[str, int], lessons: Iterable[Lesson]
) -> dict[str, Any]:
    signs = [grams(text) for _, text in known]
    counted = Counter(word for text in signs for word in text)
    cases = [grams(lesson.text) for lesson in lessons if lesson.weight > 1]
    counted.update(word for text in cases for word in text)
    count = len(signs) + len(cases)

    def rare(word: str) -> float:
        return math.log((count + 1) / (counted[word] + 1))

    lists = [sorted(place[word] for word in text if word in place) for text in signs]
    return {
        "known_names": np.array([name for name, _ in known]),
        "known_words": np.array([at for words in lists for at in words], dtype=np.int32),
        "known_ends": np.cumsum([len(words) for words in lists]),
        "known_weight": np.array([math.sqrt(sum(map(rare, text)) + 5) for text in signs], dtype=np.float32),
        "plain_rarity": np.array([rare(word) for word in place], dtype=np.float32),
    }


def save(tables: dict[str, Any], path: Path) -> None:
    """Keep the tables; the same tables make the same bytes."""
    np.savez_compressed(path, allow_pickle=False, **tables)
