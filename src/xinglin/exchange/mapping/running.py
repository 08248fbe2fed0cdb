"""What a mapping works with while it runs over one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from xinglin.exchange import naming
from xinglin.exchange.doors import ERROR, WARNING, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.functions import Unusable

MOST_REASONS = 200  # of one message; the rest would say the same


class Tables(Protocol):
    """The code tables that are too large for a mapping's own file. Both answer from memory."""

    def translate(self, table: str, value: str) -> Mapping[str, str] | None:
        """``system``, ``code`` and ``display`` of what a map makes of a code; None if it has nothing."""

    def display(self, table: str, code: str) -> str:
        """What a code table calls a code; empty if it has none."""


class NoTables:
    """For mappings that need none."""

    def translate(self, table: str, value: str) -> Mapping[str, str] | None:
        del table, value
        return None

    def display(self, table: str, code: str) -> str:
        del table, code
        return ""


class Run:
    """One message on its way through a mapping."""

    __slots__ = ("deletes", "ids", "links", "made", "reasons", "received", "root", "sender", "tables")

    def __init__(self, root: Any, sender: Sender, tables: Tables, received: datetime | None) -> None:
        self.root = root
        self.sender = sender
        self.tables = tables
        self.received = received
        self.reasons: list[Reason] = []
        self.ids: dict[tuple[str, ...], str] = {}
        self.made: dict[tuple[str, str], dict[str, Any]] = {}
        self.deletes: list[tuple[str, str]] = []
        self.links: list[tuple[str, str]] = []

    def id_of(self, parts: tuple[str, ...]) -> str:
        """The id of what the sender knows by (type, parts …)."""
        found = self.ids.get(parts)
        if found is None:
            found = self.ids[parts] = naming.id_of(self.sender.code, *parts)
        return found

    def blame(self, unusable: Unusable, place: str, *, mild: bool) -> None:
        self.say(WARNING if mild else ERROR, unusable.code, place, unusable.message, unusable.params)

    def say(
        self, severity: str, code: str, place: str, text: str, params: dict[str, Any] | None = None
    ) -> None:
        """Add a reason, once."""
        reason = Reason(severity, code, place, text, params or {})
        if len(self.reasons) < MOST_REASONS and reason not in self.reasons:
            self.reasons.append(reason)


class Scope:
    """A node of the message from which places are read, and the scope around it."""

    __slots__ = ("kept", "node", "run", "up")

    def __init__(self, node: Any, up: Scope | None, run: Run) -> None:
        self.node = node
        self.up = up
        self.run = run
        self.kept: dict[str, Any] | None = None
