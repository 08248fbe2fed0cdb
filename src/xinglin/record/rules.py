"""What an actor may do with the record: a plain first table, by role. Whoever is not in it may nothing.

And what else a Binary is guarded by: the resource that it names, and the Compositions made of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.kernel.errors import forbidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.kernel.actor import Actor

READ = "read"
WRITE = "write"
EXPLAIN = "explain"
BULK = "bulk"

ALLOWED: dict[str, frozenset[str]] = {
    "system": frozenset({READ, WRITE, EXPLAIN, BULK}),
    "administrator": frozenset({READ, WRITE, EXPLAIN, BULK}),
    "client": frozenset({READ, WRITE, BULK}),
    "doctor": frozenset({READ, WRITE}),
    "nurse": frozenset({READ, WRITE}),
    "steward": frozenset({READ, EXPLAIN}),
    "node": frozenset({READ}),  # another platform that asks for a visitor's record
    "resident": frozenset({READ}),  # under every policy only what a relation with the account opens
}


def require(actor: Actor, right: str) -> None:
    """Raise ``forbidden`` unless one of the actor's roles gives the right, and the app was granted so much."""
    if not any(right in ALLOWED.get(role, ()) for role in actor.roles) or not _granted(actor, right):
        raise forbidden(
            "%(name)s may not do this: it needs a role with the right to %(right)s. Ask an administrator.",
            name=actor.name, right=right,
        )  # fmt: skip


def _granted(actor: Actor, right: str) -> bool:
    """Apps never explain searches; for much at once they need more than one patient's record."""
    if actor.scopes is None or right in (READ, WRITE):
        return True
    return right == BULK and any(scope.startswith(("user/", "system/")) for scope in actor.scopes)


def guards(binary: dict[str, Any]) -> list[tuple[str, str]]:
    """The resource that a Binary says its security is that of, as type and id; none for one elsewhere."""
    return _local([binary.get("securityContext") or {}])


def compositions(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The Compositions that were made of a document."""
    related = (document.get("context") or {}).get("related") or []
    return [(kind, id_) for kind, id_ in _local(related) if kind == "Composition"]


def _local(references: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    parts = [str(one.get("reference", "")).split("/") for one in references]
    return [(some[0], some[1]) for some in parts if len(some) == 2 and definitions.is_resource_type(some[0])]
