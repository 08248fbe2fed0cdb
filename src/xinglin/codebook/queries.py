"""What the pages show of code systems, value sets and maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy, gettext_noop

from xinglin.kernel.errors import Fault, not_found
from xinglin.record import database
from xinglin.terminology import listing, memory, queries, searching, spelling
from xinglin.terminology.expansion import Expander

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from xinglin.terminology.expansion import Members
    from xinglin.terminology.listing import Entry
    from xinglin.terminology.memory import Memory
    from xinglin.terminology.queries import Found, Kept, MapVersion, SystemVersion, ValueSetVersion
    from xinglin.terminology.values import Connection

FOUND = 20  # by what is typed
PAGE = 100  # members or children at a time
_SETS = 60  # value sets that are looked through for a code
_NOTED = 200  # characters of a note

SOURCES = {
    "content": gettext_lazy("comes with the platform"),
    "package": gettext_lazy("FHIR package"),
    "file": gettext_lazy("loaded from a file"),
    "record": gettext_lazy("stored in the record"),
}
CONFIDENCES = {
    "certain": gettext_lazy("certain"),
    "likely": gettext_lazy("likely"),
    "unsure": gettext_lazy("unsure"),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where things are looked up: the connection, what is remembered, and the day."""

    connection: Connection
    known: Memory
    on: date
    english: bool

    @property
    def language(self) -> str | None:
        return "en" if self.english else None

    def title(self, kept: Kept) -> str:
        return kept.english if self.english else kept.title


def shelf(on: date, *, english: bool) -> Shelf:
    """The shelf of this moment, on this thread's connection."""
    connection = database.connection()
    known = memory.at(connection)
    return Shelf(connection, known, queries.settled(connection, known, on), english)


# -- lists


@dataclass(frozen=True, slots=True)
class Title:
    """One line of a list: the version in force, and how many versions there are."""

    kept: Any
    title: str
    size: int | None
    versions: int
    origin: str
    in_force: bool


def titles(place: Shelf, kind: str, typed: str = "") -> list[Title]:
    """What there is of a kind (``systems``, ``sets``, ``maps``), by title; ``typed`` narrows by title and address."""
    table: Any = {"systems": queries.SYSTEMS, "sets": queries.VALUE_SETS, "maps": queries.MAPS}[kind]
    by_url: dict[str, list[Any]] = {}
    for one in queries.every(place.connection, table):
        by_url.setdefault(one.url, []).append(one)
    sizes = _sizes(place) if kind == "sets" else {}
    found = [_title(place, group, sizes) for group in by_url.values()]
    wanted = typed.casefold().split()
    if wanted:
        found = [
            one for one in found if all(w in f"{one.title} {one.kept.canonical}".casefold() for w in wanted)
        ]
    return sorted(found, key=lambda one: (one.title, one.kept.url))


def _title(place: Shelf, group: Sequence[Any], sizes: dict[str, int]) -> Title:
    latest = next((one for one in reversed(group) if one.holds(place.on)), None)
    shown = latest or group[-1]
    size = getattr(shown, "concepts", getattr(shown, "mappings", None))
    if size is None:
        size = sizes.get(f"set:{shown.id}")
    return Title(shown, place.title(shown), size, len(group), _origin(shown.origin), latest is not None)


def _sizes(place: Shelf) -> dict[str, int]:
    """How many members the value sets have that were worked out lately."""
    rows = place.connection.execute("SELECT name, total FROM terminology_expansion ORDER BY id")
    return {name.partition("@")[0]: total for name, total in rows}


def _origin(origin: str) -> str:
    return str(SOURCES.get(origin.partition(":")[0], origin))


def counts(place: Shelf) -> dict[str, int]:
    """How many code systems, value sets, maps and concepts there are."""
    row = place.connection.execute(
        "SELECT (SELECT count(DISTINCT url) FROM terminology_system),"
        " (SELECT count(DISTINCT url) FROM terminology_valueset),"
        " (SELECT count(DISTINCT url) FROM terminology_map),"
        " (SELECT coalesce(sum(concepts), 0) FROM terminology_system)"
    ).fetchone()
    assert row is not None
    return dict(zip(("systems", "sets", "maps", "concepts"), row, strict=True))


# -- finding


@dataclass(frozen=True, slots=True)
class Shown:
    """A concept that was found; ``pieces`` is its display, what was typed marked in it."""

    system: str
    version: str
    title: str
    code: str
    code_pieces: list[tuple[str, bool]]
    display: str
    pieces: list[tuple[str, bool]]
    also: list[tuple[str, bool]]
    inactive: bool
    abstract: bool
    known: bool


def find(
    place: Shelf, typed: str, *, set_url: str = "", system_url: str = "", limit: int = FOUND
) -> tuple[int, list[Shown]]:
    """What is typed, looked for in a value set, a code system, or everywhere."""
    if not typed.strip():
        return 0, []
    if set_url:
        members = Expander(place.connection, place.known, place.on).of(set_url)
        window = listing.Window(typed, 0, limit, active_only=True)
        total, entries = listing.page(place.connection, place.known, members, window)
    else:
        systems = [system_of(place, system_url).id] if system_url else in_force(place)
        among = searching.Among(systems)
        found = searching.remembered(place.connection, place.known, typed, among, limit=limit)
        total, entries = (
            found.total,
            listing.of_hits(place.connection, place.known, None, found.hits),
        )
    return total, [_shown(place, entry, typed) for entry in entries]


def in_force(place: Shelf) -> list[int]:
    """The numbers of all code systems in the versions in force."""
    remembered = place.known.of("in force")
    if place.on not in remembered:
        latest = {
            one.url: one.id for one in queries.every(place.connection, queries.SYSTEMS) if one.holds(place.on)
        }
        remembered[place.on] = sorted(latest.values())
    found: list[int] = remembered[place.on]
    return found


def _shown(place: Shelf, entry: Entry, typed: str) -> Shown:
    display = entry.display_in(place.language) or entry.code
    pieces = spelling.marked(display, typed)
    also: list[tuple[str, bool]] = []
    concept = entry.found
    if concept is not None and not any(hit for _, hit in pieces):
        names = [concept.display, *(one.value for one in concept.designations)]
        marked = (spelling.marked(name, typed) for name in names if name != display)
        also = next((found for found in marked if any(hit for _, hit in found)), [])
    version = queries.system_by_id(place.connection, place.known, concept.system) if concept else None
    return Shown(
        entry.url,
        entry.version,
        place.title(version) if version else entry.url,
        entry.code,
        spelling.marked(entry.code, typed),
        display,
        pieces,
        also,
        inactive=bool(concept and concept.inactive),
        abstract=bool(concept and concept.abstract),
        known=concept is not None,
    )


# -- one of them


def system_of(place: Shelf, url: str, version: str = "") -> SystemVersion:
    """A version of a code system, the one in force if none is named."""
    found = queries.system(place.connection, place.known, url, place.on, version or None)
    if found is None and not version:
        others = queries.versions(place.connection, queries.SYSTEMS, url)
        found = others[-1] if others else None
    if found is None:
        raise not_found(gettext_noop("There is no code system %(url)s here."), url=_named(url, version))
    return found


def set_of(place: Shelf, url: str, version: str = "") -> ValueSetVersion:
    found = queries.value_set(place.connection, place.known, url, place.on, version or None)
    if found is None:
        raise not_found(gettext_noop("There is no value set %(url)s here."), url=_named(url, version))
    return found


def map_of(place: Shelf, url: str, version: str = "") -> MapVersion:
    found = queries.concept_map(place.connection, place.known, url, place.on, version or None)
    if found is None:
        raise not_found(gettext_noop("There is no map %(url)s here."), url=_named(url, version))
    return found


def _named(url: str, version: str) -> str:
    return f"{url}|{version}" if version else url


def versions_of(place: Shelf, table: Any, url: str) -> list[Any]:
    """Every version, the latest first."""
    return list(reversed(queries.versions(place.connection, table, url)))


def origin_of(kept: Kept) -> str:
    return _origin(kept.origin)


def concept_of(place: Shelf, system: SystemVersion, code: str) -> Found:
    found = queries.concept(place.connection, system, code)
    if found is None:
        raise not_found(
            gettext_noop("%(named)s is no code of %(system)s."), named=code, system=system.canonical
        )
    return found


@dataclass(frozen=True, slots=True)
class Node:
    """A concept in a tree; ``children`` is how many stand right below it."""

    found: Found
    display: str
    children: int


def nodes(place: Shelf, concepts: Sequence[Found]) -> list[Node]:
    if not concepts:
        return []
    below = queries.child_counts(place.connection, concepts[0].system, [one.place for one in concepts])
    return [Node(one, one.display_in(place.language), below.get(one.place, 0)) for one in concepts]


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a code maps to, or what maps to it; ``back`` in the second case."""

    url: str
    title: str
    system: str
    code: str
    display: str
    equivalence: str
    comment: str
    back: bool


def mapped(place: Shelf, system: SystemVersion, found: Found) -> list[Mapped]:
    """What the maps in force say of a code, both ways."""
    maps = {one.id: one for one in queries.every(place.connection, queries.MAPS) if one.holds(place.on)}
    said = []
    for given, other, back in (("source", "target", False), ("target", "source", True)):
        rows = place.connection.execute(
            f"SELECT map, {other}_url, {other}, equivalence, more FROM terminology_mapping"
            f" WHERE {given} = %s AND {given}_url = ANY(%s) AND map = ANY(%s) ORDER BY map, place LIMIT 200",
            [found.code, _addresses(system), list(maps)],
        ).fetchall()
        for number, url, code, equivalence, more in rows:
            notes = more or {}
            display = _display(place, url, code) or notes.get("display", "")
            said.append(
                Mapped(
                    maps[number].url, place.title(maps[number]), url, code or "", display, equivalence,
                    notes.get("comment", "")[:_NOTED], back,
                )
            )  # fmt: skip
    return said


def _addresses(system: SystemVersion) -> list[str]:
    return [system.url, *(f"urn:oid:{oid}" for oid in system.oids)]


def _display(place: Shelf, url: str, code: str | None) -> str:
    system = queries.system(place.connection, place.known, url, place.on) if code else None
    found = queries.concept(place.connection, system, code) if system and code else None
    return found.display_in(place.language) if found else ""


def sets_with(place: Shelf, system: SystemVersion, found: Found) -> tuple[list[ValueSetVersion], bool]:
    """The value sets in force that have the code, and whether all that may have it were looked through."""
    rows = place.connection.execute(
        "SELECT id FROM terminology_valueset WHERE compose @> %s OR compose @? '$.include[*].valueSet' ORDER BY url",
        [_including(system.url)],
    ).fetchall()
    candidates = [queries.by_id(place.connection, queries.VALUE_SETS, number) for (number,) in rows]
    holding: dict[str, ValueSetVersion] = {
        one.url: one for one in candidates if one is not None and one.holds(place.on)
    }
    having = []
    expander = Expander(place.connection, place.known, place.on)
    for one in list(holding.values())[:_SETS]:
        try:
            members = expander.of_version(one)
        except Fault:
            continue  # it names what is not loaded here
        if listing.contains(place.connection, members, system.url, found.code) is not None:
            having.append(one)
    return having, len(holding) <= _SETS


def _including(url: str) -> Any:
    from psycopg.types.json import Jsonb  # noqa: PLC0415 -- small

    return Jsonb({"include": [{"system": url}]})


@dataclass(frozen=True, slots=True)
class Past:
    """A version of a system and what the code was called in it; None where it was not there."""

    system: SystemVersion
    found: Found | None


def pasts(place: Shelf, system: SystemVersion, code: str) -> list[Past]:
    """The code in every version of its system, the latest first."""
    every = versions_of(place, queries.SYSTEMS, system.url)
    return [Past(one, queries.concept(place.connection, one, code)) for one in every]


def members_page(
    place: Shelf, version: ValueSetVersion, typed: str, offset: int
) -> tuple[Members, int, list[Shown]]:
    """Members of a value set: those that what is typed finds, or a page of all."""
    members = Expander(place.connection, place.known, place.on).of_version(version)
    window = listing.Window(typed, offset, PAGE)
    total, entries = listing.page(place.connection, place.known, members, window)
    return members, total, [_shown(place, entry, typed) for entry in entries]


def mappings_page(place: Shelf, version: MapVersion, offset: int) -> list[dict[str, Any]]:
    """Lines of a map with the words for both sides."""
    rows = place.connection.execute(
        "SELECT source_url, source, target_url, target, equivalence, more FROM terminology_mapping"
        " WHERE map = %s ORDER BY place LIMIT %s OFFSET %s",
        [version.id, PAGE, offset],
    ).fetchall()
    return [
        {
            "source_url": source_url,
            "source": source,
            "source_display": _display(place, source_url, source),
            "target_url": target_url,
            "target": target,
            "target_display": _display(place, target_url, target) or (more or {}).get("display", ""),
            "equivalence": equivalence,
            "comment": (more or {}).get("comment", ""),
        }
        for source_url, source, target_url, target, equivalence, more in rows
    ]


def concepts_of(place: Shelf, system: SystemVersion) -> Iterable[tuple[Found, list[str]]]:
    """Every concept with the codes right above it, in order; for exports."""
    above: dict[int, list[str]] = {}
    for below, code in place.connection.execute(
        "SELECT r.below, c.code FROM terminology_closure r"
        " JOIN terminology_concept c ON c.system = r.system AND c.place = r.above"
        " WHERE r.system = %s AND r.distance = 1 ORDER BY r.above",
        [system.id],
    ):
        above.setdefault(below, []).append(code)
    rows = place.connection.execute(
        f"SELECT {queries.CONCEPT} FROM terminology_concept WHERE system = %s ORDER BY place", [system.id]
    )
    for row in rows:
        found = queries.as_found(row)
        yield found, above.get(found.place, [])
