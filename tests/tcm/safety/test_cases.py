"""Our own cases: no finding that hinders is missed, none is false."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from xinglin.tcm.safety.checking import check
from xinglin.tcm.safety.values import PREPARATIONS, ROUTES, Level, Line, Person, Prescription

CASES = Path(__file__).with_name("cases.tsv")
_PREGNANCY = {"pregnant": "pregnant", "possible": "possible", "planning": "planning", "not-pregnant": "no"}


class Case(NamedTuple):
    name: str
    prescription: Prescription
    person: Person
    hindering: set[tuple[str, str, frozenset[str]]]
    noted: set[tuple[str, str, frozenset[str]]]
    absent: set[str]


def line(text: str) -> Line:
    words = text.split()
    if words[0].startswith("@"):
        return Line(words[0][1:], patent=True)
    rest = [word for word in words[2:] if word]
    return Line(
        words[0],
        float(words[1]),
        route=next((word for word in rest if word in ROUTES), ""),
        preparation=tuple(word for word in rest if word in PREPARATIONS.values() and word not in ROUTES),
        processing=next((word for word in rest if not word.isascii()), ""),
    )


def person(text: str) -> tuple[Person, dict[str, float]]:
    sex, age, *rest = text.split()
    values = dict(word.split("=", 1) for word in rest if "=" in word)
    conditions = [w for w in rest if "=" not in w and w not in _PREGNANCY and w != "lactating"]
    found = Person(
        sex=sex,
        age=float(age),
        pregnancy=next((_PREGNANCY[word] for word in rest if word in _PREGNANCY), None),
        lactating="lactating" in rest,
        conditions=tuple(conditions),
        allergies=(values["allergy"],) if "allergy" in values else (),
        medicines=(values["takes"],) if "takes" in values else (),
    )
    return found, {
        "doses": float(values.get("doses", 1)), "per_day": float(values.get("per-day", 1)),
    }  # fmt: skip


def expected(text: str) -> list[list[str]]:
    return [one.split(" ", 2) for one in text.split("; ") if one]


def read() -> list[Case]:
    found = []
    for row in CASES.read_text().splitlines():
        if row.startswith(("#", "id\t")):
            continue
        name, lines, who, expects = row.split("\t")
        whom, taken = person(who)
        prescription = Prescription(tuple(line(one) for one in lines.split("; ")), **taken)
        said = expected(expects)
        full = {
            (level, kind, frozenset(about[0].split("+")) - {""})
            for level, kind, *about in said
            if level != "no"
        }
        found.append(
            Case(
                name, prescription, whom, {one for one in full if one[0] != "note"},
                {one for one in full if one[0] == "note"}, {kind for level, kind, *_ in said if level == "no"},
            )
        )  # fmt: skip
    return found


ALL = read()


@pytest.mark.parametrize("first", range(0, len(ALL), 100))
def test_what_hinders_is_found_and_nothing_else(first: int) -> None:
    wrong = {}
    for case in ALL[first : first + 100]:
        report = check(case.prescription, case.person)
        found = {(str(one.level), one.kind, frozenset(one.about)) for one in report.findings}
        hindering = {one for one in found if one[0] != Level.NOTE}
        notes = found - hindering
        kinds = {kind for _, kind, _ in found}
        if hindering != case.hindering or not case.noted <= notes or kinds & case.absent:
            wrong[case.name] = (hindering ^ case.hindering, case.noted - notes, kinds & case.absent)

    assert wrong == {}


def test_the_cases_are_many_and_of_both_sorts() -> None:
    positive = [case for case in ALL if case.hindering or case.noted]

    assert len(positive) >= 300
    assert len(ALL) - len(positive) >= 300
