"""The loop: a problem is opened, issued, declared, checked again, looked back at, closed; late tasks are told of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.quality import make
from tests.quality.make import NOW, STEWARD, hospital, patient, put_in_force, rule, store
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault
from xinglin.quality import actions, loop, queries, running
from xinglin.quality.states import State, Verb
from xinglin.record import notices

if TYPE_CHECKING:
    from xinglin.quality.queries import Problem
    from xinglin.record.database import Connection

SEX = rule("CP-SX-1", threshold=0.1, severity="high", owner="steward")
NURSE = Actor("account/8", "覃美玲", frozenset({"nurse"}), institution="h1")
STRANGER = Actor("account/9", "周八", frozenset({"nurse"}), institution="h2")


def sexless(id_: str) -> dict[str, Any]:
    made = patient(id_)
    del made["gender"]
    return made


@pytest.fixture
def problem(quality: Connection) -> Problem:
    """A problem of h1: four of six have no sex."""
    put_in_force(SEX)
    store(hospital(), *(sexless(f"p{n}") for n in range(4)), patient("p8"), patient("p9"))
    turn(quality)
    (found,) = queries.problems(quality, queries.Cases())
    return found


def turn(connection: Connection, now: Any = NOW) -> dict[str, int]:
    make.flatten()
    running.run(now=now)
    return loop.settle(connection, now)


def take(
    connection: Connection,
    number: int,
    verb: Verb,
    actor: Actor = STEWARD,
    words: str = "已核实",
    **more: Any,
) -> State:
    with connection.transaction():
        held = queries.problem(connection, number)
        return actions.take(connection, problem=held, verb=verb, words=words, actor=actor, now=NOW, **more)


def state(connection: Connection, number: int) -> State:
    return queries.problem(connection, number).state


def cure(connection: Connection, now: Any = NOW) -> None:
    store(*(patient(f"p{n}") for n in range(4)))
    turn(connection, now)


def test_a_problem_is_opened_where_more_fails_than_is_allowed(problem: Problem, quality: Connection) -> None:
    assert (problem.rule, problem.state, problem.severity, problem.at_first, problem.checked) == (
        "CP-SX-1",
        State.NEW,
        "high",
        4,
        6,
    )
    assert quality.execute(
        "SELECT count(*) FROM quality_finding WHERE problem = %s", [problem.number]
    ).fetchone() == (4,)
    assert turn(quality) == {"opened": 0, "cured": 0, "relapsed": 0}


def test_few_rows_are_no_problem(quality: Connection) -> None:
    put_in_force(SEX)
    store(hospital(), sexless("p1"), sexless("p2"))
    assert turn(quality)["opened"] == 0


def test_the_whole_way(problem: Problem, quality: Connection) -> None:
    n = problem.number
    assert take(quality, n, Verb.ISSUE, owner=("account/8", "覃美玲"), due=date(2026, 12, 1)) is State.ISSUED
    assert [one.message for one in notices.found(quality, "account/8", ["account/8"])] == [
        "A task of data quality is yours: problem %(number)s."
    ]
    assert take(quality, n, Verb.BEGIN, NURSE) is State.WORKING
    assert take(quality, n, Verb.DECLARE, NURSE) is State.DECLARED
    cure(quality)
    assert state(quality, n) is State.WATCHED
    held = queries.problem(quality, n)
    assert (held.now, held.look) == (0, date(2026, 12, 20))
    assert len(queries.sample(quality, n)) == 4
    assert take(quality, n, Verb.CLOSE) is State.CLOSED
    assert [one.verb for one in queries.steps(quality, n)] == [
        "issue",
        "begin",
        "declare",
        "recheck",
        "close",
    ]


def test_what_was_declared_and_still_fails_goes_back(problem: Problem, quality: Connection) -> None:
    take(quality, problem.number, Verb.ISSUE)
    take(quality, problem.number, Verb.DECLARE, NURSE)

    assert turn(quality)["relapsed"] == 1

    assert state(quality, problem.number) is State.WORKING


def test_rows_that_fail_again_bring_a_watched_problem_back(problem: Problem, quality: Connection) -> None:
    take(quality, problem.number, Verb.ISSUE)
    cure(quality)
    store(sexless("p1"))

    assert turn(quality)["relapsed"] == 1

    assert state(quality, problem.number) is State.WORKING
    assert [one.stands for one in queries.sample(quality, problem.number)].count(False) == 1


def test_a_new_problem_that_goes_away_by_itself_is_closed(problem: Problem, quality: Connection) -> None:
    cure(quality)
    assert state(quality, problem.number) is State.CLOSED


def test_a_dismissed_problem_excuses_its_rows_and_is_not_opened_again(
    problem: Problem, quality: Connection
) -> None:
    take(quality, problem.number, Verb.DISMISS, words="系统无此字段")
    assert quality.execute("SELECT DISTINCT state FROM quality_finding").fetchall() == [(2,)]

    assert turn(quality) == {"opened": 0, "cured": 0, "relapsed": 0}

    assert quality.execute("SELECT DISTINCT state FROM quality_finding").fetchall() == [(2,)]
    take(quality, problem.number, Verb.REOPEN)
    assert quality.execute("SELECT DISTINCT state FROM quality_finding").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("verb", "actor", "words", "said"),
    [
        (Verb.ISSUE, NURSE, "", "Data quality is the work of"),
        (Verb.DISMISS, STEWARD, " ", "Say what was found or done"),
        (Verb.CLOSE, STEWARD, "x", "A problem that is new cannot take the step close"),
        (Verb.RECHECK, STEWARD, "x", "This step is the platform's own"),
    ],
)
def test_a_step_that_may_not_be_is_refused_and_nothing_changes(
    problem: Problem, quality: Connection, verb: Verb, actor: Actor, words: str, said: str
) -> None:
    with pytest.raises(Fault, match=said):
        take(quality, problem.number, verb, actor, words)
    assert (state(quality, problem.number), queries.steps(quality, problem.number)) == (State.NEW, [])


def test_another_institutions_problem_is_not_to_be_touched(problem: Problem, quality: Connection) -> None:
    take(quality, problem.number, Verb.ISSUE)
    with pytest.raises(Fault, match="another institution"):
        take(quality, problem.number, Verb.BEGIN, STRANGER)
    assert state(quality, problem.number) is State.ISSUED


def test_a_deadline_does_not_lie_in_the_past(problem: Problem, quality: Connection) -> None:
    with pytest.raises(Fault, match="The deadline lies in the past"):
        take(quality, problem.number, Verb.ISSUE, due=date(2026, 11, 1))
    assert state(quality, problem.number) is State.NEW


def test_who_comes_second_is_told_so(problem: Problem, quality: Connection) -> None:
    take(quality, problem.number, Verb.ISSUE)
    with pytest.raises(Fault, match="changed by somebody else"), quality.transaction():
        actions.take(quality, problem=problem, verb=Verb.ISSUE, words="", actor=STEWARD, now=NOW)
    assert len(queries.steps(quality, problem.number)) == 1


def test_late_tasks_are_told_of_first_to_the_owner_then_above(problem: Problem, quality: Connection) -> None:
    take(quality, problem.number, Verb.ISSUE, owner=("account/8", "覃美玲"))  # due in seven days
    above = notices.of_role("administrator")
    assert loop.remind(quality, NOW + timedelta(days=7)) == 0

    assert loop.remind(quality, NOW + timedelta(days=8)) == 1
    assert loop.remind(quality, NOW + timedelta(days=9)) == 0
    assert notices.found(quality, "x", [above]) == []
    assert loop.remind(quality, NOW + timedelta(days=15)) == 1

    assert [one.params["number"] for one in notices.found(quality, "x", [above])] == [problem.number]
    assert queries.problem(quality, problem.number).escalated == 2
    assert loop.remind(quality, NOW + timedelta(days=22)) == 1
    assert loop.remind(quality, NOW + timedelta(days=29)) == 0  # not for ever


def test_a_month_is_kept_as_it_was(problem: Problem, quality: Connection) -> None:
    quality.execute("UPDATE quality_week SET week = %s", [queries.week_number(date(2026, 10, 12))])
    month = loop.last_month(NOW)
    assert month == date(2026, 10, 1)

    assert loop.keep_month(quality, month, NOW) == 1
    before = queries.month(quality, month)
    quality.execute("UPDATE quality_week SET failed = 0")
    loop.keep_month(quality, month, NOW)

    assert queries.month(quality, month) == before
    assert [(one.institution == 0, one.grade) for one in before] == [(True, "D"), (False, "")]
    assert queries.months(quality) == [month]


def test_the_weeks_of_a_month_are_those_that_begin_in_it() -> None:
    assert [queries.monday(queries.week_number(date(2026, 11, day))) for day in (1, 2, 8, 9)] == [
        date(2026, 10, 26), date(2026, 11, 2), date(2026, 11, 2), date(2026, 11, 9),
    ]  # fmt: skip
