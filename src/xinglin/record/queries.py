"""Reading versions: the current one, an old one, and the history of a resource, a type or everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, json
from xinglin.kernel.errors import gone, not_found
from xinglin.kernel.ids import ceil_vid, floor_vid, moment_of, self_number, shard_of
from xinglin.record import packing

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from xinglin.record.database import Connection

    Access: TypeAlias = Callable[[str, tuple[str, ...]], tuple[str, tuple[Any, ...]] | None]
    # as search.Access: the condition, and its values, under which rows of an alias may be seen

_ALL = "type, id, version, vid, patient"


@dataclass(frozen=True)
class Stored:
    """One version of a resource. ``body`` is None for a version that says the resource was deleted."""

    type: str
    id: str
    version: int
    vid: int
    body: bytes | None
    patient: int = 0  # self number of the patient it is about, 0 for none

    @property
    def moment(self) -> datetime:
        """``meta.lastUpdated``, in UTC."""
        return datetime.fromtimestamp(moment_of(self.vid) / 1000, UTC)

    @cached_property
    def unpacked(self) -> bytes:
        """What ``packing.members`` gave when it was stored."""
        assert self.body is not None, "a deletion has no content"
        return packing.unpack(self.body)

    @property
    def text(self) -> bytes:
        """The whole resource as JSON."""
        return packing.render(self.type, self.id, self.version, self.vid, self.unpacked)

    @cached_property
    def resource(self) -> dict[str, Any]:
        """The whole resource, parsed."""
        parsed: dict[str, Any] = json.parse(self.text)
        return parsed


def _and_seen(access: Access | None, alias: str, type_name: str | None) -> tuple[str, dict[str, Any]]:
    """The policy's condition, to be put behind others, with named values."""
    allowed = access(alias, (type_name,) if type_name else ()) if access else None
    if allowed is None:
        return "", {}
    sql, values = allowed
    names = [f"{alias}_{n}" for n in range(len(values))]
    return f" AND ({sql % tuple(f'%({name})s' for name in names)})", dict(zip(names, values, strict=True))


def _and_seen_version(
    access: Access | None, type_name: str | None, *, of_history: bool
) -> tuple[str, dict[str, Any]]:
    """The same of versions ``h``: a former one is seen where it and what has become of it may be seen.

    A deletion is seen by whoever may see what was deleted.
    """
    own, values = _and_seen(access, "h", type_name)
    if not own or not of_history:
        return own, values
    now, more = _and_seen(access, "c", type_name)
    before, most = _and_seen(access, "p", type_name)
    sql = (
        f" AND CASE WHEN h.deleted THEN EXISTS (SELECT 1 FROM record_history p WHERE p.self = h.self"
        f" AND p.shard = h.shard AND p.type = h.type AND p.version = h.version - 1{before}) ELSE true{own} END"
        " AND NOT EXISTS (SELECT 1 FROM record_resource c WHERE c.self = h.self AND c.shard = h.shard"
        f" AND c.type = h.type AND NOT (true{now}))"
    )
    return sql, values | more | most


def read(connection: Connection, type_name: str, id_: str, access: Access | None = None) -> Stored:
    """The current version; raises ``not_found``, or ``gone`` after a deletion.

    What ``access`` hides is not found.
    """
    if access is None:
        row = connection.execute(
            "SELECT version, vid, body, patient FROM record_resource"
            " WHERE self = %s AND shard = %s AND type = %s AND id = %s",
            (self_number(type_name, id_), shard_of(type_name, id_), definitions.type_number(type_name), id_),
            prepare=True,
            binary=True,
        ).fetchone()
    else:
        seen, values = _and_seen(access, "h", type_name)
        row = connection.execute(
            "SELECT version, vid, body, patient FROM record_resource h"
            f" WHERE self = %(self)s AND shard = %(shard)s AND type = %(type)s AND id = %(id)s{seen}",
            {**_where(type_name, id_), "id": id_, **values},
            prepare=True,
            binary=True,
        ).fetchone()
    if row is None:
        raise _absent(connection, type_name, id_, access)
    return Stored(type_name, id_, row[0], row[1], row[2], row[3])


def patient_of(connection: Connection, type_name: str, id_: str) -> int | None:
    """The number of the patient that a resource, living or not, is about, whoever asks; None if it never was."""
    row = connection.execute(
        """
        SELECT max(patient) FROM (
            SELECT patient FROM record_resource h
            WHERE self = %(self)s AND shard = %(shard)s AND type = %(type)s UNION ALL
            SELECT patient FROM record_history h
            WHERE self = %(self)s AND shard = %(shard)s AND type = %(type)s) r
        """,
        _where(type_name, id_),
    ).fetchone()
    return row[0] if row else None


def read_version(
    connection: Connection, type_name: str, id_: str, version: str, access: Access | None = None
) -> Stored:
    """That version; raises ``not_found``, or ``gone`` where the version is a deletion."""
    row = None
    if version.isdigit() and len(version) < 10:
        living, values = _and_seen_version(access, type_name, of_history=False)
        former, more = _and_seen_version(access, type_name, of_history=True)
        row = connection.execute(
            f"""
            SELECT id, version, vid, body, patient FROM record_resource h
            WHERE self = %(self)s AND shard = %(shard)s AND type = %(type)s AND version = %(version)s{living}
            UNION ALL
            SELECT id, version, vid, body, patient FROM record_history h
            WHERE self = %(self)s AND shard = %(shard)s AND type = %(type)s AND version = %(version)s{former}
            """,
            {**_where(type_name, id_), "version": int(version), **values, **more},
            prepare=True,
            binary=True,
        ).fetchone()
    if row is None or row[0] != id_:
        raise not_found(
            "%(type)s/%(id)s has no version %(version)s.", type=type_name, id=id_, version=version
        )
    if row[3] is None:
        raise gone(
            "Version %(version)s of %(type)s/%(id)s is its deletion.", type=type_name, id=id_, version=version
        )
    return Stored(type_name, id_, *row[1:])


def _where(type_name: str, id_: str) -> dict[str, Any]:
    return {
        "self": self_number(type_name, id_),
        "shard": shard_of(type_name, id_),
        "type": definitions.type_number(type_name),
    }


def _absent(connection: Connection, type_name: str, id_: str, access: Access | None) -> Exception:
    seen, values = _and_seen_version(access, type_name, of_history=True)
    buried = connection.execute(
        "SELECT 1 FROM record_history h"
        f" WHERE self = %(self)s AND shard = %(shard)s AND type = %(type)s AND deleted{seen} LIMIT 1",
        {**_where(type_name, id_), **values},
    ).fetchone()
    if buried:
        return gone(
            "%(type)s/%(id)s has been deleted; its earlier versions are in its history.",
            type=type_name,
            id=id_,
        )
    return not_found("There is no %(type)s/%(id)s.", type=type_name, id=id_)


@dataclass(frozen=True, slots=True)
class Span:
    """What part of a history is asked for. Times in milliseconds since 1970, ``at`` a half-open interval."""

    since: int | None = None
    at: tuple[int, int] | None = None
    count: int = 100
    before: int | None = None  # only versions with a lower vid: the cursor of the page before


def history(
    connection: Connection, type_name: str | None, id_: str | None, span: Span, access: Access | None = None
) -> list[Stored]:
    """Versions and deletions, the latest first, at most ``span.count`` of them.

    Raises ``not_found`` for a resource that never was, or of which nothing may be seen.
    """
    where, values = _span(span)
    living, bound = _and_seen_version(access, type_name, of_history=False)
    former, more = _and_seen_version(access, type_name, of_history=True)
    values |= bound | more
    if type_name is None:
        found = _system_history(connection, where, values, (living, former))
    else:
        values["type"] = definitions.type_number(type_name)
        where += " AND h.type = %(type)s"
        if id_ is not None:
            values |= _where(type_name, id_)
            where += " AND h.self = %(self)s AND h.shard = %(shard)s"
        found = connection.execute(
            f"SELECT {_ALL}, body FROM ({_both(where, living, former)}) h ORDER BY vid DESC LIMIT %(count)s",
            values,
            binary=True,
        ).fetchall()
    if not found and id_ is not None and type_name is not None:
        _require_known(connection, type_name, id_, access)
    return [Stored(definitions.type_name(t), i, v, vid, body, p) for t, i, v, vid, p, body in found]


def count_versions(connection: Connection, type_name: str, id_: str, access: Access | None = None) -> int:
    """How many versions the resource has, deletions included."""
    living, values = _and_seen_version(access, type_name, of_history=False)
    former, more = _and_seen_version(access, type_name, of_history=True)
    which = "self = %(self)s AND shard = %(shard)s AND type = %(type)s"
    row = connection.execute(
        f"SELECT (SELECT count(*) FROM record_resource h WHERE {which}{living})"
        f" + (SELECT count(*) FROM record_history h WHERE {which}{former})",
        {**_where(type_name, id_), **values, **more},
    ).fetchone()
    return int(row[0]) if row else 0


def _span(span: Span) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"count": span.count}
    where = "true"
    if span.since is not None:
        where += " AND h.vid >= %(since)s"
        values["since"] = floor_vid(span.since)
    if span.before is not None:
        where += " AND h.vid < %(before)s"
        values["before"] = span.before
    if span.at is not None:
        # current at some time of the interval: made before its end, and not replaced before its beginning
        where += (
            " AND h.vid < %(at_hi)s AND NOT EXISTS (SELECT 1 FROM"
            " (SELECT self, version, vid FROM record_resource WHERE self = h.self AND shard = h.shard UNION ALL"
            " SELECT self, version, vid FROM record_history WHERE self = h.self AND shard = h.shard) later"
            " WHERE later.version > h.version AND later.vid <= %(at_lo)s)"
        )
        values["at_lo"], values["at_hi"] = ceil_vid(span.at[0]), floor_vid(span.at[1])
    return where, values


def _both(where: str, living: str, former: str) -> str:
    """Living and superseded versions; each side limited by itself, so that both use their index."""
    return (
        f"(SELECT {_ALL}, body FROM record_resource h WHERE {where}{living} ORDER BY vid DESC LIMIT %(count)s)"
        " UNION ALL "
        f"(SELECT {_ALL}, body FROM record_history h WHERE {where}{former} ORDER BY vid DESC LIMIT %(count)s)"
    )


def _system_history(
    connection: Connection, where: str, values: dict[str, Any], seen: tuple[str, str]
) -> list[tuple[Any, ...]]:
    """Merge the types' histories, each read from its own index."""
    values["types"] = list(range(1, len(definitions.RESOURCE_TYPES) + 1))
    inner = _both(f"h.type = t.type AND {where}", *seen)
    return connection.execute(
        f"SELECT h.* FROM unnest(%(types)s::smallint[]) t(type) CROSS JOIN LATERAL ({inner}) h "
        "ORDER BY h.vid DESC LIMIT %(count)s",
        values,
        binary=True,
    ).fetchall()


def _require_known(connection: Connection, type_name: str, id_: str, access: Access | None) -> None:
    if not count_versions(connection, type_name, id_, access):
        raise not_found("There is no %(type)s/%(id)s.", type=type_name, id=id_)
