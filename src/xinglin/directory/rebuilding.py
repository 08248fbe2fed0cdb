"""The directory's tables made anew from the record: after a restore of the record alone, or a change of the tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xinglin.directory import handlers
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.ids import self_number, shard_of
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.record.followers import Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.queries import Stored

_ORDER = (
    "Location", "Organization", "HealthcareService", "Device", "Practitioner", "PractitionerRole",
    "OrganizationAffiliation",
)  # fmt: skip
_AT_ONCE = "1000"
_EMPTIED = ("entry", "code", "key", "affiliation", "registration", "role", "division", "succession")


_PARENTS = """
UPDATE directory_division d SET parent = p.code
FROM directory_entry e JOIN directory_division p ON e.parent = 'Location/' || p.location
WHERE e.type = 'Location' AND e.id = d.location AND d.parent IS NULL AND p.level < d.level
"""


def rebuild() -> Counter[str]:
    """Empty the tables and fill them from what stands, in one transaction; tell how many of each type.

    What was part of what in the past is not in the living resources, so those rows stay. Others may read meanwhile;
    whoever writes to the directory waits.
    """
    done: Counter[str] = Counter()
    connection = database.connection()
    with connection.transaction():
        connection.execute("LOCK TABLE directory_entry IN SHARE ROW EXCLUSIVE MODE")
        for table in _EMPTIED:
            connection.execute(f"DELETE FROM directory_{table}")
        for type_name in _ORDER:
            for page in _pages(type_name):
                handlers.bring(connection, [_written(stored) for stored in page])
                done[type_name] += len(page)
        connection.execute(_PARENTS)  # a parent may have been changed, and so come, after its children
    return done


def _pages(type_name: str) -> Iterator[list[Stored]]:
    """The living resources of a type, in pages."""
    door = open_as(SYSTEM)
    asked = [("_count", _AT_ONCE), ("_sort", "_lastUpdated")]
    page = door.search(type_name, asked)
    while True:
        if page.entries:
            yield [entry.stored for entry in page.entries]
        if page.next is None:
            return
        page = door.search(type_name, [*asked, ("_page", page.next)])


def _written(stored: Stored) -> Written:
    return Written(
        SYSTEM, stored.type, stored.id, self_number(stored.type, stored.id), shard_of(stored.type, stored.id),
        stored.version, stored.vid, stored.resource,
    )  # fmt: skip
