"""Filing archives for all residents whom a primary-care institution knows (批量建档)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.identity import golden, store
from xinglin.identity.population import archives, rules
from xinglin.identity.population.archives import Keeping
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database, jobs
from xinglin.record import queries as record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

JOB = "archives"
_BATCH = 200


def everybody(*, actor: Actor, now: datetime, tell: Callable[[dict[str, Any]], None]) -> dict[str, int]:
    """File an archive for every living resident of a village who has none and whom an institution that keeps
    archives knows; the institution that sent the latest Patient keeps it.
    """
    connection = database.connection()
    reached, filed, seen = -(1 << 63), 0, 0
    keepers: dict[str, str | None] = {}
    while batch := _unfiled(connection, reached):
        with connection.transaction():
            for _, person, division in batch:
                filed += _file(connection, person, division, keepers, actor, now)
        reached, seen = batch[-1][0], seen + len(batch)
        tell({"done": seen, "filed": filed})
    return {"seen": seen, "filed": filed}


def _unfiled(connection: Connection, after: int) -> list[tuple[int, str, str]]:
    rows = connection.execute(
        "SELECT number, person, present FROM identity_resident r WHERE number > %s AND NOT dead"
        " AND present NOT LIKE %s AND NOT EXISTS (SELECT 1 FROM identity_archive a"
        " WHERE a.number = r.number AND a.shard = r.shard) ORDER BY number LIMIT %s",
        [after, "%000", _BATCH],
    )
    return [(number, person, present) for number, person, present in rows]


def _file(
    connection: Connection,
    person: str,
    division: str,
    keepers: dict[str, str | None],
    actor: Actor,
    now: datetime,
) -> int:
    found = keeper_of(connection, person, keepers)
    if found is None or archives.of_persons(connection, [person, *store.merged_into(connection, person)]):
        return 0
    keeping = Keeping(*found, "", division)
    archives.file(connection, person=person, keeping=keeping, note="", actor=actor, now=now)
    return 1


def keeper_of(connection: Connection, person: str, keepers: dict[str, str | None]) -> tuple[str, str] | None:
    """The institution (id, name) that keeps archives and sent the person's latest Patient; ``keepers`` remembers."""
    view = golden.view(connection, person)
    if view is None:
        return None
    for stored in sorted(view.sources, key=lambda s: s.moment, reverse=True):
        reference = golden.institution_of(stored.resource)
        if not reference.startswith("Organization/"):
            continue
        id_ = reference.removeprefix("Organization/")
        if id_ not in keepers:
            keepers[id_] = _keeping_name(connection, id_)
        name = keepers[id_]
        if name is not None:
            return id_, name
    return None


def _keeping_name(connection: Connection, organization: str) -> str | None:
    """The institution's name if it is of a kind that keeps archives."""
    try:
        found = record.read(connection, "Organization", organization).resource
    except Fault:
        return None
    codes = [str(c.get("code", "")) for kind in found.get("type", ()) for c in kind.get("coding", ())]
    if any(code.startswith(rules.filing_kinds()) for code in codes):
        return str(found.get("name", ""))
    return None


def work(job: jobs.Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    return dict(everybody(actor=job.actor, now=clock.now(), tell=tell))
