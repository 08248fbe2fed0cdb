"""The pages of the exchange, beside each other: every door's package may put its own there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from xinglin.exchange.rights import Right, may

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from xinglin.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Tab:
    """``url`` is the name of the page; tabs stand in the order of ``rank``."""

    rank: int
    name: _StrPromise
    url: str
    right: Right


@dataclass(frozen=True, slots=True)
class Shown:
    """A tab as it is drawn for a reader."""

    name: _StrPromise
    address: str
    current: bool


_tabs: dict[str, Tab] = {}


def offer(tab: Tab) -> None:
    """Put a page beside the others; when the applications get ready."""
    _tabs[tab.url] = tab


def shown(actor: Actor, path: str) -> list[Shown]:
    """What the actor may open; current is the one with the longest address that ``path`` lies below."""
    ordered = sorted(_tabs.values(), key=lambda tab: (tab.rank, tab.url))
    open_ = [(tab, reverse(tab.url)) for tab in ordered if may(actor, tab.right)]
    here = max((address for _, address in open_ if path.startswith(address)), key=len, default="")
    return [Shown(tab.name, address, address == here) for tab, address in open_]
