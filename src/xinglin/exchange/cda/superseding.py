"""A document that replaces another: in the transaction that stores it, the other is marked as superseded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection
    from xinglin.record.followers import Written


def mark(connection: Connection, written: Sequence[Written]) -> None:
    """A follower of DocumentReference; what is replaced and not here yet stays as it will come."""
    for one in written:
        for related in (one.resource or {}).get("relatesTo", ()):
            target = str((related.get("target") or {}).get("reference", ""))
            type_name, _, id_ = target.partition("/")
            if related.get("code") == "replaces" and type_name == "DocumentReference" and id_:
                _supersede(connection, id_)


def _supersede(connection: Connection, id_: str) -> None:
    door = open_as(SYSTEM, connection)
    try:
        if door.read("DocumentReference", id_).resource.get("status") != "superseded":
            door.patch("DocumentReference", id_, _superseded)
    except Fault as fault:
        if fault.kind not in (Kind.NOT_FOUND, Kind.GONE):
            raise


def _superseded(resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "status": "superseded"}
