"""How a message's segments belong together, as far as the standard says, and as far as senders keep to it.

``data/structures.toml`` gives the abstract message of each kind. ``assemble`` walks through a message's segments and
puts each into its group: forward in the group that is open, else into a new repetition of it, else further out. A
group may be entered without its first segment; a segment that comes too late is put where it belongs; one that
belongs nowhere (Z…) stays in the group that is open. All of that is said, none of it is a reason to stop.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, WARNING, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xinglin.exchange.hl7v2.messages import Message, Segment

_TOKEN = re.compile(
    r"\s*(?:(?P<close>\))(?P<after>[?*+]?!?)|(?P<name>[A-Z][A-Z0-9_]*)(?:(?P<open>@?\()|(?P<mark>[?*+]?!?)))"
)


class Element:
    """A segment or a group in its place within a group's shape."""

    __slots__ = (
        "anchored",
        "asked",
        "children",
        "depths",
        "is_group",
        "name",
        "needed",
        "openers",
        "owns",
        "repeats",
        "required",
        "ways",
    )

    def __init__(self, name: str, mark: str, children: tuple[Element, ...] | None, *, anchored: bool) -> None:
        self.name = name
        self.is_group = children is not None
        self.children = children or ()
        self.repeats = "*" in mark or "+" in mark
        self.needed = "!" in mark
        self.required = self.needed or not ("*" in mark or "?" in mark)
        self.anchored = anchored  # entered by its first segment alone
        self.owns = frozenset(child.name for child in self.children if not child.is_group)
        self.depths: dict[str, int] = dict.fromkeys(self.owns, 0)  # of all names below, segments and groups
        self.ways: dict[
            str, tuple[str, ...]
        ] = {}  # for a name further down: the child groups that lead to it
        for child in self.children:
            if child.is_group:
                self._reach(child)
        self.asked = tuple(
            child for child in self.children if child.needed or (child.required and not child.is_group)
        )  # what is remarked when it is missing
        self.openers = frozenset(self._openers())  # by which the group may begin anew

    def _openers(self) -> Iterator[str]:
        for child in self.children:
            yield from child.openers if child.is_group else (child.name,)
            if child.required or self.anchored:
                return

    def _reach(self, child: Element) -> None:
        for name, depth in chain([(child.name, -1)], child.depths.items()):
            known = self.depths.get(name)
            if known is None or depth + 1 < known:
                self.depths[name] = depth + 1
                self.ways[name] = (child.name,)
            elif depth + 1 == known and depth >= 0 and child.name not in self.ways.get(name, (child.name,)):
                self.ways[name] += (child.name,)

    def admits(self, name: str) -> bool:
        """Whether a segment of that name may open this group."""
        if not self.anchored:
            return name in self.depths
        return bool(self.children) and self.children[0].name == name


class Group:
    """Segments that belong together in one message; the root group is the message."""

    __slots__ = ("element", "groups", "index", "own", "parent", "seen")

    def __init__(self, element: Element, parent: Group | None, index: int = 1) -> None:
        self.element = element
        self.parent = parent
        self.index = index  # which of its name in its parent, from 1
        self.own: dict[str, list[Segment]] = {}
        self.groups: dict[str, list[Group]] = {}
        self.seen: dict[str, Segment | None] = {}  # what paths have found from here: see paths.first

    @property
    def name(self) -> str:
        return self.element.name

    def find(self, name: str) -> Sequence[Segment]:
        """The segments of that name that belong to this group, or to the nearest groups within that have such."""
        found = self.own.get(name)
        if found is not None:
            return found
        element = self.element
        if name in element.owns:
            return ()
        ways = element.ways.get(name)
        if ways is None:
            return () if name in element.depths else self._anywhere(name)
        groups = self.groups
        if len(ways) == 1:
            inner = groups.get(ways[0], ())
            if len(inner) == 1:
                return inner[0].find(name)
        return [segment for way in ways for group in groups.get(way, ()) for segment in group.find(name)]

    def _anywhere(self, name: str) -> list[Segment]:
        """Segments that no structure tells of."""
        return [
            segment for groups in self.groups.values() for group in groups for segment in group.find(name)
        ]

    def within(self, name: str) -> list[Group]:
        """The groups of that name, the nearest level that has such."""
        if name in self.groups:
            return self.groups[name]
        return [found for groups in self.groups.values() for group in groups for found in group.within(name)]

    def all_groups(self) -> list[Group]:
        """This one and all within."""
        found = [self]
        for group in found:
            for inner in group.groups.values():
                found += inner
        return found

    @property
    def place(self) -> str:
        """``PATIENT_RESULT/ORDER_OBSERVATION[2]``; empty for the message."""
        if self.parent is None:
            return ""
        mine = self.name if self.index == 1 else f"{self.name}[{self.index}]"
        return f"{self.parent.place}/{mine}" if self.parent.parent is not None else mine

    def __repr__(self) -> str:
        return f"Group({self.place or self.name!r})"


@dataclass(frozen=True, slots=True)
class Structure:
    """The shape of a kind of message. ``several`` names the group that has a patient of its own each time;
    ``steps`` remembers where a segment goes after another.
    """

    name: str
    kinds: frozenset[str]
    root: Element
    several: str = ""
    steps: dict[tuple[int, ...], dict[str, tuple[Step, ...]]] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One way to place a segment: how many of the open groups stay open, which are opened, and where it then stands.

    ``renews`` names the segment by which the group is known that is begun anew: one that has not had it yet goes on
    instead. ``aside``: out of place; put where it belongs, while all goes on from where it stood.
    """

    keep: int
    opens: tuple[Element, ...]
    at: tuple[int, ...] = ()  # the place in the shape: an index per level
    renews: str = ""
    aside: bool = False


def parse(name: str, shape: str) -> Element:
    """The root element of a shape; raises ``ValueError`` with the offset of what is wrong."""
    levels: list[tuple[str, bool, list[Element]]] = [(name, False, [])]
    at = 0
    while shape[at:].strip():
        found = _TOKEN.match(shape, at)
        if found is None:
            raise ValueError(f"{name}: cannot be read at offset {at}: {shape[at : at + 12]!r}")
        at = found.end()
        if found["open"]:
            levels.append((found["name"], found["open"] == "@(", []))
        elif found["name"]:
            levels[-1][2].append(Element(found["name"], found["mark"], None, anchored=False))
        elif len(levels) == 1:
            raise ValueError(f"{name}: nothing to close at offset {at}")
        else:
            inner, anchored, children = levels.pop()
            levels[-1][2].append(Element(inner, found["after"], tuple(children), anchored=anchored))
    if len(levels) > 1:
        raise ValueError(f"{name}: {levels[-1][0]} is not closed")
    return Element(name, "", tuple(levels[0][2]), anchored=False)


@cache
def structures() -> dict[str, Structure]:
    """The shipped structures, by kind of message."""
    text = (Path(__file__).parent / "data" / "structures.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["structure"]
    made = [
        Structure(
            row["name"], frozenset(row["kinds"]), parse(row["name"], row["shape"]), row.get("several", "")
        )
        for row in rows
    ]
    return {kind: structure for structure in made for kind in structure.kinds}


_ANY = Structure(
    "ANY", frozenset(), Element("ANY", "", (Element("MSH", "", None, anchored=False),), anchored=False)
)


def assemble(message: Message, structure: Structure | None) -> tuple[Group, list[Reason]]:
    """The message as groups, and what is missing or out of place. Without a structure all stands in one group."""
    known = structure or _ANY
    root = Group(known.root, None)
    open_groups = [root]
    at: tuple[int, ...] = (-1,)
    reasons: list[Reason] = []
    for segment in message.segments:
        name = segment.name
        step = _chosen(_ways_on(known, at, name), open_groups, name)
        group = open_groups[-1]
        if step is None:
            if name[0] != "Z" and structure is not None:
                reasons.append(_unexpected(segment, known))
        elif step.aside:
            group = open_groups[step.keep - 1]
            for element in step.opens:
                group = _opened(group, element, again=False)
            reasons.append(_out_of_place(segment, group))
        else:
            del open_groups[step.keep :]
            for element in step.opens:
                open_groups.append(_opened(open_groups[-1], element))
            group, at = open_groups[-1], step.at
        segment.group = group
        found = group.own.get(name)
        if found is None:
            group.own[name] = [segment]
        else:
            found.append(segment)
    if structure is not None:
        reasons.extend(missing(root))
    return root, reasons


def _ways_on(structure: Structure, at: tuple[int, ...], name: str) -> tuple[Step, ...]:
    """The ways to place ``name``, found once for each place; of names that are not known there is no end."""
    after = structure.steps.get(at)
    if after is None:
        after = structure.steps.setdefault(at, {})
    steps = after.get(name)
    if steps is None:
        if name not in structure.root.depths:
            return ()
        steps = after[name] = _steps(structure.root, at, name)
    return steps


def _chosen(steps: Iterable[Step], open_groups: list[Group], name: str) -> Step | None:
    """The first way that the groups open now allow."""
    for step in steps:
        if not step.renews:
            return step
        group = open_groups[step.keep]
        if group.find(name) or group.find(step.renews):
            return step
    return None


def _opened(parent: Group, element: Element, *, again: bool = True) -> Group:
    siblings = parent.groups.setdefault(element.name, [])
    if siblings and not again and not element.repeats:
        return siblings[-1]
    group = Group(element, parent, len(siblings) + 1)
    siblings.append(group)
    return group


def _unexpected(segment: Segment, structure: Structure) -> Reason:
    said = gettext_noop("%(segment)s is not expected in %(structure)s; it is passed over.")
    params = {"segment": segment.name, "structure": structure.name}
    return Reason(WARNING, "structure", f"{segment.name}[{segment.index}]", said, params)


def _out_of_place(segment: Segment, group: Group) -> Reason:
    said = gettext_noop("%(segment)s is out of place; it was read as part of %(group)s.")
    params = {"segment": segment.name, "group": group.name}
    return Reason(WARNING, "structure", f"{segment.name}[{segment.index}]", said, params)


def _steps(root: Element, at: tuple[int, ...], name: str) -> tuple[Step, ...]:
    """All ways to place ``name`` after the place ``at``, the best first."""
    open_elements = [root]
    for index in at[:-1]:
        open_elements.append(open_elements[-1].children[index])
    found: list[Step] = []
    for level in range(len(open_elements) - 1, -1, -1):
        element = open_elements[level]
        if forward := _forward(element, at[level], name):
            return (*found, Step(level + 1, forward[0], at[:level] + forward[1]))
        if level and element.repeats and name in element.openers and (forward := _forward(element, -1, name)):
            opens = (element, *forward[0])
            found.append(Step(level, opens, at[:level] + forward[1], renews=_first_needed(element)))
    for level in range(len(open_elements) - 1, -1, -1):
        if forward := _forward(open_elements[level], -1, name):
            return (*found, Step(level + 1, forward[0], aside=True))
    return tuple(found)


def _forward(group: Element, cursor: int, name: str) -> tuple[tuple[Element, ...], tuple[int, ...]] | None:
    """The next place for ``name`` from ``cursor`` on within a group: the groups to open and the indexes there."""
    for index in range(max(cursor, 0), len(group.children)):
        child = group.children[index]
        if index == cursor and (child.is_group or not child.repeats):
            continue  # a group that is open is begun anew by its openers alone
        if not child.is_group and child.name == name:
            return (), (index,)
        if child.is_group and child.admits(name) and (inner := _forward(child, -1, name)):
            return (child, *inner[0]), (index, *inner[1])
    return None


def missing(root: Group) -> list[Reason]:
    """What should be there and is not: an error where nothing can be made of the message without it."""
    reasons = []
    for group in root.all_groups():
        for element in group.element.asked:
            if element.name in group.own or element.name in group.groups:
                continue
            wanted = _first_needed(element)
            said = gettext_noop("%(segment)s is missing.")
            place = f"{group.place}/{wanted}" if group.place else wanted
            severity = ERROR if element.needed else WARNING
            reasons.append(Reason(severity, "required", place, said, {"segment": wanted}))
    return reasons


def _first_needed(element: Element) -> str:
    """The segment by which a group is known."""
    while element.is_group:
        element = next((child for child in element.children if child.needed), element.children[0])
    return element.name
