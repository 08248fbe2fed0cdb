"""Households (户): who lives together, and as what to the head. Proposed from addresses, stated by people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.identity.population import archives, divisions, events, residents, rules
from xinglin.identity.population.events import Deed, day
from xinglin.kernel import ids
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

INFERRED, STATED = "inferred", "stated"
LARGEST = 12  # people behind one door; more is an institution or an address that says too little
_ADULT_YEARS = 18
FIELDS = "household, record, division, address, door, source, made, closed"
_numbers = ids.VersionNumbers()


@dataclass(frozen=True, slots=True)
class Household:
    id: str
    record: str
    division: str
    address: str
    door: str
    source: str
    made: datetime
    closed: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    person: str
    household: str
    relation: str
    since: date
    until: date | None
    evidence: str

    @property
    def is_head(self) -> bool:
        return self.relation == rules.HEAD


@dataclass(frozen=True, slots=True)
class Home:
    """Where a household lives."""

    division: str
    address: str


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody as a member: relation to the head, since when, and how that is known."""

    person: str
    relation: str
    since: date
    evidence: str = STATED


def find(connection: Connection, household: str) -> Household:
    """Raises ``not_found``."""
    row = connection.execute(
        f"SELECT {FIELDS} FROM identity_household WHERE number = %s AND shard = %s", _key(household)
    ).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no household %(id)s."), id=household[:40])
    return _household(row)


def _household(row: Sequence[Any]) -> Household:
    found = Household(*row)
    return replace(found, address=sealing.open_text(found.address))


def _key(household: str) -> tuple[int, int]:
    return ids.self_number("Household", household), ids.shard_of("Household", household)


_MEMBER = "person, household, relation, since, until, evidence"


def members(connection: Connection, household: str, *, former: bool = False) -> list[Member]:
    """Today's members, the head first; with ``former`` also who has left."""
    rows = connection.execute(
        f"SELECT {_MEMBER} FROM identity_member WHERE household = %s AND (until IS NULL OR %s)"
        " ORDER BY until IS NOT NULL, relation <> %s, relation, since, person",
        [household, former, rules.HEAD],
    )
    return [Member(*row) for row in rows]


def of_person(connection: Connection, persons: Sequence[str]) -> Member | None:
    """The household that the person (with all ids merged into it) is in today."""
    row = connection.execute(
        f"SELECT {_MEMBER} FROM identity_member WHERE number = ANY(%s) AND until IS NULL ORDER BY since LIMIT 1",
        [[events.key(person)[0] for person in persons]],
    ).fetchone()
    return Member(*row) if row else None


def form(
    connection: Connection, *, home: Home, entrances: Sequence[Entrance], source: str = STATED, actor: Actor,
    now: datetime,
) -> Household:  # fmt: skip
    """A new household; exactly one of its members is the head."""
    if [e.relation for e in entrances].count(rules.HEAD) != 1:
        raise invalid(gettext_noop("A household has exactly one head. Give one member the relation “head”."))
    number, shard = _numbers.take(1)[0], ids.shard_of("Division", home.division)
    household = ids.make_id(number, shard)
    serial = archives.next_serial(connection, "household", home.division)
    connection.execute(
        f"INSERT INTO identity_household (number, shard, {FIELDS})"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, NULL)",
        [*_key(household), household, rules.family_number(home.division, serial), home.division,
         sealing.seal_text(home.address), residents.doorplate(rules.door(home.address)), source, now],
    )  # fmt: skip
    _note(
        connection,
        household,
        Deed("", "", "formed", detail={"address": sealing.seal_text(home.address)}),
        actor,
        now,
    )
    for entrance in entrances:
        _enter(connection, household, entrance, actor, now)
    return find(connection, household)


def join(
    connection: Connection, *, household: str, entrance: Entrance, actor: Actor, now: datetime
) -> Member:
    """Somebody comes into the household; out of another they go on the same day."""
    _require_living(connection, household)
    if entrance.relation == rules.HEAD and any(m.is_head for m in members(connection, household)):
        raise conflict(gettext_noop("The household has a head. Name another head instead."))
    _enter(connection, household, entrance, actor, now)
    found = of_person(connection, [entrance.person])
    assert found is not None
    return found


def _enter(connection: Connection, household: str, entrance: Entrance, actor: Actor, now: datetime) -> None:
    rules.require_relation(entrance.relation)
    if entrance.since > day(now):
        raise invalid(gettext_noop("%(day)s is still to come. Give the day of the move."), day=entrance.since)
    events.lock(connection, entrance.person)
    standing = of_person(connection, [entrance.person])
    if standing is not None:
        if standing.household == household:
            raise conflict(gettext_noop("This person is a member of the household already."))
        _end(connection, standing, max(entrance.since, standing.since))
        _after(connection, standing, actor, now)
    number, shard = events.key(entrance.person)
    connection.execute(
        f"INSERT INTO identity_member (number, shard, {_MEMBER}) VALUES (%s, %s, %s, %s, %s, %s, NULL, %s)"
        " ON CONFLICT (number, household, since, shard) DO UPDATE SET until = NULL, relation = excluded.relation,"
        " evidence = excluded.evidence",
        [number, shard, entrance.person, household, entrance.relation, entrance.since, entrance.evidence],
    )
    detail = {
        "relation": entrance.relation,
        "since": entrance.since.isoformat(),
        "evidence": entrance.evidence,
    }
    _note(connection, household, Deed(entrance.person, "", "joined", detail=detail), actor, now)


def leave(
    connection: Connection, *, person: str, until: date, note: str = "", actor: Actor, now: datetime
) -> None:
    """Somebody leaves their household. A household without members is closed; one without a head needs a new one."""
    events.lock(connection, person)
    standing = of_person(connection, [person])
    if standing is None:
        raise not_found(gettext_noop("This person is in no household."))
    if not standing.since <= until <= day(now):
        raise invalid(
            gettext_noop("The day of leaving lies between %(since)s and today."), since=standing.since
        )
    _end(connection, standing, until)
    deed = Deed(person, "", "left", note=note, detail={"until": until.isoformat()})
    _note(connection, standing.household, deed, actor, now)
    _after(connection, standing, actor, now)


def _end(connection: Connection, member: Member, until: date) -> None:
    number, shard = events.key(member.person)
    connection.execute(
        "UPDATE identity_member SET until = %s WHERE number = %s AND shard = %s AND household = %s AND until IS NULL",
        [until, number, shard, member.household],
    )


def _after(connection: Connection, gone: Member, actor: Actor, now: datetime) -> None:
    """A household that nobody is in any longer is closed."""
    if members(connection, gone.household):
        return
    connection.execute(
        "UPDATE identity_household SET closed = %s WHERE number = %s AND shard = %s",
        [now, *_key(gone.household)],
    )
    _note(connection, gone.household, Deed("", "", "closed"), actor, now)


def relate(
    connection: Connection, *, household: str, relations: dict[str, str], actor: Actor, now: datetime
) -> None:
    """State the relations of all of today's members at once: they depend on who is the head. Confirms the household."""
    _require_living(connection, household)
    standing = {m.person: m for m in members(connection, household)}
    if set(relations) != set(standing):
        raise conflict(gettext_noop("The members have changed meanwhile. Load the page again."))
    if list(relations.values()).count(rules.HEAD) != 1:
        raise invalid(gettext_noop("A household has exactly one head. Give one member the relation “head”."))
    for person, relation in sorted(relations.items()):
        rules.require_relation(relation)
        number, shard = events.key(person)
        connection.execute(
            "UPDATE identity_member SET relation = %s, evidence = %s"
            " WHERE number = %s AND shard = %s AND household = %s AND until IS NULL",
            [relation, STATED, number, shard, household],
        )
        if standing[person].relation != relation:
            detail = {"relation": relation, "before": standing[person].relation}
            _note(connection, household, Deed(person, "", "related", detail=detail), actor, now)
    connection.execute(
        "UPDATE identity_household SET source = %s WHERE number = %s AND shard = %s",
        [STATED, *_key(household)],
    )
    _note(connection, household, Deed("", "", "confirmed"), actor, now)


def history(connection: Connection, household: str) -> list[events.Event]:
    return events.of_subject(connection, f"household/{household}")


def _require_living(connection: Connection, household: str) -> Household:
    found = find(connection, household)
    if found.closed is not None:
        raise conflict(gettext_noop("Nobody lives in this household any longer. Form a new one."))
    return found


def _note(connection: Connection, household: str, deed: Deed, actor: Actor, now: datetime) -> None:
    said = Deed(deed.person, f"household/{household}", deed.kind, deed.reason, deed.note, deed.detail)
    events.note(connection, deed=said, actor=actor, now=now)


# -- proposals


def propose(
    connection: Connection, *, mothers: Callable[[Sequence[str]], dict[str, str]], actor: Actor, now: datetime,
    limit: int = 500,
) -> int:  # fmt: skip
    """Form households of the living who share one door and never were in one; tell how many persons were taken in.

    ``mothers`` tells for some persons who their mother is, as far as it is known. Nothing else about relations is
    guessed: the head is the mother of most, else the eldest; the others' relation is not stated.
    """
    doors = connection.execute(
        """
        SELECT r.present, r.door, array_agg(r.person ORDER BY r.birth NULLS LAST, r.person)
        FROM identity_resident r
        WHERE r.door <> '' AND NOT r.dead AND r.present NOT LIKE %s
          AND NOT EXISTS (SELECT 1 FROM identity_member m WHERE m.number = r.number)
        GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %s
        """,
        ["%000", limit],
    ).fetchall()
    taken = 0
    for division, door, persons in doors:
        taken += _propose(connection, division, door, persons, mothers, actor, now)
    return taken


def _propose(  # noqa: PLR0913, PLR0917 -- one door, and who asks
    connection: Connection,
    division: str,
    door: str,
    persons: list[str],
    mothers: Callable[[Sequence[str]], dict[str, str]],
    actor: Actor,
    now: datetime,
) -> int:
    standing = connection.execute(
        "SELECT household FROM identity_household WHERE division = %s AND door = %s AND closed IS NULL",
        [division, door],
    ).fetchone()
    people = residents.several(connection, persons)
    inside = members(connection, standing[0]) if standing else []
    if len(inside) + len(persons) > LARGEST:
        return _leave_alone(connection, persons)
    said = mothers(persons)
    today = day(now)
    if standing:
        for person in persons:
            entrance = Entrance(person, rules.UNSTATED, today, "same address")
            _enter(connection, standing[0], entrance, actor, now)
        return len(persons)
    head = _head(persons, people, said, today)
    entrances = [
        Entrance(p, _relation(p, head, people, said), today, "mother named" if said.get(p) == head else "same address")
        for p in persons
    ]  # fmt: skip
    made = form(
        connection, home=Home(division, people[head].address), entrances=entrances, source=INFERRED, actor=actor,
        now=now,
    )  # fmt: skip
    connection.execute(
        "UPDATE identity_household SET door = %s WHERE number = %s AND shard = %s", [door, *_key(made.id)]
    )
    return len(persons)


def _leave_alone(connection: Connection, persons: Sequence[str]) -> int:
    """Too many behind one door: the address says too little to be one household's."""
    connection.execute(
        "UPDATE identity_resident SET door = '' WHERE number = ANY(%s)", [[events.key(p)[0] for p in persons]]
    )
    return len(persons)


def _head(
    persons: Sequence[str], people: dict[str, residents.Resident], mothers: dict[str, str], today: date
) -> str:
    named = [mothers[p] for p in persons if mothers.get(p) in people]
    if named:
        return max(sorted(set(named)), key=named.count)
    grown = [
        p
        for p in persons
        if (birth := people[p].birth) is not None and today.year - birth.year >= _ADULT_YEARS
    ]
    return (grown or list(persons))[0]


def _relation(person: str, head: str, people: dict[str, residents.Resident], mothers: dict[str, str]) -> str:
    if person == head:
        return rules.HEAD
    if mothers.get(person) == head:
        return {"male": "20", "female": "30"}.get(people[person].sex, rules.UNSTATED)
    return rules.UNSTATED


def in_division(connection: Connection, code: str, limit: int = 500) -> list[tuple[Household, str, int]]:
    """The living households of a division by number, each with its head's name and how many members it has."""
    rows = connection.execute(
        f"SELECT {FIELDS}, coalesce((SELECT r.name FROM identity_member m JOIN identity_resident r"
        " ON r.number = m.number AND r.shard = m.shard WHERE m.household = h.household AND m.until IS NULL"
        " AND m.relation = %s LIMIT 1), ''),"
        " (SELECT count(*) FROM identity_member m WHERE m.household = h.household AND m.until IS NULL)"
        " FROM identity_household h WHERE division = %s AND closed IS NULL ORDER BY record LIMIT %s",
        [rules.HEAD, code, limit],
    )
    return [(_household(row[:8]), row[8], row[9]) for row in rows]


def rehash(connection: Connection) -> int:
    """Make the hashes of doors anew, from the addresses; how many."""
    tree = divisions.tree(connection)
    rows = connection.execute(
        "SELECT number, shard, address, source FROM identity_household WHERE door <> ''"
    ).fetchall()
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE identity_household SET door = %s WHERE number = %s AND shard = %s",
            [
                (
                    residents.plate(tree, told)
                    if source == INFERRED
                    else residents.doorplate(rules.door(told)),
                    number,
                    shard,
                )
                for number, shard, address, source in rows
                for told in [sealing.open_text(address)]
            ],
        )
    return len(rows)
