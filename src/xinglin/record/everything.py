"""``$everything``: a patient, all that belongs to the patient, and what that refers to.

https://hl7.org/fhir/R4/patient-operation-everything.html

Rows come in the order of their versions, from the index that has a patient's rows together. Pages are exact
against the snapshot of the first, as a search's are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.numeric import Int8

from xinglin.fhir import dates, definitions
from xinglin.fhir.index import keys
from xinglin.kernel.errors import Fault, invalid
from xinglin.kernel.ids import floor_vid, self_number, shard_of
from xinglin.record import linking
from xinglin.record.search import Entry, Page, Query, as_of, paging, statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection
    from xinglin.record.queries import Stored
    from xinglin.record.search import Access

_COLUMNS = ", ".join(statements.COLUMNS)
_PAGE = "_page"


@dataclass(frozen=True, slots=True)
class Asked:
    """What part is asked for; times in microseconds since 1970, ``since`` in milliseconds."""

    types: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    since: int | None = None
    count: int | None = None
    page: str | None = None


def read(pairs: Sequence[tuple[str, str]]) -> Asked:
    """From decoded name=value pairs; raises ``invalid`` for a value that cannot be read."""
    given = dict(pairs)
    types = tuple(t for t in given.get("_type", "").split(",") if t)
    unknown = [t for t in types if t not in definitions.RESOURCE_TYPES]
    if unknown:
        raise invalid("_type names %(type)s, which is no resource type.", code="value", type=unknown[0])
    since = _moment(given, "_since")
    return Asked(
        types=types,
        start=_moment(given, "start"),
        end=_moment(given, "end", end=True),
        since=None if since is None else since // 1000,
        count=int(given["_count"]) if "_count" in given else None,
        page=given.get(_PAGE),
    )


def _moment(given: dict[str, str], name: str, *, end: bool = False) -> int | None:
    if name not in given:
        return None
    try:
        return dates.interval(given[name])[1 if end else 0]
    except Fault as error:
        raise invalid(
            "%(name)s is a date or time such as 2026-05-01; %(value)r is not.",
            code="value",
            name=name,
            value=given[name],
        ) from error


def everything(
    connection: Connection,
    id_: str,
    pairs: Sequence[tuple[str, str]],
    *,
    secret: str,
    now: int,
    access: Access | None = None,
) -> Page:
    """The page that is asked for of the record of ``Patient/id_``; the first one is the whole without ``_count``."""
    asked = read(pairs)
    query = Query("Patient", pairs=(("_id", id_), *pairs))
    place = paging.open_token(asked.page, query, secret, now) if asked.page else None
    rows = _rows(connection, id_, asked, place, access)
    more = asked.count is not None and len(rows) > asked.count
    del rows[asked.count if more else len(rows) :]
    matches = [statements.stored(row) for row in rows]
    beside = [] if asked.types else _referred(connection, matches, access)
    following = None
    if more and rows:
        snapshot = place.snapshot if place else paging.Snapshot.read(rows[0][-1])
        offset = (place.offset if place else 0) + len(rows)
        following = paging.seal(
            paging.Place((rows[-1][3],), False, offset, None, snapshot), query, secret, now
        )
    return Page(
        Query("Patient", pairs=tuple(pairs)),
        (*(Entry(stored) for stored in matches), *(Entry(stored, "include") for stored in beside)),
        len(matches) if not more and place is None else None,
        following,
    )


def _rows(
    connection: Connection, id_: str, asked: Asked, place: paging.Place | None, access: Access | None
) -> list[tuple[Any, ...]]:
    number = self_number("Patient", id_)
    relation, values = "record_resource", []
    if place is not None:
        shift = connection.execute("SELECT shift FROM record_epoch").fetchone()
        past = as_of(place.snapshot, shift[0] if shift else 0)
        relation, values = past.sql, list(past.values)
    where, bound = _conditions(asked, place)
    allowed = access("r", ()) if access else None
    if allowed is not None:
        where, bound = f"{where} AND ({allowed.sql})", [*bound, *allowed.values]
    columns = f"{_COLUMNS}, (SELECT pg_current_snapshot()::text)"
    limit = "" if asked.count is None else f"LIMIT {asked.count + 1:d}"
    return connection.execute(
        # "<> 0" lets a plan for any value use the index; what belongs to a second patient too (an
        # appointment, say) is found by a token
        f"SELECT {columns} FROM (SELECT * FROM {relation} own WHERE patient = %s AND patient <> 0 UNION ALL"
        f" SELECT * FROM {relation} shared WHERE tokens @> ARRAY[%s::bigint]) r"
        f" WHERE {where} ORDER BY vid {limit}",
        [*values, Int8(number), *values, Int8(keys.member_hash(number)), *bound],
        prepare=place is None,
        binary=True,
    ).fetchall()


def _conditions(asked: Asked, place: paging.Place | None) -> tuple[str, list[Any]]:
    parts: list[str] = ["true"]
    values: list[Any] = []
    if asked.types:
        parts.append("type = ANY(%s)")
        values.append([definitions.type_number(t) for t in asked.types])
    if asked.since is not None:
        parts.append("vid >= %s")
        values.append(floor_vid(asked.since))
    if asked.start is not None:
        parts.append("(date IS NULL OR date >= %s)")
        values.append(float(asked.start))
    if asked.end is not None:
        parts.append("(date IS NULL OR date < %s)")
        values.append(float(asked.end))
    if place is not None:
        parts.append("vid > %s")
        values.append(place.cursor[0])
    return " AND ".join(parts), values


def _referred(connection: Connection, found: Sequence[Stored], access: Access | None) -> list[Stored]:
    """What the resources refer to that is nobody's record: practitioners, institutions, medicines."""
    have = {f"{stored.type}/{stored.id}" for stored in found}
    names = linking.outside(linking.found_in_all(stored.unpacked for stored in found), have)
    if not names:
        return []
    pairs = [name.split("/", 1) for name in names]
    allowed = access("r", ()) if access else None
    seen, values = (f" AND ({allowed.sql})", allowed.values) if allowed is not None else ("", ())
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM record_resource r WHERE self = ANY(%s) AND shard = ANY(%s) AND patient = 0{seen}"
        " ORDER BY vid",
        [[self_number(*pair) for pair in pairs], list({shard_of(*pair) for pair in pairs}), *values],
        binary=True,
    )
    stored_beside = [statements.stored(row) for row in rows]
    return [stored for stored in stored_beside if f"{stored.type}/{stored.id}" in names]
