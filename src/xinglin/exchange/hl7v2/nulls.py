"""What a message takes away: fields that hold two quotes, and events that take something back.

An empty field says nothing, so that what is known stays; ``""`` says that there is nothing any more.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xinglin.exchange.hl7v2 import paths, separators

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.exchange.hl7v2.messages import Message
    from xinglin.exchange.hl7v2.structures import Group


class _Null(NamedTuple):
    segment: str
    field: int
    event: str
    type: str
    elements: tuple[str, ...]


@cache
def _nulls() -> tuple[_Null, ...]:
    rows = tomllib.loads((Path(__file__).parent / "data" / "nulls.toml").read_text(encoding="utf-8"))["null"]
    found = []
    for row in rows:
        segment, _, number = row.get("field", "").partition("-")
        found.append(
            _Null(segment, int(number or 0), row.get("event", ""), row["type"], tuple(row["elements"]))
        )
    return tuple(found)


def take_away(message: Message, root: Group, resources: Iterable[dict[str, Any]]) -> None:
    """Put None in the place of elements that the message takes away and says nothing else of."""
    if separators.NULL not in message.text and not any(null.event == message.kind for null in _nulls()):
        return
    for null in _nulls():
        if not _holds(null, message, root):
            continue
        for resource in resources:
            if resource["resourceType"] == null.type:
                for name in null.elements:
                    resource.setdefault(name, None)


def _holds(null: _Null, message: Message, root: Group) -> bool:
    if null.event:
        return null.event == message.kind
    segment = paths.first(root, null.segment)
    return segment is not None and segment.raw(null.field) == separators.NULL
