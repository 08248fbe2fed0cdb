"""What a code is in another system; https://hl7.org/fhir/R4/conceptmap-operation-translate.html"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.terminology import queries
from xinglin.terminology.values import INVERSE, Equivalence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from xinglin.terminology.memory import Memory
    from xinglin.terminology.queries import MapVersion
    from xinglin.terminology.values import Connection

NO_MATCH = (Equivalence.UNMATCHED, Equivalence.DISJOINT)
_COLUMNS = "map, source_url, source, target_url, target, equivalence, more"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which code, into which system or value set (empty: any), and in which direction along the map."""

    system: str
    code: str
    target_system: str = ""
    source: str = ""
    target: str = ""
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One target: ``map`` is the address of the map that says so."""

    system: str
    code: str
    equivalence: Equivalence
    map: str
    display: str = ""
    comment: str = ""
    more: dict[str, Any] | None = None

    @property
    def counts(self) -> bool:
        return self.equivalence not in NO_MATCH and bool(self.code)


def translate(
    connection: Connection, known: Memory, on: date, maps: Sequence[MapVersion] | None, asked: Asked
) -> list[Match]:
    """The targets of a code in these maps, or, for None, in every map in force that goes the way asked."""
    chosen = {one.id: one for one in (maps if maps is not None else _in_force(connection, known, on, asked))}
    given, other = ("target", "source") if asked.reverse else ("source", "target")
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM terminology_mapping WHERE {given} = %s AND map = ANY(%s)"
        f" AND (%s = '' OR {given}_url = %s OR {given}_url = '')"
        f" AND (%s = '' OR {other}_url = %s) ORDER BY map, place",
        [asked.code, list(chosen), asked.system, asked.system, asked.target_system, asked.target_system],
        prepare=True,
    ).fetchall()
    found = [_match(chosen[row[0]], row, reverse=asked.reverse) for row in rows]
    if not found and not asked.reverse:
        found = _unmapped(chosen.values(), asked)
    return [_displayed(connection, known, on, one) for one in found]


def _in_force(connection: Connection, known: Memory, on: date, asked: Asked) -> list[MapVersion]:
    remembered = known.of("maps in force")
    if on not in remembered:
        by_url: dict[str, MapVersion] = {}
        for one in queries.every(connection, queries.MAPS):
            if one.holds(on):
                by_url[one.url] = one
        remembered[on] = list(by_url.values())
    source, target = (asked.target, asked.source) if asked.reverse else (asked.source, asked.target)
    return [
        one
        for one in remembered[on]
        if (not source or source.partition("|")[0] == one.source.partition("|")[0])
        and (not target or target.partition("|")[0] == one.target.partition("|")[0])
    ]


def _match(version: MapVersion, row: Sequence[Any], *, reverse: bool) -> Match:
    _, source_url, source, target_url, target, text, more = row
    more = dict(more or {})
    equivalence = Equivalence(text)
    display, comment = more.pop("display", ""), more.pop("comment", "")
    if reverse:
        turned = INVERSE.get(equivalence, equivalence)
        return Match(source_url, source, turned, version.canonical, "", comment, more or None)
    return Match(target_url, target or "", equivalence, version.canonical, display, comment, more or None)


def _unmapped(maps: Any, asked: Asked) -> list[Match]:
    """What a map says of codes that it does not name; https://hl7.org/fhir/R4/conceptmap.html#unmapped"""
    found = []
    for version in maps:
        for rule in version.about.get("unmapped", ()):
            if asked.system and rule.get("source") not in ("", asked.system):
                continue
            if asked.target_system and rule.get("target") not in ("", asked.target_system):
                continue
            target = str(rule.get("target", ""))
            if rule.get("mode") == "provided":
                found.append(Match(target, asked.code, Equivalence.EQUAL, version.canonical))
            elif rule.get("mode") == "fixed" and rule.get("code"):
                display = str(rule.get("display", ""))
                found.append(
                    Match(target, str(rule["code"]), Equivalence.INEXACT, version.canonical, display)
                )
    return found


def _displayed(connection: Connection, known: Memory, on: date, match: Match) -> Match:
    if match.display or not match.code:
        return match
    system = queries.system(connection, known, match.system, queries.settled(connection, known, on))
    found = queries.remembered_concept(connection, known, system, match.code) if system else None
    if found is None:
        return match
    return Match(
        match.system, match.code, match.equivalence, match.map, found.display, match.comment, match.more
    )
