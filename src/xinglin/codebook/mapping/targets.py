"""The standard systems that codes are mapped to, as the terminology's tables have them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.codebook.mapping.ranking import Index, Term
from xinglin.codebook.mapping.units import Units, units_of
from xinglin.kernel.errors import not_found
from xinglin.terminology import memory, queries, searching

if TYPE_CHECKING:
    from datetime import date

    from xinglin.terminology.queries import Found, SystemVersion
    from xinglin.terminology.values import Connection

UCUM = "http://unitsofmeasure.org"
_KEPT = 6  # indexes in a process; that of ICD-10 takes some 60 MB
_COLUMNS = "code, display, inactive, abstract, more"


@dataclass(frozen=True, slots=True)
class Target:
    """A version of a standard system, and the index of what may be chosen in it."""

    system: SystemVersion
    index: Index


class _Memory:
    """Indexes made lately, by the number of the version and of the units'; a version never changes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._made: OrderedDict[tuple[Any, ...], Index] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...]) -> Index | None:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def keep(self, key: tuple[Any, ...], index: Index) -> None:
        with self._lock:
            self._made[key] = index
            while len(self._made) > self._room:
                self._made.popitem(last=False)


_memory = _Memory(_KEPT)


def system(connection: Connection, url: str, on: date) -> SystemVersion:
    """The version in force; raises ``not_found``."""
    found = queries.system(connection, memory.at(connection), url, on)
    if found is None:
        raise not_found(gettext_noop("There is no code system %(url)s here; load it first."), url=url)
    return found


def target(connection: Connection, url: str, on: date) -> Target:
    """The standard system with its index."""
    version = system(connection, url, on)
    units = queries.system(connection, memory.at(connection), UCUM, on)
    key = (connection.info.dbname, version.id, units.id if units else 0)
    index = _memory.get(key)
    if index is None:
        index = Index(_terms(connection, version), _units(connection, units))
        _memory.keep(key, index)
    return Target(version, index)


def choices(connection: Connection) -> list[tuple[str, str]]:
    """The code systems that there are, by title."""
    by_url = {one.url: one for one in queries.every(connection, queries.SYSTEMS)}
    return sorted(((one.url, one.title) for one in by_url.values()), key=lambda pair: pair[1])


def concept(connection: Connection, version: SystemVersion, code: str) -> Found:
    """A concept that may be chosen; raises ``not_found``."""
    found = queries.concept(connection, version, code)
    if found is None or found.abstract or found.inactive:
        raise not_found(
            gettext_noop("%(concept)s is no code of %(system)s that may be chosen."),
            concept=code,
            system=version.title,
        )
    return found


def search(connection: Connection, version: SystemVersion, typed: str, limit: int) -> list[Found]:
    """The concepts that may be chosen and that what is typed finds: code, characters, syllables or initials."""
    page = searching.find(connection, typed, searching.Among([version.id], active_only=True), limit=limit * 2)
    found = queries.at_places(connection, version.id, [hit.concept for hit in page.hits])
    listed = [found[hit.concept] for hit in page.hits if hit.concept in found]
    return [one for one in listed if not one.abstract][:limit]


def _terms(connection: Connection, version: SystemVersion) -> list[Term]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM terminology_concept WHERE system = %s ORDER BY place", [version.id]
    )
    return [
        _term(code, display, more or {})
        for code, display, inactive, abstract, more in rows
        if not (inactive or abstract or _is_manifestation(more or {}))
    ]


def _is_manifestation(more: dict[str, Any]) -> bool:
    """An asterisk code of ICD-10 is no diagnosis by itself."""
    return any(name == "manifestation" and value is True for name, _, value in more.get("property", ()))


def _term(code: str, display: str, more: dict[str, Any]) -> Term:
    others = [value for value, _, _ in more.get("designation", ())]
    known = {name: str(value) for name, _, value in more.get("property", ())}
    return Term(code, display, (display, *others), known.get("unit", ""), known.get("specimen", ""))


def _units(connection: Connection, version: SystemVersion | None) -> Units:
    if version is None:
        return units_of(())
    rows = connection.execute(
        "SELECT code, more FROM terminology_concept WHERE system = %s ORDER BY place", [version.id]
    ).fetchall()
    return units_of(_unit(code, more or {}) for code, more in rows)


def _unit(code: str, more: dict[str, Any]) -> tuple[str, list[str], str]:
    known = {name: str(value) for name, _, value in more.get("property", ())}
    aliases = [value for value, _, use in more.get("designation", ()) if use == "synonym"]
    return code, [known.get("printed", ""), *aliases], known.get("kind", code)
