"""The kinds of invariant rules: each can test a node in Python and say the same as a piece of JSON Schema.

The schema may refuse more than the rule does (an element that is present only by its extension), never less:
what a schema refuses is looked at again by the rule itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.fhir.definitions import Structure

Node = dict[str, Any]
Schema = dict[str, Any]
NEVER: Schema = {"not": {}}


def forms(structure: Structure, name: str) -> list[str]:
    """The JSON properties by which the element can be present, those for its extensions last."""
    values = [prop for prop, (element, _) in structure.properties.items() if element.name == name]
    return values + ["_" + prop for prop in values]


def has(node: Node, names: Iterable[str]) -> bool:
    return any(name in node for name in names)


def _required(names: Iterable[str]) -> Schema:
    return {"anyOf": [{"required": [name]} for name in names if not name.startswith("_")]}


@dataclass(frozen=True, slots=True)
class Needs:
    """Where ``first`` is, one of ``others`` must be."""

    first: str
    others: tuple[str, ...]

    def test(self, structure: Structure) -> Callable[[Node], bool]:
        first, others = forms(structure, self.first), _all_forms(structure, self.others)
        return lambda node: not has(node, first) or has(node, others)

    def schema(self, structure: Structure) -> Schema:
        rest = _required(_all_forms(structure, self.others))
        return {"dependencies": dict.fromkeys(forms(structure, self.first), rest)}


@dataclass(frozen=True, slots=True)
class Excludes:
    """Where ``first`` is, none of ``others`` may be."""

    first: str
    others: tuple[str, ...]

    def test(self, structure: Structure) -> Callable[[Node], bool]:
        first, others = forms(structure, self.first), _all_forms(structure, self.others)
        return lambda node: not (has(node, first) and has(node, others))

    def schema(self, structure: Structure) -> Schema:
        absent = {"properties": dict.fromkeys(_all_forms(structure, self.others), NEVER)}
        return {"dependencies": dict.fromkeys(forms(structure, self.first), absent)}


@dataclass(frozen=True, slots=True)
class OneAtLeast:
    """One of ``names`` must be there."""

    names: tuple[str, ...]

    def test(self, structure: Structure) -> Callable[[Node], bool]:
        names = _all_forms(structure, self.names)
        return lambda node: has(node, names)

    def schema(self, structure: Structure) -> Schema:
        return _required(_all_forms(structure, self.names))


@dataclass(frozen=True, slots=True)
class OneExactly:
    """One of ``names`` must be there, and only one."""

    names: tuple[str, ...]

    def test(self, structure: Structure) -> Callable[[Node], bool]:
        groups = [forms(structure, name) for name in self.names]
        return lambda node: sum(has(node, group) for group in groups) == 1

    def schema(self, structure: Structure) -> Schema:
        names = _all_forms(structure, self.names)
        return {"oneOf": [{"required": [name]} for name in names]}


@dataclass(frozen=True, slots=True)
class Holds:
    """Whatever a Python function says of the nodes that have the property ``when`` ("": of all).

    In a schema it is the keyword ``holds``, which calls back.
    """

    function: Callable[[Node], bool]
    when: str = ""

    def test(self, structure: Structure) -> Callable[[Node], bool]:
        del structure
        function, when = self.function, self.when
        return (lambda node: when not in node or function(node)) if when else function

    def schema(self, structure: Structure) -> Schema:
        del structure
        called: Schema = {"holds": CALLED.setdefault(self.function, len(CALLED))}
        return {"dependencies": {self.when: called}} if self.when else called


CALLED: dict[Callable[[Node], bool], int] = {}  # the functions that schemas call, by the number they use

Rule = Needs | Excludes | OneAtLeast | OneExactly | Holds


def _all_forms(structure: Structure, names: Iterable[str]) -> list[str]:
    found = [form for name in names for form in forms(structure, name)]
    return sorted(found, key=lambda name: name.startswith("_"))
