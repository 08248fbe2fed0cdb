"""The main navigation, and the boards for walls: each package says where its pages are and who may open them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.utils.functional import _StrPromise

    from xinglin.kernel.actor import Actor


def everybody(_: Actor) -> bool:
    """Whoever is signed in."""
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation.

    ``url`` is the name of its first page; ``under`` are the beginnings of the paths of all of them; places stand in
    the order of ``rank``.
    """

    rank: int
    name: _StrPromise
    url: str
    under: tuple[str, ...]
    open_to: Callable[[Actor], bool] = everybody


@dataclass(frozen=True, slots=True)
class Board:
    """A page of figures that can hang on a wall: seen from afar, kept fresh, in turn with the others by ``rank``."""

    rank: int
    name: _StrPromise
    url: str
    open_to: Callable[[Actor], bool]


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry as it is drawn for a reader."""

    name: _StrPromise
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """The places that stand in the bar, and those in the menu beside them."""

    first: list[Shown]
    more: list[Shown]

    @property
    def within(self) -> bool:
        """Whether the current place is in the menu."""
        return any(place.current for place in self.more)


_IN_BAR = 6  # as many fit beside the search in either language
_places: dict[str, Place] = {}
_boards: dict[str, Board] = {}


def offer(place: Place) -> None:
    """Put a place into the navigation; when the applications get ready."""
    _places[place.url] = place


def places(actor: Actor, path: str) -> list[Shown]:
    """What the actor may open, in order; the one that ``path`` lies in, the innermost where several are, is current."""
    ordered = sorted(_places.values(), key=lambda place: (place.rank, place.url))
    open_ = [(place, reverse(place.url)) for place in ordered if place.open_to(actor)]
    depths = [_depth(place, address, path) for place, address in open_]
    deepest = max(depths, default=0)
    return [
        Shown(place.name, address, bool(deepest) and depth == deepest)
        for (place, address), depth in zip(open_, depths, strict=True)
    ]


def _depth(place: Place, address: str, path: str) -> int:
    """How much of the path is the place's own; 0 if it does not lie in it."""
    if path == address:
        return len(path) + 1
    return max((len(under) for under in place.under if path.startswith(under)), default=0)


def bar(actor: Actor, path: str) -> Bar:
    """The same for the bar: where not all fit, the last ones go into a menu."""
    shown = places(actor, path)
    first = len(shown) if len(shown) <= _IN_BAR else _IN_BAR - 1
    return Bar(shown[:first], shown[first:])


def offer_board(board: Board) -> None:
    """Let a page of figures hang on walls; when the applications get ready."""
    _boards[board.url] = board


def boards(actor: Actor, path: str) -> list[Shown]:
    """The boards that the actor may open, in the order in which they take turns."""
    ordered = sorted(_boards.values(), key=lambda board: (board.rank, board.url))
    return [
        Shown(board.name, address, address == path)
        for board in ordered
        if board.open_to(actor)
        for address in (reverse(board.url),)
    ]
