"""A search parameter of a type as branches: under which paths its values are filed, and of what types.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from xinglin.fhir.definitions import SearchParameter, is_a, search_parameters
from xinglin.fhir.index import conditions
from xinglin.fhir.index.routes import MISSPELT, NoRoute, Route, Truth, Where, resolve
from xinglin.fhir.path import parse, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

UNFILED = frozenset({"_id", "_lastUpdated"})  # answered by the resource's own number and version number

# What each kind of parameter can be filed by; a type is also meant by those it specialises.
# https://hl7.org/fhir/R4/search.html#table
USABLE: dict[str, tuple[str, ...]] = {
    "token": (
        *("CodeableConcept", "Coding", "Identifier", "ContactPoint"),
        *("boolean", "string", "uri", "integer", "date", "dateTime", "instant"),
    ),
    "reference": ("Reference", "uri", "Resource"),
    "string": ("HumanName", "Address", "string", "uri"),
    "date": ("date", "dateTime", "instant", "Period", "Timing"),
    "number": ("integer", "decimal", "Range"),
    "quantity": ("Quantity", "Money", "Range", "SampledData"),
    "uri": ("uri",),
    "special": ("Location.position",),
}
_BY_EVALUATOR = {"reference": ("Reference", "uri")}  # of unknown routes; else as in USABLE


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a parameter.

    ``path`` is what its values are filed under and ``kind`` the type of the parameter; ``types`` are the
    FHIR types that values there can have, ``targets`` what a reference there may point to (none: anything).
    With ``restricted`` only references to that type are meant. ``required``: there must be a value, so its
    absence is filed instead of its presence. ``origin`` is the type from which ``routes`` start; None for
    routes means that the evaluator finds the values of ``node``.
    """

    path: str
    kind: str
    types: tuple[str, ...]
    targets: tuple[str, ...] = ()
    restricted: str = ""
    required: bool = False
    origin: str = field(default="", repr=False)
    routes: tuple[Route, ...] | None = field(default=None, repr=False)
    node: tree.Node = field(default_factory=tree.Empty, repr=False)


@dataclass(frozen=True, slots=True)
class Composite:
    """One alternative of a composite parameter: ``components`` are to hold of one and the same element.

    ``root``: that element is the resource itself, so the components are plain branches of it.
    """

    path: str
    root: bool
    components: tuple[tuple[Branch, ...], ...]
    origin: str = field(default="", repr=False)
    routes: tuple[Route, ...] | None = field(default=None, repr=False)
    node: tree.Node = field(default_factory=tree.Empty, repr=False)


@lru_cache(maxsize=1 << 13)
def branches(resource_type: str, parameter: SearchParameter) -> tuple[Branch, ...]:
    """The branches of ``parameter``, which is no composite, for resources of one type."""
    found: dict[str, Branch] = {}
    for node in tree.branches(parse(parameter.expression)):
        branch = _branch(node, resource_type, resource_type, parameter.type)
        if branch is not None:
            found.setdefault(branch.path, replace(branch, targets=_targets(branch, parameter)))
    return tuple(found.values())


@lru_cache(maxsize=1 << 10)
def composites(resource_type: str, parameter: SearchParameter) -> tuple[Composite, ...]:
    """The branches of a composite ``parameter`` for resources of one type."""
    bases = [(node, _routes(node, resource_type)) for node in tree.branches(parse(parameter.expression))]
    return tuple(_composite(node, routes, resource_type, parameter) for node, routes in bases if routes != ())


def filed(
    resource_type: str, extra: Sequence[SearchParameter] = ()
) -> tuple[tuple[Branch, ...], tuple[Composite, ...]]:
    """All that is filed for a type: by the standard's parameters and those of ``extra`` for that type."""
    own = [p for p in extra if any(is_a(resource_type, base) for base in p.base)]
    known = [p for p in (*search_parameters(resource_type).values(), *own) if p.code not in UNFILED]
    found = [branch for p in known if p.type != "composite" for branch in branches(resource_type, p)]
    compound = [c for p in known if p.type == "composite" for c in composites(resource_type, p)]
    found += [branch for c in compound if c.root for part in c.components for branch in part]
    distinct = {(b.path, b.kind, b.restricted): b for b in reversed(found)}
    return tuple(reversed(distinct.values())), tuple({c.path: c for c in compound if not c.root}.values())


def canonical(node: tree.Node, origin: str) -> str:
    """The path under which ``node`` is filed: from ``origin``, without ``resolve()``, types after a colon."""
    match node:
        case tree.Member(None, name):
            return name if name[0].isupper() else f"{origin}.{name}"
        case tree.Special("this") | tree.External("resource" | "context"):
            return origin
        case tree.Member(source, name) if source is not None:
            return f"{canonical(source, origin)}.{name}"
        case tree.TypeTest("as", operand, type_):
            return f"{canonical(operand, origin)}:{MISSPELT.get(type_.name, type_.name)}"
        case tree.Call(source) if source is not None:
            return canonical(source, origin) + _called(node)
        case tree.Indexer(source, index):
            return f"{canonical(source, origin)}[{index}]"
    return f"{origin}: {node}"


def _called(call: tree.Call) -> str:
    match call:
        case tree.Call(_, "as" | "ofType", (type_,)) if name := tree.as_type_name(type_):
            return f":{MISSPELT.get(name.name, name.name)}"
    return "" if _restriction(call) else f".{call.name}({', '.join(map(str, call.arguments))})"


def is_usable(kind: str, type_: str) -> bool:
    """Whether a parameter of ``kind`` can be filed by a value of FHIR type ``type_``."""
    return any(is_a(type_, base) for base in USABLE[kind])


def _routes(node: tree.Node, origin: str) -> tuple[Route, ...] | None:
    """The routes of ``node`` if it has any whose conditions can be written in Python; else None."""
    try:
        found = resolve(node, origin)
        for step in (step for route in found for step in route.steps):
            if isinstance(step, Where | Truth):
                conditions.source(step.condition, step.type, "x")
    except NoRoute:
        return None
    return found


def _branch(node: tree.Node, origin: str, prefix: str, kind: str) -> Branch | None:
    """The branch of ``node``, None if it has no value that ``kind`` could be filed by."""
    path, routes = canonical(node, prefix), _routes(node, origin)
    if routes is None:
        types = _BY_EVALUATOR.get(kind, USABLE[kind])
        return Branch(path, kind, types, restricted=_restriction(node), origin=origin, node=node)
    usable = tuple(route for route in routes if is_usable(kind, route.type))
    if not usable:
        return None
    return Branch(
        path,
        kind,
        tuple(dict.fromkeys(route.type for route in usable)),
        tuple(dict.fromkeys(t for route in usable for t in route.targets)) if kind == "reference" else (),
        usable[0].restricted,
        usable == routes and all(route.required for route in routes),
        origin,
        usable,
        node,
    )


def _restriction(node: tree.Node) -> str:
    match node:
        case tree.Call(_, "where", (tree.TypeTest("is", tree.Call(None, "resolve", ()), type_),)):
            return type_.name
    return ""


def _targets(branch: Branch, parameter: SearchParameter) -> tuple[str, ...]:
    if branch.restricted:
        return (branch.restricted,)
    if not branch.targets or "Resource" in branch.targets:
        return parameter.target
    return tuple(t for t in branch.targets if not parameter.target or t in parameter.target) or branch.targets


def _composite(
    node: tree.Node, routes: tuple[Route, ...] | None, resource_type: str, parameter: SearchParameter
) -> Composite:
    base = canonical(node, resource_type)
    root = routes is not None and all(not route.steps for route in routes)
    element = routes[0].type if routes else ""
    parts = []
    for component in parameter.components:
        named = search_parameters(resource_type).get(component.code)
        kind = named.type if named and named.url == component.definition else "token"
        alternatives = tree.branches(parse(component.expression))
        found = [_component(n, base, (resource_type, element), kind) for n in alternatives]
        parts.append(tuple(branch for branch in found if branch is not None))
    names = ["|".join(b.path.removeprefix(f"{base}.") for b in part) for part in parts]
    return Composite("$".join([base, *names]), root, tuple(parts), resource_type, routes, node)


def _component(node: tree.Node, base: str, origins: tuple[str, str], kind: str) -> Branch | None:
    """A component's branch; of the kind its values have where the parameter named for it could hold none."""
    resource_type, element = origins
    from_root = any(part == tree.External("resource") for part in tree.walk(node))
    origin, prefix = (resource_type, resource_type) if from_root else (element, base)
    if not origin:
        return Branch(canonical(node, prefix), kind, USABLE[kind], node=node)
    for candidate in dict.fromkeys((kind, "token", "reference", "quantity", "date", "number", "string")):
        branch = _branch(node, origin, prefix, candidate)
        if branch is not None:
            return replace(branch, required=False)
    return None
