"""Places in a message, as mappings write them, and how they are found.

    PID-3.1                  component 1 of field 3 of PID; PID-3.4.2 a subcomponent
    PID-3[2].1               of the second repetition; PID-3[?5='MR'].1 of those whose component 5 is MR
    OBX[2]-5                 of the second OBX; OBX[?3.1='718-7']-5 of those whose OBX-3.1 is 718-7
    ORDER_OBSERVATION        a group; ORDER_OBSERVATION[1]/OBR-4 a field within
    .1                       component 1 of the field at hand (where a mapping goes through repetitions)
    ZPI-4                    any segment that the message has

A segment is looked for in the group at hand, else in the nearest groups within it that may have it, else in the groups
around it: from an OBX its OBR and its PID can be read, and an order's NTE are not those of its results. A path
without a component reads the first one, but all of a text (OBX-5 of type TX, FT or ST, and NTE-3), even if a separator
was not escaped there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.exchange.hl7v2 import separators
from xinglin.exchange.hl7v2.messages import Segment, part
from xinglin.exchange.hl7v2.structures import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MOST_FIELDS = 999
_PROSE = frozenset({"TX", "FT", "ST"})
_MAY_BE_PROSE = frozenset({("OBX", 5), ("NTE", 3)})
_STEP = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)(?:\[(?P<pick>[^\]]*)\])?")
_FIELD = re.compile(r"-(?P<number>[0-9]{1,3})(?:\[(?P<pick>[^\]]*)\])?")
_COMPONENT = re.compile(r"\.(?P<number>[0-9]{1,3})")
_PICK = re.compile(
    r"\?(?P<place>[0-9]{1,3}(?:\.[0-9]{1,3}){0,2})\s*(?P<sign>!?=)\s*(?P<quote>['\"])(?P<value>.*)(?P=quote)"
)


class Part:
    """A repetition of a field, or a component or subcomponent of it. Numbers count from 1; 0 for a whole."""

    __slots__ = ("component", "field", "raw", "repetition", "segment", "subcomponent")

    def __init__(
        self,
        raw: str,
        segment: Segment,
        field: int,
        repetition: int,
        component: int = 0,
        subcomponent: int = 0,
    ) -> None:
        self.raw = raw
        self.segment = segment
        self.field = field
        self.repetition = repetition
        self.component = component
        self.subcomponent = subcomponent

    def inner(self, number: int) -> Part | None:
        """Component ``number`` of a field, subcomponent ``number`` of a component."""
        segment = self.segment
        marks = segment.separators
        if self.subcomponent or _is_header_mark(segment, self.field):
            return self if number == 1 else None
        parts = self.raw.split(marks.subcomponent if self.component else marks.component)
        if number > len(parts):
            return None
        raw = parts[number - 1]
        if self.component:
            return Part(raw, segment, self.field, self.repetition, self.component, number)
        return Part(raw, segment, self.field, self.repetition, number)

    @property
    def text(self) -> str:
        raw, segment = self.raw, self.segment
        if not raw or raw == separators.NULL:
            return ""
        if _is_header_mark(segment, self.field):
            return raw
        marks = segment.separators
        if self.component or not _is_prose(segment, self.field):
            if not self.component:
                raw = raw.split(marks.component, 1)[0]
            if not self.subcomponent:
                raw = raw.split(marks.subcomponent, 1)[0]
        return separators.read(raw, marks, segment.codec)

    @property
    def place(self) -> str:
        segment = self.segment
        repetition = f"[{self.repetition}]" if self.repetition > 1 else ""
        component = f".{self.component}" if self.component else ""
        subcomponent = f".{self.subcomponent}" if self.subcomponent else ""
        return f"{place(segment)}-{self.field}{repetition}{component}{subcomponent}"


Node = Group | Segment | Part


def _is_prose(segment: Segment, field: int) -> bool:
    if segment.name == "OBX":
        return field == 5 and segment.raw(2) in _PROSE
    return field == 3 and segment.name == "NTE"


def _is_header_mark(segment: Segment, field: int) -> bool:
    return field <= 2 and segment.name == "MSH"


def text(node: Node) -> str:
    """A node's text; of a segment all of it, so that one that is there is not empty."""
    if isinstance(node, Part):
        return node.text
    return str(node) if isinstance(node, Segment) else node.name


def place(node: Node) -> str:
    """``OBX[2]-5``; the number of a segment only where it is not the first."""
    if isinstance(node, Segment):
        return f"{node.name}[{node.index}]" if node.index > 1 else node.name
    return node.place


def fields(segment: Segment, number: int) -> list[Part]:
    """The repetitions of a field; none where it is empty."""
    raw = segment.raw(number)
    if not raw:
        return []
    if _is_header_mark(segment, number):
        return [Part(raw, segment, number, 1)]
    repetitions = raw.split(segment.separators.repetition)
    return [Part(part, segment, number, at) for at, part in enumerate(repetitions, 1)]


def segments(node: Node, name: str) -> Sequence[Segment]:
    """The segments of that name as seen from a node: itself, in its group, within, or around."""
    if isinstance(node, Group):
        group = node
    else:
        segment = node.segment if isinstance(node, Part) else node
        if segment.name == name:
            return (segment,)
        if segment.group is None:
            return ()
        group = segment.group
    found = group.find(name)
    if name in group.element.depths:
        return found
    around = group.parent
    while around is not None and not found:
        if name in around.element.depths:
            return around.find(name)
        found = around.own.get(name, ())
        around = around.parent
    return found


def first(node: Node, name: str) -> Segment | None:
    """The first of ``segments``; found once for each group."""
    if isinstance(node, Group):
        group = node
    else:
        segment = node.segment if isinstance(node, Part) else node
        if segment.name == name:
            return segment
        if segment.group is None:
            return None
        group = segment.group
    try:
        return group.seen[name]
    except KeyError:
        found = segments(group, name)
        group.seen[name] = known = found[0] if found else None
        return known


def groups(node: Node, name: str) -> list[Group]:
    """The groups of that name as seen from a node: itself, within, or around."""
    if isinstance(node, Part):
        node = node.segment
    group: Group | None = node.group if isinstance(node, Segment) else node
    while group is not None:
        if group.name == name:
            return [group]
        if found := group.within(name):
            return found
        group = group.parent
    return []


@dataclass(frozen=True, slots=True)
class Pick:
    """Which of several: the one with that number, or those in which a place has a value."""

    number: int = 0
    numbers: tuple[int, ...] = ()
    value: str = ""
    wanted: bool = True

    def of(self, nodes: Iterable[Any]) -> list[Any]:
        if self.number:
            return [node for at, node in enumerate(nodes, 1) if at == self.number]
        return [node for node in nodes if (self._said(node) == self.value) is self.wanted]

    def _said(self, node: Segment | Part) -> str:
        if isinstance(node, Segment):
            number, *rest = self.numbers
            return node.text(number, *rest)
        part: Part | None = node
        for number in self.numbers:
            part = part.inner(number) if part is not None else None
        return part.text if part is not None else ""


@dataclass(frozen=True, slots=True)
class Path:
    """A path taken apart: groups, segment, field, components."""

    groups: tuple[tuple[str, Pick | None], ...] = ()
    segment: str = ""
    which: Pick | None = None
    field: int = 0
    repetition: Pick | None = None
    components: tuple[int, ...] = ()

    @property
    def is_inner(self) -> bool:
        """A component of the node at hand."""
        return bool(self.components) and not self.segment and not self.groups

    @property
    def is_plain(self) -> bool:
        """One field of the first segment of a name."""
        return bool(self.field) and not self.groups and self.which is None and self.repetition is None


def parse(path: str) -> Path:
    """Raises ``ValueError`` with what is wrong and the offset."""
    at = 0
    within: list[tuple[str, Pick | None]] = []
    if path.startswith("."):
        return Path(components=_components(path, 0))
    while True:
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError("the name of a segment or a group is missing here", at)
        pick = _pick(found, is_group=len(found["name"]) != 3)
        at = found.end()
        if path.startswith("/", at):
            within.append((found["name"], pick))
            at += 1
            continue
        break
    if at == len(path) and len(found["name"]) != 3:
        return Path((*within, (found["name"], pick)))
    if len(found["name"]) != 3:
        raise ValueError("“/” is missing behind the name of a group", at)
    if at == len(path):
        return Path(tuple(within), found["name"], pick)
    field = _FIELD.match(path, at)
    if field is None:
        raise ValueError("the number of a field is missing here, as in PID-3", at)
    number = int(field["number"])
    if not number:
        raise ValueError("fields are counted from 1", at + 1)
    components = _components(path, field.end())
    return Path(tuple(within), found["name"], pick, number, _pick(field, is_group=False), components)


def _components(path: str, at: int) -> tuple[int, ...]:
    numbers: list[int] = []
    while at < len(path):
        found = _COMPONENT.match(path, at)
        if found is None or len(numbers) == 2:
            raise ValueError("a component is written .1, its subcomponent .1.2", at)
        if not int(found["number"]):
            raise ValueError("components are counted from 1", at + 1)
        numbers.append(int(found["number"]))
        at = found.end()
    if not numbers and path.startswith("."):
        raise ValueError("the number of a component is missing here", 1)
    return tuple(numbers)


def _pick(found: re.Match[str], *, is_group: bool) -> Pick | None:
    written = found["pick"]
    if written is None:
        return None
    at = found.start("pick")
    if written.isdecimal() and int(written):
        return Pick(number=int(written))
    condition = _PICK.fullmatch(written)
    if condition is None or is_group:
        hint = "a number from 1" if is_group else "a number from 1, or a condition such as [?5='MR']"
        raise ValueError(f"write {hint} in the brackets", at)
    numbers = tuple(int(number) for number in condition["place"].split("."))
    if not all(numbers):
        raise ValueError("fields and components are counted from 1", at + 1)
    return Pick(numbers=numbers, value=condition["value"], wanted=condition["sign"] == "=")


class Dialect:
    """How mappings of this door write places; the contract of ``exchange.mapping``."""

    name = "hl7v2"

    def compile(self, path: str) -> Callable[[Node], Sequence[Node]]:
        return _finder(parse(path))

    def compile_text(self, path: str) -> Callable[[Node], str]:
        """The text of the first node, without making the nodes where that is possible."""
        parsed = parse(path)
        if parsed.is_inner:
            return _inner_reader(*(*parsed.components, 0)[:2])
        if not parsed.is_plain:
            find = _finder(parsed)
            return lambda node: text(found[0]) if (found := find(node)) else ""
        name, number = parsed.segment, parsed.field
        if not parsed.components and (name, number) in _MAY_BE_PROSE:
            return lambda node: _whole(found, number) if (found := first(node, name)) is not None else ""
        return _reader(name, number, *(*parsed.components, 1, 1)[:2])

    def text(self, node: Node) -> str:
        return text(node)

    def place(self, node: Node) -> str:
        return place(node)


def _reader(name: str, number: int, component: int, subcomponent: int) -> Callable[[Node], str]:
    place = (number, component, subcomponent)

    def read(node: Node) -> str:
        found = node if isinstance(node, Segment) and node.name == name else first(node, name)
        if found is None:
            return ""
        known = found.texts.get(place)
        return found.text(number, component, subcomponent) if known is None else known

    return read


def _inner_reader(component: int, subcomponent: int) -> Callable[[Node], str]:
    """A component of the repetition at hand, which is what mappings go through; of other nodes the long way."""
    numbers = (component, subcomponent) if subcomponent else (component,)

    def read(node: Node) -> str:
        if not isinstance(node, Part):
            return ""
        if node.component or node.field <= 2:
            found = _inside([node], numbers)
            return found[0].text if found else ""
        marks = node.segment.separators
        raw = part(part(node.raw, marks.component, component), marks.subcomponent, subcomponent or 1)
        return "" if raw == separators.NULL else separators.read(raw, marks, node.segment.codec)

    return read


def _whole(segment: Segment, number: int) -> str:
    if not _is_prose(segment, number):
        return segment.text(number)
    found = fields(segment, number)
    return found[0].text if found else ""


def _finder(path: Path) -> Callable[[Node], Sequence[Node]]:
    """What finds the nodes of a path."""

    def find(node: Node) -> Sequence[Node]:
        if not path.groups and not path.segment:
            return _inside([node] if isinstance(node, Part) else [], path.components)
        bases: list[Node] = [node]
        for name, pick in path.groups:
            bases = [group for base in bases for group in _picked(groups(base, name), pick)]
        if not path.segment:
            return bases
        found = [segment for base in bases for segment in _picked(segments(base, path.segment), path.which)]
        if not path.field:
            return found
        parts = [part for segment in found for part in _picked(fields(segment, path.field), path.repetition)]
        return _inside(parts, path.components)

    return find


def _picked(nodes: Sequence[Any], pick: Pick | None) -> Sequence[Any]:
    return nodes if pick is None else pick.of(nodes)


def _inside(parts: list[Part], numbers: tuple[int, ...]) -> list[Part]:
    for number in numbers:
        parts = [inner for part in parts if (inner := part.inner(number)) is not None]
    return parts
