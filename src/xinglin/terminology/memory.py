"""What a process remembers of the tables, and the stamp by which it knows that it must forget.

Every change of the tables moves the stamp in its own transaction (``actions.changed``). Whoever asks reads the stamp
first, one row by one prepared statement, so that what was committed anywhere is seen by the next question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xinglin.terminology.values import Connection

MOST = 1 << 15  # answers of one kind that are remembered


@dataclass(slots=True)
class Memory:
    """What was true at one stamp: ``kinds`` by what is asked, each by its key."""

    database: str
    stamp: int
    kinds: dict[str, dict[Any, Any]] = field(default_factory=dict)

    def of(self, kind: str) -> dict[Any, Any]:
        """The answers of one kind; emptied when there are too many."""
        found = self.kinds.get(kind)
        if found is None or len(found) > MOST:
            found = self.kinds[kind] = {}
        return found


_current = Memory("", -1)


def at(connection: Connection) -> Memory:
    """The memory that is right at this moment."""
    global _current  # noqa: PLW0603 -- one memory a process, swapped whole
    row = connection.execute("SELECT value FROM terminology_stamp", prepare=True).fetchone()
    assert row is not None
    remembered = _current
    name = connection.info.dbname
    if remembered.stamp != row[0] or remembered.database != name:
        remembered = _current = Memory(name, row[0])
    return remembered
