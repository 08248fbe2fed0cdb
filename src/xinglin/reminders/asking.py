"""What every check is handed, and how it says what it found. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.kernel.ages import age_between
from xinglin.reminders import knowledge
from xinglin.reminders.values import Both, Drafts, Finding, Orders, Suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from xinglin.reminders.knowledge import Knowledge
    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Chart, Hook, Indicator, Medicine, Result

_LONGEST = 139  # CDS Hooks: a summary has fewer than 140 characters
_LONG_NAME = 40


@dataclass(frozen=True, slots=True)
class Filtered:
    """The estimated filtration in mL/min/1.73 m², when it was measured, and whether we computed it."""

    value: float
    day: date
    ref: str
    computed: bool


@dataclass(slots=True)
class Case:
    """One question: this chart, at this hook, with these drafts, on this day.

    ``all_orders`` tells of an order, by its reference, all that there are of the same medicine: a chart holds those of
    the last months alone, and few rules need the rest.
    """

    chart: Chart
    hook: Hook
    today: date
    drafts: Drafts = field(default_factory=Drafts)
    known: Knowledge = field(default_factory=knowledge.shipped)
    encounter: str = ""
    all_orders: Callable[[str], Orders | None] | None = None
    _filtration: list[Filtered | None] = field(default_factory=list)

    @property
    def age(self) -> int | None:
        """Full years; None where the day of birth is not known."""
        found = age_between(self.chart.birth, self.today) if self.chart.birth else None
        return found.years if found else None

    @property
    def focus(self) -> list[Medicine]:
        """The medicines that the doctor is ordering."""
        return [one for one in self.drafts.medicines if self.drafts.in_focus(one.ref)]

    @property
    def taken(self) -> list[Medicine]:
        """The medicines taken on that day, as far as is known."""
        return [
            one
            for one in self.chart.medicines
            if (one.since is None or one.since <= self.today)
            and (one.until is None or one.until >= self.today)
        ]

    def ordered(self, medicine: Medicine) -> Orders | None:
        """Since when a medicine is ordered and how often; None where no day is known."""
        known = self.all_orders(medicine.ref) if self.all_orders else None
        if known is not None:
            return known
        days = [one.since for one in self.chart.medicines if one.codes == medicine.codes and one.since]
        return Orders(min(days), len(days)) if days else None

    def filtration(self) -> Filtered | None:
        """The latest estimate that was reported, or made from the latest creatinine, whichever is later."""
        if not self._filtration:
            self._filtration.append(_filtration(self))
        return self._filtration[0]


def starts(codes: Iterable[str], prefixes: tuple[str, ...]) -> str | None:
    """The first of the codes that begins with one of the prefixes."""
    return next((code for code in codes if code.startswith(prefixes)), None)


def _filtration(case: Case) -> Filtered | None:
    terms = case.known.terms["filtration"]
    if case.age is None or case.age < terms["from_age"]:
        return None
    found = [
        Filtered(one.value, one.day, one.ref, computed=False)
        for code in terms["codes"]
        for one in case.chart.results.get(code, ())[:1]
    ]
    for code, per in terms["creatinine"].items():
        for one in case.chart.results.get(code, ())[:1]:
            if one.value > 0 and case.chart.sex in terms["kappa"]:
                value = estimate(one.value / per, case.chart.sex, case.age, terms)
                found.append(Filtered(value, one.day, one.ref, computed=True))
    return max(found, key=lambda one: (one.day, not one.computed), default=None)


def estimate(creatinine: float, sex: str, age: int, terms: dict[str, Any]) -> float:
    """Glomerular filtration in mL/min/1.73 m² from creatinine in mg/dL (CKD-EPI 2021)."""
    ratio = creatinine / terms["kappa"][sex]
    value = terms["factor"] * min(ratio, 1) ** terms["alpha"][sex] * max(ratio, 1) ** terms["high"]
    return float(value * terms["age"] ** age * (terms["female"] if sex == "female" else 1))


def finding(  # noqa: PLR0913 -- what a finding is made of
    rule: Rule, key: str, words: dict[str, Both | str | float], *, about: Sequence[str] = (),
    basis: Both | None = None, suggestions: Sequence[Suggestion] = (), indicator: Indicator | None = None,
) -> Finding:  # fmt: skip
    """What a rule found, with its texts filled in both languages."""
    zh = {name: one.zh if isinstance(one, Both) else one for name, one in words.items()}
    en = {name: one.en if isinstance(one, Both) else one for name, one in words.items()}
    return Finding(
        rule=rule.id,
        version=rule.version,
        indicator=indicator or rule.indicator,
        key=key,
        summary=Both(_clipped(rule.summary.zh.format(**zh)), _clipped(rule.summary.en.format(**en))),
        detail=Both(rule.detail.zh.format(**zh), rule.detail.en.format(**en)),
        about=tuple(dict.fromkeys(ref for ref in about if ref)),
        basis=basis,
        suggestions=tuple(suggestions),
    )


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def short(text: str) -> str:
    """A name as it was written, cut where it is very long."""
    return text if len(text) <= _LONG_NAME else text[: _LONG_NAME - 1] + "…"


def named(case: Case, medicine: Medicine) -> Both:
    """A medicine by its written name, or by its substances where it has none."""
    if medicine.name:
        return Both(short(medicine.name), short(medicine.name))
    names = [case.known.called(code) for code in medicine.codes]
    return Both("、".join(one.zh for one in names), ", ".join(one.en for one in names))


def number(value: float) -> str:
    """A figure without a zero at its end."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def day(value: date | None) -> Both:
    return Both(value.isoformat(), value.isoformat()) if value else Both("日期不详", "no date")


def since(medicine: Medicine) -> Both:
    """Since when a medicine is taken; a draft of the same session is called so."""
    if medicine.since is None:
        return Both("本次同时开具", "ordered together")
    return Both(f"{medicine.since.isoformat()} 起", f"since {medicine.since.isoformat()}")


def in_use(case: Case, medicine: Medicine) -> Both:
    """Since when a medicine in use is ordered: the last order alone would make an old medicine look new."""
    orders, last = case.ordered(medicine), medicine.since
    if orders is None or last is None or orders.first >= last:
        return since(medicine)
    first, last_day, n = orders.first.isoformat(), last.isoformat(), orders.times
    return Both(
        f"{first} 首次开具，最近一次 {last_day}，共 {n} 次",
        f"first ordered {first}, last {last_day}, {n} times in all",
    )


def daily(medicine: Medicine) -> Both:
    """The ordered amount a day."""
    if medicine.daily is None:
        return Both("剂量未注明", "no dose stated")
    return Both(f"每日{number(medicine.daily)}mg", f"{number(medicine.daily)} mg a day")


def measured(result: Result) -> str:
    return f"{number(result.value)} {result.unit}".strip()


def without(medicine_or_order: Any, name: Both) -> Suggestion:
    """To take a draft back."""
    return Suggestion(
        Both(f"撤销：{name.zh}", f"Take back: {name.en}"), "delete",
        Both("撤销这条未签署的医嘱", "Take back this order, which is not signed"),
        resource_id=medicine_or_order.ref,
    )  # fmt: skip


def order(case: Case, code: dict[str, Any], name: Both) -> Suggestion:
    """To propose an examination for the patient."""
    resource = {
        "resourceType": "ServiceRequest", "status": "draft", "intent": "proposal",
        "code": {**code, "text": name.zh}, "subject": {"reference": f"Patient/{case.chart.patient}"},
        "authoredOn": case.today.isoformat(),
    }  # fmt: skip
    return Suggestion(
        Both(f"申请：{name.zh}", f"Order: {name.en}"), "create",
        Both(f"新建申请：{name.zh}", f"Create a request for {name.en}"), resource=resource,
    )  # fmt: skip


def task(case: Case, code: str, name: Both, focus: str = "") -> Suggestion:
    """To put something down that is to be done for the patient."""
    resource = {
        "resourceType": "Task", "status": "requested", "intent": "proposal",
        "code": {"coding": [{"system": "urn:xinglin:codes:reminder-task", "code": code}], "text": name.zh},
        "for": {"reference": f"Patient/{case.chart.patient}"}, "authoredOn": case.today.isoformat(),
        **({"focus": {"reference": focus}} if focus and "/" in focus else {}),
    }  # fmt: skip
    return Suggestion(
        Both(f"登记待办：{name.zh}", f"Put down: {name.en}"), "create",
        Both(f"新建待办：{name.zh}", f"Create a task: {name.en}"), resource=resource,
    )  # fmt: skip
