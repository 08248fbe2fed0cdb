"""What senders commonly get wrong, put right before a message is mapped; each time with a warning.

The raw message stays as it was. Only what has one meaning is changed: a unit such as ``10^9/L`` whose ``^`` was not
escaped, a reference range with a ``~`` in it, a text that was sent line by line, results that could not be told apart.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import WARNING, Reason
from xinglin.exchange.hl7v2 import separators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.hl7v2.messages import Segment
    from xinglin.exchange.hl7v2.structures import Group

_TEXTS = frozenset({"TX", "FT", "ST"})
_DIGITS = re.compile(r"\s*\d{1,2}(?:[^\d].*)?")


def mend(root: Group) -> list[Reason]:
    """Change the segments in the groups; what was changed."""
    reasons: list[Reason] = []
    for group in root.all_groups():
        for segment in group.own.get("OBX", ()):
            reasons += _units(segment)
            _range(segment)
        if len(group.groups.get("OBSERVATION", ())) > 1:
            _join_lines(group)
            reasons += _tell_apart(group)
    return reasons


def _units(segment: Segment) -> list[Reason]:
    """OBX-6: ``10^9/L`` is one unit and not two components."""
    raw, marks = segment.raw(6), segment.separators
    if marks.component not in raw:
        return []
    head, mark, tail = raw.partition(marks.component)
    if not mark or not head.strip().endswith("10") or not _DIGITS.fullmatch(tail) or not marks.escape:
        return []
    unit, *rest = tail.split(marks.component)
    escaped = f"{marks.escape}S{marks.escape}"
    segment.put(6, marks.component.join([f"{head}{escaped}{unit}", *rest]))
    said = gettext_noop(
        "The “%(mark)s” in the unit %(unit)s is not escaped; it was read as part of the unit."
    )
    params = {"mark": marks.component, "unit": f"{head}{mark}{unit}"}
    return [Reason(WARNING, "structure", f"OBX[{segment.index}]-6", said, params)]


def _range(segment: Segment) -> None:
    """OBX-7 is one text and does not repeat: ``3.5~5.5`` is what is meant."""
    raw, marks = segment.raw(7), segment.separators
    if any(mark in raw for mark in (marks.component, marks.repetition, marks.subcomponent)) and marks.escape:
        segment.put(7, separators.write(separators.read(raw, marks, segment.codec), marks))


def _join_lines(group: Group) -> None:
    """Texts of one item, sent in an OBX for each line, become one text of several lines."""
    kept: list[Group] = []
    for _, run in groupby(group.groups["OBSERVATION"], key=_line_of):
        first, *others = run
        kept.append(first)
        if not others:
            continue
        segment = first.own["OBX"][0]
        lines = [part.own["OBX"][0].raw(5) for part in (first, *others)]
        segment.put(5, segment.separators.repetition.join(lines))
        for other in others:
            for name, found in other.own.items():
                if name != "OBX":
                    first.own.setdefault(name, []).extend(found)
    group.groups["OBSERVATION"] = kept


def _line_of(group: Group) -> tuple[object, ...]:
    """The same for texts that are lines of one; else different for every group."""
    found = group.own.get("OBX")
    if not found or found[0].raw(2) not in _TEXTS or found[0].raw(6):
        return (id(group),)
    return (found[0].raw(2) == "ST", found[0].raw(3), found[0].raw(4))


def _tell_apart(group: Group) -> Iterator[Reason]:
    """Results of one item and sub-id in one order get sub-ids."""
    seen: dict[tuple[str, str], int] = {}
    for inner in group.groups["OBSERVATION"]:
        for segment in inner.own.get("OBX", ()):
            key = (segment.raw(3), segment.raw(4))
            seen[key] = count = seen.get(key, 0) + 1
            if count == 1 or segment.raw(2) in {"ED", "RP"}:
                continue
            segment.put(4, f"{key[1]}.{count}" if key[1] else str(count))
            said = gettext_noop(
                "The order has this item more than once without sub-ids (OBX-4); they were counted."
            )
            yield Reason(WARNING, "duplicate", f"OBX[{segment.index}]-3", said)
