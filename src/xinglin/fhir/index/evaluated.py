"""Filing by the FHIRPath evaluator, for expressions without routes.

None of R4's own parameters needs it; parameters made by others may say anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir.index.branches import Branch, Composite, is_usable
from xinglin.fhir.index.compose import Elements, is_discrete
from xinglin.fhir.index.generate import Function, Place
from xinglin.fhir.index.leaves import Filing
from xinglin.fhir.index.routes import Route
from xinglin.fhir.path import Element, compile_expression
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.fhir.index.compose import Found
    from xinglin.fhir.index.values import NameKeys, RangeRow, StringRow, Tokens
    from xinglin.fhir.path import Node

_CALCULATED = {bool: "boolean", str: "string", int: "integer"}


class Evaluated:
    """Files the values that one branch has in a resource."""

    def __init__(
        self, branch: Branch, name_keys: NameKeys | None, *, part: bool, systems: bool = True
    ) -> None:
        self._branch = branch
        self._name_keys = name_keys
        self._part = part
        self._systems = systems
        self._leaves: dict[str, Callable[..., None]] = {}

    def __call__(
        self,
        focus: dict[str, Any] | Element,
        resource: dict[str, Any],
        _: int,
        tokens: Tokens,
        ranges: list[RangeRow],
        strings: list[StringRow],
    ) -> None:
        """File what the expression selects from ``focus``, an element of ``resource``."""
        for type_, value in selected(self._branch.node, focus, resource):
            if is_usable(self._branch.kind, type_):
                if type_ not in self._leaves:
                    self._leaves[type_] = self._leaf(type_)
                self._leaves[type_](value, tokens, ranges, strings)

    def _leaf(self, type_: str) -> Callable[..., None]:
        branch, function, place = self._branch, Function(self._name_keys), Place()
        restricted = frozenset([branch.restricted] if branch.restricted else [])
        routes = (Route((), type_),)
        place.add(
            Filing(branch.path, branch.kind, routes, restricted, part=self._part, systems=self._systems)
        )
        function.walk(place, "x")
        return function.compile("def extract(x, t, g, s):", [], "return None")


def evaluated(branch: Branch, name_keys: NameKeys | None) -> Evaluated:
    """What files the values of a branch that has no routes."""
    return Evaluated(branch, name_keys, part=False)


def evaluated_elements(composite: Composite) -> Callable[..., None]:
    """What files all elements of a composite of which something has no routes."""
    whole = all(map(is_discrete, composite.components))
    filer = Elements(composite, [_part(component, systems=whole) for component in composite.components])

    def file(
        focus: dict[str, Any],
        resource: dict[str, Any],
        _: int,
        tokens: Tokens,
        ranges: list[RangeRow],
        strings: list[StringRow],
    ) -> None:
        try:
            items = compile_expression(composite.node).items(focus, root=resource)
        except Fault:
            return
        for number, item in enumerate(items, start=1):
            filer(item, resource, number, tokens, ranges, strings)

    return file


def _part(component: tuple[Branch, ...], *, systems: bool) -> Callable[..., Found]:
    filers = [Evaluated(branch, None, part=True, systems=systems) for branch in component]

    def part(element: Any, resource: dict[str, Any]) -> Found:
        found: Found = ([], [], [])
        for filer in filers:
            filer(element, resource, 0, *found)
        return found

    return part


def selected(
    node: Node, focus: dict[str, Any] | Element, resource: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """(FHIR type, JSON value) of everything that ``node`` selects and that has a value.

    What the expression cannot be applied to (``single()`` of two names) has nothing to be found by.
    """
    try:
        items = compile_expression(node).items(focus, root=resource)
    except Fault:
        return
    for item in items:
        if isinstance(item, Element):
            if item.value is not None:
                yield item.type.name, item.value
        elif type(item) in _CALCULATED:
            yield _CALCULATED[type(item)], item
