"""Learns what ``xinglin.tcm.differentiation`` ships, from standards and from the training cases of TCMEval-SDT.

Usage: python -m tools.content.differentiation KB CASES [--check]

KB: the folder of facts, of which the signs of the syndromes of ZY/T 001-94 and the uses and effects of the formulas of
SZJG/T 38.2-2011 are read.
CASES: the training file of TCMEval-SDT (CC BY 4.0, Sci Data 2025;12:437). No text of a case and no list of answers is
kept, only tables of how words and characters stand together. ``--check`` prints what cross-validation gives instead.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xinglin.tcm.differentiation import choosing, naming, weights
from xinglin.tcm.differentiation.evaluating import Case, options, score
from xinglin.tcm.differentiation.weights import Lesson, Weights

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("Pathogenesis", "Syndrome")
_FOLDS = 5


def knowledge(folder: Path) -> tuple[list[Lesson], list[tuple[str, str]]]:
    """What the standards teach: syndromes by their signs, formulas by their uses and effects."""
    standard = json.loads((folder / "zyt001-94_from_veterans.json").read_text("utf-8"))
    known = [(one["syndrome"], one["manifestation"]) for one in standard["syndromes"] if one["manifestation"]]
    lessons = [Lesson(signs, naming.letters(name), 1.0, 1.0) for name, signs in known]
    formulas = json.loads((folder / "szjg-tcm-formula-standard.json").read_text("utf-8"))
    listed = (
        formulas if isinstance(formulas, list) else next(v for v in formulas.values() if isinstance(v, list))
    )
    for one in listed:
        effects = naming.letters("".join(one["functions"]))
        lessons.append(Lesson("".join(one["indications"]), effects, 0.3, 0.0))
    return lessons, known


def read(path: Path) -> list[tuple[Case, tuple[set[str], set[str]], list[Lesson]]]:
    """Cases with what is right for them, and what each of them teaches."""
    return [_read(said) for said in json.loads(path.read_text("utf-8"))]


def _read(said: dict[str, str]) -> tuple[Case, tuple[set[str], set[str]], list[Lesson]]:
    lists = tuple(options(said[f"Options of TCM {kind}"]) for kind in KINDS)
    right = tuple({mark.strip() for mark in said[f"Answers of TCM {kind}"].split(";")} for kind in KINDS)
    sets = [
        frozenset().union(*[naming.letters(known[mark]) for mark in marks if mark in known])
        for known, marks in zip(lists, right, strict=True)
    ]
    text = said["Clinical Data"]
    lessons = [Lesson(text, sets[0] | sets[1], 2.0, 0.0)]
    lessons += [Lesson(text, one, 0.0, 1.0) for one in sets]
    for part in said["TCM Pathogenesis reasoning"].split(";"):
        sign, mark, name = part.partition(":")
        if mark:
            lessons.append(Lesson(sign, naming.letters(name), 0.5, 1.0))
    return Case(said["Medical Record ID"], text, *lists), (right[0], right[1]), lessons


def learned(cases: Sequence[Any], taught: Any) -> dict[str, Any]:
    """The tables, with the weights that choose: fitted on cases that the tables did not see."""
    lessons, known = taught
    bases: tuple[list[Any], list[Any]] = ([], [])
    rights: tuple[list[Any], list[Any]] = ([], [])
    kept = []
    for fold in range(_FOLDS):
        rest = [one for at, one in enumerate(cases) if at % _FOLDS != fold]
        tables = Weights(_bare(weights.learn([*lessons, *(each for one in rest for each in one[2])], known)))
        for case, right, _ in cases[fold::_FOLDS]:
            lists = (case.mechanisms, case.syndromes)
            base = choosing.measured(case.text, lists, tables)
            kept.append((lists, base))
            for at in (0, 1):
                bases[at].append(base[at])
                rights[at].append(np.array([float(mark in right[at]) for mark in lists[at]]))
    first = [choosing.fitted(np.vstack(bases[at]), np.concatenate(rights[at])) for at in (0, 1)]
    wholes: tuple[list[Any], list[Any]] = ([], [])
    for lists, base in kept:
        whole = choosing.together(lists, base, [choosing.likely(base[at], first[at]) for at in (0, 1)])
        for at in (0, 1):
            wholes[at].append(whole[at])
    second = [choosing.fitted(np.vstack(wholes[at]), np.concatenate(rights[at])) for at in (0, 1)]
    made = weights.learn([*lessons, *(each for one in cases for each in one[2])], known)
    return {
        **made, "first_P": first[0].astype(np.float32), "first_S": first[1].astype(np.float32),
        "second_P": second[0].astype(np.float32), "second_S": second[1].astype(np.float32),
    }  # fmt: skip


def _bare(tables: dict[str, Any]) -> dict[str, Any]:
    nothing = np.zeros(1, dtype=np.float32)
    return {**tables, "first_P": nothing, "first_S": nothing, "second_P": nothing, "second_S": nothing}


def check(cases: Sequence[Any], taught: Any) -> None:
    """Four parts, each chosen for by what the other three teach."""
    found: tuple[list[float], list[float]] = ([], [])
    for part in range(4):
        tables = Weights(learned([one for at, one in enumerate(cases) if at % 4 != part], taught))
        for case, right, _ in cases[part::4]:
            made = choosing.choose(case.text, case.mechanisms, case.syndromes, tables)
            for at in (0, 1):
                found[at].append(score(set(made[at].marks), right[at]))
    print(
        "cross-validation:",
        ", ".join(f"{kind} {np.mean(f):.3f}" for kind, f in zip(KINDS, found, strict=True)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kb", type=Path)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    cases, taught = read(given.cases), knowledge(given.kb)
    if given.check:
        check(cases, taught)
        return
    weights.save(learned(cases, taught), naming.DATA / weights.FILE)


if __name__ == "__main__":
    main()
