"""What can be done to the record: one interaction, a transaction, a batch."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import psycopg

from xinglin.kernel.errors import Fault, busy
from xinglin.record import conditions, database, grouping, policy, transaction
from xinglin.record.steps import Outcome, Step, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.drafts import Draft

_TRIES = 12
_PAUSE = 0.01  # seconds
_AGAIN = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)


def perform(
    steps: Sequence[Step], *, actor: Actor, connection: Connection | None = None, integrity: bool = True
) -> list[Outcome]:
    """Carry the steps out as one transaction; the outcomes in the steps' order.

    With ``connection`` they become part of the transaction that it is in. Raises the first fault; nothing is
    changed then. ``integrity`` False lets references dangle, for loading what others left incomplete.
    """
    if connection is None and steps and all(_is_plain(step) for step in steps):
        return _create(steps, actor, integrity=integrity)
    if connection is not None:
        with connection.transaction():
            return transaction.Transaction(connection, steps, actor, integrity=integrity).run()
    return _perform_alone(steps, actor, integrity=integrity)


def _perform_alone(steps: Sequence[Step], actor: Actor, *, integrity: bool) -> list[Outcome]:
    """Try again where another transaction came between; each try starts from the steps as they were."""
    asked = [(step.id, step.criteria) for step in steps]
    former: dict[str, int] = {}
    for turn in range(_TRIES):
        connection = database.connection()
        attempt = transaction.Transaction(connection, steps, actor, integrity=integrity, former=former)
        try:
            with connection.transaction():
                return attempt.run()
        except _AGAIN:
            former |= attempt.called()
            for step, (id_, criteria) in zip(steps, asked, strict=True):
                step.id, step.criteria = id_, criteria
            time.sleep(random.random() * _PAUSE * turn)  # noqa: S311 -- so that two do not meet again
    raise busy("Others are changing the same resources at this moment. Try again.")


def perform_each(steps: Sequence[Step], *, actor: Actor, integrity: bool = True) -> list[Outcome]:
    """Carry every step out by itself, as a batch does; a fault is the outcome of its own step only."""
    outcomes = []
    for step in steps:
        try:
            outcomes += perform([step], actor=actor, integrity=integrity)
        except Fault as fault:
            outcomes.append(Outcome(0, fault=fault))
    return outcomes


def _is_plain(step: Step) -> bool:
    """A create that needs nothing of the database but that its references exist."""
    if step.verb is not Verb.CREATE or step.criteria or step.resource is None:
        return False
    transaction.look(step, step.resource)
    return not any(conditions.is_reference(reference) for reference in step.references)


def _create(steps: Sequence[Step], actor: Actor, *, integrity: bool) -> list[Outcome]:
    made: list[Draft] = []
    for _ in range(_TRIES):
        before, made = made, transaction.assign(steps)
        pairs = list(zip(steps, made, strict=True))
        if before:
            for step, draft in pairs:
                transaction.look(step, draft.resource)
        names = transaction.bundle_names(pairs)
        for old, new in zip(
            before, made, strict=False
        ):  # a first try has already put its ids into references
            names[f"{old.type_name}/{old.id}"] = f"{new.type_name}/{new.id}"
        needed = transaction.prepare(pairs, names, integrity=integrity)
        if actor.scopes is not None:
            policy.require_written(database.connection(), actor, made, "c")
        unit = grouping.Unit(made, needed, actor)
        try:
            _commit(unit, pairs)
        except _AGAIN:
            continue  # another process drew the same numbers, or a follower met another's lock: take new ones
        return [Outcome(201, draft) for draft in made]
    raise busy("No free numbers were found for the new resources. Try again.")


def _commit(unit: grouping.Unit, pairs: Sequence[tuple[Step, Draft]]) -> None:
    """Commit; what seemed to be a dangling reference and is none is let pass the second time."""
    grouping.commit(unit)
    if unit.lost:
        transaction.refuse_dangling(pairs, unit.lost)
        unit.needed -= unit.lost
        unit.lost, unit.done = set(), False
        grouping.commit(unit)
