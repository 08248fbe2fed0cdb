"""Merge and unmerge, split and rejoin, must-link and must-not-link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.identity import constraints, reviewing, store
from xinglin.identity.events import Event, Kind
from xinglin.identity.stewardship import State
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.kernel.ids import make_id
from xinglin.record.drafts import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.identity.store import Link
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_MOST_PAIRS = 24  # Patients of each side that a must-not-link of two persons names


def merge(connection: Connection, *, survivor: str, other: str, actor: Actor, reason: str) -> Event:
    """``other`` is ``survivor``: its Patients go over, and its id leads there from now on.

    Raises ``not_found`` for a person without Patients, ``conflict`` where a must-not-link stands between them.
    """
    store.lock_all(connection)
    kept, given = _members(connection, survivor), _members(connection, other)
    survivor, other = kept[0].person_id, given[0].person_id
    if survivor == other:
        raise conflict(gettext_noop("Both are the same person already: %(person)s."), person=survivor)
    apart = constraints.between(connection, _ids(kept), _ids(given), same=False)
    if apart:
        raise conflict(
            gettext_noop(
                "Patient/%(one)s and Patient/%(other)s were declared to be different people. Lift that first."
            ),
            one=apart[0].patient,
            other=apart[0].other,
        )
    number = numbers.take(1)[0]
    store.move(connection, _ids(given), store.place_of(survivor))
    store.hold(connection, _ids(kept) + _ids(given), 1)
    store.note_merged(connection, other, survivor, number)
    event = Event(
        number, Kind.MERGED, survivor, other=other, actor=actor.id, reason=reason,
        detail={
            "patients": _ids(given),
            "covers": _ids(kept) + _ids(given),
            "settled": _settle(connection, survivor, other),
        },
    )  # fmt: skip
    store.append(connection, [event])
    return event


def merge_found(
    connection: Connection, *, survivor: str, other: str, bits: float | None, by: tuple[str, str]
) -> Event | None:
    """The matcher has found two persons to be one. ``by``: who wrote the evidence, and the weights' version.

    None, and nothing is done, where people have said that they are different. It holds nobody to it.
    """
    kept = store.members(connection, [store.place_of(survivor)[0]])
    given = store.members(connection, [store.place_of(other)[0]])
    if not given or constraints.between(connection, _ids(kept), _ids(given), same=False):
        return None
    number = numbers.take(1)[0]
    store.move(connection, _ids(given), store.place_of(survivor))
    store.note_merged(connection, other, survivor, number)
    event = Event(
        number, Kind.MERGED, survivor, other=other, bits=bits, actor=by[0], weights=by[1], reason="bridge",
        detail={"patients": _ids(given), "covers": [], "settled": _settle(connection, survivor, other)},
    )  # fmt: skip
    store.append(connection, [event])
    return event


def _settle(connection: Connection, survivor: str, other: str) -> dict[str, str]:
    """Close the questions that the merge has answered: whether these two are one. Their states before."""
    settled: dict[str, str] = {}
    for review in reviewing.waiting_about(connection, [other]):
        now = store.survivors(connection, review.persons)
        if len(review.persons) > 1 and set(now.values()) == {survivor}:
            settled[review.id] = review.state.value
            reviewing.change(connection, review, state=State.SETTLED.value)
    return settled


def unmerge(
    connection: Connection, *, event: int, actor: Actor, reason: str, keep_apart: bool = False
) -> Event:
    """Take a merge back: the Patients that came by it return, as far as they are still there.

    With ``keep_apart`` the two are also declared to be different. Raises ``not_found``, or ``conflict`` for a
    merge that has been taken back already.
    """
    store.lock_all(connection)
    done = _event(connection, event, Kind.MERGED)
    assert done.other is not None
    _require_standing(connection, done)
    now = store.survivors(connection, [done.person])[done.person]
    coming = _still_with(connection, done.detail["patients"], now)
    store.move(connection, coming, store.place_of(done.other))
    store.hold(connection, done.detail["covers"], -1)
    store.forget_merged(connection, done.other)
    for id_, state in done.detail.get("settled", {}).items():
        review = reviewing.find(connection, id_, lock=True)
        if review is not None and review.state is State.SETTLED:
            reviewing.change(connection, review, state=state)
    undone = Event(
        numbers.take(1)[0], Kind.UNMERGED, now, other=done.other, actor=actor.id, reason=reason,
        detail={"event": event, "patients": coming, "covers": done.detail["covers"]},
    )  # fmt: skip
    store.append(connection, [undone])
    if keep_apart:
        part(connection, [done.other], now, actor=actor, reason=reason)
    return undone


def split(
    connection: Connection, *, person: str, patients: Sequence[str], actor: Actor, reason: str
) -> Event:
    """Take ``patients`` out of ``person`` into a person of their own, and declare the two to be different.

    ``event.other`` is the new person. Raises ``invalid`` unless some stay and some go.
    """
    store.lock_all(connection)
    whole = _members(connection, person)
    person = whole[0].person_id
    leaving = [one for one in whole if one.id in set(patients)]
    if len(leaving) < len(set(patients)) or not leaving or len(leaving) == len(whole):
        raise invalid(
            gettext_noop("Choose some of this person's %(count)d Patients, but not all of them."),
            count=len(whole),
        )
    new = store.new_person(leaving[0].shard)
    store.move(connection, _ids(leaving), new)
    store.hold(connection, _ids(whole), 1)
    pairs = _pairs(connection, [one for one in whole if one not in leaving], leaving)
    event = Event(
        numbers.take(1)[0], Kind.SPLIT, person, other=make_id(*new), actor=actor.id, reason=reason,
        detail={"patients": _ids(leaving), "covers": _ids(whole), "apart": pairs},
    )  # fmt: skip
    store.append(connection, [event])
    _declare(connection, pairs, person, same=False, actor=actor, reason=reason)
    return event


def rejoin(connection: Connection, *, event: int, actor: Actor, reason: str) -> Event:
    """Take a split back: the Patients return, and the two are no longer declared to be different."""
    store.lock_all(connection)
    done = _event(connection, event, Kind.SPLIT)
    assert done.other is not None
    then = [e for e in store.events_of(connection, [done.other]) if e.kind is Kind.REJOINED]
    if any(e.detail["event"] == event for e in then):
        raise _taken_back()
    now = store.survivors(connection, [done.person])[done.person]
    new = store.survivors(connection, [done.other])[done.other]
    if new == now:
        raise _taken_back()
    returning = _still_with(connection, done.detail["patients"], new)
    store.move(connection, returning, store.place_of(now))
    store.hold(connection, done.detail["covers"], -1)
    undone = Event(
        numbers.take(1)[0], Kind.REJOINED, now, other=done.other, actor=actor.id, reason=reason,
        detail={"event": event, "patients": returning, "covers": done.detail["covers"]},
    )  # fmt: skip
    store.note_merged(connection, done.other, now, undone.number)
    store.append(connection, [undone])
    for first, second in done.detail["apart"]:
        _lift(connection, first, second, person=now, actor=actor, reason=reason)
    return undone


def must_link(connection: Connection, *, patient: str, other: str, actor: Actor, reason: str) -> list[Event]:
    """Two Patients are one person, whatever the matcher thinks; their persons are merged if they are two.

    Raises ``not_found``, or ``conflict`` where a must-not-link stands between their persons.
    """
    store.lock_all(connection)
    first, second = _link(connection, patient), _link(connection, other)
    made = []
    if first.person != second.person:
        made.append(
            merge(connection, survivor=first.person_id, other=second.person_id, actor=actor, reason=reason)
        )
    return made + _declare(
        connection, [(patient, other)], first.person_id, same=True, actor=actor, reason=reason
    )


def must_not_link(
    connection: Connection, *, patient: str, other: str, actor: Actor, reason: str
) -> list[Event]:
    """Two Patients are two people, whatever the matcher thinks.

    Raises ``not_found``, or ``conflict`` where they are one person: split that first.
    """
    store.lock_all(connection)
    first, second = _link(connection, patient), _link(connection, other)
    if first.person == second.person:
        raise conflict(
            gettext_noop(
                "Patient/%(one)s and Patient/%(other)s are one person now. Split that person, or unmerge."
            ),
            one=patient,
            other=other,
        )
    return _declare(connection, [(patient, other)], first.person_id, same=False, actor=actor, reason=reason)


def lift(connection: Connection, *, patient: str, other: str, actor: Actor, reason: str) -> Event:
    """Take back what was declared of two Patients; no link changes by that. Raises ``not_found``."""
    store.lock_all(connection)
    if not any(one.other == other for one in constraints.of(connection, [store.patient_place(patient)[0]])):
        raise not_found(
            gettext_noop("Nothing was declared of Patient/%(one)s and Patient/%(other)s."),
            one=patient,
            other=other,
        )
    found = store.link(connection, patient) or store.link(connection, other)
    if found is None:
        raise _no_patient(patient)
    return _lift(connection, patient, other, person=found.person_id, actor=actor, reason=reason)


def part(
    connection: Connection, persons: Sequence[str], person: str, *, actor: Actor, reason: str
) -> list[Event]:
    """Declare ``person`` to be another than each of ``persons``."""
    own = store.members(connection, [store.place_of(person)[0]])
    pairs = [
        pair
        for theirs in store.survivors(connection, persons).values()
        if theirs != person
        for pair in _pairs(connection, own, store.members(connection, [store.place_of(theirs)[0]]))
    ]
    return _declare(connection, pairs, person, same=False, actor=actor, reason=reason)


# -- what these have in common


def _pairs(connection: Connection, own: Sequence[Link], theirs: Sequence[Link]) -> list[tuple[str, str]]:
    """The pairs of two persons of which nothing is declared yet."""
    known = {(one.patient, one.other) for one in constraints.of(connection, [a.number for a in own])}
    return [
        (a.id, b.id) for a in own[:_MOST_PAIRS] for b in theirs[:_MOST_PAIRS] if (a.id, b.id) not in known
    ]


def _declare(
    connection: Connection,
    pairs: Sequence[tuple[str, str]],
    person: str,
    *,
    same: bool,
    actor: Actor,
    reason: str,
) -> list[Event]:
    made = []
    for number, (first, second) in zip(numbers.take(len(pairs)) if pairs else (), pairs, strict=True):
        constraints.note(connection, first, second, same=same, event=number)
        kind = Kind.MUST_LINK if same else Kind.MUST_NOT_LINK
        made.append(
            Event(
                number, kind, person, patient=first, actor=actor.id, reason=reason,
                detail={"patients": [first, second]},
            )
        )  # fmt: skip
    store.append(connection, made)
    return made


def _lift(
    connection: Connection, first: str, second: str, *, person: str, actor: Actor, reason: str
) -> Event:
    constraints.lift(connection, first, second)
    event = Event(
        numbers.take(1)[0], Kind.LIFTED, person, patient=first, actor=actor.id, reason=reason,
        detail={"patients": [first, second]},
    )  # fmt: skip
    store.append(connection, [event])
    return event


def _members(connection: Connection, person: str) -> list[Link]:
    now = store.survivors(connection, [person])[person]
    found = store.members(connection, [store.place_of(now)[0]])
    if not found or found[0].person_id != now:
        raise not_found(gettext_noop("There is no person %(person)s with Patients."), person=person)
    return found


def _link(connection: Connection, patient: str) -> Link:
    found = store.link(connection, patient)
    if found is None:
        raise _no_patient(patient)
    return found


def _no_patient(patient: str) -> Exception:
    return not_found(gettext_noop("Patient/%(patient)s is not in the person index."), patient=patient)


def _event(connection: Connection, number: int, kind: Kind) -> Event:
    found = store.event(connection, number)
    if found is None or found.kind is not kind:
        raise not_found(
            gettext_noop("There is no event %(number)s of kind %(kind)s."), number=number, kind=kind.value
        )
    return found


def _require_standing(connection: Connection, done: Event) -> None:
    assert done.other is not None
    if store.merge_of(connection, done.other) != done.number:
        raise _taken_back()


def _taken_back() -> Exception:
    return conflict(gettext_noop("This has been taken back already, or replaced by a later act."))


def _still_with(connection: Connection, patients: Sequence[str], person: str) -> list[str]:
    there = {one.id for one in store.members(connection, [store.place_of(person)[0]])}
    return [one for one in patients if one in there]


def _ids(links: Sequence[Link]) -> list[str]:
    return [one.id for one in links]
