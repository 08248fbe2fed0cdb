"""What a search is compiled against: the rows it may see, and who is allowed to see which of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from xinglin.record.search.fragments import Fragment, Int8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.search.paging import Snapshot
    from xinglin.record.search.plans import Connection

Access = Callable[[str, tuple[str, ...]], Fragment | None]
"""A policy as SQL: given an alias of resource rows and the types they may have (none: any), the condition
under which the asker may see a row; None if all of them. It is ANDed wherever rows are looked at."""

CURRENT = Fragment("record_resource")

_COLUMNS = "self, vid, tx, patient, date, version, type, shard, id, tokens, body"


@dataclass(slots=True)
class Scope:
    """Everything that decides a search's SQL beside the query itself.

    ``base`` is the server's own address, without a slash at its end: references below it are local.
    ``now`` is in microseconds since 1970.
    """

    connection: Connection
    base: str
    now: int
    relation: Fragment = CURRENT
    access: Access | None = None
    _aliases: Iterator[int] = field(default_factory=lambda: count(1))

    def alias(self) -> str:
        """A name for rows that no other part of the statement has."""
        return f"r{next(self._aliases)}"

    def source(self, alias: str) -> Fragment:
        """An item of FROM: the resource rows this search sees, as ``alias``."""
        return Fragment(f"{self.relation.sql} {alias}", self.relation.values)

    def allowed(self, alias: str, types: tuple[str, ...]) -> Fragment | None:
        return self.access(alias, types) if self.access else None


def as_of(snapshot: Snapshot, shift: int) -> Fragment:
    """The rows that were current at a snapshot: living ones it sees, and those superseded since then.

    Transaction numbers in the tables are PostgreSQL's plus ``shift``.
    """
    xmin, xmax = Int8(snapshot.xmin + shift), Int8(snapshot.xmax + shift)
    running = [x + shift for x in snapshot.running]
    seen = Fragment("(tx < %s OR (tx < %s AND tx <> ALL(%s::bigint[])))", (xmin, xmax, running))
    after = Fragment(
        "until_tx >= %s AND (until_tx >= %s OR until_tx = ANY(%s::bigint[]))", (xmin, xmax, running)
    )
    return Fragment(
        f"(SELECT {_COLUMNS} FROM record_resource WHERE {seen.sql} UNION ALL "
        f"SELECT {_COLUMNS} FROM record_history WHERE NOT deleted AND {after.sql} AND {seen.sql})",
        (*seen.values, *after.values, *seen.values),
    )
