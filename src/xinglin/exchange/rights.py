"""Who may do what with the exchange, by data: roles for each right, and whose messages an account sees."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_noop

from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import forbidden
from xinglin.record import access

if TYPE_CHECKING:
    from xinglin.exchange.senders import Registered
    from xinglin.kernel.actor import Actor

_DATA = Path(__file__).parent / "data" / "rights-1.toml"


class Right(StrEnum):
    MONITOR = "monitor"
    READ = "read"
    MEND = "mend"
    SENDERS = "senders"


_REFUSED = {
    Right.MONITOR: gettext_noop("The exchange is watched by data stewards and administrators."),
    Right.READ: gettext_noop("Raw messages are health data: data stewards and administrators read them."),
    Right.MEND: gettext_noop("Messages are put right by data stewards and administrators."),
    Right.SENDERS: gettext_noop("Senders are registered by administrators."),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose messages somebody sees: all, or those of one institution's systems."""

    organization: str = ""

    def covers(self, sender: Registered) -> bool:
        return not self.organization or sender.organization == self.organization


def may(actor: Actor, right: Right) -> bool:
    """Whether the actor's roles give the right."""
    return actor == SYSTEM or bool(actor.roles & _roles(settings.SETTINGS.home)[right])


def require(actor: Actor, right: Right) -> Scope:
    """The actor's scope; fault ``forbidden``, and the refusal is noted."""
    if not may(actor, right):
        access.note(replace(actor, purpose="HOPERAT"), f"exchange-{right.value}", "deny")
        raise forbidden(_REFUSED[right])
    return Scope(actor.institution or "")


@lru_cache(maxsize=4)
def _roles(home: Path) -> dict[Right, frozenset[str]]:
    given = home / "exchange" / "rights.toml"
    path = given if given.exists() else _DATA
    try:
        said = tomllib.loads(path.read_text("utf-8"))
        return {right: frozenset(said[right.value]) for right in Right}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as wrong:
        raise SystemExit(f"{path} should have {', '.join(Right)} as lists of roles: {wrong!r}") from None
