"""Conditions of ``where(…)`` as Python source, for the generated extractors.

Truth has three values in FHIRPath, here True, False and None for the empty collection.
https://hl7.org/fhirpath/N1/#boolean-logic
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from xinglin.fhir.definitions import is_a
from xinglin.fhir.index.routes import Get, NoRoute, Route, resolve
from xinglin.fhir.path import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

_fresh: Iterator[int] = count()


def and_(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def or_(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


def not_(operand: bool | None) -> bool | None:
    return None if operand is None else not operand


NAMES = {"and_": and_, "or_": or_, "not_": not_, "EMPTY": {}}


def source(condition: tree.Node, type_: str, variable: str) -> str:
    """A Python expression for ``condition`` of the object ``variable``, of FHIR type ``type_``.

    It uses ``NAMES``. Raises NoRoute for a condition beyond comparisons of single elements with literals.
    """
    match condition:
        case tree.Boolean(value):
            return repr(value)
        case tree.Binary("and" | "or" as operator, left, right):
            sides = f"{source(left, type_, variable)}, {source(right, type_, variable)}"
            return f"{operator}_({sides})"
        case tree.Binary("=" | "!=" as operator, left, right):
            return _comparison(left, operator, right, (type_, variable))
        case tree.Call(operand, "not", ()) if operand is not None:
            return f"not_({source(operand, type_, variable)})"
        case tree.Call(operand, "exists", ()) if operand is not None:
            return f"({_single(operand, type_, variable)} is not None)"
        case tree.Call(operand, "empty", ()) if operand is not None:
            return f"({_single(operand, type_, variable)} is None)"
    raise NoRoute(str(condition))


def _comparison(left: tree.Node, operator: str, right: tree.Node, focus: tuple[str, str]) -> str:
    if not isinstance(right, tree.String | tree.Boolean):
        raise NoRoute(str(right))
    python = {"=": "==", "!=": "!="}[operator]
    value = f"v{next(_fresh)}"
    return f"(None if ({value} := {_single(left, *focus)}) is None else {value} {python} {right.value!r})"


def _single(node: tree.Node, type_: str, variable: str) -> str:
    """A Python expression for the one value that ``node`` can have, or None."""
    routes = resolve(node, type_)
    if not routes:
        return "None"
    found = [_getter(route, variable) for route in routes]
    if len(found) == 1:
        return found[0]
    value = f"v{next(_fresh)}"
    chosen = "None"
    for getter in reversed(found):
        chosen = f"({value} if ({value} := {getter}) is not None else {chosen})"
    return chosen


def _getter(route: Route, variable: str) -> str:
    getter = variable
    for position, step in enumerate(route.steps):
        if not isinstance(step, Get) or step.many or step.index is not None:
            raise NoRoute("a condition on many values")
        owner = getter if position == 0 else f"({getter} or EMPTY)"
        getter = f"{owner}.get({step.property!r})"
    if not route.steps or is_a(route.type, "Quantity"):
        raise NoRoute("a condition on a whole value")
    return getter
