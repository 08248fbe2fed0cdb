"""Applying rules: all of them by schedule, the cheap ones to what has just arrived.

A run counts and gathers into temporary tables, which several workers of the database do at once, and puts the result
in place at its end in one transaction: readers see the former result until then.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings

from xinglin.kernel.actor import SYSTEM
from xinglin.quality import compiling, rulebook, scoring
from xinglin.quality.columns import TABLES
from xinglin.record import database
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.quality.compiling import Plan
    from xinglin.quality.following import Batch
    from xinglin.quality.rules import Rule
    from xinglin.record.database import Connection

_COUNT = (
    "rule text, institution bigint, department bigint, dataset smallint, week smallint, checked bigint,"
    " failed bigint"
)
_FAILING = (
    "rule text, self bigint, part smallint, shard smallint, institution bigint, department bigint, dataset smallint,"
    " week smallint, receipt text"
)
_SETTINGS = """
SET LOCAL work_mem = '192MB'; SET LOCAL hash_mem_multiplier = 2.0; SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL plan_cache_mode = auto; SET LOCAL jit = off; SET LOCAL synchronous_commit = off;
"""


_ALL = 1 << 62


@dataclass(slots=True)
class Done:
    """What a run did."""

    number: int = 0
    rules: int = 0
    checked: int = 0
    failed: int = 0
    opened: int = 0
    fixed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One run at a time; a second waits."""
    connection.execute("SELECT pg_advisory_lock(%s)", [Lock.QUALITY])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [Lock.QUALITY])


def run(
    *, now: datetime, actor: Actor = SYSTEM, rules: Mapping[str, Rule] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Done:  # fmt: skip
    """Apply the rules in force, or the given ones alone, to everything; keep counts and findings."""
    connection = database.connection()
    held = rules if rules is not None else rulebook.in_force(connection)
    done = Done(rules=len(held))
    with _alone(connection):
        row = connection.execute(
            "INSERT INTO quality_run (started, actor, rules) VALUES (%s, %s, %s) RETURNING number",
            [now, actor.id, len(held)],
        ).fetchone()
        assert row is not None
        done.number = int(row[0])
        with connection.transaction():
            keep = scoring.scheme(settings.SETTINGS.home).keep
            many = evaluate(connection, list(held.values()), now, keep=keep, tell=tell)
            _keep_counts(connection, list(held), partly=rules is not None)
            _keep_findings(connection, done, list(held), many, now=now, partly=rules is not None)
        connection.execute("ANALYZE quality_finding, quality_week, quality_count")
    return done


def evaluate(
    connection: Connection, rules: Sequence[Rule], now: datetime, *, keep: int = _ALL,
    tell: Callable[[str], None] = lambda _: None,
) -> list[str]:  # fmt: skip
    """Fill the temporary tables ``counted`` and ``failing`` in the transaction that is open; keep nothing.

    Of a rule that more than ``keep`` rows fail only so many are in ``failing``; tells which rules these are.
    """
    connection.execute(_SETTINGS)
    connection.execute(f"CREATE TEMPORARY TABLE counted ({_COUNT}) ON COMMIT DROP")
    connection.execute(f"CREATE TEMPORARY TABLE failing ({_FAILING}) ON COMMIT DROP")
    together, many = list[str](), list[str]()
    for plan in compiling.plans(rules, now):
        if _is_empty(connection, plan.table):
            continue
        tell(plan.table)
        many += _evaluate_table(connection, plan, keep)
        together += [rule.id for rule, _ in plan.together]
    tell("")
    connection.execute(
        "UPDATE counted c SET failed = f.n FROM (SELECT rule, institution, department, dataset, week, count(*) AS n"
        " FROM failing WHERE rule = ANY(%s) GROUP BY 1, 2, 3, 4, 5) f WHERE c.rule = f.rule AND c.institution ="
        " f.institution AND c.department = f.department AND c.dataset = f.dataset AND c.week = f.week",
        [together],
    )
    trimmed = connection.execute(
        "WITH late AS (SELECT ctid, rule FROM (SELECT ctid, rule, row_number() OVER (PARTITION BY rule ORDER BY"
        " week DESC, self, part) AS n FROM failing WHERE rule = ANY(%s)) r WHERE n > %s), gone AS (DELETE FROM failing"
        " USING late WHERE failing.ctid = late.ctid) SELECT DISTINCT rule FROM late",
        [together, keep],
    )
    return [*many, *(rule for (rule,) in trimmed)]


def _is_empty(connection: Connection, table: str) -> bool:
    row = connection.execute(f"SELECT EXISTS (SELECT FROM {TABLES[table].sql})").fetchone()
    return row == (False,)


def _evaluate_table(connection: Connection, plan: Plan, keep: int) -> list[str]:
    # CREATE TABLE AS is the one form that several workers may fill
    connection.execute(f"CREATE TEMPORARY TABLE pass ON COMMIT DROP AS {compiling.count(plan)}")
    connection.execute(f"INSERT INTO counted {compiling.unpivot(plan, 'pass')}")
    connection.execute("DROP TABLE pass")
    many = {
        rule
        for (rule,) in connection.execute(
            "SELECT rule FROM counted WHERE rule = ANY(%s) GROUP BY 1 HAVING sum(failed) > %s",
            [[rule.id for rule, _ in plan.single], keep],
        )
    }
    if len(plan.single) > len(many):
        _pass(connection, compiling.gather(plan, without=many))
    for rule, check in plan.single:
        if rule.id in many:
            _pass(connection, compiling.gather_some(plan, rule, check, keep))
    for rule, check in plan.together:
        _pass(connection, compiling.gather_together(plan, rule, check))
    return sorted(many)


def _pass(connection: Connection, statement: str) -> None:
    """Add to the failing rows what a statement gives."""
    connection.execute(f"CREATE TEMPORARY TABLE pass ON COMMIT DROP AS {statement}")
    connection.execute("INSERT INTO failing SELECT * FROM pass")
    connection.execute("DROP TABLE pass")


def _keep_counts(connection: Connection, ids: Sequence[str], *, partly: bool) -> None:
    """Put what was counted in place of what was counted before."""
    for table in ("quality_count", "quality_week"):
        if partly:
            connection.execute(f"DELETE FROM {table} WHERE rule = ANY(%s)", [list(ids)])
        else:
            connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO quality_count SELECT * FROM counted")
    connection.execute(
        "INSERT INTO quality_week (week, rule, institution, dataset, checked, failed)"
        " SELECT week, rule, institution, dataset, sum(checked), sum(failed) FROM counted GROUP BY 1, 2, 3, 4"
    )


def _keep_findings(
    connection: Connection,
    done: Done,
    ids: Sequence[str],
    many: Sequence[str],
    *,
    now: datetime,
    partly: bool,
) -> None:
    """Close the findings of rows that fail no more, open those of rows that have begun to.

    Of a rule of which not all rows are kept nobody can say that a row is fixed because it is not among them: what has
    made room for later rows is forgotten.
    """
    connection.execute("ANALYZE failing")
    scope = "f.rule = ANY(%(ids)s)" if partly else "true"
    gone = (
        f"f.state = 0 AND {scope} AND NOT EXISTS (SELECT FROM failing n WHERE n.self = f.self AND n.part = f.part"
        " AND n.rule = f.rule)"
    )
    values = {"now": now, "ids": list(ids), "many": list(many)}
    connection.execute(f"DELETE FROM quality_finding f WHERE f.rule = ANY(%(many)s) AND {gone}", values)
    done.fixed = connection.execute(
        f"UPDATE quality_finding f SET state = 1, fixed = %(now)s WHERE {gone}", values
    ).rowcount
    done.opened = connection.execute(_OPEN, {"now": now}).rowcount
    row = connection.execute(
        "SELECT coalesce(sum(checked), 0), coalesce(sum(failed), 0) FROM counted"
    ).fetchone()
    assert row is not None
    done.checked, done.failed = int(row[0]), int(row[1])
    connection.execute(
        "UPDATE quality_run SET finished = clock_timestamp(), checked = %s, failed = %s, opened = %s, fixed = %s"
        " WHERE number = %s",
        [done.checked, done.failed, done.opened, done.fixed, done.number],
    )


_OPEN = """
INSERT INTO quality_finding (self, part, rule, shard, institution, department, dataset, week, receipt, found)
SELECT self, part, rule, shard, institution, department, dataset, week, receipt, %(now)s FROM failing
ON CONFLICT (self, part, rule, shard) DO UPDATE SET state = 0, fixed = NULL, found = EXCLUDED.found,
    receipt = EXCLUDED.receipt, problem = NULL
WHERE quality_finding.state = 1
"""


def on_arrival(connection: Connection, batch: Batch, *, now: datetime) -> int:
    """Ask the cheap rules of what has just been made flat; tell how many findings there are in it."""
    held = [
        rule
        for rule in rulebook.in_force(connection).values()
        if rule.arrival and batch.written.get(rule.table)
    ]
    found = 0
    for plan in compiling.plans(held, now):
        if not plan.single:
            continue
        selves = batch.written[plan.table]
        ids = [rule.id for rule, _ in plan.single]
        only = f"t.self = ANY('{{{','.join(map(str, selves))}}}'::bigint[])"
        connection.execute("DROP TABLE IF EXISTS failing")
        connection.execute(f"CREATE TEMPORARY TABLE failing ({_FAILING})")
        connection.execute(f"INSERT INTO failing {compiling.gather(plan, only=only)}")
        connection.execute(
            "UPDATE quality_finding f SET state = 1, fixed = %s WHERE f.self = ANY(%s) AND f.rule = ANY(%s)"
            " AND f.state = 0 AND NOT EXISTS (SELECT FROM failing n WHERE n.self = f.self AND n.part = f.part"
            " AND n.rule = f.rule)",
            [now, selves, ids],
        )
        found += connection.execute(_OPEN, {"now": now}).rowcount
        connection.execute("DROP TABLE failing")
    if batch.gone:
        connection.execute(
            "UPDATE quality_finding SET state = 1, fixed = %s WHERE self = ANY(%s) AND state = 0",
            [now, batch.gone],
        )
    return found


def dry(rule: Rule, *, now: datetime) -> tuple[int, int, list[tuple[object, ...]]]:
    """Try a rule: to how many rows it applies, how many fail, and some of these. Nothing is kept."""
    connection = database.connection()
    statements = compiling.dry(rule, now)
    with connection.transaction():
        connection.execute(
            _SETTINGS + "SET LOCAL statement_timeout = '60s'; SET LOCAL transaction_read_only = on"
        )
        counted = connection.execute(statements["count"]).fetchone()
        rows = connection.execute(statements["rows"]).fetchall()
    assert counted is not None
    return int(counted[0]), int(counted[1]), rows
