"""Code systems, value sets and maps that are written to the record take effect in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.codebook import membership
from xinglin.fhir import validation
from xinglin.record import followers
from xinglin.terminology import actions, resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection
    from xinglin.record.followers import Written


def origin_of(type_name: str, id_: str) -> str:
    """What the tables call a resource of the record as a source."""
    return f"record:{type_name}/{id_}"


def keep_written(connection: Connection, versions: Sequence[Written]) -> None:
    """Bring the tables in step with what is being written."""
    for written in versions:
        origin = origin_of(written.type_name, written.id)
        kept = resources.of_resource(written.resource, origin) if written.resource else None
        if written.version > 1 or kept is None:
            actions.drop(connection=connection, origin=origin)
        if kept is not None:
            actions.keep(connection=connection, kept=kept)
        if written.resource is not None:
            actions.remember_digest(connection=connection, origin=origin, digest=str(written.vid))


def begin() -> None:
    """Follow the record from now on, and tell its validation what value sets hold."""
    followers.follow("codebook", resources.TYPES, keep_written)
    validation.membership.provide(membership.judge)
