"""Where a row belongs: the institution and the department, as numbers, from what stands in the resource.

An Organization that is part of another is a department of the topmost. A department that is words alone has a number
made of them. What names no Organization belongs where its visit does, else where its person is registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from xinglin.kernel.ids import SHARDS, self_number, shard_of
from xinglin.quality.flattening.reading import INSTITUTION, number_of, source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from xinglin.quality.flattening import Flat
    from xinglin.record.database import Connection

Place = tuple[int, int]
"""Institution and department; 0 where they are not known."""
NOWHERE: Place = (0, 0)
_DEEPEST = 6


def word_number(word: str) -> int:
    """The number of a department that is a word."""
    return (xxh3_64_intdigest(f"department/{word}".encode()) & ((1 << 63) - 1)) | 1


def unit_number(id_: str) -> int:
    return self_number("Organization", id_)


class Places:
    """What is known of institutions while a batch is made flat; ``write`` puts down what was met for the first time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._parents: dict[int, int] = {}
        self._dated: set[int] = set()
        for number, parent, dated in connection.execute(
            "SELECT number, parent, since IS NOT NULL FROM quality_unit"
        ):
            self._parents[number] = parent
            if dated:
                self._dated.add(number)
        self._met: dict[int, str] = {}
        self._since: dict[int, datetime] = {}
        self._words: dict[int, str] = {}
        self._visits: dict[int, Place] = {}
        self._persons: dict[int, Place] = {}

    def learn(self, organization: Mapping[str, Any]) -> None:
        """Keep the name and the parent of an Organization."""
        id_ = str(organization["id"])
        number = unit_number(id_)
        parent = number_of(str((organization.get("partOf") or {}).get("reference") or "")) or 0
        self._parents[number] = parent
        self._connection.execute(
            "INSERT INTO quality_unit (number, shard, parent, id, name) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (number, shard) DO UPDATE SET parent = EXCLUDED.parent, name = EXCLUDED.name",
            [number, shard_of("Organization", id_), parent, id_, str(organization.get("name") or "")],
            prepare=True,
        )

    def own(self, row: Flat, resource: Mapping[str, Any]) -> Place:
        """The place that the resource itself names."""
        origin = source(dict(resource))
        id_ = row.unit or (origin.removeprefix(INSTITUTION) if origin.startswith(INSTITUTION) else "")
        if not id_:
            return NOWHERE
        number = unit_number(id_)
        if number not in self._parents:
            self._parents[number] = 0
            self._met[number] = id_
        top, steps = number, 0
        while (parent := self._parents.get(top, 0)) and steps < _DEEPEST:
            top, steps = parent, steps + 1
        department = number if top != number else 0
        if not department and row.department:
            department = word_number(row.department)
            self._words[department] = row.department
        return (top, department)

    def remember(self, row: Flat, self_: int, place: Place) -> None:
        """Let what belongs to the visit or the person find the place of it."""
        if row.table == "encounter":
            self._visits[self_] = place
        elif row.table == "person":
            self._persons[self_] = place

    def load(self, rows: Iterable[Flat]) -> None:
        """Look up the visits and persons that rows of the batch belong to and that are not in it."""
        visits = {row.encounter for row in rows if row.encounter is not None}
        persons = {row.person for row in rows if row.person is not None}
        for table, wanted, known in (
            ("encounter", visits, self._visits),
            ("person", persons, self._persons),
        ):
            missing = [number for number in wanted if number not in known]
            found = self._connection.execute(
                f"SELECT self, institution, department FROM quality_{table} WHERE self = ANY(%s)", [missing]
            )
            known.update({number: (institution, department) for number, institution, department in found})

    def settle(self, row: Flat, own: Place) -> Place:
        """The place of a row: its own, filled up by the visit's, else the person's institution."""
        visit = self._visits.get(row.encounter or 0, NOWHERE)
        if not own[0]:
            return visit if visit[0] else (self._persons.get(row.person or 0, NOWHERE)[0], 0)
        return (own[0], visit[1]) if not own[1] and visit[0] == own[0] else own

    def arrived(self, institution: int, received: datetime) -> None:
        """Note since when an institution sends."""
        if institution and institution not in self._dated:
            known = self._since.get(institution)
            self._since[institution] = received if known is None or received < known else known

    def write(self) -> None:
        """Put down the institutions and departments that were met for the first time."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO quality_unit (number, shard, id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [(number, shard_of("Organization", id_), id_) for number, id_ in self._met.items()],
            )
            cursor.executemany(
                "UPDATE quality_unit SET since = %s WHERE number = %s AND since IS NULL",
                [(since, number) for number, since in self._since.items()],
            )
            cursor.executemany(
                "INSERT INTO quality_word (number, shard, word) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [(number, number % SHARDS, word) for number, word in self._words.items()],
            )
        self._dated.update(self._since)
        self._met, self._since, self._words = {}, {}, {}
        self._visits, self._persons = {}, {}


def names(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """What institutions and departments are called; an institution without a name by its id."""
    rows = connection.execute(
        "SELECT number, coalesce(nullif(name, ''), id) FROM quality_unit WHERE number = ANY(%(n)s)"
        " UNION ALL SELECT number, word FROM quality_word WHERE number = ANY(%(n)s)",
        {"n": list(numbers)},
    )
    return dict(rows.fetchall())


@dataclass(frozen=True, slots=True)
class Unit:
    """An institution as it is shown."""

    number: int
    id: str
    name: str


def institutions(connection: Connection) -> dict[int, Unit]:
    """Everybody who sends, by number, in the order of their names: those that are part of nothing."""
    rows = connection.execute(
        "SELECT number, id, coalesce(nullif(name, ''), id) FROM quality_unit WHERE parent = 0 ORDER BY 3"
    )
    return {row[0]: Unit(*row) for row in rows}
