"""From a FHIRPath tree to routes: which JSON properties lead to a value, and of what type it then is.

A route is known before any resource is seen, from the definitions alone. ``(Observation.value as Quantity)``
is the one route ``valueQuantity``; ``Observation.effective`` is four, one for each type. An expression that
is more than members, types, filters by plain comparisons and a first position has no routes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from xinglin.fhir.definitions import is_a, structure, structure_names
from xinglin.fhir.path import tree


class NoRoute(Exception):  # noqa: N818 -- says what is the case, and never leaves this package
    """The expression needs the evaluator."""


@dataclass(frozen=True, slots=True)
class Get:
    """The value of a property; each of its values if there are ``many``, or the one at ``index``."""

    property: str
    many: bool = False
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """Only values of type ``type`` for which ``condition`` is true."""

    condition: tree.Node
    type: str


@dataclass(frozen=True, slots=True)
class Inline:
    """Only whole resources of type ``type``."""

    type: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Not the value but whether ``condition`` holds of it; nothing if that is neither true nor false."""

    condition: tree.Node
    type: str


Step: TypeAlias = Get | Where | Inline | Truth


@dataclass(frozen=True, slots=True)
class Route:
    """``steps`` lead from a value of the starting type to values of ``type``.

    ``targets``: what a Reference or canonical there may point to, by definition; none means anything.
    ``required``: the single step is an element that every resource of the type must have.
    ``restricted``: by ``resolve() is X`` only references to resources of type X are meant.
    """

    steps: tuple[Step, ...]
    type: str
    targets: tuple[str, ...] = ()
    required: bool = False
    restricted: str = ""


MISSPELT = {"DateTime": "dateTime"}  # in the composites of R4's Observation
_TRUTHS = frozenset({"and", "or", "=", "!="})


def resolve(node: tree.Node, start: str) -> tuple[Route, ...]:
    """The routes of ``node`` from a value of type ``start``, which ``%resource`` too is taken to be.

    None at all where the expression belongs to another resource type. Raises NoRoute.
    """
    return tuple(dict.fromkeys(_Resolver(start).routes(node)))


class _Resolver:
    def __init__(self, start: str) -> None:
        self._start = start
        self._here = Route((), start)

    def routes(self, node: tree.Node) -> list[Route]:
        match node:
            case tree.Member(None, name):
                return self._first(name)
            case tree.Member(source, name) if source is not None:
                return [found for route in self.routes(source) for found in _child(route, name)]
            case tree.Special("this") | tree.External("resource" | "context"):
                return [self._here]
            case tree.TypeTest("as", operand, type_):
                return self._typed(operand, type_.name)
            case tree.Indexer(source, tree.Number(text)):
                return [_at(route, int(text)) for route in self.routes(source)]
            case tree.Call():
                return self._called(node)
            case tree.Binary("|", left, right):
                return self.routes(left) + self.routes(right)
            case tree.Binary(operator) if operator in _TRUTHS:
                return [Route((Truth(node, self._start),), "boolean")]
        raise NoRoute(str(node))

    def _first(self, name: str) -> list[Route]:
        if name[0].isupper():
            return [self._here] if name in _names() and is_a(self._start, name) else []
        return _child(self._here, name)

    def _called(self, call: tree.Call) -> list[Route]:
        source = call.source
        if source is None:
            raise NoRoute(str(call))
        match call.name, call.arguments:
            case "as" | "ofType", (type_,) if name := tree.as_type_name(type_):
                return self._typed(source, name.name)
            case "where", (tree.TypeTest("is", tree.Call(None, "resolve", ()), type_),):
                return [replace(r, restricted=type_.name, required=False) for r in self.routes(source)]
            case "where", (condition,):
                return [_with(route, Where(condition, route.type)) for route in self.routes(source)]
            case "extension", (tree.String() as url,):
                wanted = tree.Binary("=", tree.Member(None, "url"), url)
                found = [child for route in self.routes(source) for child in _child(route, "extension")]
                return [_with(route, Where(wanted, "Extension")) for route in found]
            case "exists" | "not" | "empty", ():
                return [Route((Truth(call, self._start),), "boolean")]
            case "first", ():
                return [_at(route, 0) for route in self.routes(source)]
        raise NoRoute(str(call))

    def _typed(self, operand: tree.Node, name: str) -> list[Route]:
        name = name if name in _names() else MISSPELT.get(name, name)
        found = []
        for route in self.routes(operand):
            exact = name in _names() and structure(name).kind == "primitive"
            if route.type == name if exact else is_a(route.type, name):
                found.append(replace(route, required=False))
            elif name in _names() and is_a(name, route.type) and structure(name).kind == "resource":
                found.append(_with(replace(route, type=name), Inline(name)))
        return found


_known: frozenset[str] = frozenset()


def _names() -> frozenset[str]:
    global _known  # noqa: PLW0603 -- filled once, on first use
    _known = _known or frozenset(structure_names())
    return _known


def _with(route: Route, step: Step) -> Route:
    return replace(route, steps=(*route.steps, step), required=False)


def _child(route: Route, name: str) -> list[Route]:
    owner = structure(route.type)
    element = owner.elements.get(name)
    if owner.kind == "primitive":
        raise NoRoute(name)  # its extensions are beside it, under another property
    if element is None:
        if owner.abstract:
            raise NoRoute(name)  # an element of whatever resource is inline here
        return []
    required = element.min > 0 and not element.choice and not route.steps
    return [
        Route((*route.steps, Get(prop, element.many)), type_, element.targets, required, route.restricted)
        for prop, type_ in element.properties
    ]


def _at(route: Route, index: int) -> Route:
    """The route to the ``index``-th value, if one step alone makes for many values."""
    *before, last = route.steps
    if not isinstance(last, Get) or any(not isinstance(step, Get) or step.many for step in before):
        raise NoRoute("a position in a collection from several places")
    if not last.many:
        return (
            route
            if index == 0
            else replace(route, steps=(*route.steps, Where(tree.Boolean(value=False), "")))
        )
    return replace(route, steps=(*before, Get(last.property, many=False, index=index)), required=False)
