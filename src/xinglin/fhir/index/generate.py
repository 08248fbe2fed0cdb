"""Writes, for a set of filings, one straight-line Python function that walks a resource once.

The routes of all filings are laid into a tree by their steps, so that a property is looked up once and a list
walked once however many parameters look into it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from xinglin.fhir.definitions import structure
from xinglin.fhir.index import conditions, keys, leaves
from xinglin.fhir.index.routes import Get, Inline, Step, Truth, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xinglin.fhir.index.leaves import Filing
    from xinglin.fhir.index.values import NameKeys


@dataclass(slots=True)
class Place:
    """What is to be done with a value, and where to go on from it."""

    steps: dict[Step, Place] = field(default_factory=dict)
    filings: list[tuple[Filing, str]] = field(default_factory=list)  # with the FHIR type of the value
    elements: list[object] = field(default_factory=list)  # called with (value, resource, position, t, g, s)
    is_primitive: bool = False

    def reach(self, steps: Iterable[Step]) -> Place:
        place = self
        for step in steps:
            place = place.steps.setdefault(step, Place())
        return place

    def add(self, filing: Filing) -> None:
        for route in filing.routes:
            place = self.reach(route.steps)
            place.filings.append((filing, route.type))
            place.is_primitive |= structure(route.type).kind == "primitive"


class Function:
    """A function in the making: its lines, and the values they name."""

    def __init__(self, name_keys: NameKeys | None) -> None:
        self.name_keys = name_keys
        self.names: dict[str, Any] = dict(conditions.NAMES)
        self._lines: list[str] = []
        self._indent = 1
        self._fresh: Iterator[int] = count()

    def bind(self, value: object) -> str:
        name = f"k{next(self._fresh)}"
        self.names[name] = value
        return name

    def variable(self) -> str:
        return f"e{next(self._fresh)}"

    def line(self, text: str, indent: int = 0) -> None:
        self._lines.append("    " * (self._indent + indent) + text)

    def walk(self, place: Place, variable: str) -> None:
        """Write what is to be done with the value in ``variable``."""
        for filing, type_ in place.filings:
            self._file(filing, type_, variable)
        for element in place.elements:
            number = self.variable()
            self._lines.insert(0, f"    {number} = 0")
            self.line(f"{number} += 1; {self.bind(element)}({variable}, r, {number}, t, g, s)")
        for step, following in place.steps.items():
            self._step(step, following, variable)

    def _file(self, filing: Filing, type_: str, variable: str) -> None:
        leaves.write(self, filing, type_, variable)
        if filing.part:
            return
        if not filing.required:
            self.line(f"t.append({keys.presence_hash(filing.path)})")

    def _step(self, step: Step, following: Place, variable: str) -> None:
        match step:
            case Get():
                self._get(step, following, variable)
            case Where(condition, type_):
                self.line(f"if {conditions.source(condition, type_, variable)}:")
                self._inside(following, variable)
            case Inline(type_):
                self.line(f"if {variable}.get('resourceType') == {type_!r}:")
                self._inside(following, variable)
            case Truth(condition, type_):
                value = self.variable()
                self.line(f"if ({value} := {conditions.source(condition, type_, variable)}) is not None:")
                self._inside(following, value)

    def _get(self, step: Get, following: Place, variable: str) -> None:
        value = self.variable()
        self.line(f"if ({value} := {variable}.get({step.property!r})) is not None:")
        self._indent += 1
        if step.many:
            item = self.variable()
            self.line(f"for {item} in {value}:")
            self._item(following, item)
        elif step.index is not None:
            item = self.variable()
            self.line(f"for {item} in {value}[{step.index} : {step.index + 1}]:")
            self._item(following, item)
        else:
            self.walk(following, value)
        self._indent -= 1
        for filing in dict.fromkeys(f for f, _ in following.filings if f.required and not f.part):
            self.line(f"else: t.append({keys.absence_hash(filing.path)})")

    def _item(self, following: Place, item: str) -> None:
        """An item of a list; primitives may be null where only an extension says something."""
        if following.is_primitive:
            self.line(f"if {item} is None: continue", 1)
        self._inside(following, item)

    def _inside(self, following: Place, variable: str) -> None:
        self._indent += 1
        self.walk(following, variable)
        self._indent -= 1

    def compile(self, head: str, prologue: Iterable[str], epilogue: str) -> Callable[..., Any]:
        """The function, with ``def`` line ``head``, first lines ``prologue`` and the last ``epilogue``."""
        lines = [head, *(f"    {line}" for line in prologue), *self._lines, f"    {epilogue}"]
        source = "\n".join(lines)
        exec(compile(source, f"<{head}>", "exec"), self.names)  # noqa: S102 -- the source is our own, from definitions
        made: Callable[..., Any] = self.names["extract"]
        made.__doc__ = source
        return made
