"""Who may have a stream: a page of the platform itself, whose session holds, with tickets of that session.

The cookie says who it is, the tickets what that page may hear; neither is of use without the other, so an address that
is found in a log opens nothing. All of it is asked of the database, in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from xinglin.accounts import sessions
from xinglin.kernel.errors import forbidden
from xinglin.live import tickets
from xinglin.record import telling

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from typing import TypeVar

    from xinglin.kernel.errors import Fault

    T = TypeVar("T")

_MOST_TICKETS = 8
_TOGETHER = 500  # sessions that are looked at in one question


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a stream is for: kinds by digests of topics, of what moment its page is, when it ends at the latest."""

    session: str
    topic: str
    waits: dict[str, frozenset[str]]
    since: float
    until: float


def require_own_page(origin: str, host: str, *, pages: int) -> None:
    """Raise ``forbidden`` for a page that is not the platform's: ``host`` is what was asked, ``pages`` its pages' port.

    A browser that asks the same origin says no ``Origin``.
    """
    if not origin:
        return
    given = settings.SETTINGS.base_url
    asked = urlsplit(origin)
    if given:
        ours = urlsplit(given)
        own = (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc)
    else:
        own = asked.hostname == urlsplit(f"//{host}").hostname and (asked.port or 80) == pages
    if not own:
        raise forbidden("Only pages of the platform itself may listen.")


def admit(key: str, given: Sequence[str], *, now: datetime) -> Admitted:
    """What the session with that key may hear by these tickets; ``forbidden`` if it does not hold, or they do not."""
    moment = now.timestamp()
    if not key or not given or len(given) > _MOST_TICKETS:
        raise _nobody()
    read = [tickets.read(text, session=key, now=moment) for text in given]
    if key not in _asked(partial(sessions.standing, [key], now=now)):
        raise _nobody()
    waits: dict[str, frozenset[str]] = {}
    for ticket in read:
        for topic in ticket.topics:
            waits[topic] = waits.get(topic, frozenset()) | {ticket.kind}
    since = min(ticket.made for ticket in read)
    return Admitted(key, telling.digest(sessions.topic(key)), waits, since, since + tickets.SECONDS)


def ended(keys: Collection[str], *, now: datetime) -> set[str]:
    """Which of these sessions hold no more."""
    every = list(keys)
    standing: set[str] = set()
    for at in range(0, len(every), _TOGETHER):
        part = every[at : at + _TOGETHER]
        standing.update(_asked(partial(sessions.standing, part, now=now)))
    return set(every) - standing


def _asked(question: Callable[[], T]) -> T:
    """The answer, with a connection that is opened anew where the server has closed it meanwhile."""
    try:
        return question()
    except (OperationalError, InterfaceError):
        connection.close()
        return question()


def _nobody() -> Fault:
    return forbidden("A stream needs a session that holds, and tickets.")
