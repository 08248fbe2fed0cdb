"""Who may do what on the pages of persons and the register: a table by role, as the record's own is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import forbidden

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

LOOK = "look"  # at a person, a household, an archive
FILE = "file"  # archives and households
DECIDE = "decide"  # who is who; what the register counts and exports

ALLOWED: dict[str, frozenset[str]] = {
    "administrator": frozenset({LOOK, FILE, DECIDE}),
    "steward": frozenset({LOOK, FILE, DECIDE}),
    "doctor": frozenset({LOOK, FILE}),
}


def may(actor: Actor, right: str) -> bool:
    return any(right in ALLOWED.get(role, ()) for role in actor.roles)


def require(actor: Actor, right: str) -> None:
    """Raise ``forbidden`` unless one of the actor's roles gives the right."""
    if not may(actor, right):
        raise forbidden(
            gettext_noop("Only data stewards and administrators decide this; doctors may look at a person.")
            if right == DECIDE
            else gettext_noop(
                "Persons and the register are open to doctors, data stewards and administrators."
            )
        )
