"""What can be done at the workbench, inside the caller's transaction on ``connection``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from psycopg.types.json import Jsonb

from xinglin.codebook.mapping import queries, resources, rules
from xinglin.codebook.mapping.folding import fold
from xinglin.codebook.mapping.ranking import Local as Asked
from xinglin.codebook.mapping.rules import Decision, State
from xinglin.kernel.errors import conflict, invalid
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.codebook.mapping.queries import Book, Line
    from xinglin.codebook.mapping.ranking import Candidate
    from xinglin.codebook.mapping.reading import Local
    from xinglin.codebook.mapping.targets import Target
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_UNDONE = (
    "state",
    "target",
    "display",
    "equivalence",
    "comment",
    "doubts",
    "decider",
    "decider_name",
    "decided",
)
_LOOKED = ("looker", "looker_name")


@dataclass(frozen=True, slots=True)
class Plan:
    """A book to be made."""

    title: str
    institution: str
    kind: str
    source: str
    target: str


def make_book(
    *, connection: Connection, plan: Plan, lines: Sequence[Local], actor: Actor, now: datetime
) -> Book:
    """Make a book, or bring the one of the same systems up to date with ``lines``; decisions stay."""
    rules.require(actor)
    if plan.source == plan.target:
        raise invalid(gettext_noop("The local codes and the standard cannot be the same system."))
    row = connection.execute(
        "INSERT INTO mapping_book (title, institution, kind, source, target, made, maker)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (source, target) DO UPDATE SET title = excluded.title RETURNING id",
        [plan.title, plan.institution, plan.kind, plan.source, plan.target, now, actor.id],
    ).fetchone()
    assert row is not None
    add_lines(connection=connection, book=row[0], lines=lines)
    return queries.book(connection, row[0])


def add_lines(*, connection: Connection, book: int, lines: Sequence[Local]) -> None:
    """Add codes to a book, and bring name, unit and count of those that are there up to date."""
    connection.execute("SELECT 1 FROM mapping_book WHERE id = %s FOR UPDATE", [book])
    row = connection.execute(
        "SELECT coalesce(max(id), 0) FROM mapping_line WHERE book = %s", [book]
    ).fetchone()
    assert row is not None
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO mapping_line (book, id, code, name, folded, unit, count, beside)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (book, code) DO UPDATE SET name = excluded.name,"
            " folded = excluded.folded, unit = excluded.unit, count = excluded.count, beside = excluded.beside",
            [
                (
                    book,
                    number,
                    one.code,
                    one.name,
                    fold(one.name).bare,
                    one.unit,
                    one.count,
                    Jsonb(one.beside),
                )
                for number, one in enumerate(lines, start=row[0] + 1)
            ],
        )


def rank(*, connection: Connection, book: Book, target: Target, everything: bool = True) -> int:
    """Rank the candidates of the lines that are not decided; how many lines that were."""
    lines = [one for one in queries.every_line(connection, book.id) if one.state in ("open", "later")]
    if not everything:
        lines = [one for one in lines if not one.candidates]
    others = queries.targets_of_name(connection, book, [one.folded for one in lines])
    rows = []
    for one in lines:
        found = candidates(one, target, others.get(one.folded, {}))
        rows.append((*_kept(found), book.id, one.id))
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE mapping_line SET candidates = %s, score = %s, margin = %s WHERE book = %s AND id = %s",
            rows,
        )
    connection.execute("UPDATE mapping_book SET ranked = %s WHERE id = %s", [target.system.id, book.id])
    return len(rows)


def candidates(line: Line, target: Target, others: dict[str, int]) -> list[Candidate]:
    """The ranked candidates of one line."""
    beside = {
        key.partition("|")[2]: sent
        for key, sent in line.beside.items()
        if key.partition("|")[0] in (target.system.url, *(f"urn:oid:{oid}" for oid in target.system.oids))
    }
    return target.index.candidates(Asked(line.code, line.name, line.unit, beside, others))


def _kept(found: Sequence[Candidate]) -> tuple[Any, float, float]:
    score = found[0].score if found else 0.0
    margin = score - found[1].score if len(found) > 1 else score
    return Jsonb([queries.kept_candidate(one) for one in found]), score, margin


def decide(
    *, connection: Connection, book: Book, line: int, decision: Decision, actor: Actor, now: datetime
) -> Line:
    """Decide one line."""
    rules.require(actor)
    rules.require_decision(decision)
    batch = _batch(connection)
    return _decide(connection, book, line, decision, _By(actor, now, batch, decision.state.value))


@dataclass(frozen=True, slots=True)
class _By:
    actor: Actor
    now: datetime
    batch: int
    action: str


def _decide(connection: Connection, book: Book, line: int, decision: Decision, by: _By) -> Line:
    before = queries.line(connection, book.id, line, lock=True)
    chosen = next((one for one in before.candidates if one.code == decision.target), None)
    others = queries.targets_of_name(connection, book, [before.folded]).get(before.folded, {})
    doubts = rules.doubts(
        decision, chosen, elsewhere=list(others), within=queries.targets_within(connection, before)
    )
    _note(connection, before, by)
    mapped = decision.state is State.MAPPED
    decided = decision.state is not State.OPEN
    connection.execute(
        "UPDATE mapping_line SET state = %s, target = %s, display = %s, equivalence = %s, comment = %s, doubts = %s,"
        " decider = %s, decider_name = %s, decided = %s, looker = '', looker_name = '' WHERE book = %s AND id = %s",
        [
            decision.state.value, decision.target if mapped else None, decision.display if mapped else "",
            decision.equivalence.value if mapped else "", decision.comment.strip(),
            [doubt.value for doubt in doubts], by.actor.id if decided else "", by.actor.name if decided else "",
            by.now if decided else None, book.id, line,
        ],
    )  # fmt: skip
    return queries.line(connection, book.id, line)


def _batch(connection: Connection) -> int:
    row = connection.execute("SELECT nextval('mapping_batch')").fetchone()
    assert row is not None
    return int(row[0])


def _note(connection: Connection, before: Line, by: _By) -> None:
    kept = {name: getattr(before, name) for name in (*_UNDONE, *_LOOKED)}
    kept["decided"] = before.decided.isoformat() if before.decided else None
    connection.execute(
        "INSERT INTO mapping_event (book, batch, line, moment, actor, actor_name, action, before)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [before.book, by.batch, before.id, by.now, by.actor.id, by.actor.name, by.action, Jsonb(kept)],
    )


def confirm_sure(
    *, connection: Connection, book: Book, lines: Iterable[int], least: float, actor: Actor, now: datetime
) -> int:
    """Confirm the first candidates of these lines at once; how many. What is no longer sure is left alone."""
    rules.require(actor)
    if not rules.LOWEST_SURE <= least <= 1:
        raise invalid(gettext_noop("The threshold should be between %(low)s and 1."), low=rules.LOWEST_SURE)
    by = _By(actor, now, _batch(connection), "bulk")
    count = 0
    for number in lines:
        one = queries.line(connection, book.id, number, lock=True)
        if one.state == State.OPEN and rules.is_sure(one.candidates, least):
            first = one.candidates[0]
            _decide(connection, book, number, Decision(State.MAPPED, first.code, first.display), by)
            count += 1
    return count


def look(*, connection: Connection, book: Book, line: int, actor: Actor, now: datetime) -> Line:
    """Take the second look at a doubtful decision and agree with it."""
    rules.require(actor)
    before = queries.line(connection, book.id, line, lock=True)
    if not before.wants_look:
        raise conflict(gettext_noop("%(local)s does not wait for a second look."), local=before.code)
    rules.require_second(actor, before.decider)
    _note(connection, before, _By(actor, now, _batch(connection), "look"))
    connection.execute(
        "UPDATE mapping_line SET looker = %s, looker_name = %s WHERE book = %s AND id = %s",
        [actor.id, actor.name, book.id, line],
    )
    return queries.line(connection, book.id, line)


def undo(*, connection: Connection, book: Book, actor: Actor) -> list[int]:
    """Take back what this actor did last in this book, all lines of it; the lines. Nothing to undo: none.

    Raises ``conflict`` if somebody has decided one of the lines since.
    """
    rules.require(actor)
    connection.execute("SELECT 1 FROM mapping_book WHERE id = %s FOR UPDATE", [book.id])
    row = connection.execute(
        "SELECT max(batch) FROM mapping_event WHERE book = %s AND actor = %s AND NOT undone",
        [book.id, actor.id],
    ).fetchone()
    if row is None or row[0] is None:
        return []
    events = connection.execute(
        "SELECT id, line, before FROM mapping_event WHERE book = %s AND batch = %s ORDER BY id DESC",
        [book.id, row[0]],
    ).fetchall()
    later = connection.execute(
        "SELECT e.actor_name, l.code FROM mapping_event e JOIN mapping_line l ON l.book = e.book AND l.id = e.line"
        " WHERE e.book = %s AND e.id > %s AND e.line = ANY(%s) AND NOT e.undone AND e.batch <> %s LIMIT 1",
        [book.id, min(event[0] for event in events), [event[1] for event in events], row[0]],
    ).fetchone()
    if later is not None:
        raise conflict(
            gettext_noop("%(name)s has decided %(local)s since; this can no longer be undone."),
            name=later[0], local=later[1],
        )  # fmt: skip
    for _, line, before in events:
        names = (*_UNDONE, *_LOOKED)
        connection.execute(
            f"UPDATE mapping_line SET {', '.join(f'{name} = %s' for name in names)} WHERE book = %s AND id = %s",
            [*(before[name] for name in names), book.id, line],
        )
    connection.execute(
        "UPDATE mapping_event SET undone = true WHERE book = %s AND batch = %s", [book.id, row[0]]
    )
    return sorted(line for _, line, _ in events)


def publish(*, connection: Connection, book: Book, actor: Actor, now: datetime) -> Book:
    """Write the decided lines to the record as the next version of the book's ConceptMap.

    Lines that wait for a second look are left out. A steward may publish a map without the right to write health
    data: the write is the platform's, in the steward's name.
    """
    rules.require(actor)
    connection.execute("SELECT 1 FROM mapping_book WHERE id = %s FOR UPDATE", [book.id])
    book = queries.book(connection, book.id)
    version = book.version + 1
    made = resources.concept_map(book, publishable(connection, book), version=version, now=now)
    if not resources.differences(published(connection, book, actor), made):
        raise conflict(gettext_noop("Nothing has changed since version %(version)d."), version=book.version)
    door = open_as(replace(actor, roles=actor.roles | {"system"}), connection)
    outcome = door.update(made) if book.resource else door.create(made)
    connection.execute(
        "UPDATE mapping_book SET resource = %s, version = %s, published = %s, publisher = %s WHERE id = %s",
        [outcome.draft.id if outcome.draft else book.resource, version, now, actor.name, book.id],
    )
    return queries.book(connection, book.id)


def publishable(connection: Connection, book: Book) -> list[Line]:
    """The lines that the next version would have."""
    return [one for one in queries.every_line(connection, book.id) if one.may_publish]


def published(connection: Connection, book: Book, actor: Actor) -> dict[str, Any] | None:
    """The ConceptMap as it stands in the record."""
    if book.resource is None:
        return None
    return (
        open_as(replace(actor, roles=actor.roles | {"system"}), connection)
        .read("ConceptMap", book.resource)
        .resource
    )


def delete_book(*, connection: Connection, book: Book, actor: Actor) -> None:
    """Forget a book that was never published."""
    rules.require(actor)
    if book.resource is not None:
        raise conflict(
            gettext_noop("“%(title)s” has been published and is kept; its codes are in use."),
            title=book.title,
        )
    for table in ("mapping_event", "mapping_line"):
        connection.execute(f"DELETE FROM {table} WHERE book = %s", [book.id])
    connection.execute("DELETE FROM mapping_book WHERE id = %s", [book.id])
