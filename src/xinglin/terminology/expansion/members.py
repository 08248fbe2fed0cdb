"""The members of a value set that has been worked out, and what they have in common with others, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.terminology.queries import SystemVersion


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a value set.

    ``id`` names their rows; 0 where they are a ``whole`` code system, whose concepts are not written down again.
    ``used`` are the versions it rests on, as (kind, canonical); ``warnings`` what could not be found.
    """

    id: int
    total: int
    systems: tuple[int, ...]
    whole: SystemVersion | None = None
    used: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    excludes_inactive: bool = False

    @property
    def searched(self) -> tuple[int, ...]:
        """The systems in whose keys members are looked for; an expansion has keys of its own."""
        return self.systems if self.whole else (*self.systems, -self.id)


_URL_HERE = object()


def within(members: Members, url: str, code: str) -> tuple[str, list[Any]]:
    """The condition that a code is a member; ``_URL_HERE`` among the values stands for a bound address."""
    if members.whole is None:
        sql = (
            "EXISTS (SELECT 1 FROM terminology_member o WHERE o.expansion = %s"
            f" AND o.url = {url} AND o.code = {code})"
        )
        return sql, [members.id, *([_URL_HERE] if "%s" in url else [])]
    sql = f"({url} = %s AND EXISTS (SELECT 1 FROM terminology_concept o WHERE o.system = %s AND o.code = {code}))"
    return sql, [*([_URL_HERE] if "%s" in url else []), members.whole.url, members.whole.id]


def filled(values: Iterable[Any], url: str) -> list[Any]:
    return [url if value is _URL_HERE else value for value in values]


def common(sets: Sequence[Members]) -> list[tuple[str, list[Any]]]:
    """The members that all of these have, as one statement."""
    if not sets:
        return []
    first, *others = sets
    conditions, values = [], []
    for members in others:
        condition, bound = within(members, "s.url", "s.code")
        conditions.append(condition)
        values += bound
    narrowed = " AND ".join(conditions) or "true"
    if first.whole is not None:
        source = (
            "SELECT c.system, c.place AS concept, %s AS url, c.code, NULL::text AS display, c.place::bigint AS at"
            " FROM terminology_concept c WHERE c.system = %s"
        )
        return [(f"SELECT * FROM ({source}) s WHERE {narrowed}", [first.whole.url, first.whole.id, *values])]
    source = (
        "SELECT CASE WHEN m.system < 0 THEN -1 ELSE m.system END AS system,"
        " CASE WHEN m.system < 0 THEN -1 ELSE m.concept END AS concept, m.url, m.code, m.display,"
        " m.place::bigint AS at FROM terminology_member m WHERE m.expansion = %s"
    )
    return [(f"SELECT * FROM ({source}) s WHERE {narrowed}", [first.id, *values])]
