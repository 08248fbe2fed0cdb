"""Writes what matching has decided: rows, events, relations; then merges, and questions to people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xinglin.identity import actions, clusters, matching, reviewing, store
from xinglin.identity.events import Event, Kind
from xinglin.identity.stewardship import Kind as Asked
from xinglin.identity.stewardship import State, Verdict
from xinglin.record.drafts import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.identity.arrivals import Arrival
    from xinglin.identity.matching import Round, Settled, Somebody
    from xinglin.identity.reviewing import Review
    from xinglin.identity.store import Link
    from xinglin.record.database import Connection


def settle(connection: Connection, arrivals: Sequence[Arrival]) -> list[Settled]:
    """Find out to whom these Patients belong, and write it down, all in the caller's transaction."""
    round_ = matching.match(connection, arrivals)
    _write(connection, round_)
    for settled in round_.settled:
        _merge(connection, settled, round_)
    _ask(connection, round_)
    return round_.settled


def forget(connection: Connection, gone: Sequence[tuple[Link, str]]) -> None:
    """Patients that are deleted, each with who does it: they leave their persons."""
    store.remove(connection, [link for link, _ in gone])
    store.append(
        connection,
        [
            Event(numbers.take(1)[0], Kind.LEFT, link.person_id, patient=link.id, actor=actor)
            for link, actor in gone
        ],
    )
    connection.execute(
        "DELETE FROM identity_relation WHERE patient = ANY(%s)", [[link.number for link, _ in gone]]
    )
    _close(connection, [link for link, _ in gone])


def _close(connection: Connection, gone: Sequence[Link]) -> None:
    """Questions about persons that nobody belongs to any more are answered."""
    left = {link.person for link in store.members(connection, [link.person for link in gone])}
    empty = {link.person_id for link in gone if link.person not in left}
    if empty:
        for review in reviewing.waiting_about(connection, empty):
            reviewing.change(connection, review, state=State.SETTLED.value, holder=None, until=None)


def _write(connection: Connection, round_: Round) -> None:
    version = round_.weights.version
    emptied = _emptied(round_)
    new = [
        one.arrival.link(one.person.number, one.person.home)
        for one in round_.settled
        if one.arrival.old is None
    ]
    changed = [one for one in round_.settled if one.arrival.old is not None]
    events = [
        event
        for one in round_.settled
        for event in matching.events(one, emptied.get(_left(one)) is one, version)
    ]
    store.write(connection, new, events)
    if changed:
        store.replace(
            connection,
            [one.arrival.old for one in changed if one.arrival.old is not None],
            [one.arrival.link(one.person.number, one.person.home) for one in changed],
        )
    for event in events:
        if event.detail.get("emptied") and event.other is not None:
            store.note_merged(connection, event.other, event.person, event.number)
            _answer(connection, event.other, event.person)
    _relate(connection, round_)


def _left(settled: Settled) -> int | None:
    """The person that the arrival leaves."""
    old = settled.arrival.old
    return old.person if old is not None and old.person != settled.person.number else None


def _emptied(round_: Round) -> dict[int | None, Settled]:
    """The persons whom the last of their Patients left, with the last that did."""
    merged = {number for one in round_.settled for number in one.also}
    left = {_left(one): one for one in round_.settled}
    return {
        number: one
        for number, one in left.items()
        if number is not None and number not in merged and not round_.persons[number].members
    }


def _answer(connection: Connection, other: str, survivor: str) -> None:
    """Whether these two are one has been answered by what was written since."""
    for review in reviewing.waiting_about(connection, [other]):
        if set(store.survivors(connection, review.persons).values()) == {survivor}:
            reviewing.change(connection, review, state=State.SETTLED.value, holder=None, until=None)


def _relate(connection: Connection, round_: Round) -> None:
    """Tie newborns to their mothers: the likeliest, where there are several."""
    best: dict[str, tuple[str, float]] = {}
    for settled in round_.settled:
        for child, mother, bits in settled.mothers:
            if child not in best or bits > best[child][1]:
                best[child] = mother, bits
    made = []
    for child, (mother, bits) in best.items():
        number, shard = store.patient_place(child)
        known = connection.execute(
            "INSERT INTO identity_relation (patient, shard, kind, id, other, bits)"
            " VALUES (%s, %s, 'mother', %s, %s, %s) ON CONFLICT (patient, kind, shard) DO UPDATE"
            " SET other = excluded.other, bits = excluded.bits WHERE identity_relation.bits < excluded.bits"
            " RETURNING 1",
            [number, shard, child, mother, bits],
        ).fetchone()
        persons = {one.id: one.person_id for one in store.links(connection, _numbers(child, mother)).values()}
        if known and len(persons) == 2:
            made.append(
                Event(
                    numbers.take(1)[0], Kind.RELATED, persons[child], patient=child, other=persons[mother],
                    bits=bits, weights=round_.weights.version, reason="mother",
                )
            )  # fmt: skip
    store.append(connection, made)


def _numbers(*patients: str) -> list[int]:
    return [store.patient_place(one)[0] for one in patients]


def _merge(connection: Connection, settled: Settled, round_: Round) -> None:
    """Merge the persons that this Patient has shown to be one, unless people said otherwise."""
    for number in settled.also:
        actions.merge_found(
            connection,
            survivor=settled.person.id,
            other=round_.persons[number].id,
            bits=settled.bits,
            by=(settled.arrival.actor, round_.weights.version),
        )


def _ask(connection: Connection, round_: Round) -> None:
    asked: list[Review] = []
    for settled in round_.settled:
        asked += _questions(connection, settled, round_)
    actions.put(connection, asked)
    _inspect(connection, round_)


def _questions(connection: Connection, settled: Settled, round_: Round) -> list[Review]:
    """Reviews that the decision calls for, but for those that wait already."""
    if not settled.question:
        return []
    others = [round_.persons[number] for number in settled.asked]
    if settled.question == "drift":
        return _fresh(connection, Asked.DRIFT, [settled.person, *others], settled, round_)
    if settled.question == "match":
        return _fresh(connection, Asked.MATCH, [settled.person, *others], settled, round_)
    return [
        review
        for other in others
        for review in _fresh(connection, Asked.MATCH, [other, settled.person], settled, round_)
    ]


def _fresh(
    connection: Connection, kind: Asked, persons: Sequence[Somebody], settled: Settled, round_: Round
) -> list[Review]:
    ids = [person.id for person in persons]
    if settled.arrival.old is not None or settled.question == "doubt":
        for waiting in reviewing.waiting_about(connection, ids[:1]):
            if waiting.kind is kind and set(waiting.persons) == set(ids):
                return []
    known = [member.traits for person in persons for member in person.members.values()]
    review = actions.make(
        kind,
        ids,
        patients=max(len(person.members) for person in persons),
        findings=settled.findings,
        deceased=any(one.deceased for one in known),
    )
    return [
        replace(
            review, patient=settled.arrival.id, bits=settled.bits, weights=round_.weights.version,
            opener=settled.arrival.actor,
        )
    ]  # fmt: skip


def _inspect(connection: Connection, round_: Round) -> None:
    """Open work for persons that contradict themselves since this transaction."""
    seen: set[int] = set()
    for settled in round_.settled:
        number = round_.where[settled.arrival.number]
        person = round_.persons[number]
        if number in seen or len(person.members) < 2:
            continue
        seen.add(number)
        members = list(person.members.values())
        found = clusters.findings(
            [one.traits for one in members],
            [one.source for one in members],
            living=settled.arrival.known if settled.arrival.old is None else None,
        )
        if found and not _is_known(connection, person.id, found):
            review = actions.make(
                Asked.CLUSTER,
                [person.id],
                patients=len(members),
                findings=found,
                deceased=any(one.traits.deceased for one in members),
            )
            actions.put(
                connection, [replace(review, patient=settled.arrival.id, opener=settled.arrival.actor)]
            )


def _is_known(connection: Connection, person: str, found: Sequence[str]) -> bool:
    """Whether people are being asked about it, or have said that it is fine."""
    about = reviewing.about(connection, person, Asked.CLUSTER)
    return any(
        set(found) <= set(one.findings)
        and (one.state in (State.OPEN, State.DECIDED) or one.verdict is Verdict.FINE)
        for one in about
    )
