"""What is read for pages: scores at every level, findings, problems, months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found
from xinglin.quality.flattening.reading import EPOCH
from xinglin.quality.scoring import Score, Tally, score
from xinglin.quality.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.quality.rules import Rule
    from xinglin.quality.scoring import Scheme
    from xinglin.record.database import Connection

PAGE = 50


def monday(week: int) -> date:
    """The first day of a week of the flat rows."""
    return EPOCH.date() + timedelta(weeks=week)


def week_number(day: date) -> int:
    return (day - EPOCH.date()).days // 7


# -- scores


@dataclass(frozen=True, slots=True)
class Window:
    """Which weeks (first and last, both within), and whose rows: 0 is everybody."""

    first: int
    last: int
    institution: int = 0

    @property
    def before(self) -> Window:
        """As many weeks before these."""
        length = self.last - self.first + 1
        return Window(self.first - length, self.first - 1, self.institution)

    @property
    def where(self) -> str:
        return "week BETWEEN %(first)s AND %(last)s" + (
            " AND institution = %(unit)s" if self.institution else ""
        )

    @property
    def values(self) -> dict[str, int]:
        return {"first": self.first, "last": self.last, "unit": self.institution}


def latest_week(connection: Connection) -> int | None:
    """The last week that the last run has counts for."""
    row = connection.execute("SELECT max(week) FROM quality_week").fetchone()
    return row[0] if row else None


def window(connection: Connection, weeks: int, institution: int = 0) -> Window | None:
    last = latest_week(connection)
    return None if last is None else Window(last - weeks + 1, last, institution)


def by(connection: Connection, window: Window, column: str) -> dict[Any, list[Tally]]:
    """Tallies of the rules by ``institution``, ``dataset``, ``week`` or ``department``."""
    assert column in ("institution", "dataset", "week", "department")
    table = "quality_count" if column == "department" else "quality_week"
    rows = connection.execute(
        f"SELECT {column}, rule, sum(checked)::bigint, sum(failed)::bigint FROM {table} WHERE {window.where}"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        window.values,
    )
    found: dict[Any, list[Tally]] = {}
    for key, rule, checked, failed in rows:
        found.setdefault(key, []).append(Tally(rule, checked, failed))
    return found


def tallies(connection: Connection, window: Window) -> list[Tally]:
    """One tally for each rule."""
    rows = connection.execute(
        f"SELECT rule, sum(checked)::bigint, sum(failed)::bigint FROM quality_week WHERE {window.where}"
        " GROUP BY 1 ORDER BY 1",
        window.values,
    )
    return [Tally(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Ranked:
    """An institution in the ranking; ``rank`` is None where too few rows were asked."""

    institution: int
    name: str
    score: Score
    grade: str
    rank: int | None
    change: float | None


def ranking(
    connection: Connection,
    window: Window,
    rules: Mapping[str, Rule],
    scheme: Scheme,
    names: Mapping[int, str],
) -> list[Ranked]:
    """Institutions, the best first; those with few rows at the end."""
    before = {
        unit: score(found, rules, scheme).total
        for unit, found in by(connection, window.before, "institution").items()
    }
    scored = [
        (unit, score(found, rules, scheme))
        for unit, found in by(connection, window, "institution").items()
        if unit
    ]
    return ranked(scored, before, scheme, names)


def ranked(
    scored: Iterable[tuple[int, Score]],
    before: Mapping[int, float | None],
    scheme: Scheme,
    names: Mapping[int, str],
) -> list[Ranked]:
    """Give ranks: equal scores share one."""
    ordered = sorted(
        scored, key=lambda pair: (pair[1].checked < scheme.least_rows, -(pair[1].total or 0), pair[0])
    )
    found: list[Ranked] = []
    for place, (unit, one) in enumerate(ordered, start=1):
        few = one.checked < scheme.least_rows or one.total is None
        rank = None if few else place
        if found and not few and found[-1].score.total == one.total:
            rank = found[-1].rank
        old = before.get(unit)
        change = one.total - old if one.total is not None and old is not None else None
        found.append(
            Ranked(unit, names.get(unit, "?"), one, "" if few else scheme.grade(one.total), rank, change)
        )
    return found


# -- findings


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings; empty and 0 for all."""

    rule: str = ""
    institution: int = 0
    department: int = 0
    dataset: int = 0
    problem: int = 0
    state: int | None = 0
    after: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    self: int
    part: int
    rule: str
    institution: int
    department: int
    dataset: int
    week: int
    state: int
    found: datetime
    fixed: datetime | None
    receipt: str | None
    problem: int | None


_FINDING = "self, part, rule, institution, department, dataset, week, state, found, fixed, receipt, problem"


def findings(connection: Connection, wanted: Wanted, *, limit: int = PAGE) -> list[Finding]:
    """Failing rows in the order of their numbers."""
    names = ("rule", "institution", "department", "dataset", "problem")
    conditions = ["true", *(f"{name} = %({name})s" for name in names if getattr(wanted, name))]
    if wanted.state is not None:
        conditions.append("state = %(state)s")
    if wanted.after is not None:
        conditions.append("(self, part) > (%(self)s, %(part)s)")
    after = wanted.after or (0, 0)
    rows = connection.execute(
        f"SELECT {_FINDING} FROM quality_finding WHERE {' AND '.join(conditions)}"
        " ORDER BY self, part, rule LIMIT %(limit)s",
        {
            "rule": wanted.rule, "institution": wanted.institution, "department": wanted.department,
            "dataset": wanted.dataset, "problem": wanted.problem, "state": wanted.state, "self": after[0],
            "part": after[1], "limit": limit,
        },
    )  # fmt: skip
    return [Finding(*row) for row in rows]


def findings_of(connection: Connection, self_: int, institution: int = 0) -> list[Finding]:
    """All findings of one resource."""
    rows = connection.execute(
        f"SELECT {_FINDING} FROM quality_finding WHERE self = %s ORDER BY part, rule", [self_]
    )
    return [
        one for one in (Finding(*row) for row in rows) if not institution or one.institution == institution
    ]


def row(connection: Connection, table: str, self_: int, part: int) -> dict[str, Any]:
    """A flat row as column → value; raises ``not_found``."""
    cursor = connection.execute(f"SELECT * FROM {table} WHERE self = %s AND part = %s", [self_, part])
    found = cursor.fetchone()
    if found is None or cursor.description is None:
        raise not_found(
            gettext_noop("This row is not there any more: it was deleted or sent anew without it.")
        )
    return dict(zip((column.name for column in cursor.description), found, strict=True))


def resource_ids(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """The ids of the resources that rows were made of, as far as they are there."""
    found = connection.execute("SELECT self, id FROM record_resource WHERE self = ANY(%s)", [list(numbers)])
    return dict(found.fetchall())


def resource_id(connection: Connection, self_: int) -> str | None:
    """The id of the resource that a row was made of."""
    return resource_ids(connection, [self_]).get(self_)


# -- problems


@dataclass(frozen=True, slots=True)
class Problem:
    number: int
    rule: str
    institution: int
    state: State
    severity: str
    role: str
    owner: str
    owner_name: str
    opened: datetime
    issued: datetime | None
    due: date | None
    declared: datetime | None
    passed: datetime | None
    look: date | None
    closed: datetime | None
    escalated: int
    escalated_on: date | None
    at_first: int
    now: int
    checked: int

    def late(self, today: date) -> bool:
        return self.due is not None and self.state in (State.ISSUED, State.WORKING) and self.due < today


_PROBLEM = ", ".join(Problem.__dataclass_fields__)


def _problem(columns: Sequence[Any]) -> Problem:
    values = dict(zip(Problem.__dataclass_fields__, columns, strict=True))
    return Problem(**values | {"state": State(values["state"])})


@dataclass(frozen=True, slots=True)
class Cases:
    """Which problems."""

    states: tuple[State, ...] = ()
    severity: str = ""
    rule: str = ""
    institution: int = 0
    owner: str = ""
    late_on: date | None = None


def problems(connection: Connection, cases: Cases, *, limit: int = 500) -> list[Problem]:
    """Problems: what is late and severe first."""
    rows = connection.execute(
        f"SELECT {_PROBLEM} FROM quality_problem WHERE (%(states)s::text[] = '{{}}' OR state = ANY(%(states)s))"
        " AND (%(severity)s = '' OR severity = %(severity)s) AND (%(rule)s = '' OR rule = %(rule)s)"
        " AND (%(unit)s = 0 OR institution = %(unit)s) AND (%(owner)s = '' OR owner = %(owner)s)"
        " AND (%(late)s::date IS NULL OR (due < %(late)s AND state IN ('issued', 'working')))"
        " ORDER BY due NULLS LAST, severity = 'high' DESC, severity = 'medium' DESC, now DESC, number LIMIT %(limit)s",
        {
            "states": [str(one) for one in cases.states], "severity": cases.severity, "rule": cases.rule,
            "unit": cases.institution, "owner": cases.owner, "late": cases.late_on, "limit": limit,
        },
    )  # fmt: skip
    return [_problem(row) for row in rows]


def problem(connection: Connection, number: int, institution: int = 0) -> Problem:
    """One problem; raises ``not_found``, also for another institution's."""
    found = connection.execute(
        f"SELECT {_PROBLEM} FROM quality_problem WHERE number = %s", [number]
    ).fetchone()
    if found is None or (institution and found[2] != institution):
        raise not_found(gettext_noop("There is no problem %(number)s."), number=number)
    return _problem(found)


def counts(connection: Connection, institution: int, today: date) -> dict[str, int]:
    """How many problems there are in each state, and how many tasks are late (``late``)."""
    rows = connection.execute(
        "SELECT state, count(*), count(*) FILTER (WHERE due < %(today)s AND state IN ('issued', 'working'))"
        " FROM quality_problem WHERE (%(unit)s = 0 OR institution = %(unit)s) GROUP BY 1",
        {"unit": institution, "today": today},
    ).fetchall()
    found = {str(state): 0 for state in State}
    found.update({state: count for state, count, _ in rows})
    found["late"] = sum(late for _, _, late in rows)
    return found


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken."""

    moment: datetime
    name: str
    verb: str
    state: str
    words: str


def steps(connection: Connection, number: int) -> list[Taken]:
    rows = connection.execute(
        "SELECT moment, name, verb, state, words FROM quality_step WHERE problem = %s ORDER BY number",
        [number],
    )
    return [Taken(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A row that is looked at again."""

    self: int
    part: int
    rule: str
    stands: bool | None
    verdict: str


def sample(connection: Connection, number: int) -> list[Sampled]:
    rows = connection.execute(
        "SELECT self, part, rule, stands, verdict FROM quality_sample WHERE problem = %s ORDER BY self, part",
        [number],
    )
    return [Sampled(*row) for row in rows]


# -- runs and months


@dataclass(frozen=True, slots=True)
class Run:
    number: int
    started: datetime
    finished: datetime | None
    rules: int
    checked: int
    failed: int
    opened: int
    fixed: int


def last_run(connection: Connection) -> Run | None:
    row_ = connection.execute(
        "SELECT number, started, finished, rules, checked, failed, opened, fixed FROM quality_run"
        " WHERE finished IS NOT NULL ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return Run(*row_) if row_ else None


@dataclass(frozen=True, slots=True)
class Monthly:
    institution: int
    scores: Mapping[str, float]
    score: float | None
    grade: str
    rank: int | None


def months(connection: Connection) -> list[date]:
    """The months whose boards are kept, the latest first."""
    return [
        row_[0] for row_ in connection.execute("SELECT DISTINCT month FROM quality_month ORDER BY 1 DESC")
    ]


def month(connection: Connection, day: date) -> list[Monthly]:
    """A month's board: the region first, then by rank."""
    rows = connection.execute(
        "SELECT institution, scores, score, grade, rank FROM quality_month WHERE month = %s"
        " ORDER BY institution <> 0, rank NULLS LAST, institution",
        [day],
    )
    return [Monthly(*row_) for row_ in rows]
