"""What people do: steps of a problem, verdicts on a sample, rules, declared counts, excuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_noop
from xxhash import xxh3_64_intdigest

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, forbidden, invalid
from xinglin.kernel.ids import SHARDS
from xinglin.quality import rulebook, scoring, states, vocabulary
from xinglin.quality.flattening.reading import week_of
from xinglin.quality.places import unit_number
from xinglin.quality.rules import Severity
from xinglin.quality.states import State, Verb
from xinglin.record import notices

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from xinglin.kernel.actor import Actor
    from xinglin.quality.queries import Problem
    from xinglin.quality.rules import Rule
    from xinglin.record.database import Connection


def institution_id(connection: Connection, number: int) -> str | None:
    """The id of the Organization with that number."""
    row = connection.execute("SELECT id FROM quality_unit WHERE number = %s", [number]).fetchone()
    return row[0] if row else None


def own_institution(actor: Actor) -> int:
    """The number of the institution that the actor is bound to; 0 for the region."""
    return unit_number(actor.institution) if actor.institution else 0


def require(actor: Actor, right: str, problem: Problem | None = None) -> None:
    """Raise ``forbidden`` unless the actor has the right, and for that institution."""
    scoring.rights(settings.SETTINGS.home).require(actor, right)
    own = own_institution(actor)
    if problem is not None and own and own != problem.institution:
        raise forbidden(gettext_noop("This problem is another institution's."))


def take(  # noqa: PLR0913 -- who, what, when, and whose it becomes
    connection: Connection, *, problem: Problem, verb: Verb, words: str, actor: Actor, now: datetime,
    owner: tuple[str, str] | None = None, due: date | None = None,
) -> State:  # fmt: skip
    """Take a step; ``owner`` (account and name) and ``due`` belong to issuing. Tells the new state."""
    step = states.step(problem.state, verb)
    if step.right == "machine":
        if not actor.has("system"):
            raise forbidden(gettext_noop("This step is the platform's own."))
    else:
        require(actor, step.right, problem)
    if step.wants_words and not words.strip():
        raise invalid(
            gettext_noop("Say what was found or done: it stays with the problem."), expression="words"
        )
    changed = _changes(problem, step, now, owner, due)
    assignments = ", ".join(f"{name} = %({name})s" for name in changed)
    moved = connection.execute(
        f"UPDATE quality_problem SET {assignments} WHERE number = %(number)s AND state = %(from)s",
        {**changed, "number": problem.number, "from": str(problem.state)},
    ).rowcount
    if not moved:
        raise conflict(gettext_noop("The problem has been changed by somebody else in the meantime."))
    _put_down(connection, problem.number, verb=verb, state=step.target, words=words, actor=actor, now=now)
    if step.target is State.DISMISSED:
        _excuse(connection, problem.number, 0, 2)
    elif problem.state is State.DISMISSED:
        _excuse(connection, problem.number, 2, 0)
    _tell(connection, problem, step, owner, now)
    return step.target


def _changes(
    problem: Problem, step: states.Step, now: datetime, owner: tuple[str, str] | None, due: date | None
) -> dict[str, object]:
    """What a step changes in the problem's row."""
    numbers = scoring.scheme(settings.SETTINGS.home).problems
    today = now.astimezone(LOCAL_ZONE).date()
    changed: dict[str, object] = {"state": str(step.target)}
    if step.target is State.ISSUED:
        by = due or states.due(Severity(problem.severity), numbers, today)
        if by < today:
            raise invalid(gettext_noop("The deadline lies in the past."), expression="due")
        account, name = owner or ("", "")
        return changed | {"issued": now, "due": by, "owner": account, "owner_name": name}
    if step.target is State.DECLARED:
        return changed | {"declared": now}
    if step.target is State.WATCHED:
        return changed | {"passed": now, "look": today + timedelta(days=numbers["look_back_days"])}
    if step.target in (State.CLOSED, State.DISMISSED):
        return changed | {"closed": now}
    if step.verb is Verb.RELAPSE:
        later = max(problem.due or today, today + timedelta(days=numbers["days_high"]))
        return changed | {"passed": None, "look": None, "due": later}
    return changed


def _put_down(  # noqa: PLR0913 -- the columns of a step
    connection: Connection, number: int, *, verb: str, state: str, words: str, actor: Actor, now: datetime
) -> None:
    connection.execute(
        "INSERT INTO quality_step (problem, moment, actor, name, verb, state, words)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [number, now, actor.id, actor.name, str(verb), str(state), words.strip()],
    )


def _excuse(connection: Connection, number: int, before: int, after: int) -> None:
    """The rows of a dismissed problem are excused, and counted no longer as open."""
    connection.execute(
        "UPDATE quality_finding SET state = %s WHERE problem = %s AND state = %s", [after, number, before]
    )


def _tell(
    connection: Connection, problem: Problem, step: states.Step, owner: tuple[str, str] | None, now: datetime
) -> None:
    """Tell whose turn it is."""
    unit = institution_id(connection, problem.institution)
    about = f"/quality/problems/{problem.number}/"
    if step.verb is Verb.ISSUE:
        to = [owner[0]] if owner and owner[0] else [notices.of_role(problem.role, unit)]
        message = gettext_noop("A task of data quality is yours: problem %(number)s.")
    elif step.verb is Verb.RELAPSE:
        to = [problem.owner or notices.of_role(problem.role, unit)]
        message = gettext_noop("Problem %(number)s is not cured: rows fail still or again.")
    elif step.target is State.WATCHED:
        to = [problem.owner or notices.of_role(problem.role, unit)]
        message = gettext_noop(
            "Problem %(number)s was checked again and is cured; it will be looked back at."
        )
    else:
        return
    notices.tell(
        connection, to=to, kind="quality", about=about, message=message, now=now, number=problem.number
    )


def note(connection: Connection, *, problem: Problem, words: str, actor: Actor, now: datetime) -> None:
    """Say something about a problem."""
    if not words.strip():
        raise invalid(
            gettext_noop("Say what was found or done: it stays with the problem."), expression="words"
        )
    _put_down(
        connection, problem.number, verb=Verb.NOTE, state=problem.state, words=words, actor=actor, now=now
    )


def judge(  # noqa: PLR0913 -- which row, what of it, who says so
    connection: Connection,
    *,
    problem: Problem,
    self_: int,
    part: int,
    good: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """What somebody says of a row of the sample."""
    require(actor, "issuing", problem)
    connection.execute(
        "UPDATE quality_sample SET verdict = %s, actor = %s, moment = %s"
        " WHERE problem = %s AND self = %s AND part = %s",
        ["good" if good else "bad", actor.id, now, problem.number, self_, part],
    )


# -- rules


def put_in_force(
    connection: Connection,
    *,
    rule: Rule,
    actor: Actor,
    now: datetime,
    words: str = "",
    state: str = rulebook.FORCE,
) -> int:
    """A new version of a rule, in force, as a draft, or withdrawn."""
    require(actor, "ruling")
    return rulebook.write(connection, rule=rule, state=state, actor=actor, now=now, words=words)


def undo(connection: Connection, *, id_: str, to: int, actor: Actor, now: datetime) -> int:
    """Put an older version in force again, as a new one."""
    require(actor, "ruling")
    for version in rulebook.versions(connection, id_):
        if version.number == to:
            return rulebook.write(
                connection, rule=version.rule, state=rulebook.FORCE, actor=actor, now=now, words=f"↶ {to}"
            )
    raise invalid(gettext_noop("There is no version %(version)s of this rule."), version=to)


# -- declared counts


def declare(
    connection: Connection, counts: Iterable[tuple[str, str, date, int]], *, actor: Actor, now: datetime
) -> int:
    """What institutions say they made: (institution's id, data set, day, count); said again replaces."""
    known, done = vocabulary.datasets(), 0
    for line, (unit, dataset, day, count) in enumerate(counts, start=1):
        if dataset not in known:
            raise invalid(
                gettext_noop("Line %(line)s: there is no data set %(value)s; there are %(allowed)s."),
                line=line, value=dataset, allowed=", ".join(known),
            )  # fmt: skip
        if count < 0:
            raise invalid(gettext_noop("Line %(line)s: a count is not below 0."), line=line)
        number = (xxh3_64_intdigest(f"{unit}/{dataset}/{day}".encode()) | (1 << 63)) - (1 << 64)
        event = datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE)
        connection.execute(
            "INSERT INTO quality_declared (self, vid, part, shard, institution, dataset, week, event, received,"
            " declared, teller) VALUES (%s, 0, 0, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (self, part, shard) DO UPDATE SET declared = EXCLUDED.declared, received = EXCLUDED.received,"
            " teller = EXCLUDED.teller",
            [
                number,
                number % SHARDS,
                unit_number(unit),
                known[dataset].number,
                week_of(event, now),
                event,
                now,
                count,
                actor.id,
            ],
        )
        done += 1
    return done
