"""What has changed between two versions of a code system."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.terminology.queries import SystemVersion
    from xinglin.terminology.values import Connection

ADDED, REMOVED, RENAMED, RETIRED, REVIVED, MOVED = (
    "added",
    "removed",
    "renamed",
    "retired",
    "revived",
    "moved",
)
KINDS = (ADDED, REMOVED, RENAMED, RETIRED, REVIVED, MOVED)


class Difference(NamedTuple):
    """One code that is not the same in both; ``before`` and ``after`` are displays, or parents of what was moved."""

    kind: str
    code: str
    before: str
    after: str


_PARENTS = (
    "(SELECT string_agg(p.code, ' | ' ORDER BY p.code) FROM terminology_closure r"
    " JOIN terminology_concept p ON p.system = r.system AND p.place = r.above"
    " WHERE r.system = {0}.system AND r.below = {0}.place AND r.distance = 1)"
)
_BOTH = (
    "SELECT coalesce(o.code, n.code) AS code, o.code IS NOT NULL AS was, n.code IS NOT NULL AS stands,"
    " coalesce(o.display, '') AS before, coalesce(n.display, '') AS after, o.inactive AS inactive_before,"
    f" n.inactive AS inactive_after, coalesce({_PARENTS.format('o')}, '') AS above_before,"
    f" coalesce({_PARENTS.format('n')}, '') AS above_after, coalesce(n.place, o.place) AS place"
    " FROM (SELECT * FROM terminology_concept WHERE system = %s) o"
    " FULL JOIN (SELECT * FROM terminology_concept WHERE system = %s) n ON n.code = o.code"
)


def differences(
    connection: Connection, old: SystemVersion, new: SystemVersion, limit: int = 100_000
) -> Iterator[Difference]:
    """Every code that was added, removed, renamed, retired, revived or moved, in the order of the new version."""
    rows = connection.execute(
        f"SELECT code, was, stands, before, after, inactive_before, inactive_after, above_before, above_after"
        f" FROM ({_BOTH}) b WHERE NOT was OR NOT stands OR before <> after"
        " OR inactive_before <> inactive_after OR above_before <> above_after ORDER BY place, code LIMIT %s",
        [old.id, new.id, limit],
    )
    for code, was, stands, before, after, was_off, is_off, above_before, above_after in rows:
        if not was:
            yield Difference(ADDED, code, "", after)
        elif not stands:
            yield Difference(REMOVED, code, before, "")
        else:
            if before != after:
                yield Difference(RENAMED, code, before, after)
            if was_off != is_off:
                yield Difference(RETIRED if is_off else REVIVED, code, before, after)
            if above_before != above_after:
                yield Difference(MOVED, code, above_before, above_after)
