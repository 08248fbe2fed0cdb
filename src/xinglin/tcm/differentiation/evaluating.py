"""TCMEval-SDT: choosing for cases, the official measure, and what much simpler ways would get. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid
from xinglin.tcm.differentiation import choosing, naming
from xinglin.tcm.differentiation.reading import grams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xinglin.tcm.differentiation.weights import Weights

Gold = tuple[set[str], set[str]]


@dataclass(frozen=True, slots=True)
class Case:
    """A case with its two lists of options, by their marks."""

    id: str
    text: str
    mechanisms: dict[str, str]
    syndromes: dict[str, str]


def options(said: str) -> dict[str, str]:
    """``A:肝郁;B:伤阴耗气`` as marks and names."""
    made = {}
    for part in said.split(";"):
        mark, colon, name = part.partition(":")
        if colon and mark.strip():
            made[mark.strip()] = name.strip()
    return made


def cases(text: str) -> list[Case]:
    """The cases of a file as TCMEval-SDT writes them; fault ``invalid`` says which one is not as it should be."""
    try:
        said = json.loads(text)
    except ValueError as wrong:
        raise invalid(
            gettext_noop("The file is no JSON: %(why)s"), code="structure", why=str(wrong)
        ) from None
    if not isinstance(said, list):
        raise invalid(gettext_noop("The file should be a list of cases."), code="structure")
    return [_case(at, one) for at, one in enumerate(said)]


def _case(at: int, one: Any) -> Case:
    names = ("Medical Record ID", "Clinical Data", "Options of TCM Pathogenesis", "Options of TCM Syndrome")
    for name in names:
        if not isinstance(one, dict) or not isinstance(one.get(name), str):
            raise invalid(
                gettext_noop("Case %(number)s has no text “%(name)s”."),
                code="required",
                number=at + 1,
                name=name,
            )
    id_, text, mechanisms, syndromes = (one[name] for name in names)
    return Case(id_, text, options(mechanisms), options(syndromes))


def gold(text: str) -> dict[str, Gold]:
    """What is right, by case: lines of ``id@signs@mechanisms@syndromes@…``."""
    found = {}
    for line in text.lstrip("\ufeff").splitlines():
        parts = line.split("@")
        if len(parts) >= 4:
            marks = [{mark.strip() for mark in part.split(";") if mark.strip()} for part in parts[2:4]]
            found[parts[0].strip()] = (marks[0], marks[1])
    return found


def answers(given: Iterable[Case], known: Weights) -> list[dict[str, Any]]:
    """For each case what is chosen, with how likely each option is."""
    made = []
    for case in given:
        mechanisms, syndromes = choosing.choose(case.text, case.mechanisms, case.syndromes, known)
        made.append(
            {
                "id": case.id, "pathogenesis": list(mechanisms.marks), "syndrome": list(syndromes.marks),
                "likely": {
                    "pathogenesis": {mark: round(share, 4) for mark, share in mechanisms.likely.items()},
                    "syndrome": {mark: round(share, 4) for mark, share in syndromes.likely.items()},
                },
            }
        )  # fmt: skip
    return made


def score(chosen: set[str], right: set[str]) -> float:
    """The official measure: what both have, over what is right and what was wrongly chosen."""
    return len(chosen & right) / (len(right) + len(chosen - right)) if right else 0.0


def scores(
    given: Sequence[Case], right: Mapping[str, Gold], known: Weights
) -> dict[str, tuple[float, float]]:
    """Mean scores of mechanisms and syndromes: ours, and of three simple ways."""
    ways: dict[str, Callable[[Case], tuple[set[str], set[str]]]] = {
        "this": lambda case: _ours(case, known),
        "co-occurrence": lambda case: _by_signs(case, known),
        "all": lambda case: (set(case.mechanisms), set(case.syndromes)),
    }
    judged = [case for case in given if case.id in right]
    found: dict[str, tuple[float, float]] = {}
    for name, way in ways.items():
        sums = [0.0, 0.0]
        for case in judged:
            for at, chosen in enumerate(way(case)):
                sums[at] += score(chosen, right[case.id][at])
        found[name] = (sums[0] / max(len(judged), 1), sums[1] / max(len(judged), 1))
    found["random"] = _by_chance(judged, right)
    return found


def _ours(case: Case, known: Weights) -> tuple[set[str], set[str]]:
    mechanisms, syndromes = choosing.choose(case.text, case.mechanisms, case.syndromes, known)
    return set(mechanisms.marks), set(syndromes.marks)


def _by_chance(judged: Sequence[Case], right: Mapping[str, Gold]) -> tuple[float, float]:
    """What one option, drawn by lot, scores on average: exact, so that nothing is drawn."""
    sums = [0.0, 0.0]
    for case in judged:
        for at, marks in enumerate((case.mechanisms, case.syndromes)):
            sums[at] += sum(score({mark}, right[case.id][at]) for mark in marks) / max(len(marks), 1)
    return sums[0] / max(len(judged), 1), sums[1] / max(len(judged), 1)


def _by_signs(case: Case, known: Weights) -> tuple[set[str], set[str]]:
    """The two options most like the ten known syndromes with the most words in common: no training."""
    here = grams(case.text)
    shared: dict[int, int] = defaultdict(int)
    for at, words in enumerate(known.known_words):
        shared[at] = sum(known.words[word] in here for word in words)
    near = sorted(shared, key=lambda at: (-shared[at], at))[:10]
    made = []
    for marks in (case.mechanisms, case.syndromes):
        worth = {
            mark: sum(naming.likeness(naming.letters(name), known.known_letters[at]) for at in near)
            for mark, name in marks.items()
        }
        made.append(set(sorted(worth, key=lambda mark: (-worth[mark], mark))[:2]))
    return made[0], made[1]
