"""The numbers that matter to whom: each package of pages tells its readers' own, and the first page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.utils.functional import _StrPromise

    from xinglin.kernel.actor import Actor

MOST = 8
"""More than these nobody takes in at a glance."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: what it is of, how it is written with its unit, of which time or whole, and where it comes from.

    ``tone`` is ``good``, ``bad`` or empty; what is bad also says so in ``note``.
    """

    name: _StrPromise | str
    value: str
    note: _StrPromise | str = ""
    address: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """Some numbers of a package. ``tell`` is asked when they are shown; it must be quick."""

    rank: int
    key: str
    open_to: Callable[[Actor], bool]
    tell: Callable[[Actor], Sequence[Figure]]


_strips: dict[str, Strip] = {}


def offer(strip: Strip) -> None:
    """Put numbers onto the first page; when the applications get ready."""
    _strips[strip.key] = strip


def any_for(actor: Actor) -> bool:
    """Whether there may be numbers for a reader."""
    return any(one.open_to(actor) for one in _strips.values())


def told(actor: Actor) -> list[Figure]:
    """A reader's numbers in order; those that cannot be had now are left out, and keep no other back."""
    found: list[Figure] = []
    for strip in sorted(_strips.values(), key=lambda one: (one.rank, one.key)):
        if not strip.open_to(actor):
            continue
        try:
            found += strip.tell(actor)
        except Fault:
            continue
    return found[:MOST]
