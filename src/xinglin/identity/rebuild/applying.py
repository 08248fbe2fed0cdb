"""Doing what a run proposed, as far as nothing else has happened to a Patient since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.identity import actions, constraints, store
from xinglin.identity.events import Event, Kind
from xinglin.identity.rebuild import runs
from xinglin.identity.stewardship import Kind as Asked
from xinglin.kernel.errors import Fault, conflict
from xinglin.kernel.ids import make_id
from xinglin.record.drafts import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from xinglin.identity.rebuild.runs import Run
    from xinglin.identity.store import Link
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_AT_ONCE = 500


@dataclass(slots=True)
class Applied:
    """``passed``: Patients to whom something happened since the run, people's decisions among it: left as they are."""

    moved: int = 0
    reviews: int = 0
    passed: int = 0


def apply(
    connection: Connection,
    run: Run,
    *,
    actor: Actor,
    clock: Callable[[], datetime],
    tell: Callable[[Applied], None] = lambda _: None,
) -> Applied:
    """Apply a run that is matched, or go on with it. Raises ``conflict`` for any other."""
    if run.state is runs.State.MATCHED:
        with connection.transaction():
            runs.enter(connection, run, runs.State.APPLYING, now=clock())
        run = runs.find(connection, run.id)
    if run.state is not runs.State.APPLYING:
        raise conflict(
            gettext_noop("Run %(run)s is %(state)s. Only a run that is matched can be applied."),
            run=run.id,
            state=run.state.value,
        )
    applied = Applied()
    while run.state is runs.State.APPLYING:
        with connection.transaction():
            store.lock_all(connection)
            if not _stretch(connection, run, applied, actor, clock()):
                runs.enter(connection, run, runs.State.APPLIED, now=clock())
                connection.execute("DELETE FROM identity_proposal WHERE run = %s", [run.id])
        run = runs.find(connection, run.id)
        tell(applied)
    return applied


def _stretch(connection: Connection, run: Run, applied: Applied, actor: Actor, now: datetime) -> bool:
    rows = connection.execute(
        "SELECT number, person, home, was, bits, outcome, review FROM identity_proposal"
        " WHERE run = %s AND number > %s AND (outcome <> 'kept' OR review IS NOT NULL) ORDER BY number LIMIT %s",
        [run.id, run.reached, _AT_ONCE],
    ).fetchall()
    if not rows:
        return False
    links = store.links(connection, [row[0] for row in rows])
    moves: list[tuple[Link, tuple[int, int], float | None]] = []
    asking = []
    for number, person, home, was, bits, outcome, review in rows:
        link = links.get(number)
        if link is None or link.person != was or (link.held and outcome != "kept"):
            applied.passed += 1
            continue
        if outcome != "kept":
            moves.append((link, (person, home), bits))
        if review:
            asking.append((link, make_id(person, home), review))
    moves = _allowed(connection, moves, applied)
    _move(connection, run, moves, actor)
    applied.moved += len(moves)
    for link, person_id, review in asking:
        applied.reviews += _ask(connection, link, person_id, review, actor)
    runs.advance(connection, run, rows[-1][0], 0, now=now)
    return True


def _allowed(
    connection: Connection, moves: Sequence[tuple[Link, tuple[int, int], float | None]], applied: Applied
) -> list[tuple[Link, tuple[int, int], float | None]]:
    """Those against which people have said nothing since."""
    said = [one for one in constraints.of(connection, [link.number for link, _, _ in moves]) if not one.same]
    if not said:
        return list(moves)
    others = store.links(connection, [store.patient_place(one.other)[0] for one in said])
    going = {link.id: person for link, (person, _), _ in moves}
    barred = {
        one.patient
        for one in said
        if (other := others.get(store.patient_place(one.other)[0])) is not None
        and going.get(one.other, other.person) == going[one.patient]
    }
    applied.passed += len(barred)
    return [move for move in moves if move[0].id not in barred]


def _move(
    connection: Connection,
    run: Run,
    moves: Sequence[tuple[Link, tuple[int, int], float | None]],
    actor: Actor,
) -> None:
    if not moves:
        return
    staying = _staying(connection, moves)
    last = {link.person: link.number for link, _, _ in moves}  # the last to leave, if all do
    events = []
    for link, person, bits in moves:
        emptied = link.person not in staying and last[link.person] == link.number
        events.append(
            Event(
                numbers.take(1)[0], Kind.MOVED, make_id(*person), patient=link.id, other=link.person_id, bits=bits,
                actor=actor.id, weights=run.weights, reason="rebuild", detail={"emptied": True} if emptied else {},
            )
        )  # fmt: skip
        store.move(connection, [link.id], person)
    store.append(connection, events)
    for event in events:
        if event.detail.get("emptied") and event.other is not None:
            store.note_merged(connection, event.other, event.person, event.number)


def _staying(connection: Connection, moves: Sequence[Any]) -> set[int]:
    """The persons that somebody still belongs to when all moves are done."""
    rows = connection.execute(
        "SELECT DISTINCT person FROM identity_patient WHERE person = ANY(%s) AND number <> ALL(%s)",
        [list({link.person for link, _, _ in moves}), [link.number for link, _, _ in moves]],
    )
    return {person for (person,) in rows} | {person for _, (person, _), _ in moves}


def _ask(connection: Connection, link: Link, person: str, review: dict[str, Any], actor: Actor) -> int:
    persons = [person, *review["persons"]]
    if review["kind"] == "doubt":
        persons = [*review["persons"], person]
    now = store.survivors(connection, persons)
    persons = list(dict.fromkeys(now[one] for one in persons))
    if len(persons) < 2:
        return 0
    try:
        actions.open_review(
            connection,
            kind=Asked.MATCH,
            persons=persons,
            actor=actor,
            patient=link.id,
            findings=review["findings"],
        )
    except Fault:
        return 0  # a person of whom nobody is left
    return 1
