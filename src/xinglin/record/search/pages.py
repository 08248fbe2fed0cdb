"""What a search answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from xinglin.record.search.controls import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.kernel.errors import Issue
    from xinglin.record.queries import Stored
    from xinglin.record.search.criteria import Query

_PLAIN = "!$'()*,/:;@|-._~"  # of a query string, what needs no percent sign


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource of the answer; ``mode`` is match or include."""

    stored: Stored
    mode: str = "match"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its entries, how many results there are if that is known, the tokens of the pages beside it."""

    query: Query
    entries: tuple[Entry, ...] = ()
    total: int | None = None
    next: str | None = None
    previous: str | None = None
    warnings: tuple[Issue, ...] = field(default=())

    def links(self, address: str) -> Iterator[tuple[str, str]]:
        """(relation, URL) of this page and those beside it; ``address`` is the search's, without parameters."""
        pairs = [pair for pair in self.query.pairs if pair[0] != PAGE]
        yield "self", _url(address, self.query.pairs)
        yield "first", _url(address, pairs)
        if self.previous is not None:
            yield "previous", _url(address, [*pairs, (PAGE, self.previous)])
        if self.next is not None:
            yield "next", _url(address, [*pairs, (PAGE, self.next)])


def _url(address: str, pairs: Iterable[tuple[str, str]]) -> str:
    text = "&".join(f"{quote(name, safe=_PLAIN)}={quote(value, safe=_PLAIN)}" for name, value in pairs)
    return f"{address}?{text}" if text else address
