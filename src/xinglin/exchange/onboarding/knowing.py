"""What the platform knows besides the samples: its code systems, and which resources stand in the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.kernel import clock
from xinglin.record import standing
from xinglin.terminology import memory, queries

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from xinglin.record.database import Connection


class Platform:
    """``examining.Known`` of this platform, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._memory = memory.at(connection)
        self._on = queries.settled(connection, self._memory, clock.now().date())

    def code(self, system: str, code: str) -> bool | None:
        version = queries.system(self._connection, self._memory, system, self._on)
        if version is None:
            return None
        if queries.remembered_concept(self._connection, self._memory, version, code) is not None:
            return True
        return False if version.closed else None

    def there(self, wanted: AbstractSet[tuple[str, str]]) -> AbstractSet[tuple[str, str]]:
        return set(standing.texts(self._connection, wanted))
