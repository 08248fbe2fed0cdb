"""The administrative tree: codes of twelve digits, what they meant when, and what became of them.

Two digits say the province, four the prefecture, six the county (GB/T 2260), nine the township (GB/T 10114), twelve
the village or residents' committee; a shorter code is filled up with zeros. A code's meaning is a *phase*: name and
parent, from one day to before another, ``None`` where there is no such day. A *succession* says that on a day a code
went over into another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.directory.rules.problems import Wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HEADS = (2, 4, 6, 9, 12)
"""How many digits say a division of each level, the province's first."""

SYSTEM = "urn:xinglin:codes:division"
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Phase:
    """What a code meant from ``start`` to before ``end``."""

    code: str
    name: str
    parent: str | None = None
    start: date | None = None
    end: date | None = None
    urban_rural: str = ""

    def holds(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Succession:
    """On ``day`` the code ``former`` went over into ``latter``; ``kind`` is a key of ``data/succession_kinds``."""

    former: str
    latter: str
    day: date
    kind: str


def day_of(text: str | None) -> date | None:
    """The day that a value such as 2024-01-31 says; None for an empty one."""
    return date.fromisoformat(text) if text else None


def full(text: str) -> str:
    """The twelve digits of a code given with 2, 4, 6, 9 or 12 of them. Raises ``Wrong``."""
    if not _DIGITS.fullmatch(text) or not text.isascii():
        raise Wrong(gettext_noop("A division code has digits only; %(text)s has others."), text=text)
    if len(text) not in HEADS:
        raise Wrong(
            gettext_noop("A division code has 2, 4, 6, 9 or 12 digits; this has %(count)s."), count=len(text)
        )
    code = text.ljust(12, "0")
    if code[:2] < "11" or code[:2] > "83":
        raise Wrong(
            gettext_noop("No province has the number %(head)s; they lie between 11 and 83."), head=code[:2]
        )
    if _broken(code):
        raise Wrong(
            gettext_noop(
                "After a part of zeros nothing may follow: %(division)s would be a division of none."
            ),
            division=code,
        )
    return code


def _broken(code: str) -> bool:
    """Whether a township stands in no county and no prefecture, or a village in no township."""
    village, township, county = code[9:] != "000", code[6:9] != "000", code[2:6] != "0000"
    return (village and not township) or (township and not county)


def level(code: str) -> int:
    """1 province, 2 prefecture, 3 county, 4 township, 5 village."""
    return next(n for n, digits in enumerate(HEADS, 1) if not code[digits:].strip("0"))


def head(code: str) -> str:
    """The digits that say something: 459802001 for 459802001000."""
    return code[: HEADS[level(code) - 1]]


def above(code: str) -> list[str]:
    """The codes that may be the parent by the digits alone, the nearest first."""
    found = dict.fromkeys(code[:digits].ljust(12, "0") for digits in reversed(HEADS[: level(code) - 1]))
    return [one for one in found if one != code]


def require_parent(code: str, parent: str) -> None:
    """A parent is of a higher level; so no chain of parents comes back to where it began."""
    if parent == code:
        raise Wrong(gettext_noop("%(division)s cannot be a part of itself."), division=head(code))
    if level(parent) >= level(code):
        raise Wrong(
            gettext_noop("%(parent)s is not above %(division)s: a parent's code has fewer digits that are not zero."),
            parent=head(parent), division=head(code),
        )  # fmt: skip


def require_span(start: date | None, end: date | None) -> None:
    if start is not None and end is not None and end <= start:
        raise Wrong(
            gettext_noop("It would end on %(end)s, but begins only on %(start)s."),
            end=end.isoformat(), start=start.isoformat(),
        )  # fmt: skip


def overlap(one: Phase, other: Phase) -> bool:
    """Whether there is a day on which both hold."""
    return (one.start is None or other.end is None or one.start < other.end) and (
        other.start is None or one.end is None or other.start < one.end
    )


def overlapping(phases: Sequence[Phase]) -> tuple[Phase, Phase] | None:
    """Two phases of one code that hold on one day, if there are any."""
    ordered = sorted(phases, key=lambda p: (p.code, p.start or date.min))
    for before, after in pairwise(ordered):
        if before.code == after.code and overlap(before, after):
            return before, after
    return None


def at(phases: Iterable[Phase], day: date) -> Phase | None:
    """The phase that holds on ``day``."""
    return next((phase for phase in phases if phase.holds(day)), None)


def resolve(
    code: str, day: date, *, in_force: Callable[[str], bool], after: Callable[[str], Iterable[Succession]]
) -> list[str]:
    """What ``code`` has become by ``day``: itself while it is in force, else its successors, and theirs.

    A code that has ended without a successor gives nothing. Going round in a circle ends where it began.
    """
    if in_force(code):
        return [code]
    seen, found, open_ = {code}, [], [code]
    while open_:
        for succession in sorted(after(open_.pop(0)), key=lambda s: (s.day, s.latter)):
            latter = succession.latter
            if succession.day > day or latter in seen:
                continue
            seen.add(latter)
            if in_force(latter):
                found.append(latter)
            else:
                open_.append(latter)
    return sorted(found)


def require_succession(succession: Succession, phases: Sequence[Phase]) -> None:
    """A code goes over into another of its level or above, on a day on which it no longer holds."""
    if succession.former == succession.latter:
        raise Wrong(gettext_noop("A code cannot be its own successor."))
    if at(phases, succession.day) is not None:
        raise Wrong(
            gettext_noop("%(division)s is still in force on %(day)s; end it on that day, or give a later day."),
            division=head(succession.former), day=succession.day.isoformat(),
        )  # fmt: skip
