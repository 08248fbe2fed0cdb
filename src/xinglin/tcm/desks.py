"""The desks of Chinese medicine, beside each other on its first page; each package offers its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.utils.functional import _StrPromise

    from xinglin.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Desk:
    """``url`` is the name of its page; desks stand in the order of ``rank``."""

    rank: int
    name: _StrPromise
    url: str
    open_to: Callable[[Actor], bool]


_desks: dict[str, Desk] = {}


def offer(desk: Desk) -> None:
    """Put a desk onto the first page."""
    _desks[desk.url] = desk


def shown(actor: Actor) -> list[tuple[str, str]]:
    """(name, address) of what the actor may open."""
    ordered = sorted(_desks.values(), key=lambda desk: (desk.rank, desk.url))
    return [(str(desk.name), reverse(desk.url)) for desk in ordered if desk.open_to(actor)]
