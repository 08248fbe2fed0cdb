"""Rules as SQL: one pass over each flat table counts for all its rules at once, a second gathers the failing rows.

The pass is ``count(*) FILTER (…)`` for each rule, by institution, department, data set and week. What rows fail
together (pairs, duplicates, histories) is asked by statements of its own, over the rows they are about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.quality import checks
from xinglin.quality.checks.language import NOW, text
from xinglin.quality.columns import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from xinglin.quality.checks import Check
    from xinglin.quality.rules import Rule

CELL = "t.institution, t.department, t.dataset, t.week"


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules of one table, made; ready to be put into statements."""

    table: str
    rules: tuple[tuple[Rule, Check], ...]
    now: datetime

    @property
    def single(self) -> list[tuple[Rule, Check]]:
        return [(rule, check) for rule, check in self.rules if check.fails is not None]

    @property
    def together(self) -> list[tuple[Rule, Check]]:
        return [(rule, check) for rule, check in self.rules if check.rows is not None]


def plans(rules: Iterable[Rule], now: datetime) -> list[Plan]:
    """A plan for each table that rules are asked of."""
    by_table: dict[str, list[tuple[Rule, Check]]] = {}
    for rule in rules:
        by_table.setdefault(rule.table, []).append((rule, checks.made(rule)))
    return [Plan(table, tuple(found), now) for table, found in by_table.items()]


def _finished(statement: str, now: datetime) -> str:
    return statement.replace(NOW, f"timestamptz {text(now.isoformat())}")


def _source(table: str, made: Sequence[tuple[Rule, Check]]) -> str:
    joins: dict[str, str] = {}
    for _, check in made:
        joins.update(check.joins)
    return f"{TABLES[table].sql} t {' '.join(joins.values())}"


def count(plan: Plan) -> str:
    """A statement that gives for each cell how many rows each rule applies to, and how many of single rows fail."""
    columns = []
    for place, (_, check) in enumerate(plan.rules):
        columns.append(f"count(*) FILTER (WHERE {check.applies}) AS a{place}")
        if check.fails is not None:
            columns.append(f"count(*) FILTER (WHERE ({check.applies}) AND ({check.fails})) AS f{place}")
    return _finished(
        f"SELECT {CELL}, {', '.join(columns)} FROM {_source(plan.table, plan.rules)} GROUP BY {CELL}",
        plan.now,
    )


def unpivot(plan: Plan, counted: str) -> str:
    """Rows of ``quality_count`` out of what ``count`` has put into the table ``counted``."""
    values = ", ".join(
        f"({text(rule.id)}, a{place}, {f'f{place}' if check.fails is not None else '0'})"
        for place, (rule, check) in enumerate(plan.rules)
    )
    return (
        f"SELECT v.rule, c.institution, c.department, c.dataset, c.week, v.checked, v.failed FROM {counted} c"
        f" CROSS JOIN LATERAL (VALUES {values}) v(rule, checked, failed) WHERE v.checked > 0"
    )


_ROW = "t.self, t.part, t.shard, t.institution, t.department, t.dataset, t.week, t.receipt"


def gather(plan: Plan, *, only: str = "", without: Collection[str] = ()) -> str:
    """A statement that gives the rows that fail a rule of single rows, once for each rule; ``only`` narrows them."""
    single = [(rule, check) for rule, check in plan.single if rule.id not in without]
    bad = [f"(({check.applies}) AND ({check.fails}))" for _, check in single]
    values = ", ".join(f"({text(rule.id)}, {one})" for (rule, _), one in zip(single, bad, strict=True))
    narrowed = f" AND {only}" if only else ""
    return _finished(
        f"SELECT asked.rule, {_ROW} FROM {_source(plan.table, single)}"
        f" CROSS JOIN LATERAL (VALUES {values}) asked(rule, bad)"
        f" WHERE ({' OR '.join(bad)}) AND asked.bad{narrowed}",
        plan.now,
    )


def gather_some(plan: Plan, rule: Rule, check: Check, most: int) -> str:
    """The same for one rule that very many rows fail: the latest of them, always the same ones."""
    return _finished(
        f"SELECT {text(rule.id)} AS rule, {_ROW} FROM {_source(plan.table, [(rule, check)])}"
        f" WHERE ({check.applies}) AND ({check.fails}) ORDER BY t.week DESC, t.self, t.part LIMIT {most}",
        plan.now,
    )


def gather_together(plan: Plan, rule: Rule, check: Check) -> str:
    """The same for a rule of rows together."""
    assert check.rows is not None
    return _finished(
        f"SELECT {text(rule.id)} AS rule, {_ROW} FROM {TABLES[plan.table].sql} t"
        f" JOIN ({check.rows}) x ON x.self = t.self AND x.part = t.part",
        plan.now,
    )


def dry(rule: Rule, now: datetime) -> Mapping[str, str]:
    """Statements that try a rule without keeping anything: how many apply and fail, and some failing rows."""
    (plan,) = plans([rule], now)
    ((_, check),) = plan.rules
    source = _source(plan.table, plan.rules)
    if check.rows is not None:
        rows = gather_together(plan, rule, check)
        counted = (
            f"SELECT (SELECT count(*) FROM {source} WHERE {check.applies}), (SELECT count(*) FROM ({rows}) r)"
        )
        return {"count": _finished(counted, now), "rows": f"{rows} LIMIT 20"}
    counted = (
        f"SELECT count(*) FILTER (WHERE {check.applies}),"
        f" count(*) FILTER (WHERE ({check.applies}) AND ({check.fails})) FROM {source}"
    )
    return {"count": _finished(counted, now), "rows": f"{gather(plan)} LIMIT 20"}
