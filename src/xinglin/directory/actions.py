"""What an editor does: save a thing, change a division on a day, bring a former version back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.kinds import KINDS
from xinglin.directory.kinds.plan import Batch, Desk, Fate, Planner, Row
from xinglin.directory.rules import rights
from xinglin.directory.rules.problems import Problem
from xinglin.kernel.errors import Fault, Kind, conflict, not_found
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from xinglin.kernel.actor import Actor

CHANGES = ("renamed", "moved", "merged", "split", "recoded", "ended")
"""What can become of a division on a day."""


def save(  # noqa: PLR0913 -- a form, the thing and its version, who and when
    *,
    kind: str,
    cells: Mapping[str, str],
    target: str | None,
    version: int | None,
    actor: Actor,
    today: date,
    replaces: str | None = None,
) -> Row:
    """Save one thing as the form's cells say, ``target`` None for a new one.

    The row that comes back has its problems, with which nothing is written, or its fate. ``version`` is the one that
    the editor has seen, ``replaces`` the first day of the phase of a division that is corrected. Raises ``conflict``
    if the version is no longer the latest, ``forbidden`` for one who may not edit.
    """
    door = open_as(rights.editor(actor))
    desk = Desk(database.connection(), door, today, target=target, replaces=replaces)
    row = Row(1, cells)
    batch = Planner(KINDS[kind], desk).plan([row])
    if target is None and not row.is_bad and row.fate is not Fate.CREATED:
        row.say(gettext_noop("This is in the directory already; open it and edit it there."), "code")
        row.target = row.target or ""
        row.fate = Fate.BAD
    if row.is_bad:
        return row
    steps = batch.steps()
    for step in steps:
        if version is not None and step.type == KINDS[kind].main:
            step.if_match = version
    _write(steps, row, actor)
    return row


def _write(steps: Sequence[Step], row: Row, actor: Actor) -> None:
    if not steps:
        return
    try:
        open_as(rights.editor(actor)).transaction(list(steps))
    except Fault as fault:
        if fault.precondition:
            raise conflict(
                gettext_noop(
                    "Somebody has changed this since you opened it. Load it again; nothing of yours was saved."
                )
            ) from fault
        if fault.kind not in {Kind.INVALID, Kind.CONFLICT}:
            raise
        row.problems += [Problem(issue.message, dict(issue.params)) for issue in fault.issues]
        row.fate = Fate.BAD


def change_division(  # noqa: PLR0913 -- what a change is made of
    *,
    code: str,
    day: date,
    change: str,
    name: str = "",
    parent: str = "",
    latter: str = "",
    actor: Actor,
    today: date,
) -> Batch:
    """End what a code means on ``day``; for ``renamed`` and ``moved`` it means something new from then on.

    ``latter`` are the codes into which it goes over, apart by semicolons. The rows of the batch have the problems.
    """
    assert change in CHANGES
    connection = database.connection()
    standing = connection.execute(
        "SELECT name, coalesce(lpad(parent::text, 12, '0'), ''), lower(period), class FROM directory_division"
        " WHERE code = %s AND upper_inf(period)",
        [int(code)],
    ).fetchone()
    if standing is None:
        raise not_found(gettext_noop("The code %(division)s has ended already."), division=code)
    ending = {
        "code": code, "name": standing[0], "parent": standing[1], "urban_rural": standing[3],
        "from": standing[2].isoformat() if standing[2] else "", "to": day.isoformat(),
        "successors": latter if change in {"merged", "split", "recoded"} else "",
        "change": change if change in {"merged", "split", "recoded"} else "",
    }  # fmt: skip
    rows = [Row(1, ending)]
    if change in {"renamed", "moved"}:
        begun = {**ending, "from": day.isoformat(), "to": "", "successors": "", "change": ""}
        rows.append(Row(2, {**begun, "name": name or standing[0], "parent": parent or standing[1]}))
    batch = Planner(KINDS["divisions"], Desk(connection, open_as(rights.editor(actor)), today)).plan(rows)
    if change in {"merged", "split", "recoded"} and not latter.strip():
        rows[0].say(gettext_noop("Say into which code it goes over."), "successors")
    if not any(row.is_bad for row in rows):
        _write(batch.steps(), rows[0], actor)
    return batch


def restore(*, type_name: str, id_: str, version: int, actor: Actor) -> int:
    """Make a former version of a resource the latest again, as a new version; tell its number.

    Raises ``not_found`` where there is no such version, ``conflict`` where another writer comes between.
    """
    door = open_as(rights.editor(actor))
    if type_name not in rights.TYPES:
        raise not_found(gettext_noop("%(type)s is nothing of the directory."), type=type_name)
    former = dict(door.read(type_name, id_, version=str(version)).resource)
    former["meta"] = {k: v for k, v in former["meta"].items() if k not in {"versionId", "lastUpdated"}}
    try:
        seen = door.read(type_name, id_).version
    except Fault as fault:
        if fault.kind is not Kind.GONE:
            raise
        seen = None  # it was deleted: it comes back
    outcome = door.transaction([Step(Verb.UPDATE, type_name, id_, former, if_match=seen)])[0]
    return outcome.draft.version if outcome.draft else version
