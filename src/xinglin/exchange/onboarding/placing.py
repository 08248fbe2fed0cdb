"""On which line of a sample a finding is: from the door's own way of naming places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda.reading import trees
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding.samples import rows_of, text_of
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SEGMENT = re.compile(r"(?P<name>[A-Z][A-Z0-9]{2})(?:\[(?P<index>\d+)\])?(?:$|[-.:/ ])")
_BEFORE = " \t\x0b\x1c\ufeff"
_MADE = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\[(?P<at>\d+)\]")
_LINE = re.compile(r"line (\d+)")
_ROW = re.compile(r"row (\d+)")
_STEP = re.compile(r"(?P<name>[^\[/]+)(?:\[(?P<index>\d+)\])?")
_INDEX = re.compile(r"\[(\d+)\]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|\n')


def line_of(door: Door, body: bytes, place: str, charset: str = "") -> int:
    """The line, from 1; 0 where the place names none, or the sample is no text."""
    said = _LINE.match(place)
    if said is not None:
        return int(said[1])
    if door is Door.TABLE:
        row = _ROW.match(place)
        return int(row[1]) if row is not None else 0
    find = {Door.HL7V2: _of_segment, Door.CDA: _of_element, Door.FHIR: _of_member}.get(door)
    return find(body, place, charset) if find is not None and place else 0


def line_of_made(
    door: Door, body: bytes, place: str, made: Sequence[str], sources: Mapping[str, str], charset: str = ""
) -> int:
    """The line of what a resource was made of; 0 where that is not certain.

    ``made`` are the types of all resources that the sample made, in their order; ``sources`` says of which segment,
    element or row those of a type are made. The third of five is of the third of five segments; where there are more
    or fewer, nobody can tell.
    """
    found = _MADE.match(place)
    if found is None or found["type"] not in sources or int(found["at"]) >= len(made):
        return 0
    count = made.count(found["type"])
    nth = made[: int(found["at"])].count(found["type"])
    source = sources[found["type"]]
    if door is Door.CDA:
        return _of_element(body, source, charset) if count == 1 else 0
    lines = _rows(body, charset) if door is Door.TABLE else _segments(body, source, charset)
    return lines[nth] if len(lines) == count else 0


def _segments(body: bytes, name: str, charset: str) -> list[int]:
    """The lines on which segments of that name stand."""
    text = text_of(body, charset) or ""
    return [
        number for number, line in enumerate(text.split("\n"), 1) if line.lstrip(_BEFORE).startswith(name)
    ]


@lru_cache(maxsize=4)
def _rows(body: bytes, charset: str) -> list[int]:
    """The lines of a table's rows below the first one, which has the headings."""
    return [number for number, _ in rows_of(body, charset)][1:]


def _of_segment(body: bytes, place: str, charset: str) -> int:
    """``OBX[2]-5``: the second line that begins with OBX."""
    found = None
    for found in _SEGMENT.finditer(place):  # noqa: B007 -- the last one is the innermost
        pass
    if found is None:
        return 0
    lines = _segments(body, found["name"], charset)
    at = int(found["index"] or 1) - 1
    return lines[at] if at < len(lines) else 0


# -- XML


def _of_element(body: bytes, place: str, charset: str) -> int:
    """The line of an element, or of the innermost one around it that is there."""
    root = _tree(body, charset)
    if root is None or not place.startswith("/"):
        return 0
    document = _outermost(root, place)
    if document is None:
        return 0
    node = document
    for step in place.strip("/").split("/")[1:]:
        found = _STEP.match(step)
        inner = None if found is None or step.startswith("@") else _child(node, found)
        if inner is None:
            break
        node = inner
    return int(node.sourceline or 0)


@lru_cache(maxsize=8)
def _tree(body: bytes, charset: str) -> Any:
    try:
        return trees.tree(body, charset)
    except Fault:
        return None


def _outermost(root: Any, place: str) -> Any:
    """The element where the place begins; a document may stand inside a message."""
    name = place.strip("/").split("/")[0].partition("[")[0]
    return next((one for one in root.iter() if _name(one) == name), None)


def _child(node: Any, step: re.Match[str]) -> Any:
    same = [one for one in node if _name(one) == step["name"]]
    at = int(step["index"] or 1) - 1
    return same[at] if 0 <= at < len(same) else None


def _name(node: Any) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


# -- JSON


def _of_member(body: bytes, place: str, charset: str) -> int:
    """The line of a member of JSON (``Bundle.entry[3].resource.code``), or of what is around it."""
    lines = _members(body, charset)
    parts = place.split(".")
    root = parts[0].partition("[")[0]
    steps = [part for part in parts if part]
    if root and root[0].isupper():
        steps = steps[1:]
    path = "".join(f".{step}" for step in steps)
    while path and path not in lines:
        cut = max(path.rfind("."), path.rfind("["))
        path = path[:cut]
    return lines.get(path, 0)


@lru_cache(maxsize=8)
def _members(body: bytes, charset: str) -> dict[str, int]:
    """Every member's path in a JSON text → its line. What is no JSON gives what could be made out."""
    walk = _Walk()
    for piece in _TOKEN.findall(text_of(body, charset) or ""):
        walk.step(piece)
    return walk.found


@dataclass(slots=True)
class _Around:
    """What is around a value: its path, and the place in a list, or the name in an object."""

    path: str
    at: int | None  # None in an object
    name: str = ""

    @property
    def inner(self) -> str:
        return f"{self.path}.{self.name}" if self.at is None else f"{self.path}[{self.at}]"


class _Walk:
    """Through a JSON text, piece by piece."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}
        self._line = 1
        self._around: list[_Around] = []
        self._name_follows = False

    @property
    def _here(self) -> str:
        return self._around[-1].inner if self._around else ""

    def step(self, piece: str) -> None:
        if piece == "\n":
            self._line += 1
        elif piece in "{[":
            self.found.setdefault(self._here, self._line)
            self._around.append(_Around(self._here, 0 if piece == "[" else None))
            self._name_follows = piece == "{"
        elif piece in "}]":
            if self._around:
                self._around.pop()
        elif piece == ",":
            self._next()
        elif piece != ":":
            self._word(piece)

    def _next(self) -> None:
        if not self._around:
            return
        around = self._around[-1]
        if around.at is None:
            self._name_follows = True
        else:
            around.at += 1

    def _word(self, piece: str) -> None:
        if self._name_follows and self._around:
            self._around[-1].name = piece.strip('"')
            self._name_follows = False
        self.found.setdefault(self._here, self._line)
