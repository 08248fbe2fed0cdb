"""How things stand today against what is usual: counts, hours, alerts, the busiest readers, refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xinglin.audit import queries, rules
from xinglin.audit.queries import Cases, Wanted
from xinglin.audit.rules import Level, State

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.audit.queries import Alert
    from xinglin.audit.rules import Scope
    from xinglin.record.access import Placed
    from xinglin.record.database import Connection

DAYS = 14  # with which today is compared
_TOP = 8
COUNTS = ("permitted", "patients", "refused", "emergencies", "exports")


@dataclass(frozen=True, slots=True)
class Figure:
    """Something counted today, and what it usually is by this time of the day; None without a past."""

    name: str
    today: int
    usual: float | None

    @property
    def unusual(self) -> bool:
        return self.usual is not None and self.today >= 10 and self.today > 2 * self.usual


@dataclass(frozen=True, slots=True)
class Hour:
    """Lines of one hour today, and usually."""

    hour: int
    today: int
    usual: float


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody's day."""

    actor: str
    patients: int
    permitted: int
    refused: int


@dataclass(frozen=True, slots=True)
class Board:
    figures: tuple[Figure, ...]
    hours: tuple[Hour, ...]
    kinds: tuple[tuple[str, dict[Level, int], int], ...]  # rule, open alerts by level, together
    levels: dict[Level, int]
    busiest: tuple[Busy, ...]
    refusals: list[Placed]
    alerts: list[Alert]
    day: datetime
    reached: datetime | None


def board(connection: Connection, scope: Scope, *, now: datetime) -> Board:
    """The state of a scope, at a moment."""
    day = rules.day_of(now)
    kinds = _kinds(connection, scope)
    return Board(
        _figures(connection, scope, day, now),
        _hours(connection, scope, day),
        kinds,
        {level: sum(counts.get(level, 0) for _, counts, _ in kinds) for level in Level},
        _busiest(connection, scope, day),
        queries.lines(connection, Wanted(since=day, refused=True, scope=scope), limit=_TOP),
        _worst(connection, scope),
        day,
        queries.reached(connection),
    )


def _worst(connection: Connection, scope: Scope) -> list[Alert]:
    """Open alerts, those of the highest risk first, the latest of each first."""
    found: list[Alert] = []
    for level in (Level.HIGH, Level.MEDIUM, Level.LOW):
        wanted = Cases(state=State.OPEN.value, level=level.value, scope=scope)
        found += queries.alerts(connection, wanted, limit=_TOP)
    return found[:_TOP]


def _of(scope: Scope) -> tuple[str, str, dict[str, Any]]:
    """The table of counts by hour for a scope, and the condition on it."""
    if scope.actor is not None:
        return "audit_hour", "actor = %(mine)s", {"mine": scope.actor}
    if scope.institution is not None:
        return "audit_total", "institution = %(theirs)s", {"theirs": scope.institution}
    return "audit_total", "true", {}


def _figures(connection: Connection, scope: Scope, day: datetime, now: datetime) -> tuple[Figure, ...]:
    table, where, values = _of(scope)
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTS)
    today = connection.execute(
        f"SELECT {sums} FROM {table} WHERE hour >= %(day)s AND {where}", {"day": day, **values}
    ).fetchone()
    past = connection.execute(
        f"SELECT count(DISTINCT ago), {sums} FROM {table}, LATERAL (SELECT ceil(extract(epoch FROM %(day)s - hour)"
        f" / 86400) AS ago) a WHERE hour >= %(first)s AND hour < %(day)s AND {where}"
        " AND extract(epoch FROM hour - %(day)s) + ago * 86400 < %(seconds)s",
        {
            "day": day, "first": day - timedelta(days=DAYS), "seconds": (now - day).total_seconds(), **values,
        },
    ).fetchone()  # fmt: skip
    assert today is not None
    assert past is not None
    return tuple(
        Figure(name, int(count), float(total) / past[0] if past[0] else None)
        for name, count, total in zip(COUNTS, today, past[1:], strict=True)
    )


def _hours(connection: Connection, scope: Scope, day: datetime) -> tuple[Hour, ...]:
    table, where, values = _of(scope)
    rows = connection.execute(
        "SELECT floor(extract(epoch FROM hour - %(first)s) / 3600)::int %% 24, hour >= %(day)s,"
        f" sum(permitted + refused), count(DISTINCT hour) FROM {table}"
        f" WHERE hour >= %(first)s AND hour < %(day)s + interval '1 day' AND {where} GROUP BY 1, 2",
        {"day": day, "first": day - timedelta(days=DAYS), **values},
    ).fetchall()
    days = connection.execute(
        f"SELECT count(DISTINCT floor(extract(epoch FROM hour - %(first)s) / 86400)) FROM {table}"
        f" WHERE hour >= %(first)s AND hour < %(day)s AND {where}",
        {"day": day, "first": day - timedelta(days=DAYS), **values},
    ).fetchone()
    assert days is not None
    now = {hour: int(count) for hour, is_today, count, _ in rows if is_today}
    before = {hour: int(count) / max(days[0], 1) for hour, is_today, count, _ in rows if not is_today}
    return tuple(Hour(hour, now.get(hour, 0), before.get(hour, 0.0)) for hour in range(24))


def _kinds(connection: Connection, scope: Scope) -> tuple[tuple[str, dict[Level, int], int], ...]:
    _, where, values = _of(scope)
    rows = connection.execute(
        f"SELECT rule, level, count(*) FROM audit_alert WHERE state = 'open' AND {where} GROUP BY 1, 2",
        values,
    )
    found: dict[str, dict[Level, int]] = {}
    for rule, level, count in rows:
        found.setdefault(rule, {})[Level(level)] = count
    kinds = [(rule, counts, sum(counts.values())) for rule, counts in found.items()]
    return tuple(sorted(kinds, key=lambda kind: (-kind[1].get(Level.HIGH, 0), -kind[2], kind[0])))


def _busiest(connection: Connection, scope: Scope, day: datetime) -> tuple[Busy, ...]:
    _, where, values = _of(scope)
    rows = connection.execute(
        "SELECT actor, sum(patients)::int, sum(permitted)::int, sum(refused)::int FROM audit_hour"
        f" WHERE hour >= %(day)s AND hour < %(day)s + interval '1 day' AND {where} AND actor <> 'system'"
        " AND actor <> ALL(%(machines)s) GROUP BY actor ORDER BY 2 DESC, 3 DESC, actor LIMIT %(top)s",
        {"day": day, "top": _TOP, "machines": queries.machines(), **values},
    )
    return tuple(Busy(*row) for row in rows)
