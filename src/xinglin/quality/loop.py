"""What the platform does by itself: opens problems, checks them again, reminds, keeps each month's board."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_noop
from psycopg.types.json import Jsonb

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.actor import SYSTEM
from xinglin.quality import actions, places, queries, rulebook, scoring
from xinglin.quality.queries import Cases, Window
from xinglin.quality.scoring import score
from xinglin.quality.states import TASKS, State, Verb
from xinglin.record import notices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.quality.queries import Problem
    from xinglin.quality.rules import Rule
    from xinglin.quality.scoring import Scheme
    from xinglin.record.database import Connection


def settle(connection: Connection, now: datetime) -> dict[str, int]:
    """After a run: bring the problems in step with what fails; how many were opened, cured and fell back."""
    rules, scheme = rulebook.in_force(connection), scoring.scheme(settings.SETTINGS.home)
    done = {"opened": 0, "cured": 0, "relapsed": 0}
    with connection.transaction():
        failing = {
            (rule, unit): (checked, failed)
            for rule, unit, checked, failed in connection.execute(
                "SELECT rule, institution, sum(checked)::bigint, sum(failed)::bigint FROM quality_week GROUP BY 1, 2"
            )
        }
        known: dict[tuple[str, int], Problem] = {}
        for one in queries.problems(connection, Cases(), limit=1_000_000):
            key = (one.rule, one.institution)
            if key not in known or one.number > known[key].number:
                known[key] = one
        for key, problem in known.items():
            if problem.state in (State.CLOSED, State.DISMISSED):
                continue
            checked, failed = failing.get(key, (0, 0))
            connection.execute(
                "UPDATE quality_problem SET now = %s, checked = %s WHERE number = %s",
                [failed, checked, problem.number],
            )
            _recheck(connection, problem, rules, scheme, tally=(checked, failed), now=now, done=done)
        for key, (checked, failed) in failing.items():
            held = known.get(key)
            if held is None or held.state is State.CLOSED:
                done["opened"] += _open(connection, key, rules, scheme, (checked, failed), now)
    return done


def _exceeds(rule: Rule | None, scheme: Scheme, tally: tuple[int, int]) -> bool:
    checked, failed = tally
    return rule is not None and failed >= scheme.problems["least_rows"] and failed > rule.threshold * checked


def _open(
    connection: Connection, key: tuple[str, int], rules: Mapping[str, Rule], scheme: Scheme, tally: tuple[int, int],
    now: datetime,
) -> int:  # fmt: skip
    """Open a problem where more fails than the rule allows."""
    rule = rules.get(key[0])
    if rule is None or not key[1] or not _exceeds(rule, scheme, tally):
        return 0
    row = connection.execute(
        "INSERT INTO quality_problem (rule, institution, state, severity, role, opened, at_first, now, checked)"
        " VALUES (%s, %s, 'new', %s, %s, %s, %s, %s, %s) RETURNING number",
        [*key, rule.severity, rule.owner, now, tally[1], tally[1], tally[0]],
    ).fetchone()
    assert row is not None
    connection.execute(
        "UPDATE quality_finding SET problem = %s WHERE rule = %s AND institution = %s AND state = 0",
        [row[0], *key],
    )
    return 1


def _recheck(  # noqa: PLR0913 -- one problem with all that decides on it
    connection: Connection, problem: Problem, rules: Mapping[str, Rule], scheme: Scheme, *, tally: tuple[int, int],
    now: datetime, done: dict[str, int],
) -> None:  # fmt: skip
    """Let a problem go on where nothing fails any more, or back where it fails again."""
    exceeds = _exceeds(rules.get(problem.rule), scheme, tally)
    open_rows = connection.execute(
        "SELECT count(*) FROM quality_finding WHERE problem = %s AND state = 0", [problem.number]
    ).fetchone()
    left = int(open_rows[0]) if open_rows else 0
    if problem.state is State.NEW and not exceeds:
        _step(connection, problem, Verb.RECHECK, gettext_noop("No longer above the limit."), now)
        done["cured"] += 1
    elif problem.state in TASKS and not exceeds and left == 0:
        _step(connection, problem, Verb.RECHECK, gettext_noop("None of the rows fails any more."), now)
        _draw_sample(connection, problem.number, scheme)
        done["cured"] += 1
    elif problem.state is State.DECLARED:
        _step(connection, problem, Verb.RELAPSE, gettext_noop("Checked again: rows still fail."), now)
        done["relapsed"] += 1
    elif problem.state is State.WATCHED:
        done["relapsed"] += _look_at_sample(connection, problem, now)


def _step(connection: Connection, problem: Problem, verb: Verb, words: str, now: datetime) -> None:
    actions.take(connection, problem=problem, verb=verb, words=words, actor=SYSTEM, now=now)


def _draw_sample(connection: Connection, number: int, scheme: Scheme) -> None:
    """Choose the rows to be looked at again: by chance, but the same if it is done twice."""
    connection.execute("DELETE FROM quality_sample WHERE problem = %s", [number])
    connection.execute(
        "INSERT INTO quality_sample (problem, self, part, shard, rule, stands)"
        " SELECT problem, self, part, shard, rule, true FROM quality_finding WHERE problem = %s AND state = 1"
        " ORDER BY hashint8(self # %s), part LIMIT %s",
        [number, number, scheme.problems["sample"]],
    )


def _look_at_sample(connection: Connection, problem: Problem, now: datetime) -> int:
    """The machine's part of looking back: rows of the sample that fail again."""
    connection.execute(
        "UPDATE quality_sample s SET stands = NOT EXISTS (SELECT FROM quality_finding f WHERE f.self = s.self"
        " AND f.part = s.part AND f.rule = s.rule AND f.state = 0) WHERE s.problem = %s",
        [problem.number],
    )
    fallen = connection.execute(
        "SELECT EXISTS (SELECT FROM quality_sample WHERE problem = %s AND NOT stands)", [problem.number]
    ).fetchone()
    if fallen != (True,):
        return 0
    _step(connection, problem, Verb.RELAPSE, gettext_noop("Rows of the sample fail again."), now)
    return 1


def remind(connection: Connection, now: datetime) -> int:
    """Tell of tasks that are late: the owner, then those above; and of look-backs that are due. How many."""
    scheme, rights = scoring.scheme(settings.SETTINGS.home), scoring.rights(settings.SETTINGS.home)
    today = now.astimezone(LOCAL_ZONE).date()
    told = 0
    rules = rulebook.known(connection)
    with connection.transaction():
        for problem in queries.problems(connection, Cases(late_on=today), limit=100_000):
            pause = timedelta(days=scheme.problems["escalate_days"])
            recent = problem.escalated_on is not None and today - problem.escalated_on < pause
            if recent or problem.escalated >= scheme.problems["most_escalations"]:
                continue
            _escalate(connection, problem, rules, rights.supervising, now)
            told += 1
        for problem in queries.problems(connection, Cases(states=(State.WATCHED,)), limit=100_000):
            if problem.look is not None and problem.look == today:
                notices.tell(
                    connection, to=[notices.of_role("steward"), notices.of_role("administrator")], kind="quality",
                    about=f"/quality/problems/{problem.number}/",
                    message=gettext_noop("Problem %(number)s is due to be looked back at."), now=now,
                    number=problem.number,
                )  # fmt: skip
                told += 1
    return told


def _escalate(
    connection: Connection, problem: Problem, rules: Mapping[str, Rule], roles: frozenset[str], now: datetime
) -> None:
    """The first reminder goes to the owner, later ones also to the supervisors of the region."""
    today = now.astimezone(LOCAL_ZONE).date()
    unit = actions.institution_id(connection, problem.institution)
    to = [problem.owner or notices.of_role(problem.role, unit)]
    if problem.escalated >= 1:
        to += [notices.of_role(role) for role in sorted(roles)]
    rule = rules.get(problem.rule)
    notices.tell(
        connection, to=to, kind="quality", about=f"/quality/problems/{problem.number}/",
        message=gettext_noop("Task %(number)s is late: %(title)s, due on %(due)s."), now=now, number=problem.number,
        title=rule.named("zh") if rule else problem.rule, due=str(problem.due),
    )  # fmt: skip
    connection.execute(
        "UPDATE quality_problem SET escalated = escalated + 1, escalated_on = %s WHERE number = %s",
        [today, problem.number],
    )
    actions.note(
        connection,
        problem=problem,
        words=gettext_noop("Late: the owner was reminded."),
        actor=SYSTEM,
        now=now,
    )


def keep_month(connection: Connection, month: date, now: datetime) -> int:
    """Keep the board of a month as it is now; tell how many institutions are on it. A kept month stays as it was."""
    first = queries.week_number(month)
    first += queries.monday(first) < month  # the first Monday within
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    last = queries.week_number(following - timedelta(days=1))
    window = Window(first, last)
    rules, scheme = rulebook.in_force(connection), scoring.scheme(settings.SETTINGS.home)
    found = queries.by(connection, window, "institution")
    if not found:
        return 0
    ranking = queries.ranking(connection, window, rules, scheme, places.names(connection, list(found)))
    region = score(queries.tallies(connection, window), rules, scheme)
    rows = [
        (0, region, scheme.grade(region.total), None),
        *((one.institution, one.score, one.grade, one.rank) for one in ranking),
    ]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO quality_month (month, institution, scores, score, grade, rank, moment)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (
                    month,
                    unit,
                    Jsonb({str(k): round(v, 2) for k, v in one.dimensions.items()}),
                    one.total,
                    grade,
                    rank,
                    now,
                )
                for unit, one, grade, rank in rows
            ],
        )
    return len(ranking)


def last_month(now: datetime) -> date:
    """The first day of the month before this one."""
    today = now.astimezone(LOCAL_ZONE).date()
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
