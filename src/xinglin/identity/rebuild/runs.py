"""Runs: re-matchings of everything, as they stand."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.identity import weights
from xinglin.kernel.errors import conflict, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

FIRST = -(1 << 63)  # lower than every Patient's number


class State(StrEnum):
    MATCHING = "matching"
    MATCHED = "matched"
    APPLYING = "applying"
    APPLIED = "applied"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Run:
    """``reached``: Patients up to this number have been looked at, or applied."""

    id: str
    weights: str
    state: State
    reached: int
    total: int
    done: int
    actor: str
    made: datetime
    moment: datetime


_COLUMNS = "id, weights, state, reached, total, done, actor, made, moment"


def begin(connection: Connection, *, actor: Actor, now: datetime) -> Run:
    """A new run with the weights in force; the one that is going on, if it has the same weights.

    Raises ``conflict`` while another is being applied. One with other weights is dropped.
    """
    for run in _unfinished(connection):
        if run.state is State.APPLYING:
            raise conflict(
                gettext_noop("Run %(run)s is being applied. Go on with that: rebuild --apply %(run)s."),
                run=run.id,
            )
        if run.state is State.MATCHING and run.weights == weights.current().version:
            return run
        drop(connection, run)
    id_ = secrets.token_hex(4)
    connection.execute(
        f"INSERT INTO identity_run ({_COLUMNS}) SELECT %s, %s, 'matching', %s, count(*), 0, %s, %s, %s"
        " FROM identity_patient",
        [id_, weights.current().version, FIRST, actor.id, now, now],
    )
    return find(connection, id_)


def find(connection: Connection, id_: str) -> Run:
    """The run; raises ``not_found``."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM identity_run WHERE id = %s", [id_]).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no run %(run)s."), run=id_)
    return _run(row)


def latest(connection: Connection) -> Run | None:
    """The last run that was begun."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM identity_run ORDER BY made DESC LIMIT 1").fetchone()
    return _run(row) if row else None


def advance(connection: Connection, run: Run, reached: int, done: int, *, now: datetime) -> None:
    """Note how far it is, in the transaction that did it."""
    connection.execute(
        "UPDATE identity_run SET reached = %s, done = done + %s, moment = %s WHERE id = %s",
        [reached, done, now, run.id],
    )


def enter(connection: Connection, run: Run, state: State, *, now: datetime) -> None:
    """The next state, which begins with the first Patient."""
    connection.execute(
        "UPDATE identity_run SET state = %s, reached = %s, moment = %s WHERE id = %s",
        [state.value, FIRST, now, run.id],
    )


def drop(connection: Connection, run: Run) -> None:
    """Forget what a run proposed."""
    connection.execute("DELETE FROM identity_proposal WHERE run = %s", [run.id])
    connection.execute(
        "UPDATE identity_run SET state = 'dropped' WHERE id = %s AND state <> 'applied'", [run.id]
    )


def _unfinished(connection: Connection) -> list[Run]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM identity_run WHERE state NOT IN ('applied', 'dropped') ORDER BY made FOR UPDATE"
    ).fetchall()
    return [_run(row) for row in rows]


def _run(row: Sequence[Any]) -> Run:
    id_, version, state, *rest = row
    return Run(id_, version, State(state), *rest)
