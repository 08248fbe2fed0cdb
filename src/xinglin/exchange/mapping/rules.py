"""What may follow what in the life of a version, and when a sample is passed. Pure."""

from __future__ import annotations

import json
from difflib import unified_diff
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict

if TYPE_CHECKING:
    from xinglin.exchange.doors import Translated


class State(StrEnum):
    """A version's states, in the order in which it takes them."""

    DRAFT = "draft"
    TESTED = "tested"
    IN_FORCE = "in force"
    RETIRED = "retired"


NEXT = {
    State.DRAFT: frozenset({State.TESTED}),
    State.TESTED: frozenset({State.DRAFT, State.IN_FORCE}),
    State.IN_FORCE: frozenset({State.RETIRED}),
    State.RETIRED: frozenset(),
}
EDITABLE = frozenset({State.DRAFT, State.TESTED})

_REFUSED = {
    State.TESTED: gettext_noop("Only a draft is tested; this version is no draft any more."),
    State.IN_FORCE: gettext_noop("Only a version that has passed its samples takes effect. Test it first."),
    State.RETIRED: gettext_noop("Only a version in force is retired."),
}


def require_step(now: State, then: State) -> None:
    """Fault ``conflict`` for a step that does not follow."""
    if then not in NEXT[now]:
        raise conflict(
            _REFUSED.get(then, gettext_noop("This version is not changed any more. Make a new one of it."))
        )


def require_editable(state: State) -> None:
    if state not in EDITABLE:
        raise conflict(gettext_noop("This version is not changed any more. Make a new one of it."))


def as_value(made: Translated) -> dict[str, Any]:
    """What came of a message, as a sample's expectation keeps it: in a fixed order."""
    return {
        "resources": sorted(made.resources, key=lambda one: (one["resourceType"], one["id"])),
        "deletes": sorted(made.deletes),
        "links": sorted(made.links),
        "reasons": [[one.severity, one.code, one.place, one.words] for one in made.reasons],
    }


def as_text(value: dict[str, Any]) -> str:
    """A value as it is shown and compared: one member to a line, in the order of names."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)


def difference(expected: str, found: str) -> str:
    """How a result differs from what is expected; empty if it does not."""
    if expected == found:
        return ""
    return "\n".join(
        unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", lineterm="", n=2)
    )


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """The lines of two texts as (" ", "-", "+" or "@", line)."""
    told = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3))[2:]
    return [(line[:1], line if line[:1] == "@" else line[1:]) for line in told]
