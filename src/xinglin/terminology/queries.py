"""What can be asked of the tables: which version is in force, what a code is, what stands above and below it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from xinglin.terminology import rules
from xinglin.terminology.values import Designation, Property

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.terminology.memory import Memory
    from xinglin.terminology.values import Connection

_FIRST_DAY = date(1, 1, 1)
_OUT_OF_USE = ("retired", "entered-in-error")
_RANKS = {"record": 3, "file": 2, "package": 1}
_KEPT = "id, url, version, origin, effective, until, about, loaded"
_SYSTEM = f"{_KEPT}, oids, content, hierarchy, case_sensitive, concepts"
_VALUE_SET = f"{_KEPT}, compose"
_MAP = f"{_KEPT}, source, target, mappings"


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of something that is kept."""

    id: int
    url: str
    version: str
    origin: str
    effective: date | None
    until: date | None
    about: dict[str, Any]
    loaded: Any

    @property
    def canonical(self) -> str:
        return f"{self.url}|{self.version}" if self.version else self.url

    @property
    def title(self) -> str:
        return str(self.about.get("title") or self.about.get("name") or self.url)

    @property
    def english(self) -> str:
        return str(self.about.get("english") or self.about.get("name") or self.title)

    def rank(self) -> tuple[Any, ...]:
        """A key by which the version that prevails comes last."""
        kind = self.origin.partition(":")[0]
        since = self.effective
        if since is None and kind in ("record", "file"):
            since = self.loaded.date()
        return (
            self.about.get("status") not in _OUT_OF_USE,
            since.isoformat() if since else "",
            rules.version_order(self.version),
            _RANKS.get(kind, 0),
            self.id,
        )

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return (self.effective is None or self.effective <= on) and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class SystemVersion(Kept):
    oids: list[str]
    content: str
    hierarchy: str
    case_sensitive: bool
    concepts: int

    @property
    def closed(self) -> bool:
        """Whether a code that is not here is no code of the system."""
        return self.content == "complete"


@dataclass(frozen=True, slots=True)
class ValueSetVersion(Kept):
    compose: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MapVersion(Kept):
    source: str
    target: str
    mappings: int


Any_ = TypeVar("Any_", SystemVersion, ValueSetVersion, MapVersion)


class _Table(NamedTuple, Generic[Any_]):
    name: str
    columns: str
    made: type[Any_]


SYSTEMS = _Table("terminology_system", _SYSTEM, SystemVersion)
VALUE_SETS = _Table("terminology_valueset", _VALUE_SET, ValueSetVersion)
MAPS = _Table("terminology_map", _MAP, MapVersion)


@dataclass(frozen=True, slots=True)
class Found:
    """A concept as it is kept."""

    system: int
    place: int
    code: str
    display: str
    inactive: bool
    abstract: bool
    more: dict[str, Any]

    @property
    def definition(self) -> str:
        return str(self.more.get("definition", ""))

    @property
    def designations(self) -> list[Designation]:
        return [Designation(*one) for one in self.more.get("designation", ())]

    @property
    def properties(self) -> list[Property]:
        return [Property(*one) for one in self.more.get("property", ())]

    def display_in(self, language: str | None) -> str:
        """The display in a language, if it is known in that."""
        if language:
            wanted = language.lower().partition("-")[0]
            for one in self.designations:
                if one.use in ("display", "") and one.language.lower().partition("-")[0] == wanted:
                    return one.value
        return self.display


CONCEPT = "system, place, code, display, inactive, abstract, more"


# -- versions


def versions(connection: Connection, table: _Table[Any_], url: str) -> list[Any_]:
    """Every version of what has this address, the one that prevails last."""
    rows = connection.execute(
        f"SELECT {table.columns} FROM {table.name} WHERE url = %s", [url], prepare=True
    ).fetchall()
    return sorted((table.made(*row) for row in rows), key=Kept.rank)


def _systems(connection: Connection, url: str) -> list[SystemVersion]:
    found = versions(connection, SYSTEMS, url)
    if found or not url.startswith("urn:oid:"):
        return found
    rows = connection.execute(
        "SELECT DISTINCT url FROM terminology_system WHERE oids @> ARRAY[%s]",
        [url.removeprefix("urn:oid:")],
        prepare=True,
    ).fetchall()
    return versions(connection, SYSTEMS, rows[0][0]) if rows else []


def _chosen(found: list[Any_], version: str | None, on: date) -> Any_ | None:
    if version:
        return next((one for one in reversed(found) if one.version == version), None)
    return next((one for one in reversed(found) if one.holds(on)), None)


def system(
    connection: Connection, known: Memory, url: str, on: date, version: str | None = None
) -> SystemVersion | None:
    """The version of a code system that is asked for, else the one in force on that day."""
    remembered = known.of("system")
    key = (url, version, on)
    if key not in remembered:
        remembered[key] = _chosen(_systems(connection, url), version, on)
    found: SystemVersion | None = remembered[key]
    return found


def value_set(
    connection: Connection, known: Memory, url: str, on: date, version: str | None = None
) -> ValueSetVersion | None:
    """The same of a value set; ``url`` may end in ``|version``."""
    url, _, named = url.partition("|")
    remembered = known.of("valueset")
    key = (url, version or named, on)
    if key not in remembered:
        remembered[key] = _chosen(versions(connection, VALUE_SETS, url), version or named, on)
    found: ValueSetVersion | None = remembered[key]
    return found


def concept_map(
    connection: Connection, known: Memory, url: str, on: date, version: str | None = None
) -> MapVersion | None:
    """The same of a map."""
    url, _, named = url.partition("|")
    remembered = known.of("map")
    key = (url, version or named, on)
    if key not in remembered:
        remembered[key] = _chosen(versions(connection, MAPS, url), version or named, on)
    found: MapVersion | None = remembered[key]
    return found


def by_origin(connection: Connection, table: _Table[Any_], origin: str) -> Any_ | None:
    """What came from there."""
    row = connection.execute(
        f"SELECT {table.columns} FROM {table.name} WHERE origin = %s ORDER BY id DESC", [origin], prepare=True
    ).fetchone()
    return table.made(*row) if row else None


def by_id(connection: Connection, table: _Table[Any_], number: int) -> Any_ | None:
    row = connection.execute(
        f"SELECT {table.columns} FROM {table.name} WHERE id = %s", [number], prepare=True
    ).fetchone()
    return table.made(*row) if row else None


def every(connection: Connection, table: _Table[Any_]) -> list[Any_]:
    """Everything of a kind, by address, the version that prevails last."""
    rows = connection.execute(f"SELECT {table.columns} FROM {table.name}").fetchall()
    return sorted((table.made(*row) for row in rows), key=lambda one: (one.url, one.rank()))


# -- concepts


def concept(connection: Connection, version: SystemVersion, code: str) -> Found | None:
    """The concept of a code, in whatever case where the system makes no difference."""
    condition, value = ("code = %s", code) if version.case_sensitive else ("lower(code) = %s", code.lower())
    row = connection.execute(
        f"SELECT {CONCEPT} FROM terminology_concept WHERE system = %s AND {condition}",
        [version.id, value],
        prepare=True,
    ).fetchone()
    return as_found(row) if row else None


def remembered_concept(
    connection: Connection, known: Memory, version: SystemVersion, code: str
) -> Found | None:
    """The same, from memory where it can be."""
    remembered = known.of("concept")
    key = (version.id, code)
    if key not in remembered:
        remembered[key] = concept(connection, version, code)
    found: Found | None = remembered[key]
    return found


def as_found(row: Sequence[Any]) -> Found:
    """The concept of a row of ``CONCEPT``."""
    system_id, place, code, display, inactive, abstract, more = row
    return Found(system_id, place, code, display, inactive, abstract, more or {})


def at_places(connection: Connection, system_id: int, places: Iterable[int]) -> dict[int, Found]:
    """Concepts by their numbers."""
    rows = connection.execute(
        f"SELECT {CONCEPT} FROM terminology_concept WHERE system = %s AND place = ANY(%s)",
        [system_id, list(places)],
        prepare=True,
    )
    return {row[1]: as_found(row) for row in rows}


def parents(connection: Connection, found: Found) -> list[Found]:
    """The concepts right above."""
    return _related(connection, found, "above", "below", "AND r.distance = 1")


def ancestors(connection: Connection, found: Found) -> list[Found]:
    """All above, the farthest first."""
    return _related(connection, found, "above", "below", "", "r.distance DESC, c.place")


def children(connection: Connection, found: Found, limit: int = 1000, offset: int = 0) -> list[Found]:
    """The concepts right below."""
    return _related(
        connection,
        found,
        "below",
        "above",
        "AND r.distance = 1",
        f"c.place LIMIT {limit:d} OFFSET {offset:d}",
    )


def _related(
    connection: Connection, found: Found, wanted: str, given: str, extra: str, order: str = "c.place"
) -> list[Found]:
    columns = ", ".join(f"c.{name}" for name in CONCEPT.split(", "))
    rows = connection.execute(
        f"SELECT {columns} FROM terminology_closure r"
        f" JOIN terminology_concept c ON c.system = r.system AND c.place = r.{wanted}"
        f" WHERE r.system = %s AND r.{given} = %s {extra} ORDER BY {order}",
        [found.system, found.place],
        prepare=True,
    )
    return [as_found(row) for row in rows]


def neighbours(connection: Connection, found: Found, limit: int) -> tuple[list[Found], list[Found]]:
    """The concepts right above and right below, at most ``limit`` of these."""
    columns = ", ".join(f"c.{name}" for name in CONCEPT.split(", "))
    rows = connection.execute(
        f"(SELECT {columns}, true FROM terminology_closure r"
        " JOIN terminology_concept c ON c.system = r.system AND c.place = r.above"
        " WHERE r.system = %s AND r.below = %s AND r.distance = 1 ORDER BY c.place) UNION ALL"
        f" (SELECT {columns}, false FROM terminology_closure r"
        " JOIN terminology_concept c ON c.system = r.system AND c.place = r.below"
        " WHERE r.system = %s AND r.above = %s AND r.distance = 1 ORDER BY c.place LIMIT %s)",
        [found.system, found.place, found.system, found.place, limit],
        prepare=True,
    ).fetchall()
    return [as_found(row[:-1]) for row in rows if row[-1]], [
        as_found(row[:-1]) for row in rows if not row[-1]
    ]


def child_counts(connection: Connection, system_id: int, places: Iterable[int]) -> dict[int, int]:
    """How many concepts are right below each of these."""
    rows = connection.execute(
        "SELECT above, count(*) FROM terminology_closure"
        " WHERE system = %s AND above = ANY(%s) AND distance = 1 GROUP BY above",
        [system_id, list(places)],
    )
    return dict(rows)


def roots(connection: Connection, system_id: int, limit: int = 1000, offset: int = 0) -> list[Found]:
    """The concepts that nothing is above of."""
    rows = connection.execute(
        f"SELECT {CONCEPT} FROM terminology_concept c WHERE system = %s AND NOT EXISTS ("
        "SELECT 1 FROM terminology_closure r WHERE r.system = c.system AND r.below = c.place)"
        " ORDER BY place LIMIT %s OFFSET %s",
        [system_id, limit, offset],
    )
    return [as_found(row) for row in rows]


def subsumes(connection: Connection, above: Found, below: Found) -> bool:
    """Whether one concept stands somewhere above another."""
    row = connection.execute(
        "SELECT 1 FROM terminology_closure WHERE system = %s AND above = %s AND below = %s",
        [above.system, above.place, below.place],
        prepare=True,
    ).fetchone()
    return row is not None


def system_by_id(connection: Connection, known: Memory, number: int) -> SystemVersion | None:
    """A version of a code system by its number, from memory where it can be."""
    remembered = known.of("system_id")
    if number not in remembered:
        remembered[number] = by_id(connection, SYSTEMS, number)
    found: SystemVersion | None = remembered[number]
    return found


def settled(connection: Connection, known: Memory, on: date) -> date:
    """The last day up to ``on`` on which some version began or ended: all is as it was then.

    So that what is worked out for a day serves until something changes.
    """
    remembered = known.of("days")
    if "days" not in remembered:
        rows = connection.execute(
            " UNION ".join(
                f"SELECT {column} FROM {table.name} WHERE {column} IS NOT NULL"
                for table in (SYSTEMS, VALUE_SETS, MAPS)
                for column in ("effective", "until")
            )
        ).fetchall()
        remembered["days"] = sorted(row[0] for row in rows)
    days: list[date] = remembered["days"]
    place = bisect_right(days, on)
    return days[place - 1] if place else _FIRST_DAY
