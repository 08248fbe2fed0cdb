"""The queue of questions to people: its rows, read and written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from xinglin.identity import store
from xinglin.identity.stewardship import Kind, State, Verdict
from xinglin.kernel.ids import make_id, moment_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Review:
    """One question.

    ``persons`` are as they were when it was opened, first the one it is about; ``findings`` are words of a fixed
    list that say why (rules, reasons of the decision, cluster checks); ``effects`` are the events its verdict made.
    """

    number: int
    shard: int
    kind: Kind
    state: State
    priority: int
    second: bool
    persons: tuple[str, ...]
    patient: str | None
    bits: float | None
    weights: str | None
    findings: tuple[str, ...]
    detail: dict[str, Any]
    opener: str
    holder: str | None = None
    until: datetime | None = None
    later: datetime | None = None
    skipped: int = 0
    verdict: Verdict | None = None
    survivor: str | None = None
    reason: str = ""
    note: str = ""
    decider: str | None = None
    decided: datetime | None = None
    confirmer: str | None = None
    confirmed: datetime | None = None
    effects: tuple[int, ...] = field(default=())

    @property
    def id(self) -> str:
        return make_id(self.number, self.shard)

    @property
    def opened(self) -> datetime:
        """When it was opened, in UTC."""
        return datetime.fromtimestamp(moment_of(self.number) / 1000, UTC)


_COLUMNS = (
    "number, shard, kind, state, priority, second, persons, patient, bits, weights, findings, detail, opener,"
    " holder, until, later, skipped, verdict, survivor, reason, note, decider, decided, confirmer, confirmed, effects"
)


def _review(row: Sequence[Any]) -> Review:
    given: dict[str, Any] = dict(zip(_COLUMNS.replace(" ", "").split(","), row, strict=True))
    given |= {"kind": Kind(given["kind"]), "state": State(given["state"]), "detail": given["detail"] or {}}
    given["verdict"] = Verdict(given["verdict"]) if given["verdict"] else None
    given |= {name: tuple(given[name]) for name in ("persons", "findings", "effects")}
    return Review(**given)


def add(connection: Connection, reviews: Sequence[Review]) -> None:
    """Put questions into the queue."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO identity_review (number, shard, kind, priority, second, persons, patient, bits, weights,"
            " findings, detail, opener) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    r.number, r.shard, r.kind.value, r.priority, r.second, list(r.persons), r.patient, r.bits,
                    r.weights, list(r.findings), Jsonb(r.detail) if r.detail else None, r.opener,
                )
                for r in reviews
            ],
        )  # fmt: skip


def find(connection: Connection, review_id: str, *, lock: bool = False) -> Review | None:
    """One review; with ``lock`` nobody else changes it before this transaction ends."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM identity_review WHERE number = %s AND shard = %s{' FOR UPDATE' if lock else ''}",
        store.place_of(review_id),
    ).fetchone()
    return _review(row) if row else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reviews are asked for. ``now``: those put aside until later are left out, unless ``aside``."""

    states: Collection[State] = (State.OPEN,)
    kinds: Collection[Kind] = ()
    findings: Collection[str] = ()
    person: str | None = None
    decider: str | None = None
    least_priority: int | None = None
    oldest_first: bool = False  # else the most urgent first
    aside: bool = False
    free_for: str | None = None  # leave out those that somebody else holds
    count: int = 50
    after: str | None = None  # the last review of the page before


def listed(connection: Connection, wanted: Wanted, now: datetime) -> list[Review]:
    """A page of the queue."""
    where, values = _where(wanted, now)
    order = "number" if wanted.oldest_first else "priority DESC, number"
    if wanted.after is not None:
        last = find(connection, wanted.after)
        if last is not None:
            values |= {"number": last.number, "priority": last.priority}
            where += (
                " AND number > %(number)s"
                if wanted.oldest_first
                else " AND (priority < %(priority)s OR (priority = %(priority)s AND number > %(number)s))"
            )
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM identity_review WHERE {where} ORDER BY {order} LIMIT %(count)s",
        {**values, "count": wanted.count},
        prepare=False,
    )
    return [_review(row) for row in found]


def count(connection: Connection, wanted: Wanted, now: datetime) -> int:
    """How many there are, on all pages."""
    where, values = _where(wanted, now)
    row = connection.execute(
        f"SELECT count(*) FROM identity_review WHERE {where}", values, prepare=False
    ).fetchone()
    return int(row[0]) if row else 0


def _where(wanted: Wanted, now: datetime) -> tuple[str, dict[str, Any]]:
    where, values = "state = ANY(%(states)s)", {"states": [s.value for s in wanted.states], "now": now}
    given: list[tuple[str, str, Any]] = [
        ("kinds", "kind = ANY(%(kinds)s)", [k.value for k in wanted.kinds]),
        ("findings", "findings && %(findings)s", list(wanted.findings)),
        ("person", "persons @> %(person)s::text[]", [wanted.person] if wanted.person else None),
        ("decider", "decider = %(decider)s", wanted.decider),
        ("least", "priority >= %(least)s", wanted.least_priority),
        ("me", "(holder IS NULL OR holder = %(me)s OR until < %(now)s)", wanted.free_for),
    ]
    for name, condition, value in given:
        if value is not None and value != []:
            where += f" AND {condition}"
            values[name] = value
    if not wanted.aside:
        where += " AND (later IS NULL OR later <= %(now)s)"
    return where, values


def change(connection: Connection, review: Review, **columns: Any) -> None:
    """Write columns of a review that this transaction has locked."""
    values = {name: _bound(value) for name, value in columns.items()}
    assigned = ", ".join(f"{name} = %({name})s" for name in values)
    connection.execute(
        f"UPDATE identity_review SET {assigned} WHERE number = %(_number)s AND shard = %(_shard)s",
        {**values, "_number": review.number, "_shard": review.shard},
        prepare=False,
    )


def _bound(value: Any) -> Any:
    """A column's value as the database takes it."""
    if isinstance(value, dict):
        return Jsonb(value)
    return list(value) if isinstance(value, tuple) else value


def waiting_about(connection: Connection, persons: Collection[str]) -> list[Review]:
    """Reviews without a final verdict that name one of these persons, locked."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM identity_review WHERE state IN ('open', 'decided')"
        " AND persons && %s::text[] ORDER BY number FOR UPDATE",
        [list(persons)],
        prepare=False,
    )
    return [_review(row) for row in found]


def about(connection: Connection, person: str, kind: Kind) -> list[Review]:
    """All reviews of a kind that name a person, whatever became of them."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM identity_review WHERE kind = %s AND persons @> ARRAY[%s::text] ORDER BY number",
        [kind.value, person],
        prepare=False,
    )
    return [_review(row) for row in found]
