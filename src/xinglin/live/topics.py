"""Kinds of what a page may hear, and by which topics each reader is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from django.http import HttpRequest

    Reach = Callable[[HttpRequest], Iterable[str]]

_reaches: dict[str, list[Reach]] = {}


def offer(kind: str, reach: Reach) -> None:
    """Let pages hear a kind: ``reach`` gives the topics for whoever asks, who is signed in; none where they may not.

    Several packages may offer the same kind; a reader hears all that any of them gives.
    """
    known = _reaches.setdefault(kind, [])
    if reach not in known:
        known.append(reach)


def reached(request: HttpRequest, kind: str) -> Collection[str]:
    """The topics of a kind that the asker may hear; none of a kind that nobody offers."""
    return {topic for reach in _reaches.get(kind, ()) for topic in reach(request)}
