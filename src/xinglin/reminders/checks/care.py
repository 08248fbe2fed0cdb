"""What is due: visits of programmes, reports of infectious diseases, follow-up after a stay."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.reminders.asking import day, finding, short, starts, task
from xinglin.reminders.values import Both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.reminders.asking import Case
    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Finding


def programme(rule: Rule, case: Case) -> Iterator[Finding]:
    """Somebody of a programme, whose next visit is late. Who never had one is not followed up, and not reminded of."""
    last = case.chart.evaluations[0] if case.chart.evaluations else None
    years = case.age
    if last is None or years is None:
        return
    for id_, terms in case.known.programmes["programme"].items():
        if years < terms["from_age"] or not _has(case, tuple(terms["icd10"])):
            continue
        due = last.day + timedelta(days=terms["days" if last.satisfied else "unsatisfied_days"])
        if due + timedelta(days=terms["late_days"]) >= case.today:
            continue
        name = Both(terms["zh"], terms["en"])
        outcome = Both("控制满意", "satisfying") if last.satisfied else Both("控制不满意", "not satisfying")
        words: dict[str, Both | str | float] = {
            "programme": Both(name.zh, name.en[0].upper() + name.en[1:]), "day": day(due), "last": day(last.day),
            "outcome": outcome,
        }  # fmt: skip
        yield finding(
            rule,
            f"{id_}/{last.day}",
            words,
            about=[last.ref],
            suggestions=[task(case, "programme-visit", name)],
        )


def _has(case: Case, prefixes: tuple[str, ...]) -> bool:
    return any(one.active and starts(one.codes, prefixes) for one in case.chart.problems)


def elderly(rule: Rule, case: Case) -> Iterator[Finding]:
    """Old enough for the yearly examination, and none within the year."""
    terms = case.known.programmes["elderly"]
    if case.age is None or case.age < terms["from_age"]:
        return
    least = case.today - timedelta(days=terms["days"])
    if any(
        one.day is not None and one.day >= least and starts(one.codes, tuple(terms["icd10"]))
        for one in case.chart.problems
    ):
        return
    name = Both(terms["zh"], terms["en"])
    words: dict[str, Both | str | float] = {"age": str(case.age), "days": str(terms["days"])}
    yield finding(rule, str(case.today.year), words, suggestions=[task(case, "elderly-examination", name)])


def notifiable(rule: Rule, case: Case) -> Iterator[Finding]:
    """A notifiable disease that was diagnosed within the last days."""
    least = case.today - timedelta(days=case.known.terms["reading"]["notified_days"])
    said = set()
    for problem in case.chart.problems:
        if problem.day is None or problem.day < least:
            continue
        disease = next((one for one in case.known.notifiable if starts(problem.codes, one.icd10)), None)
        if disease is None or disease.hours != rule.params["hours"] or disease.name in said:
            continue
        said.add(disease.name)
        words: dict[str, Both | str | float] = {
            "disease": Both(disease.name.zh, disease.name.en[0].upper() + disease.name.en[1:]),
            "class": Both({"A": "甲", "B": "乙", "C": "丙"}[disease.disease_class], disease.disease_class),
            "hours": str(disease.hours), "name": short(problem.name), "day": day(problem.day),
        }  # fmt: skip
        name = Both(f"传染病报告：{disease.name.zh}", f"report of {disease.name.en}")
        yield finding(
            rule, f"{disease.icd10[0]}/{problem.day}", words, about=[problem.ref],
            suggestions=[task(case, "notifiable-report", name, problem.ref)],
        )  # fmt: skip


def discharged(rule: Rule, case: Case) -> Iterator[Finding]:
    """Somebody who left hospital some weeks ago, and was not seen since."""
    terms = case.known.terms["reading"]
    wait, most = timedelta(days=terms["discharge_wait_days"]), timedelta(days=terms["discharge_days"])
    stay = next((one for one in case.chart.stays if one.inpatient and one.end is not None), None)
    if stay is None or stay.end is None or not case.today - most <= stay.end < case.today - wait:
        return
    if any(one.ref != stay.ref and one.start >= stay.end for one in case.chart.stays):
        return
    if any(planned >= case.today for planned in case.chart.planned):
        return
    words: dict[str, Both | str | float] = {
        "day": day(stay.end), "place": short(stay.place) or "—", "days": str(terms["discharge_wait_days"]),
    }  # fmt: skip
    name = Both("出院后随访", "follow-up after the stay")
    yield finding(
        rule, f"{stay.ref}/{stay.end}", words, about=[stay.ref],
        suggestions=[task(case, "discharge-followup", name, stay.ref)],
    )  # fmt: skip


def discharging(rule: Rule, case: Case) -> Iterator[Finding]:
    """A discharge without any visit that is planned."""
    if any(planned >= case.today for planned in case.chart.planned):
        return
    name = Both("预约出院后复诊", "book a visit after discharge")
    yield finding(
        rule, case.encounter or case.today.isoformat(), {}, about=[case.encounter],
        suggestions=[task(case, "discharge-visit", name, case.encounter)],
    )  # fmt: skip
