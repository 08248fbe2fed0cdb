"""Rules that are conditions alone: a table of ``rules.toml``, compiled once to one function.

All conditions have to hold: ``sex``; ``from_age``, ``to_age`` (full years, the latter excluded); ``problem`` with
``codes`` (beginnings of ICD-10) and ``days`` since it was noted; ``taking`` and ``drafting`` (beginnings of ATC
codes); ``result`` with ``codes`` (LOINC), ``unit``, ``below`` or ``above``, ``days``; ``lacks`` with ``codes`` and
``days``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from xinglin.reminders.asking import Case, finding, measured, named, order, short, starts, without
from xinglin.reminders.values import Both, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Suggestion

_LOINC = "http://loinc.org"


class Met:
    """What conditions have found: words for the texts, references, and the key of the finding."""

    def __init__(self) -> None:
        self.words: dict[str, Both | str | float] = {}
        self.about: list[str] = []
        self.keys: list[str] = []
        self.suggestions: list[Suggestion] = []


Test: TypeAlias = "Callable[[Case, Met], bool]"


def _sex(wanted: str) -> Test:
    return lambda case, _: case.chart.sex == wanted


def _from_age(least: int) -> Test:
    return lambda case, _: case.age is not None and case.age >= least


def _to_age(most: int) -> Test:
    return lambda case, _: case.age is not None and case.age < most


def _problem(terms: Mapping[str, Any]) -> Test:
    prefixes, days = tuple(terms["codes"]), terms.get("days")

    def test(case: Case, met: Met) -> bool:
        least = case.today - timedelta(days=days) if days else None
        for one in case.chart.problems:
            lately = least is None or (one.day is not None and one.day >= least)
            if one.active and lately and starts(one.codes, prefixes):
                met.words["problem"] = short(one.name)
                met.about.append(one.ref)
                return True
        return False

    return test


def _taking(prefixes: list[str]) -> Test:
    wanted = tuple(prefixes)

    def test(case: Case, met: Met) -> bool:
        found = next((one for one in case.taken if starts(one.codes, wanted)), None)
        if found is not None:
            met.words["taken"] = named(case, found)
            met.about.append(found.ref)
        return found is not None

    return test


def _drafting(prefixes: list[str]) -> Test:
    wanted = tuple(prefixes)

    def test(case: Case, met: Met) -> bool:
        found = next((one for one in case.focus if starts(one.codes, wanted)), None)
        if found is not None:
            name = met.words["drafted"] = named(case, found)
            met.keys.append(found.ref)
            met.suggestions.append(without(found, name))
        return found is not None

    return test


def _result(terms: Mapping[str, Any]) -> Test:
    below, above = terms.get("below"), terms.get("above")

    def test(case: Case, met: Met) -> bool:
        least = case.today - timedelta(days=terms["days"])
        found = [one for code in terms["codes"] for one in case.chart.results.get(code, ())[:1]]
        latest = max(
            (one for one in found if one.unit == terms["unit"]), key=lambda one: one.at, default=None
        )
        if latest is None or latest.day < least:
            return False
        if (below is not None and latest.value >= below) or (above is not None and latest.value <= above):
            return False
        met.words["result"] = measured(latest)
        met.about.append(latest.ref)
        return True

    return test


def _lacks(terms: Mapping[str, Any]) -> Test:
    def test(case: Case, _: Met) -> bool:
        least = case.today - timedelta(days=terms["days"])
        found = [one for code in terms["codes"] for one in case.chart.results.get(code, ())[:1]]
        return not any(one.day >= least for one in found)

    return test


_MAKERS: dict[str, Callable[[Any], Test]] = {
    "sex": _sex, "from_age": _from_age, "to_age": _to_age, "problem": _problem, "taking": _taking,
    "drafting": _drafting, "result": _result, "lacks": _lacks,
}  # fmt: skip


def compiled(rule: Rule) -> Callable[[Case], Iterator[Finding]]:
    """The rule as a function; raises ``ValueError`` for a condition that there is not."""
    unknown = sorted(set(rule.when) - set(_MAKERS))
    if unknown:
        message = f"rule {rule.id}: there is no condition {unknown[0]}"
        raise ValueError(message)
    tests = [_MAKERS[name](terms) for name, terms in rule.when.items()]

    def asked(case: Case) -> Iterator[Finding]:
        met = Met()
        if all(test(case, met) for test in tests):
            if rule.suggests:
                coding = {"coding": [{"system": _LOINC, "code": rule.suggests["loinc"]}]}
                met.suggestions.append(
                    order(case, coding, Both(rule.suggests["name_zh"], rule.suggests["name"]))
                )
            key = "/".join(met.keys) or case.today.isoformat()
            yield finding(rule, key, met.words, about=met.about, suggestions=met.suggestions)

    return asked
