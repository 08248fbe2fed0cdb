"""Where the next page begins: signed tokens that carry a cursor and the snapshot of the first page.

A token is good for an hour, for the very search it was made for, and for nobody who lacks the secret. It
holds the sort values of the row at the page's edge, so that a page is found by seeking, not by counting,
and the database's snapshot, so that all pages show the record as the first one saw it.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from xxhash import xxh3_128_hexdigest

from xinglin.kernel.errors import gone, invalid
from xinglin.record.search.controls import PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.record.search.criteria import Query

LIFETIME = 3600  # seconds
_SIGNATURE = 16  # bytes of HMAC-SHA256 that are kept


@dataclass(frozen=True, slots=True)
class Snapshot:
    """PostgreSQL's pg_snapshot: transactions before ``xmin`` are seen, from ``xmax`` on and ``running`` not."""

    xmin: int
    xmax: int
    running: tuple[int, ...] = ()

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """From ``xmin:xmax:xip,xip…``."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), tuple(int(x) for x in running.split(",") if x))


@dataclass(frozen=True, slots=True)
class Place:
    """The edge a page begins at: ``cursor`` is the sort values and the version number of the row before it.

    ``back`` looks from there towards the start; ``offset`` rows lie before the page; ``total`` if known.
    """

    cursor: tuple[str | int | float | None, ...]
    back: bool
    offset: int
    total: int | None
    snapshot: Snapshot


class _Token(msgspec.Struct, array_like=True):
    digest: str
    expires: int
    cursor: list[str | int | float | None]
    back: bool
    offset: int
    total: int | None
    xmin: int
    span: int
    running: list[int]


def seal(place: Place, query: Query, secret: str, now: int) -> str:
    """The token of the page that begins at ``place``; ``now`` in seconds since 1970."""
    snapshot = place.snapshot
    packed = msgspec.msgpack.encode(
        _Token(
            digest=digest(query),
            expires=now + LIFETIME,
            cursor=list(place.cursor),
            back=place.back,
            offset=place.offset,
            total=place.total,
            xmin=snapshot.xmin,
            span=snapshot.xmax - snapshot.xmin,
            running=[x - snapshot.xmin for x in snapshot.running],
        )
    )
    return urlsafe_b64encode(_signature(packed, secret) + packed).rstrip(b"=").decode()


def open_token(text: str, query: Query, secret: str, now: int) -> Place:
    """The place a token names; a fault if it is not ours, not for this search (invalid) or too old (gone)."""
    try:
        whole = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        signature, packed = whole[:_SIGNATURE], whole[_SIGNATURE:]
        genuine = hmac.compare_digest(signature, _signature(packed, secret))
        token = msgspec.msgpack.decode(packed, type=_Token) if genuine else None
    except (ValueError, msgspec.MsgspecError):
        token = None
    if token is None or token.digest != digest(query):
        raise invalid(
            "Search parameter %(name)s is not a page of this search. Follow the links of a search result unchanged.",
            code="value",
            name=PAGE,
        )
    if token.expires < now:
        raise gone(
            "This page of the search is no longer kept; pages last %(minutes)d minutes. Start the search again.",
            code="expired",
            minutes=LIFETIME // 60,
        )
    snapshot = Snapshot(token.xmin, token.xmin + token.span, tuple(x + token.xmin for x in token.running))
    return Place(tuple(token.cursor), token.back, token.offset, token.total, snapshot)


def digest(query: Query) -> str:
    """A fingerprint of what the search asks, whatever its page."""
    compartment = query.compartment
    asked: list[Sequence[str | None]] = [(query.type,)]
    asked.append((compartment.type, compartment.id) if compartment else ())
    asked += [pair for pair in query.pairs if pair[0] != PAGE]
    return xxh3_128_hexdigest(msgspec.msgpack.encode(asked))[:16]


def _signature(packed: bytes, secret: str) -> bytes:
    return hmac.digest(b"search page\x00" + secret.encode(), packed, "sha256")[:_SIGNATURE]
