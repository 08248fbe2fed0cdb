"""From a query to a page of resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.record.search import compiler, includes, paging, plans, refusals, sorting, statements
from xinglin.record.search.criteria import Match, SortKey, Summary, Total
from xinglin.record.search.explain import estimate
from xinglin.record.search.ordering import Order
from xinglin.record.search.pages import Entry, Page
from xinglin.record.search.paging import Place, Snapshot
from xinglin.record.search.scope import Scope, as_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.queries import Stored
    from xinglin.record.search.compiler import Conjunction
    from xinglin.record.search.criteria import Query
    from xinglin.record.search.plans import Connection
    from xinglin.record.search.scope import Access


def run(
    connection: Connection,
    query: Query,
    *,
    secret: str,
    now: int,
    base: str = "",
    access: Access | None = None,
) -> Page:
    """The page that ``query`` asks for.

    ``secret`` signs page tokens, ``now`` is in seconds since 1970, ``base`` the address below which
    references are our own, ``access`` a policy that hides rows. Faults: ``invalid`` and ``unsupported`` for
    values that turn out wrong here, ``gone`` for a page that has expired.
    """
    place = paging.open_token(query.page, query, secret, now) if query.page is not None else None
    scope = Scope(connection, base, now * 1_000_000, access=access)
    search = _Search(scope, query, place, secret)
    if place is None and _is_plain(query):
        found = compiler.where(scope, "r", query)
        if found.pointed or not (query.criteria or query.compartment):
            return search.page(found, pointed=True)
    with plans.planned_by_value(connection):
        if place is not None:
            shift = connection.execute("SELECT shift FROM record_epoch").fetchone()
            scope.relation = as_of(place.snapshot, shift[0] if shift else 0)
        return search.page(compiler.where(scope, "r", query), pointed=False)


def find(
    connection: Connection, query: Query, *, base: str = "", now: int = 0, access: Access | None = None
) -> list[Stored]:
    """The first ``query.count`` matches that may be seen; for conditional interactions."""
    page = run(connection, query, secret="", now=now, base=base, access=access)
    return [entry.stored for entry in page.entries]


def _is_plain(query: Query) -> bool:
    """Whether one statement answers it, and nothing must be asked before or after."""
    return (
        query.total in (None, Total.NONE)
        and query.summary is not Summary.COUNT
        and not query.includes
        and len(query.types) == 1
        and all(key.parameter.type == "date" for key in query.sort)
        and all(isinstance(c, Match) and c.modifier not in _LOOKED_UP for c in query.criteria)
    )


_LOOKED_UP = ("in", "not-in", "above", "below")


class _Search:
    """One search on its way: what it is compiled against, and where its page begins."""

    def __init__(self, scope: Scope, query: Query, place: Place | None, secret: str) -> None:
        self._scope = scope
        self._query = query
        self._place = place
        self._secret = secret

    def page(self, found: Conjunction, *, pointed: bool) -> Page:
        """Count as asked, fetch, include."""
        query = self._query
        if query.summary is Summary.COUNT:
            return Page(query, total=self._count(found), warnings=query.warnings)
        orders = sorting.orders(query)
        if any(isinstance(order, SortKey) for order in orders):
            cut = self._sorted_here(found, orders)
        else:
            cut = self._fetched(found, [o for o in orders if isinstance(o, Order)], pointed=pointed)
        if cut.total is None:
            cut.total = self._total(found)
        return self._built(cut)

    def _fetched(self, found: Conjunction, orders: list[Order], *, pointed: bool) -> _Cut:
        """A page by seeking from its place; one row more than it holds tells whether another follows."""
        place, count = self._place, self._query.count
        back = place is not None and place.back
        asked = [order.flipped for order in orders] if back else orders
        statement = statements.page(self._scope, found, asked, count + 1, place.cursor if place else None)
        rows = list(plans.rows(self._scope.connection, statement, pointed=pointed))
        more = len(rows) > count
        del rows[count:]
        if place is None:
            total = None if more else len(rows)
            return _Cut(rows, orders, 0, total, more=more)
        if back:
            rows.reverse()
            return _Cut(rows, orders, max(place.offset - len(rows), 0), place.total, more=True)
        return _Cut(rows, orders, place.offset, place.total, more=more)

    def _sorted_here(self, found: Conjunction, orders: Sequence[Order | SortKey]) -> _Cut:
        """All results, read and sorted here; a page is a piece of them, the snapshot keeps them the same."""
        in_sql = [order for order in orders if isinstance(order, Order)]
        limit = sorting.MAX_SORTED
        rows = plans.rows(self._scope.connection, statements.every(self._scope, found, in_sql, limit + 1))
        if len(rows) > limit:
            raise refusals.too_costly(
                "_sort",
                f"codes, references and URIs are sorted among {limit} results at most; narrow the search",
            ).fault()
        rows = sorting.sorted_rows(rows, sorting.columns(orders, rows))
        place, count = self._place, self._query.count
        start = 0 if place is None else max(place.offset - count, 0) if place.back else place.offset
        end = place.offset if place is not None and place.back else start + count
        return _Cut(list(rows[start:end]), [], start, len(rows), more=end < len(rows))

    def _total(self, found: Conjunction) -> int | None:
        wanted = self._query.total
        if wanted is Total.ACCURATE or (wanted is Total.ESTIMATE and self._scope.access):
            # PostgreSQL's estimate speaks of rows that the policy hides too
            return self._count(found)
        return estimate(self._scope, found) if wanted is Total.ESTIMATE else None

    def _count(self, found: Conjunction) -> int:
        rows = plans.rows(self._scope.connection, statements.count(self._scope, found))
        return int(rows[0][0])

    def _built(self, cut: _Cut) -> Page:
        query, rows = self._query, cut.rows
        matches = [Entry(statements.stored(row)) for row in rows]
        included, warnings = includes.expand(self._scope, query.includes, [entry.stored for entry in matches])
        following = (
            self._token(cut, rows[-1], cut.offset + len(rows), back=False) if rows and cut.more else None
        )
        previous = self._token(cut, rows[0], cut.offset, back=True) if rows and cut.offset else None
        return Page(
            query,
            (*matches, *(Entry(found, "include") for found in included)),
            None if query.total is Total.NONE else cut.total,
            following,
            previous,
            (*query.warnings, *warnings),
        )

    def _token(self, cut: _Cut, row: tuple[Any, ...], offset: int, *, back: bool) -> str:
        """Of the page that begins after (``back``: ends before) ``row``."""
        snapshot = Snapshot.read(row[-1]) if self._place is None else self._place.snapshot
        place = Place(statements.cursor(row, cut.orders), back, offset, cut.total, snapshot)
        return paging.seal(place, self._query, self._secret, self._scope.now // 1_000_000)


@dataclass(slots=True)
class _Cut:
    """The rows of a page, how many lie before, how many there are in all if known, whether more follow."""

    rows: list[tuple[Any, ...]]
    orders: list[Order]
    offset: int
    total: int | None
    more: bool
