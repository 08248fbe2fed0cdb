"""What is said of a parameter that cannot be understood.

Every message names the parameter, what was offered, and what would be right.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable


class Refused(Exception):  # noqa: N818 -- carries one issue from deep in the grammar to the top of it
    """One parameter cannot be used; ``kind`` is invalid or unsupported."""

    def __init__(self, issue: Issue, kind: Kind = Kind.INVALID) -> None:
        super().__init__(issue.text)
        self.issue = issue
        self.kind = kind

    def fault(self) -> Fault:
        return Fault(self.kind, [self.issue])


def nearest(offered: str, allowed: Iterable[str]) -> str:
    """The allowed name most like the one offered, or all of them when none is."""
    names = sorted(allowed)
    close = get_close_matches(offered, names, n=1, cutoff=0.6)
    return close[0] if close else ", ".join(names)


def unknown_parameter(name: str, code: str, type_: str, allowed: Iterable[str]) -> Refused:
    return Refused(
        Issue(
            "not-supported",
            "Unknown search parameter %(name)s for %(type)s. Known here: %(allowed)s.",
            {"name": name, "type": type_, "allowed": nearest(code, allowed)},
        )
    )


def unknown_modifier(name: str, modifier: str, allowed: Iterable[str]) -> Refused:
    return Refused(
        Issue(
            "not-supported",
            "Search parameter %(name)s has no modifier :%(modifier)s. Allowed: %(allowed)s.",
            {"name": name, "modifier": modifier, "allowed": nearest(modifier, allowed) or "none"},
        )
    )


def wrong_value(name: str, value: str, wanted: str) -> Refused:
    return Refused(
        Issue(
            "value",
            "Search parameter %(name)s cannot have the value %(value)r. It should be %(wanted)s.",
            {"name": name, "value": value, "wanted": wanted},
        )
    )


def unknown_type(name: str, offered: str, allowed: Iterable[str]) -> Refused:
    return Refused(
        Issue(
            "value",
            "Search parameter %(name)s names the resource type %(offered)s. Allowed: %(allowed)s.",
            {"name": name, "offered": offered, "allowed": nearest(offered, allowed)},
        )
    )


def no_reference(name: str, parameter: str, type_: str) -> Refused:
    return Refused(
        Issue(
            "value",
            "In search parameter %(name)s, %(parameter)s of %(type)s is no reference, so nothing can follow it.",
            {"name": name, "parameter": parameter, "type": type_},
        )
    )


def unsupported(name: str, reason: str) -> Refused:
    return Refused(
        Issue(
            "not-supported",
            "Search parameter %(name)s is not supported: %(reason)s.",
            {"name": name, "reason": reason},
        ),
        Kind.UNSUPPORTED,
    )


def too_costly(name: str, reason: str) -> Refused:
    return Refused(
        Issue(
            "too-costly",
            "Search parameter %(name)s asks for too much: %(reason)s.",
            {"name": name, "reason": reason},
        )
    )
