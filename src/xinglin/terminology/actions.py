"""Keeping, replacing and dropping code systems, value sets and maps, inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from xinglin.kernel.errors import Fault, Issue, Kind
from xinglin.terminology import rules, spelling
from xinglin.terminology.hierarchy import Hierarchy
from xinglin.terminology.values import ConceptMap, System, ValueSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.terminology.values import About, Concept, Connection, Kept

_DESCRIBED = (
    "name",
    "title",
    "english",
    "status",
    "publisher",
    "standard",
    "source",
    "confidence",
    "licence",
    "language",
)
_TABLES = {"system": "terminology_system", "valueset": "terminology_valueset", "map": "terminology_map"}


def issues_of(kept: Kept) -> list[Issue]:
    """What keeps it from being kept, all of it; empty if nothing does."""
    found = list(rules.about_issues(kept.about))
    if isinstance(kept, System):
        found += rules.concept_issues(kept)
        found += Hierarchy(kept.concepts, lenient=kept.content == "fragment").issues
    elif isinstance(kept, ConceptMap):
        found += rules.map_issues(kept)
    return found


def keep(*, connection: Connection, kept: Kept) -> int:
    """Store it in place of what has its url, version and origin; its number. Faults say what is wrong with it."""
    issues = issues_of(kept)
    if issues:
        raise Fault(Kind.INVALID, rules.limited(issues))
    about = kept.about
    _drop_one(connection, _kind(kept), about)
    clash = rules.overlap(about, _others(connection, _kind(kept), about))
    if clash is not None:
        raise Fault(Kind.CONFLICT, [clash])
    if isinstance(kept, System):
        number = _keep_system(connection, kept)
    elif isinstance(kept, ValueSet):
        number = _keep_value_set(connection, kept)
    else:
        number = _keep_map(connection, kept)
    changed(connection=connection, urls=[about.url])
    return number


def drop(*, connection: Connection, origin: str) -> int:
    """Remove everything that came from ``origin``; how many things that was."""
    count = 0
    urls = []
    for kind, table in _TABLES.items():
        rows = connection.execute(f"SELECT id, url FROM {table} WHERE origin = %s", [origin]).fetchall()
        for number, url in rows:
            _erase(connection, kind, number)
            urls.append(url)
        count += len(rows)
    connection.execute("DELETE FROM terminology_digest WHERE origin = %s", [origin])
    if urls:
        changed(connection=connection, urls=urls)
    return count


def changed(*, connection: Connection, urls: Iterable[str]) -> None:
    """Have every process forget what it remembers, and drop the expansions that rest on these addresses."""
    gone = connection.execute(
        "DELETE FROM terminology_expansion WHERE uses && %s::text[] RETURNING id", [list(urls)]
    ).fetchall()
    for (number,) in gone:
        connection.execute("DELETE FROM terminology_member WHERE expansion = %s", [number])
        connection.execute("DELETE FROM terminology_key WHERE system = %s", [-number])
    connection.execute("UPDATE terminology_stamp SET value = value + 1")


def remember_digest(*, connection: Connection, origin: str, digest: str) -> None:
    connection.execute(
        "INSERT INTO terminology_digest VALUES (%s, %s)"
        " ON CONFLICT (origin) DO UPDATE SET digest = excluded.digest",
        [origin, digest],
    )


def _kind(kept: Kept) -> str:
    return "system" if isinstance(kept, System) else "valueset" if isinstance(kept, ValueSet) else "map"


def _others(connection: Connection, kind: str, about: About) -> list[tuple[Any, ...]]:
    """Version and days of the other versions, where days were said on purpose."""
    if about.origin.startswith(("package:", "record:")) and about.until is None:
        return []
    return connection.execute(
        f"SELECT version, effective, until FROM {_TABLES[kind]} WHERE url = %s"
        " AND (until IS NOT NULL OR NOT starts_with(origin, 'package:') AND NOT starts_with(origin, 'record:'))",
        [about.url],
    ).fetchall()


def _drop_one(connection: Connection, kind: str, about: About) -> None:
    rows = connection.execute(
        f"SELECT id FROM {_TABLES[kind]} WHERE url = %s AND version = %s AND origin = %s",
        [about.url, about.version, about.origin],
    ).fetchall()
    for (number,) in rows:
        _erase(connection, kind, number)


def _erase(connection: Connection, kind: str, number: int) -> None:
    if kind == "system":
        for table in ("concept", "closure", "property", "key"):
            connection.execute(f"DELETE FROM terminology_{table} WHERE system = %s", [number])
    elif kind == "map":
        connection.execute("DELETE FROM terminology_mapping WHERE map = %s", [number])
    connection.execute(f"DELETE FROM {_TABLES[kind]} WHERE id = %s", [number])


def _described(about: About, **more: Any) -> str:
    found: dict[str, Any] = {name: value for name in _DESCRIBED if (value := getattr(about, name))}
    found |= {name: value for name, value in more.items() if value}
    if about.rest:
        found["rest"] = dict(about.rest)
    return _json(found)


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _number(connection: Connection, statement: str, values: list[Any]) -> int:
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])


def _keep_system(connection: Connection, kept: System) -> int:
    about = kept.about
    number = _number(
        connection,
        "INSERT INTO terminology_system (url, version, origin, oids, effective, until, content, hierarchy,"
        " case_sensitive, concepts, about) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            about.url, about.version, about.origin, list(kept.oids), about.effective, about.until, kept.content,
            kept.hierarchy, kept.case_sensitive, len(kept.concepts),
            _described(
                about,
                compositional=kept.compositional,
                properties=[[p.code, p.type, p.description, p.uri] for p in kept.properties],
            ),
        ],
    )  # fmt: skip
    hierarchy = Hierarchy(kept.concepts, lenient=True)
    with connection.cursor() as cursor:
        with cursor.copy("COPY terminology_concept FROM STDIN") as copy:
            for place, c in enumerate(kept.concepts):
                copy.write_row((number, place, c.code, c.display or c.code, c.inactive, c.abstract, _more(c)))
        with cursor.copy("COPY terminology_closure FROM STDIN") as copy:
            for above, below, distance in hierarchy.closure():
                copy.write_row((number, above, below, distance))
        with cursor.copy("COPY terminology_property FROM STDIN") as copy:
            for row in _property_rows(kept):
                copy.write_row((number, *row))
        with cursor.copy("COPY terminology_key FROM STDIN") as copy:
            for place, c in enumerate(kept.concepts):
                later = spelling.OUT_OF_USE if c.inactive else 0
                for key in spelling.term_keys(c.code, c.display, (d.value for d in c.designations)):
                    copy.write_row((number, place, key.weight + later, *key[1:]))
    return number


def _more(concept: Concept) -> str | None:
    found: dict[str, Any] = {}
    if concept.definition:
        found["definition"] = concept.definition
    if concept.designations:
        found["designation"] = [[d.value, d.language, d.use] for d in concept.designations]
    if concept.properties:
        found["property"] = [[p.code, p.type, p.value] for p in concept.properties]
    if concept.source:
        found["source"] = concept.source
    if concept.confidence:
        found["confidence"] = concept.confidence
    return _json(found) if found else None


def _property_rows(kept: System) -> Iterator[tuple[str, str, int]]:
    """(name, value, number of the concept), for the filters of value sets."""
    for place, concept in enumerate(kept.concepts):
        for one in concept.properties:
            yield one.code, value_text(one.value), place


def value_text(value: Any) -> str:
    """A property's value as filters compare it: a Coding by its code."""
    if isinstance(value, dict):
        return str(value.get("code", ""))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _keep_value_set(connection: Connection, kept: ValueSet) -> int:
    about = kept.about
    return _number(
        connection,
        "INSERT INTO terminology_valueset (url, version, origin, effective, until, about, compose)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            about.url, about.version, about.origin, about.effective, about.until, _described(about),
            _json(kept.compose),
        ],
    )  # fmt: skip


def _keep_map(connection: Connection, kept: ConceptMap) -> int:
    about = kept.about
    number = _number(
        connection,
        "INSERT INTO terminology_map (url, version, origin, effective, until, source, target, mappings, about)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            about.url, about.version, about.origin, about.effective, about.until, kept.source, kept.target,
            len(kept.mappings), _described(about, unmapped=list(kept.unmapped)),
        ],
    )  # fmt: skip
    with connection.cursor() as cursor, cursor.copy("COPY terminology_mapping FROM STDIN") as copy:
        for place, line in enumerate(kept.mappings):
            more = dict(line.more)
            if line.comment:
                more["comment"] = line.comment
            if line.display:
                more["display"] = line.display
            copy.write_row(
                (
                    number, place, line.source_url, line.source, line.target_url, line.target,
                    str(line.equivalence), _json(more) if more else None,
                )
            )  # fmt: skip
    return number
