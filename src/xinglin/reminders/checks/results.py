"""Results and examinations: what nobody took up, and what need not be done again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.reminders.asking import day, finding, number, order, short, without
from xinglin.reminders.values import Both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.reminders.asking import Case
    from xinglin.reminders.knowledge import Limit
    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Finding, Result

_LOINC = "http://loinc.org"


def critical_result(rule: Rule, case: Case) -> Iterator[Finding]:
    """The latest result of a test is critical, by the table or by the laboratory's own mark, and no other followed."""
    for code, found in case.chart.results.items():
        latest = found[0]
        limit = _limit(case.known.limits["critical"].get(code, ()), latest)
        if limit is not None and not limit.passes(latest.value):
            days = limit.days
        elif latest.flagged:
            days = rule.params["flagged_days"]
        else:
            continue
        if latest.day >= case.today - timedelta(days=days):
            yield _of_result(rule, case, latest, limit)


def abnormal_result(rule: Rule, case: Case) -> Iterator[Finding]:
    """The latest result of a test is far out, older than the time within which it is looked at again."""
    for code, limits in case.known.limits["abnormal"].items():
        found = case.chart.results.get(code)
        limit = _limit(limits, found[0]) if found else None
        if found is None or limit is None or limit.passes(found[0].value):
            continue
        if found[0].day < case.today - timedelta(days=limit.days):
            yield _of_result(rule, case, found[0], limit)


def _limit(limits: tuple[Limit, ...] | list[Limit], result: Result) -> Limit | None:
    return next((one for one in limits if one.unit == result.unit), None)


def _of_result(rule: Rule, case: Case, result: Result, limit: Limit | None) -> Finding:
    name = limit.name if limit else Both(short(result.name), short(result.name))
    coding = {"coding": [{"system": _LOINC, "code": result.code}]}
    words: dict[str, Both | str | float] = {
        "test": name, "value": number(result.value), "unit": result.unit, "day": day(result.day),
        "limits": _limits(limit), "days": str(limit.days if limit else ""),
    }  # fmt: skip
    return finding(
        rule, f"{result.code}/{result.ref or result.at}", words, about=[result.ref],
        suggestions=[order(case, coding, name)],
    )  # fmt: skip


def _limits(limit: Limit | None) -> Both:
    if limit is None:
        return Both("检验科标记", "marked by the laboratory")
    parts = [f"< {number(limit.low)}"] if limit.low is not None else []
    parts += [f"> {number(limit.high)}"] if limit.high is not None else []
    return Both(" 或 ".join(parts) + f" {limit.unit}", " or ".join(parts) + f" {limit.unit}")


def examination(rule: Rule, case: Case) -> Iterator[Finding]:
    """An examination is ordered whose last result still holds."""
    for drafted in case.drafts.examinations:
        if not case.drafts.in_focus(drafted.ref):
            continue
        for id_ in drafted.kinds:
            kind = case.known.mutual[id_]
            done = next(
                (
                    one
                    for one in case.chart.examinations
                    if id_ in one.kinds
                    and one.day is not None
                    and case.today - timedelta(days=kind.days) <= one.day <= case.today
                ),
                None,
            )
            if done is None:
                continue
            words: dict[str, Both | str | float] = {
                "examination": kind.name, "day": day(done.day), "days": str(kind.days), "name": short(done.name),
                "place": Both(f"（{done.place}）", f" ({done.place})") if done.place else Both("", ""),
            }  # fmt: skip
            yield finding(
                rule, f"{id_}/{drafted.ref}", words, about=[done.ref],
                suggestions=[without(drafted, Both(short(drafted.name), short(drafted.name)))],
            )  # fmt: skip
            break
