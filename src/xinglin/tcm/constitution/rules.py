"""Who may do what with constitution and programmes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import forbidden
from xinglin.tcm import rights
from xinglin.tcm.constitution.instruments import DATA

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

RIGHTS = ("looking", "serving", "counting")


def may(actor: Actor, right: str) -> bool:
    return bool(rights.of(DATA / "rights.toml", *RIGHTS)[right] & actor.roles) or actor.has("system")


def require(actor: Actor, right: str) -> None:
    """Raise ``forbidden`` without the right."""
    if not may(actor, right):
        raise forbidden(gettext_noop("%(name)s may not do this with preventive care."), name=actor.name)
