"""To whom every Patient would belong if all came anew, in the order in which they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import json
from xinglin.identity import arrays, blocking, constraints, store, terms, traits, weights
from xinglin.identity.arrivals import Arrival
from xinglin.identity.matching import Round, Settled, Somebody
from xinglin.identity.rebuild import runs
from xinglin.identity.store import Member
from xinglin.kernel.errors import Fault
from xinglin.kernel.ids import make_id
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from xinglin.identity.rebuild.runs import Run
    from xinglin.identity.store import Link
    from xinglin.record.database import Connection

_AT_ONCE = 200

# As the function identity_candidates, but to whom Patients belong is what this run has proposed so far.
_CANDIDATES = """
WITH shared AS (
    SELECT asked.place AS at, one.patient, one.home
    FROM unnest(%(places)s::int[], %(keys)s::bigint[], %(telling)s::boolean[]) asked(place, key, tells)
    CROSS JOIN LATERAL (
        SELECT array_agg(few.patient) AS patients, array_agg(few.home) AS homes, count(*) AS many
        FROM (SELECT k.patient, k.home FROM identity_key k WHERE k.key = asked.key LIMIT %(most)s + 1) few
        HAVING count(*) <= %(most)s
    ) found
    CROSS JOIN LATERAL unnest(found.patients, found.homes) one(patient, home)
    GROUP BY asked.place, one.patient, one.home
    HAVING count(*) > 1 OR bool_or(asked.tells OR found.many <= %(rare)s)
), hit AS (
    SELECT shared.at, p.person AS whose
    FROM shared
    CROSS JOIN LATERAL (
        SELECT proposed.person FROM identity_proposal proposed
        WHERE proposed.run = %(run)s AND proposed.number = shared.patient AND proposed.shard = shared.home
    ) p
    UNION
    SELECT owned.place, owned.whose FROM unnest(%(own_places)s::int[], %(own)s::bigint[]) owned(place, whose)
), whole AS (SELECT array_agg(hit.at) AS at, hit.whose FROM hit GROUP BY hit.whose)
SELECT whole.at, member.person, member.home, member.number, member.shard, member.id, member.source, member.held,
       member.traits
FROM whole
CROSS JOIN LATERAL (
    SELECT m.person, m.home, m.number, m.shard, p.id, p.source, p.held, p.traits
    FROM identity_proposal m JOIN identity_patient p ON p.number = m.number AND p.shard = m.shard
    WHERE m.run = %(run)s AND m.person = whole.whose ORDER BY m.number LIMIT %(deep)s
) member
"""
_PLAN = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"


class _Proposals(Round):
    """A round in which everybody comes anew, and persons keep their ids where they can."""

    def __init__(self, arrivals: Sequence[Arrival], links: Sequence[Link], common: Any) -> None:
        super().__init__(arrivals, weights.current(), common)
        self.links = {link.number: link for link in links}
        self.claimed: set[int] = set()
        self.held: dict[int, int] = {}  # person before → proposed person of its held Patients

    def belongs(self, arrival: Arrival) -> int | None:
        return self.links[arrival.number].person

    def somebody_new(self, arrival: Arrival) -> Somebody:
        before = self.links[arrival.number]
        if before.person in self.claimed or self.persons.get(before.person, _NOBODY).members:
            return super().somebody_new(arrival)
        return Somebody(before.person, before.home)

    def told(self, arrival: Arrival) -> tuple[Somebody, str] | None:
        """What people have said holds: must-link, and that held Patients of one person stay together."""
        said = super().told(arrival)
        before = self.links[arrival.number]
        if said is None and before.held and before.person in self.held:
            said = self.persons[self.held[before.person]], "held"
        return said

    def take_in(self, settled: Settled) -> None:
        super().take_in(settled)
        before = self.links[settled.arrival.number]
        self.claimed.add(settled.person.number)
        if before.held:
            self.held.setdefault(before.person, settled.person.number)
        for held, person in list(self.held.items()):
            if person in settled.also:
                self.held[held] = settled.person.number


_NOBODY = Somebody(0, 0)


def propose(
    connection: Connection,
    run: Run,
    *,
    clock: Callable[[], datetime],
    tell: Callable[[Run], None] = lambda _: None,
) -> Run:
    """Go on with a run to its end; a stretch of Patients to a transaction, so that it can be stopped at any time."""
    run = runs.find(connection, run.id)
    while run.state is runs.State.MATCHING:
        with connection.transaction():
            connection.execute(_PLAN)
            done = _stretch(connection, run, clock())
            if not done:
                runs.enter(connection, run, runs.State.MATCHED, now=clock())
        run = runs.find(connection, run.id)
        tell(run)
    return run


def _stretch(connection: Connection, run: Run, now: datetime) -> int:
    numbers = connection.execute(
        "SELECT number FROM identity_patient WHERE number > %s ORDER BY number LIMIT %s",
        [run.reached, _AT_ONCE],
    ).fetchall()
    if not numbers:
        return 0
    links = sorted(store.links(connection, [n for (n,) in numbers]).values(), key=lambda link: link.number)
    arrivals = [_arrival(link) for link in links]
    round_ = _Proposals(arrivals, links, terms.current(connection))
    _fill(connection, run, round_, arrivals, links)
    _save(connection, run, round_, round_.run())
    runs.advance(connection, run, links[-1].number, len(links), now=now)
    return len(links)


def _arrival(link: Link) -> Arrival:
    try:
        known = traits.unpack(link.traits)
    except Fault:
        known = traits.Traits()
    return Arrival(
        link.number,
        link.shard,
        link.id,
        "",
        known,
        link.traits,
        link.keys,
        link.source,
        link.active,
        (),
        None,
    )


def _fill(
    connection: Connection, run: Run, round_: _Proposals, arrivals: Sequence[Arrival], links: Sequence[Link]
) -> None:
    held = [link.person for link in links if link.held]
    bound = constraints.of(connection, [link.number for link in links])
    others = [store.patient_place(one.other)[0] for one in bound if one.same]
    for person, proposed in connection.execute(
        "SELECT DISTINCT p.person, r.person FROM identity_patient p"
        " JOIN identity_proposal r ON r.run = %s AND r.number = p.number AND r.shard = p.shard"
        " WHERE p.person = ANY(%s) AND p.held > 0",
        [run.id, held],
    ):
        round_.held.setdefault(person, proposed)
    wanted = set(round_.held.values()) | {
        person
        for (person,) in connection.execute(
            "SELECT person FROM identity_proposal WHERE run = %s AND number = ANY(%s)", [run.id, others]
        )
    }
    looks = [(place, *look) for place, one in enumerate(arrivals) for look in one.looks.items()]
    found = connection.execute(
        _CANDIDATES,
        {
            "run": run.id,
            "places": arrays.integers([place for place, _, _ in looks]),
            "keys": arrays.integers([key for _, key, _ in looks]),
            "telling": [is_telling for _, _, is_telling in looks],
            "own_places": arrays.integers([-1] * len(wanted)),
            "own": arrays.integers(wanted),
            "most": blocking.TOO_MANY,
            "rare": blocking.FEW,
            "deep": store.DEEP,
        },
        prepare=True,
        binary=True,
    )
    rows = [
        ([place for place in row[0] if place >= 0], Member(*[*row[1:-1], sealing.open_sealed(row[-1])]))
        for row in found
    ]
    round_.fill(rows)
    round_.bind(bound)
    claimed = connection.execute(
        "SELECT person FROM identity_proposal WHERE run = %s AND person = ANY(%s) GROUP BY person",
        [run.id, [link.person for link in links]],
    )
    round_.claimed = {person for (person,) in claimed}


def _save(connection: Connection, run: Run, round_: _Proposals, settled: Sequence[Settled]) -> None:
    rows = []
    for one in settled:
        person = round_.persons[round_.where[one.arrival.number]]
        before = round_.links[one.arrival.number]
        outcome = "kept" if person.number == before.person else "moved"
        review = None
        if one.question:
            others = [make_id(n, round_.persons[n].home) for n in one.asked]
            review = json.dump(
                {"kind": one.question, "persons": others, "findings": list(one.findings)}
            ).decode()
        rows.append((one.arrival, person, before.person, one.bits, outcome, review))
    connection.execute(
        "INSERT INTO identity_proposal (run, number, person, was, bits, shard, home, outcome, review)"
        " SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::real[], %s::smallint[],"
        " %s::smallint[], %s::text[], %s::jsonb[])",
        [
            run.id,
            arrays.integers([a.number for a, *_ in rows]),
            arrays.integers([person.number for _, person, *_ in rows]),
            arrays.integers([row[2] for row in rows]),
            arrays.reals([row[3] for row in rows]),
            arrays.integers([a.shard for a, *_ in rows]),
            arrays.integers([person.home for _, person, *_ in rows]),
            arrays.texts([row[4] for row in rows]),
            arrays.texts([row[5] for row in rows]),
        ],
    )
    for one in settled:
        for number in one.also:
            connection.execute(
                "UPDATE identity_proposal SET person = %s, home = %s,"
                " outcome = CASE WHEN was = %s THEN 'kept' ELSE 'moved' END WHERE run = %s AND person = %s",
                [one.person.number, one.person.home, one.person.number, run.id, number],
            )
