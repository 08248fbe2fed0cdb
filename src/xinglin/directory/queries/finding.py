"""Finding things by what somebody types: a name, its pinyin, its initials, a code or the beginning of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.directory.rules import codes, spelling, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.database import Connection

FINDABLE = ("institution", "department", "practitioner", "division", "service", "place", "bed", "equipment")
_LEAST_CODE = 3  # characters of a code's beginning
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that may be meant."""

    type: str
    id: str
    kind: str
    name: str
    status: str
    category: str
    institution: str  # its name, empty for an institution itself
    code: str
    division: int | None

    @property
    def category_label(self) -> str:
        table = {"institution": "institution_kinds", "department": "specialties", "service": "service_kinds",
                 "place": "place_kinds", "equipment": "equipment_kinds"}.get(self.kind)  # fmt: skip
        return tables.label(table, self.category) if table and self.category else ""


_FIND = """
WITH hits AS (
    SELECT type, id, min(place)::int AS place, min(length(key)) AS length FROM (
        SELECT type, id, place, key FROM directory_key WHERE key >= %(text)s AND key < %(above)s
        ORDER BY key, place LIMIT 4000) k GROUP BY 1, 2
    UNION ALL
    SELECT type, id, -1, length(value) FROM directory_code
    WHERE %(code)s <> '' AND value >= %(code)s AND value < %(code)s || %(last)s AND scheme <> ALL(%(hidden)s)
), best AS (
    SELECT type, id, min(place) AS place, min(length) AS length FROM hits GROUP BY 1, 2
)
SELECT e.type, e.id, e.kind, e.name, e.status, coalesce(e.category, ''),
       CASE WHEN e.kind = 'institution' THEN '' ELSE coalesce(i.name, '') END,
       coalesce((SELECT value FROM directory_code c
                 WHERE c.type = e.type AND c.id = e.id AND c.scheme <> ALL(%(hidden)s)
                 ORDER BY c.scheme = 'uscc' DESC, c.scheme LIMIT 1), ''), e.division
FROM best b JOIN directory_entry e USING (type, id)
LEFT JOIN directory_entry i ON i.type = 'Organization' AND i.id = e.institution
WHERE e.kind = ANY(%(kinds)s)
  AND (%(division)s::bigint IS NULL OR e.division BETWEEN %(division)s AND %(division_end)s)
ORDER BY b.place < 0 DESC, e.status <> 'active', b.place > 0, array_position(%(kinds)s, e.kind), b.length, e.name, e.id
LIMIT %(limit)s
"""


def find(
    connection: Connection,
    text: str,
    *,
    kinds: Sequence[str] = FINDABLE,
    division: str | None = None,
    limit: int = 30,
) -> list[Found]:
    """The things that ``text`` may mean, the likeliest first; inside a division (its head digits) if one is given."""
    typed = spelling.plain(text)
    code = codes.tidy(text).replace("-", "")
    if not typed:
        return []
    values: dict[str, object] = {
        "text": typed,
        "above": typed + _LAST,
        "code": code if len(code) >= _LEAST_CODE and code.isascii() else "",
        "last": _LAST,
        "kinds": list(kinds),
        "division": int(division.ljust(12, "0")) if division else None,
        "division_end": int(division.ljust(12, "9")) if division else None,
        "limit": limit,
        "hidden": list(codes.HIDDEN_SCHEMES),
    }
    found = [Found(*row) for row in connection.execute(_FIND, values)]
    return found or _codes_with_hyphen(connection, text, values)


def _codes_with_hyphen(connection: Connection, text: str, values: dict[str, object]) -> list[Found]:
    """Codes that institutions give may have a hyphen in them."""
    code = codes.tidy(text)
    if "-" not in code or len(code) < _LEAST_CODE:
        return []
    return [Found(*row) for row in connection.execute(_FIND, {**values, "code": code})]


def institution_by_code(connection: Connection, code: str) -> str | None:
    """The id of the one institution with a code; None if there is none, or several."""
    rows = connection.execute(
        "SELECT DISTINCT id FROM directory_code c JOIN directory_entry e USING (type, id)"
        " WHERE c.value = %s AND e.kind = 'institution' LIMIT 2",
        [codes.normal("orgcode", code)],
        prepare=True,
    ).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None
