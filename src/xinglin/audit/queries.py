"""What can be asked of the log: lines by who, whose, what, when, why and outcome; counts by day; alerts.

Lines are asked for in the order of their moments, the latest first, page by page from a line on. The months that a
question's dates leave out are not touched; every question has an index that gives its lines in this order.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.accounts.models import Account, Role
from xinglin.audit.rules import EVERYTHING, Level, Scope, State
from xinglin.fhir import definitions
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import not_found
from xinglin.record import access
from xinglin.record.access import Line, Placed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.record.database import Connection

PAGE = 50
MOST_COUNTED = 200_000  # lines that a histogram of a narrow question counts
_COLUMNS = ", ".join(("place", *Line._fields))
_ACCOUNT = "account/"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom an account belongs to."""

    actor: str
    name: str
    title: str = ""
    institution: str = ""
    institution_name: str = ""
    machine: bool = False
    resident: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question; None and empty ask for all. ``patients`` are numbers, as in the record's index."""

    since: datetime | None = None
    until: datetime | None = None  # not included
    actors: tuple[str, ...] = ()
    patients: tuple[int, ...] | None = None
    actions: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # all actions but these
    refused: bool | None = None
    purpose: str = ""
    institution: str = ""
    address: str = ""
    type: str = ""
    id: str = ""
    places: tuple[int, ...] | None = None
    scope: Scope = EVERYTHING

    @property
    def plain(self) -> bool:
        """Whether the counts by hour can answer how many there are."""
        return not (
            self.actions or self.others or self.purpose or self.address or self.type or self.id
            or self.patients is not None or self.places is not None
        )  # fmt: skip


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, Any]]:
    """SQL for the question; only what is asked stands in it, so that it is planned for that."""
    parts: list[tuple[str, str, Any]] = [
        ("moment >= %(since)s", "since", wanted.since),
        ("moment < %(until)s", "until", wanted.until),
        ("actor = ANY(%(actors)s)", "actors", list(wanted.actors) or None),
        ("patient = ANY(%(patients)s)", "patients", _listed(wanted.patients)),
        ("place = ANY(%(places)s)", "places", _listed(wanted.places)),
        ("action = ANY(%(actions)s)", "actions", list(wanted.actions) or None),
        ("action <> ALL(%(others)s)", "others", list(wanted.others) or None),
        ("purpose = %(purpose)s", "purpose", wanted.purpose or None),
        ("institution = %(institution)s", "institution", wanted.institution or None),
        ("address = %(address)s", "address", wanted.address or None),
        ("type = %(type)s", "type", definitions.type_number(wanted.type) if wanted.type else None),
        ("id = %(id)s", "id", wanted.id or None),
        ("actor = %(mine)s", "mine", wanted.scope.actor),
        ("institution = %(theirs)s", "theirs", wanted.scope.institution),
    ]
    used = [part for part in parts if part[2] is not None]
    where = [text for text, _, _ in used]
    if wanted.refused is not None:
        where.append("outcome <> 'permit'" if wanted.refused else "outcome = 'permit'")
    return where, {name: value for _, name, value in used}


def _listed(values: tuple[int, ...] | None) -> list[int] | None:
    return None if values is None else list(values)


@contextmanager
def _planned(connection: Connection) -> Iterator[None]:
    """Statements within are planned for their values: some residents have a thousand times as many lines."""
    with connection.transaction():
        connection.execute("SET LOCAL plan_cache_mode TO force_custom_plan")
        yield


def lines(
    connection: Connection, wanted: Wanted, *, before: tuple[datetime, int] | None = None, limit: int = PAGE
) -> list[Placed]:
    """Lines, the latest first; ``before`` is moment and place of the last one of the page before."""
    where, values = _conditions(wanted)
    if before is not None:
        where.append("(moment, place) < (%(moment)s, %(place)s)")
        values |= {"moment": before[0], "place": before[1]}
    with _planned(connection):
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM record_access WHERE {' AND '.join(where) or 'true'}"
            " ORDER BY moment DESC, place DESC LIMIT %(limit)s",
            {**values, "limit": limit},
        ).fetchall()
    return [Placed(row[0], access.line(row[1:])) for row in rows]


def every(connection: Connection, wanted: Wanted, *, most: int) -> Iterator[Placed]:
    """All lines of the question up to ``most``, read as they are asked for."""
    before, left = None, most
    while left > 0:
        found = lines(connection, wanted, before=before, limit=min(1000, left))
        yield from found
        if len(found) < min(1000, left):
            return
        left -= len(found)
        before = (found[-1].line.moment, found[-1].place)


def line(connection: Connection, place: int, scope: Scope) -> Placed:
    """One line; ``not_found`` also where the scope does not reach."""
    found = lines(connection, Wanted(places=(place,), scope=scope), limit=1)
    if not found:
        raise not_found(gettext_noop("The audit has no line %(place)s that you may see."), place=place)
    return found[0]


@dataclass(frozen=True, slots=True)
class Day:
    """How many lines a day (of China) has."""

    day: date
    permitted: int
    refused: int

    @property
    def total(self) -> int:
        return self.permitted + self.refused


@dataclass(frozen=True, slots=True)
class Histogram:
    days: tuple[Day, ...]
    most: int
    whole: bool  # False: only the latest lines were counted


def histogram(connection: Connection, wanted: Wanted, *, now: datetime) -> Histogram:
    """Lines by day, from the first day of the question (or 30 days ago) to the last."""
    last = (wanted.until - timedelta(microseconds=1) if wanted.until else now).astimezone(LOCAL_ZONE).date()
    first = wanted.since.astimezone(LOCAL_ZONE).date() if wanted.since else last - timedelta(days=29)
    first = max(first, last - timedelta(days=366))
    rows, whole = _by_hours(connection, wanted) if wanted.plain else _by_lines(connection, wanted)
    counts = {day: (permitted, refused) for day, permitted, refused in rows}
    days = tuple(
        Day(day, *counts.get(day, (0, 0)))
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
    )
    return Histogram(days, max((day.total for day in days), default=0), whole)


_LOCAL_DAY = "(({} AT TIME ZONE 'UTC') + interval '8 hours')::date"


def _by_hours(connection: Connection, wanted: Wanted) -> tuple[list[tuple[date, int, int]], bool]:
    """From the counts by hour, which follow the log by some minutes."""
    where, values = _conditions(wanted)
    where = [part.replace("moment", "hour") for part in where if not part.startswith("outcome")]
    permitted, refused = ("0", "sum(refused)") if wanted.refused else ("sum(permitted)", "sum(refused)")
    if wanted.refused is False:
        refused = "0"
    table = "audit_hour" if wanted.actors or wanted.scope.actor else "audit_total"
    rows = connection.execute(
        f"SELECT {_LOCAL_DAY.format('hour')}, {permitted}, {refused} FROM {table}"
        f" WHERE {' AND '.join(where) or 'true'} GROUP BY 1",
        values,
    ).fetchall()
    return [(day, int(p), int(r)) for day, p, r in rows], True


def _by_lines(connection: Connection, wanted: Wanted) -> tuple[list[tuple[date, int, int]], bool]:
    where, values = _conditions(wanted)
    with _planned(connection):
        rows = connection.execute(
            f"SELECT {_LOCAL_DAY.format('moment')}, count(*) FILTER (WHERE outcome = 'permit'),"
            " count(*) FILTER (WHERE outcome <> 'permit')"
            f" FROM (SELECT moment, outcome FROM record_access WHERE {' AND '.join(where) or 'true'}"
            " ORDER BY moment DESC, place DESC LIMIT %(most)s) latest GROUP BY 1",
            {**values, "most": MOST_COUNTED},
        ).fetchall()
    return rows, sum(p + r for _, p, r in rows) < MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Sums:
    """How the records were used in a time: looks at residents, refusals, emergencies, exports."""

    patients: int
    refused: int
    emergencies: int
    exports: int


def sums(connection: Connection, scope: Scope, since: datetime) -> Sums:
    """From the counts by hour, of the scope's institution or of the region. A resident counts in each hour anew."""
    row = connection.execute(
        "SELECT coalesce(sum(patients), 0), coalesce(sum(refused), 0), coalesce(sum(emergencies), 0),"
        " coalesce(sum(exports), 0) FROM audit_total"
        " WHERE hour >= %(since)s AND (%(place)s::text IS NULL OR institution = %(place)s)",
        {"since": since, "place": scope.institution},
    ).fetchone()
    assert row is not None
    return Sums(*map(int, row))


# -- who


def readers(actors: Sequence[str] | set[str]) -> dict[str, Reader]:
    """Those of the actors that are accounts, by the actor's id."""
    keys = [int(key) for one in actors if (key := one.removeprefix(_ACCOUNT)) != one and key.isdecimal()]
    return (
        {reader.actor: reader for reader in map(_reader, Account.objects.filter(pk__in=keys))} if keys else {}
    )


def readers_called(text: str) -> tuple[str, ...]:
    """The actors whose name, account name or id is or begins with the text."""
    if text.startswith(_ACCOUNT) or text == "system":
        return (text,)
    found = Account.objects.filter(display_name__startswith=text) | Account.objects.filter(username=text)
    return tuple(f"{_ACCOUNT}{pk}" for pk in found.values_list("pk", flat=True)[:100])


def machines() -> list[str]:
    """The actors that are machine clients."""
    found = Account.objects.filter(roles__contains=[Role.CLIENT.value])
    return [f"{_ACCOUNT}{pk}" for pk in found.values_list("pk", flat=True)]


def actor_named(username: str) -> str:
    """The actor of an account by the name that it signs in with; raises ``not_found``."""
    pk = Account.objects.filter(username=username).values_list("pk", flat=True).first()
    if pk is None:
        raise not_found(gettext_noop("There is no account %(name)s."), name=username)
    return f"{_ACCOUNT}{pk}"


def _reader(account: Account) -> Reader:
    return Reader(
        f"{_ACCOUNT}{account.pk}", account.display_name, account.title, account.institution_id,
        account.institution_name, Role.CLIENT.value in account.roles, Role.RESIDENT.value in account.roles,
    )  # fmt: skip


# -- alerts


@dataclass(frozen=True, slots=True)
class Alert:
    number: int
    rule: str
    version: str
    level: Level
    actor: str
    patient: int
    bucket: datetime
    found: datetime
    latest: datetime
    count: int
    usual: float | None
    words: str
    state: State


@dataclass(frozen=True, slots=True)
class Step:
    """What was done with an alert, by whom and why."""

    moment: datetime
    actor: str
    name: str
    state: State
    reason: str


_ALERT = "number, rule, version, level, actor, patient, bucket, found, latest, count, usual, words, state"


def _alert(row: Sequence[Any]) -> Alert:
    held = list(row)
    held[3], held[12] = Level(row[3]), State(row[12])
    return Alert(*held)


@dataclass(frozen=True, slots=True)
class Cases:
    """A question about alerts; None and empty ask for all."""

    state: str = ""
    rule: str = ""
    level: str = ""
    actor: str = ""
    patients: tuple[int, ...] | None = None
    since: datetime | None = None
    number: int | None = None
    before: int | None = None
    scope: Scope = EVERYTHING


def alerts(connection: Connection, wanted: Cases = Cases(), *, limit: int = PAGE) -> list[Alert]:
    """Alerts, the latest first. An institution sees those about its people."""
    parts: list[tuple[str, Any]] = [
        ("state = %(state)s", wanted.state or None),
        ("rule = %(rule)s", wanted.rule or None),
        ("level = %(level)s", wanted.level or None),
        ("actor = %(actor)s", wanted.actor or None),
        ("patient = ANY(%(patients)s)", _listed(wanted.patients)),
        ("latest >= %(since)s", wanted.since),
        ("number = %(number)s", wanted.number),
        ("number < %(before)s", wanted.before),
        ("institution = %(institution)s", wanted.scope.institution),
        ("actor = %(mine)s", wanted.scope.actor),
    ]
    where = [text for text, value in parts if value is not None]
    values = {text.partition("%(")[2].partition(")")[0]: value for text, value in parts}
    rows = connection.execute(
        f"SELECT {_ALERT} FROM audit_alert WHERE {' AND '.join(where) or 'true'} ORDER BY number DESC LIMIT %(limit)s",
        {**values, "limit": limit},
    )
    return [_alert(row) for row in rows]


def alert(connection: Connection, number: int, scope: Scope = EVERYTHING) -> Alert:
    """One alert; ``not_found`` also where the scope does not reach."""
    found = alerts(connection, Cases(number=number, scope=scope), limit=1)
    if not found:
        raise not_found(gettext_noop("There is no alert %(number)s that you may see."), number=number)
    return found[0]


def basis(connection: Connection, number: int) -> tuple[int, ...]:
    """The places of the lines that an alert rests on."""
    rows = connection.execute(
        "SELECT place FROM audit_basis WHERE alert = %s ORDER BY place DESC LIMIT 1000", [number]
    )
    return tuple(place for (place,) in rows)


def alerts_on(connection: Connection, place: int) -> list[Alert]:
    """The alerts that rest on a line."""
    rows = connection.execute(
        f"SELECT {_ALERT} FROM audit_alert WHERE number IN (SELECT alert FROM audit_basis WHERE place = %s)"
        " ORDER BY number",
        [place],
    )
    return [_alert(row) for row in rows]


def steps(connection: Connection, number: int) -> list[Step]:
    rows = connection.execute(
        "SELECT moment, actor, name, state, reason FROM audit_step WHERE alert = %s ORDER BY number", [number]
    )
    return [Step(moment, actor, name, State(state), reason) for moment, actor, name, state, reason in rows]


def reached(connection: Connection) -> datetime | None:
    """Until when the log has been looked through."""
    row = connection.execute("SELECT moment FROM audit_reached WHERE name = 'lines'").fetchone()
    return row[0] if row else None
