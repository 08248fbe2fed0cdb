"""How places of a message are written: the protocol that each door's dialect keeps, and two dialects of general use.

``Rows`` reads a row of a table by the names of its columns, ``Json`` a JSON value (FHIR's too) by dotted names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from xinglin.exchange.mapping.functions import written
from xinglin.exchange.mapping.tree import SyntaxWrong

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Dialect(Protocol):
    """The places of one door's messages.

    A dialect may also have ``compile_text(path) -> Callable[[node], str]``: the text of the first node, quicker.
    """

    name: str

    def compile(self, path: str) -> Callable[[Any], Sequence[Any]]:
        """From a node to the nodes at ``path``; raises SyntaxWrong, or ValueError(why, offset), for a wrong path."""

    def text(self, node: Any) -> str:
        """A node's text; "" when it is empty."""

    def place(self, node: Any) -> str:
        """Where a node stands in its message, for people."""


class Cell(NamedTuple):
    """A cell of a table, with what says where it is."""

    text: str
    row: int
    column: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number in the file and its cells, in the order of the columns."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one patient, or of one thing; ``rows`` is a place of it."""

    rows: Sequence[Row]


class Rows:
    """Places of tables: ``rows`` of a group, ``rows[column]`` the groups that have the same there, and a column's name.

    ``columns``: each name by which a column may be called → where it stands; ``headings`` are for people. A name
    that is not there is refused. In a group a column is that of its first row.
    """

    def __init__(self, columns: Mapping[str, int], headings: Sequence[str], name: str = "table") -> None:
        self.name = name
        self._columns = columns
        self._headings = headings

    def compile(self, path: str) -> Callable[[Any], Sequence[Any]]:
        if path == "rows":
            return lambda node: node.rows if isinstance(node, Group) else ()
        if path.startswith("rows[") and path.endswith("]"):
            return self._groups(path)
        at = self._at(path)
        heading = self._headings[at]

        def find(node: Any) -> Sequence[Any]:
            row = node.rows[0] if isinstance(node, Group) else node
            return (Cell(row.cells[at], row.number, heading),)

        return find

    def _groups(self, path: str) -> Callable[[Any], Sequence[Any]]:
        """The rows by what they have in one column or several, in the order in which they come."""
        names = path[5:-1].split(",")
        places = [self._at(name.strip(), 5) for name in names]

        def find(node: Any) -> Sequence[Any]:
            if not isinstance(node, Group):
                return (Group((node,)),)
            found: dict[Any, list[Row]] = {}
            if len(places) == 1:
                at = places[0]
                for row in node.rows:
                    found.setdefault(row.cells[at], []).append(row)
            else:
                for row in node.rows:
                    found.setdefault(tuple(row.cells[at] for at in places), []).append(row)
            return [Group(rows) for rows in found.values()]

        return find

    def compile_text(self, path: str) -> Callable[[Any], str]:
        if path.startswith("rows"):
            find = self.compile(path)
            return lambda node: str(len(find(node)))
        at = self._at(path)

        def read(node: Any) -> str:
            text: str = (node.rows[0] if node.__class__ is Group else node).cells[at]
            return text

        return read

    def _at(self, path: str, offset: int = 0) -> int:
        if path not in self._columns:
            from difflib import get_close_matches  # noqa: PLC0415 -- only for what went wrong

            near = get_close_matches(path, self._columns, 1, 0.5)
            if near:
                raise SyntaxWrong(
                    offset, "There is no column %(name)s; is %(near)s meant?", name=path, near=near[0]
                )
            raise SyntaxWrong(offset, "There is no column %(name)s.", name=path)
        return self._columns[path]

    def text(self, node: Any) -> str:
        if isinstance(node, Cell):
            return node.text
        return str(node.number) if isinstance(node, Row) else ""

    def place(self, node: Any) -> str:
        if isinstance(node, Cell):
            return f"row {node.row}, column {node.column}"
        if isinstance(node, Group):
            return f"row {node.rows[0].number}" if node.rows else ""
        return f"row {node.number}"


class Node(NamedTuple):
    """A value of a JSON text and the way to it."""

    value: Any
    path: str


_STEP = re.compile(r"(?:(?P<name>[\w\-$]+)|\[(?P<key>'[^']*')\])(?P<tests>(?:\[[^\]]*\])*)")
_TEST = re.compile(r"\[(?:(?P<place>\d+)|(?P<name>[\w\-.]+)\s*=\s*'(?P<value>[^']*)')\]")


class Json:
    """Places of JSON: ``name.given``, ``identifier[0].value``, ``identifier[system='urn:x'].value``.

    A list on the way stands for all its entries.
    """

    def __init__(self, name: str = "json") -> None:
        self.name = name

    def compile(self, path: str) -> Callable[[Any], Sequence[Any]]:
        steps = list(self._steps(path))

        def find(node: Any) -> Sequence[Any]:
            found = [node if isinstance(node, Node) else Node(node, "")]
            for name, tests in steps:
                found = _stepped(found, name, tests)
                if not found:
                    break
            return found

        return find

    def _steps(self, path: str) -> list[tuple[str, list[Callable[[int, Any], bool]]]]:
        steps, at = [], 0
        while True:
            step = _STEP.match(path, at)
            if step is None:
                raise SyntaxWrong(at, "The name of a member is missing here.")
            name = step["name"] or step["key"][1:-1]
            steps.append((name, list(_tests(step["tests"], step.start("tests")))))
            at = step.end()
            if at == len(path):
                return steps
            if path[at] != ".":
                raise SyntaxWrong(at, "“%(found)s” is not expected here.", found=path[at : at + 12])
            at += 1

    def text(self, node: Any) -> str:
        value = node.value if isinstance(node, Node) else node
        return "" if isinstance(value, (dict, list)) else written(value)

    def place(self, node: Any) -> str:
        return node.path if isinstance(node, Node) else ""


def _tests(text: str, start: int) -> list[Callable[[int, Any], bool]]:
    found: list[Callable[[int, Any], bool]] = []
    at = 0
    while at < len(text):
        test = _TEST.match(text, at)
        if test is None:
            raise SyntaxWrong(start + at, "In brackets stands a number, or name='value'.")
        found.append(_test(test))
        at = test.end()
    return found


def _test(test: re.Match[str]) -> Callable[[int, Any], bool]:
    if test["place"] is not None:
        wanted = int(test["place"])
        return lambda place, _: place == wanted
    names, value = test["name"].split("."), test["value"]

    def holds(_: int, entry: Any) -> bool:
        for name in names:
            entry = entry.get(name) if isinstance(entry, dict) else None
        return written(entry) == value

    return holds


def _stepped(found: list[Node], name: str, tests: list[Callable[[int, Any], bool]]) -> list[Node]:
    """The members called ``name``, each entry of a list by itself, that pass the tests."""
    after = []
    for node in found:
        value = node.value.get(name) if isinstance(node.value, dict) else None
        if value is None:
            continue
        path = f"{node.path}.{name}" if node.path else name
        entries = list(enumerate(value)) if isinstance(value, list) else [(-1, value)]
        for test in tests:
            entries = [pair for pair in entries if test(max(pair[0], 0), pair[1])]
        after += [Node(entry, path if place < 0 else f"{path}[{place}]") for place, entry in entries]
    return after
