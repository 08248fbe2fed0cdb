"""Finding concepts by what is typed: code, characters, syllables, initials, English words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import ClientCursor

from xinglin.fhir.index.keys import normalise
from xinglin.terminology import spelling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.terminology.memory import Memory
    from xinglin.terminology.values import Connection

_WORDS = 6  # of what is typed that are looked for
_LAST = "\U0010ffff"
_HEADS = spelling.INNER * 100  # weights below are of names that begin so
_EXACT = 1000
_KEPT = 100  # hits of one text that are remembered
_MOST_KEPT = 2000  # texts


class Hit(NamedTuple):
    """A concept that was found: ``concept`` is its number in ``system``; a negative system is an expansion."""

    system: int
    concept: int
    weight: int


class Page(NamedTuple):
    total: int
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class Among:
    """Where is looked: in these systems, of an ``expansion`` among its members alone."""

    systems: Sequence[int]
    expansion: int | None = None
    active_only: bool = False


def remembered(
    connection: Connection, known: Memory, typed: str, among: Among, *, limit: int = 20, offset: int = 0
) -> Page:
    """What ``find`` gives; the first hits of what many people type are kept until the tables change."""
    if offset + limit > _KEPT:
        return find(connection, typed, among, limit=limit, offset=offset)
    kept = known.of("hits")
    if len(kept) > _MOST_KEPT:
        kept.clear()
    key = (normalise(typed), tuple(among.systems), among.expansion, among.active_only)
    if key not in kept:
        kept[key] = find(connection, typed, among, limit=_KEPT)
    page: Page = kept[key]
    return Page(page.total, page.hits[offset : offset + limit])


def find(connection: Connection, typed: str, among: Among, *, limit: int = 20, offset: int = 0) -> Page:
    """The concepts that every word of ``typed`` finds, the likeliest first."""
    words = normalise(typed).split()[:_WORDS]
    if not words or not among.systems:
        return Page(0, [])
    values: list[Any] = []
    parts = [_word(word, list(among.systems), values, whole=len(words) == 1) for word in words]
    hits = parts[0] if len(parts) == 1 else _together(parts)
    joins = ""
    if among.expansion is not None:
        joins += (
            " JOIN terminology_member m ON m.expansion = %s AND m.system = h.system AND m.concept = h.concept"
        )
        values.append(among.expansion)
    if among.active_only:
        joins += (
            " LEFT JOIN terminology_concept c ON c.system = h.system AND c.place = h.concept"
            " WHERE c.inactive IS NOT TRUE"
        )
    cursor = ClientCursor(connection)  # the planner must see what is typed: few or many rows begin so
    rows = cursor.execute(
        f"SELECT h.system, h.concept, h.weight, count(*) OVER () FROM ({hits}) h{joins}"
        f" ORDER BY h.weight, h.system, h.concept LIMIT {limit:d} OFFSET {offset:d}",
        values,
    ).fetchall()
    if not rows and offset:
        return Page(find(connection, typed, among, limit=1).total, [])
    return Page(rows[0][3] if rows else 0, [Hit(*row[:3]) for row in rows])


def _word(word: str, systems: list[int], values: list[Any], *, whole: bool) -> str:
    """The concepts that one word finds, each once with its best weight."""
    heads = f" AND weight < {_HEADS}" if len(word) == 1 and word.isascii() and whole else ""
    exact = f"weight - CASE WHEN {{}} = %s AND weight < {_HEADS} THEN {_EXACT} ELSE 0 END"
    by_text = f"SELECT system, concept, {exact.format('text')} AS weight FROM terminology_key"
    probes = [f"{by_text} WHERE system = ANY(%s::integer[]) AND text >= %s AND text < %s{heads}"]
    values += [word, systems, word, word + _LAST]
    for cut in spelling.cuts(word):
        column, begin = ("initials", cut.initials) if cut.begin is None else ("spelt", cut.begin)
        pattern = " AND initials >= %s AND initials < %s AND spelt ~ %s" if cut.pattern else ""
        probes.append(
            f"SELECT system, concept, {exact.format(column)} FROM terminology_key"
            f" WHERE system = ANY(%s::integer[]) AND {column} >= %s AND {column} < %s{pattern}{heads}"
        )
        bound = [cut.initials, cut.initials + _LAST, cut.pattern] if cut.pattern else []
        values += [begin, systems, begin, begin + _LAST, *bound]
    union = " UNION ALL ".join(probes)
    return f"SELECT system, concept, min(weight) AS weight FROM ({union}) k GROUP BY system, concept"


def _together(parts: list[str]) -> str:
    """What every word finds, the weights added."""
    union = " UNION ALL ".join(parts)
    return (
        f"SELECT system, concept, sum(weight) AS weight FROM ({union}) w"
        f" GROUP BY system, concept HAVING count(*) = {len(parts)}"
    )
