"""Evaluating expressions on resources, and finding the places of what they select."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict, Unpack

from xinglin.fhir.path import elements, tree
from xinglin.fhir.path.compiler import closure_of
from xinglin.fhir.path.elements import ALONE, Element, Item
from xinglin.fhir.path.environment import Closure, Environment, MemberOf, Resolver, items_of
from xinglin.fhir.path.parser import parse
from xinglin.fhir.path.strictness import check
from xinglin.kernel import errors


class Options(TypedDict, total=False):
    """What an evaluation may be given besides the expression and the resource.

    ``variables``: ``%name`` to JSON value or list of them. ``root``: the resource around a focus that is only
    part of one (``%resource``). ``type``: the type of such a focus, as ``xinglin.fhir.definitions`` names it.
    ``resolver``: finds the resource of a reference that is neither contained nor in the Bundle at hand.
    ``member_of``: whether a code, Coding or CodeableConcept is in a value set, ``None`` if that is not known.
    ``tracer``: hears the name and values of each ``trace()``. ``strict``: first checks the expression against
    the definitions of the types, so that an element that cannot be there is ``invalid`` instead of empty.
    """

    variables: Mapping[str, Any]
    root: Mapping[str, Any]
    type: str
    resolver: Resolver
    member_of: MemberOf
    tracer: Callable[[str, list[Any]], None]
    strict: bool


@dataclass(frozen=True, slots=True)
class Location:
    """Where a selected value stands in the JSON that was searched.

    ``parent`` is the object that has the property ``key``; ``index`` the place in that property's list,
    ``None`` if it is no list; ``path`` the element's own FHIRPath, such as ``Patient.name[0].given[1]``;
    ``element`` tells its type and ancestors. The resource itself has no parent and the key ``""``.
    """

    parent: dict[str, Any] | None
    key: str
    index: int | None
    path: str
    element: Element


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression."""

    tree: tree.Node
    closure: Closure

    def __call__(self, resource: Any, **options: Unpack[Options]) -> list[Any]:
        """The values selected: JSON values of elements, Python values of what was calculated."""
        return [elements.plain(item) for item in self.items(resource, **options)]

    def items(self, resource: Any, **options: Unpack[Options]) -> list[Item]:
        """The values selected with their types and places, where they are elements."""
        if not options and resource.__class__ is dict:  # the way of the many short evaluations
            whole = elements.root(resource)
            return self.closure(Environment([whole], [whole], whole))
        focus = _focus(resource, options.get("type"))
        if options.get("strict") and focus.type.name:
            check(self.tree, focus.type.name)
        root = options.get("root")
        environment = Environment(
            this=[focus],
            context=[focus],
            root=focus if root is None else elements.root(root),
            variables=_variables(options.get("variables")),
            resolver=options.get("resolver"),
            member_of=options.get("member_of"),
            tracer=options.get("tracer"),
        )
        return self.closure(environment)


def _focus(resource: Any, type_name: str | None) -> Element:
    if isinstance(resource, Element):
        return resource
    value = dict(resource) if isinstance(resource, Mapping) and not isinstance(resource, dict) else resource
    return elements.root(value) if type_name is None else Element(value, elements.type_named(type_name))


def _variables(given: Mapping[str, Any] | None) -> Mapping[str, list[Item]]:
    return {name: items_of(value) for name, value in given.items()} if given else {}


@lru_cache(maxsize=2048)
def compile_expression(expression: str | tree.Node) -> Program:
    """The program of an expression; ``invalid`` if it is wrong in itself."""
    node = parse(expression) if isinstance(expression, str) else expression
    return Program(node, closure_of(node))


def evaluate(expression: str | tree.Node, resource: Any, **options: Unpack[Options]) -> list[Any]:
    """The values that ``expression`` selects in ``resource``.

    ``resource`` is FHIR JSON as it is (a resource, or with ``type=`` part of one) or an ``Element``. Elements
    come back as their JSON values (a primitive without a value as what stands beside it), calculated values
    as ``bool``, ``int``, ``Decimal``, ``str``, ``Temporal``, ``Quantity``.
    """
    return compile_expression(expression)(resource, **options)


def locate(expression: str | tree.Node, resource: Any, **options: Unpack[Options]) -> list[Location]:
    """The places of the elements that ``expression`` selects; ``invalid`` if it calculates values instead."""
    found = []
    for item in compile_expression(expression).items(resource, **options):
        if not isinstance(item, Element):
            raise errors.invalid(
                "The FHIRPath expression %(text)s calculates a value, where elements must be selected",
                text=repr(str(expression)),
            )
        found.append(location(item))
    return found


def location(element: Element) -> Location:
    """The place of an element."""
    parent = element.parent
    return Location(
        parent=None if parent is None else elements.inside(parent),
        key=element.key,
        index=None if element.index == ALONE else element.index,
        path=path_of(element),
        element=element,
    )


def path_of(element: Element) -> str:
    """The element's own FHIRPath from its resource: ``Observation.component[0].value``."""
    links: list[str] = []
    place: Element = element
    while place.parent is not None:
        at = "" if place.index == ALONE else f"[{place.index}]"
        links.append(f".{place.name}{at}")
        place = place.parent
    return place.type.name + "".join(reversed(links))
