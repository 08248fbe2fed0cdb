"""Who may do what: everybody who is signed in reads, stewards and administrators edit.

A steward may not write health data (``record.rules``), but the directory is hers. So an edit goes through the
record's door under the editor's own name with the platform's rights, for resources of the directory alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import forbidden

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

TYPES = frozenset(
    {
        "Organization", "Location", "Practitioner", "PractitionerRole", "HealthcareService", "Device",
        "OrganizationAffiliation",
    }
)  # fmt: skip
EDITORS = frozenset({"steward", "administrator", "system"})


def may_edit(actor: Actor) -> bool:
    return bool(actor.roles & EDITORS)


def require_editor(actor: Actor) -> None:
    """Raise ``forbidden`` unless the actor may edit the directory."""
    if not may_edit(actor):
        raise forbidden(
            gettext_noop("%(name)s may read the directory, but not change it: that is for data stewards and "
                         "administrators."),
            name=actor.name,
        )  # fmt: skip


def reader(actor: Actor) -> Actor:
    """The actor, under the same name and purpose, with the right to read the directory."""
    return replace(actor, roles=actor.roles | {"system"})


def editor(actor: Actor) -> Actor:
    """The actor with the right to write the directory. Raises ``forbidden``."""
    require_editor(actor)
    return replace(actor, roles=actor.roles | {"system"})
