"""Tickets: what one page of one session may hear, signed by the platform; topics stand in them as digests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core import signing

from xinglin.accounts import sessions
from xinglin.kernel.errors import forbidden
from xinglin.record import telling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.kernel.errors import Fault

SECONDS = 600
"""How long a ticket opens streams, and a stream lasts: then the page asks for another, and its rights are looked at."""
_SALT = "xinglin.live"


@dataclass(frozen=True, slots=True)
class Ticket:
    """``session`` is the digest of the session's topic, ``made`` seconds since 1970."""

    kind: str
    topics: tuple[str, ...]
    session: str
    made: float


def make(kind: str, topics: Iterable[str], *, session: str, now: float) -> str:
    """A ticket for the session with that key."""
    held = {
        "k": kind, "t": sorted(telling.digest(topic) for topic in topics),
        "s": telling.digest(sessions.topic(session)), "m": round(now, 3),
    }  # fmt: skip
    return signing.dumps(held, salt=_SALT, compress=True)


def read(text: str, *, session: str, now: float) -> Ticket:
    """The ticket, if it is ours, of this session and not too old; else ``forbidden``."""
    try:
        held = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        raise _stale() from None
    ticket = Ticket(held["k"], tuple(held["t"]), held["s"], held["m"])
    own = ticket.session == telling.digest(sessions.topic(session))
    if not own or not -SECONDS < now - ticket.made < SECONDS:
        raise _stale()
    return ticket


def _stale() -> Fault:
    return forbidden("This ticket does not hold, or does not hold any more. Load the page again.")
