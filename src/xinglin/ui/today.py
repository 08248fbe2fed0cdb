"""What waits for whom: each package of pages tells what its readers have to do, and the first page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.utils.functional import _StrPromise

    from xinglin.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Work:
    """One line: what waits, how many, and the address where it is done; ``urgent`` stands out where there is any."""

    name: _StrPromise | str
    count: int
    address: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A card of the first page. ``tell`` is asked when the card is shown, so a slow one keeps nobody waiting."""

    rank: int
    key: str
    name: _StrPromise
    open_to: Callable[[Actor], bool]
    tell: Callable[[Actor], Sequence[Work]]


_parts: dict[str, Part] = {}


def offer(part: Part) -> None:
    """Put a card onto the first page; when the applications get ready."""
    _parts[part.key] = part


def parts(actor: Actor) -> list[Part]:
    """The cards of a reader, in order."""
    return sorted((one for one in _parts.values() if one.open_to(actor)), key=lambda one: (one.rank, one.key))


def told(actor: Actor, key: str) -> tuple[Part, list[Work]]:
    """A card with its lines, what is urgent first; ``not_found`` also where it is not the reader's."""
    part = _parts.get(key)
    if part is None or not part.open_to(actor):
        raise not_found(gettext_noop("There is no such work."))
    work = sorted(part.tell(actor), key=lambda one: not (one.urgent and one.count))
    return part, work
