"""What else happens in the transaction of a write: other packages keep their own tables in step with the record.

A follower says which types of resource concern it and is called once per transaction, after the new versions are
in their tables and before the commit. What it writes on the given connection is committed with them or not at all.
A ``Fault`` that it raises refuses the whole transaction; so does an error of the database. It must be quick, since
the writer waits for it; whatever can wait belongs to a consumer of ``changes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.drafts import Draft


@dataclass(frozen=True, slots=True)
class Written:
    """One version that is being written. ``resource`` is None for a deletion; it is not to be altered."""

    actor: Actor
    type_name: str
    id: str
    number: int
    shard: int
    version: int
    vid: int
    resource: dict[str, Any] | None


_following: dict[str, tuple[frozenset[str], Callable[[Connection, Sequence[Written]], None]]] = {}
_types: frozenset[int] = frozenset()


def follow(name: str, types: Iterable[str], work: Callable[[Connection, Sequence[Written]], None]) -> None:
    """Have ``work`` called with the versions of these types in every transaction that writes some.

    Said once, when the application starts (``AppConfig.ready``); the same name replaces what was said before.
    """
    global _types  # noqa: PLW0603 -- one registry a process
    _following[name] = (frozenset(types), work)
    _types = frozenset(
        definitions.type_number(type_name) for wanted, _ in _following.values() for type_name in wanted
    )


def written(actor: Actor, drafts: Iterable[Draft], *, deleted: bool = False) -> list[Written]:
    """What followers are to be told of these drafts; nothing of types that nobody follows."""
    return [
        Written(
            actor, d.type_name, d.id, d.number, d.shard, d.version, d.vid, None if deleted else d.resource
        )
        for d in drafts
        if d.type in _types
    ]


def tell(connection: Connection, versions: Sequence[Written]) -> None:
    """Call those whom the versions concern, in the order in which they began to follow."""
    if not versions:
        return
    for types, work in list(_following.values()):
        concerning = [version for version in versions if version.type_name in types]
        if concerning:
            work(connection, concerning)
