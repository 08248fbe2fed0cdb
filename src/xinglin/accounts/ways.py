"""What other packages put on the pages of signing in and of one's own account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Way:
    """A link: the name of its address, and what it says at this moment; nothing said, nothing shown."""

    url: str
    saying: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A link as it is drawn."""

    name: str
    address: str


_ways: dict[str, dict[str, Way]] = {"sign-in": {}, "own": {}}


def offer(place: str, way: Way) -> None:
    """Put a link on ``sign-in`` or ``own``; when the applications get ready."""
    _ways[place][way.url] = way


def shown(place: str) -> list[Shown]:
    """The links of a page."""
    return [Shown(name, reverse(way.url)) for way in _ways[place].values() if (name := way.saying())]
