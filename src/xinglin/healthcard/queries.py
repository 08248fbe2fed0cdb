"""What can be asked about cards, what happened to them, how they were used, and who may show them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.healthcard.rules import Kind, State
from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from xinglin.record.database import Connection

PAGE = 50
MANY = 10_000  # what is counted for an overview
LAST_ID = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Card:
    """A card. ``name`` and ``document`` are sealed copies of what they were when it was issued."""

    id: int
    shard: int
    person: str
    number: str
    kind: Kind
    state: State
    institution: str
    institution_name: str
    name: str
    document_kind: str
    document: str
    requested: datetime
    activated: datetime | None
    ended: datetime | None
    changed: datetime
    replaces: int | None

    @property
    def short(self) -> str:
        """Enough of the number to tell cards apart, and not enough to print one."""
        return f"{self.number[:4]} **** {self.number[-4:]}".upper()

    @property
    def is_living(self) -> bool:
        return self.ended is None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a card."""

    moment: datetime
    before: str | None
    after: str
    reason: str
    note: str
    actor_name: str
    institution: str


@dataclass(frozen=True, slots=True)
class Use:
    """A use, or a refused one."""

    id: int
    moment: datetime
    scanned: datetime
    card: int | None
    person: str | None
    institution: str
    counter: str
    operation: str
    actor: str
    actor_name: str
    purpose: str
    way: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class Binding:
    """``carer`` may show the card of ``holder``. ``reference`` is sealed."""

    id: int
    holder: str
    carer: str
    relation: str
    evidence: str
    reference: str
    consent: bool
    starts: date
    ends: date | None
    made: datetime
    actor_name: str
    revoked: datetime | None
    revoked_name: str | None
    revoked_note: str | None

    def holds(self, today: date) -> bool:
        return self.revoked is None and self.starts <= today and (self.ends is None or today <= self.ends)

    @property
    def place(self) -> str:
        """What its sealed field is bound to."""
        return f"healthcard_binding/{self.id}/reference"


_ENDS = "(left(number, 4) = %(number)s OR right(number, 4) = %(number)s)"
_BEGINS = "number >= %(number)s AND number < %(number)s || 'g'"  # after the digit f


def _columns(row: type[Any]) -> str:
    return ", ".join(f.name for f in fields(row))


_CARD, _EVENT, _USE, _BINDING = map(_columns, (Card, Event, Use, Binding))


def _card(row: Sequence[Any]) -> Card:
    values = list(row)
    values[4], values[5] = Kind(values[4]), State(values[5])
    return Card(*values)


def card(connection: Connection, id_: int, *, lock: bool = False) -> Card:
    """The card; raises ``not_found``. ``lock`` keeps others from changing it until the transaction ends."""
    found = _one(connection, "id = %s", id_, lock=lock)
    if found is None:
        raise not_found(gettext_noop("There is no health card %(id)s."), id=id_)
    return found


def find(connection: Connection, id_: int) -> Card | None:
    """The card, if there is one."""
    return _one(connection, "id = %s", id_)


def by_number(connection: Connection, number: str) -> Card | None:
    """The card with that number (64 hexadecimal digits in lower case)."""
    return _one(connection, "number = %s", number)


def _one(connection: Connection, where: str, value: object, *, lock: bool = False) -> Card | None:
    row = connection.execute(
        f"SELECT {_CARD} FROM healthcard_card WHERE {where}{' FOR UPDATE' if lock else ''}",
        (value,),
        prepare=True,
    ).fetchone()
    return _card(row) if row else None


def of_person(connection: Connection, person: str) -> tuple[Card, ...]:
    """All cards that somebody has or had: the living first, then the latest."""
    rows = connection.execute(
        f"SELECT {_CARD} FROM healthcard_card WHERE person = %s ORDER BY (ended IS NOT NULL), id DESC",
        (person,),
    )
    return tuple(map(_card, rows))


def by_document(connection: Connection, hashes: Sequence[str]) -> tuple[Card, ...]:
    """The cards that were issued on a document, by its keyed hashes."""
    rows = connection.execute(
        f"SELECT {_CARD} FROM healthcard_card WHERE document_hash = ANY(%s) ORDER BY (ended IS NOT NULL), id DESC",
        (list(hashes),),
    )
    return tuple(map(_card, rows))


def events(connection: Connection, cards: Sequence[int]) -> dict[int, tuple[Event, ...]]:
    """What happened to these cards, the latest first."""
    found: dict[int, list[Event]] = {id_: [] for id_ in cards}
    for row in connection.execute(
        f"SELECT card, {_EVENT} FROM healthcard_event WHERE card = ANY(%s) ORDER BY id DESC",
        (list(cards),),
    ):
        found[row[0]].append(Event(*row[1:]))
    return {id_: tuple(ones) for id_, ones in found.items()}


def uses_of(connection: Connection, cards: Sequence[int], *, limit: int = PAGE) -> tuple[Use, ...]:
    """How these cards were used, the latest first."""
    rows = connection.execute(
        f"SELECT {_USE} FROM healthcard_use WHERE card = ANY(%s) ORDER BY id DESC LIMIT %s",
        (list(cards), limit),
    )
    return tuple(Use(*row) for row in rows)


def uses_by(connection: Connection, actor: str, *, limit: int = PAGE) -> tuple[Use, ...]:
    """What one account has scanned, the latest first."""
    rows = connection.execute(
        f"SELECT {_USE} FROM healthcard_use WHERE actor = %s ORDER BY id DESC LIMIT %s", (actor, limit)
    )
    return tuple(Use(*row) for row in rows)


def uses(
    connection: Connection,
    *,
    outcome: str = "",
    institution: str = "",
    before: int = LAST_ID,
    limit: int = PAGE,
) -> tuple[Use, ...]:
    """The log, the latest first; empty values say nothing; ``before`` is the last id of the page before."""
    rows = connection.execute(
        f"SELECT {_USE} FROM healthcard_use WHERE id < %(before)s AND (%(outcome)s = '' OR outcome = %(outcome)s)"
        " AND (%(institution)s = '' OR institution = %(institution)s) ORDER BY id DESC LIMIT %(limit)s",
        {"outcome": outcome, "institution": institution, "before": before, "limit": limit},
    )
    return tuple(Use(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cards a list is about; empty values say nothing."""

    state: str = ""
    kind: str = ""
    institution: str = ""
    number: str = ""  # the first or last four digits, or a longer beginning
    since: date | None = None
    until: date | None = None


def listed(
    connection: Connection, wanted: Filter, *, before: int = LAST_ID, limit: int = PAGE
) -> tuple[Card, ...]:
    """The cards that fit, the latest first; ``before`` is the last id of the page before."""
    where, values = _where(wanted)
    rows = connection.execute(
        f"SELECT {_CARD} FROM healthcard_card WHERE id < %(before)s{where} ORDER BY id DESC LIMIT %(limit)s",
        {**values, "before": before, "limit": limit},
    )
    return tuple(map(_card, rows))


def every(connection: Connection, wanted: Filter) -> Iterator[Card]:
    """All that fit, in pages, for an export."""
    before = LAST_ID
    while page := listed(connection, wanted, before=before, limit=1000):
        yield from page
        before = page[-1].id


def counts(connection: Connection, institution: str = "") -> dict[str, int]:
    """How many cards there are in each state, of one institution or of all; counted to ``MANY`` and no further."""
    rows = connection.execute(
        "SELECT state, (SELECT count(*) FROM (SELECT 1 FROM healthcard_card c WHERE c.state = states.state"
        " AND (%(institution)s = '' OR c.institution = %(institution)s) LIMIT %(many)s) AS few)"
        " FROM unnest(%(states)s::text[]) states(state)",
        {"institution": institution, "many": MANY, "states": [state.value for state in State]},
    )
    return {str(state): int(count) for state, count in rows}


def issuers(connection: Connection) -> list[tuple[str, str]]:
    """The institutions that have issued cards: ids and names. One step of the index each, however many cards."""
    rows = connection.execute(
        """
        WITH RECURSIVE each AS (
            (SELECT institution, institution_name FROM healthcard_card ORDER BY institution, id LIMIT 1)
            UNION ALL
            SELECT next.* FROM each CROSS JOIN LATERAL (
                SELECT institution, institution_name FROM healthcard_card
                WHERE institution > each.institution ORDER BY institution, id LIMIT 1
            ) next
        ) SELECT institution, institution_name FROM each WHERE institution <> '' ORDER BY institution_name
        """
    )
    return [(str(id_), str(name)) for id_, name in rows]


def _where(wanted: Filter) -> tuple[str, dict[str, Any]]:
    conditions = {
        "state": (wanted.state, "state = %(state)s"),
        "kind": (wanted.kind, "kind = %(kind)s"),
        "institution": (wanted.institution, "institution = %(institution)s"),
        "since": (wanted.since, "requested >= %(since)s::date AT TIME ZONE 'Asia/Shanghai'"),
        "until": (wanted.until, "requested < (%(until)s::date + 1) AT TIME ZONE 'Asia/Shanghai'"),
        "number": (wanted.number.lower(), _ENDS if len(wanted.number) == 4 else _BEGINS),
    }
    used = {name: (value, text) for name, (value, text) in conditions.items() if value}
    return (
        "".join(f" AND {text}" for _, text in used.values()),
        {name: value for name, (value, _) in used.items()},
    )


def bindings(connection: Connection, person: str) -> tuple[Binding, ...]:
    """The bindings in which somebody is the holder or the carer, those that hold first."""
    rows = connection.execute(
        f"SELECT {_BINDING} FROM healthcard_binding WHERE holder = %(person)s OR carer = %(person)s"
        " ORDER BY (revoked IS NOT NULL), id DESC",
        {"person": person},
    )
    return tuple(Binding(*row) for row in rows)


def every_binding(connection: Connection) -> list[Binding]:
    """All bindings, the earliest first."""
    return [
        Binding(*row) for row in connection.execute(f"SELECT {_BINDING} FROM healthcard_binding ORDER BY id")
    ]


def binding(connection: Connection, id_: int, *, lock: bool = False) -> Binding:
    """The binding; raises ``not_found``."""
    row = connection.execute(
        f"SELECT {_BINDING} FROM healthcard_binding WHERE id = %s{' FOR UPDATE' if lock else ''}", (id_,)
    ).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no family binding %(id)s."), id=id_)
    return Binding(*row)
