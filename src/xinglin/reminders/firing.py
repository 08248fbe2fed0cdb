"""All rules of a hook, asked of one case."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from xinglin.reminders import conditions, rulebook
from xinglin.reminders.checks import care, medicines, results
from xinglin.reminders.values import Hook, Indicator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from xinglin.reminders.asking import Case
    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Finding

    Asked: TypeAlias = Callable[[Case], Iterator[Finding]]

CHECKS: dict[str, Callable[[Rule, Case], Iterator[Finding]]] = {
    "allergy": medicines.allergy, "allergy-cross": medicines.allergy_cross, "interaction": medicines.interaction,
    "duplicate": medicines.duplicate, "renal": medicines.renal, "age": medicines.age,
    "examination": results.examination, "critical-result": results.critical_result,
    "abnormal-result": results.abnormal_result, "programme": care.programme, "elderly": care.elderly,
    "notifiable": care.notifiable, "discharged": care.discharged, "discharging": care.discharging,
}  # fmt: skip
"""The kinds of rules that are functions; the kind ``when`` is conditions."""
_GRAVEST_FIRST = {Indicator.CRITICAL: 0, Indicator.WARNING: 1, Indicator.INFO: 2}


def compiled(rule: Rule) -> Asked:
    """A rule as one function of a case."""
    return conditions.compiled(rule) if rule.kind == "when" else partial(CHECKS[rule.kind], rule)


@cache
def _of_hook(hook: Hook) -> tuple[tuple[str, Asked], ...]:
    return tuple((rule.id, compiled(rule)) for rule in rulebook.shipped().of_hook(hook))


def fire(case: Case, live: Iterable[str] | None = None) -> list[Finding]:
    """What the rules say, the gravest first; of the rules in ``live`` alone, where it is given."""
    wanted = None if live is None else frozenset(live)
    found = [
        one for id_, asked in _of_hook(case.hook) if wanted is None or id_ in wanted for one in asked(case)
    ]
    return sorted(found, key=lambda one: _GRAVEST_FIRST[one.indicator])
