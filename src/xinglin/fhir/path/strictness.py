"""A check of an expression against the definitions, before it is evaluated.

It infers which types each part can have and refuses what can never be: elements that a type does not have,
functions of values that cannot be there, positions in collections without an order. Where the types are open
(any resource, a constant from outside) nothing is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.fhir.path import tree
from xinglin.fhir.path.functions import FUNCTIONS
from xinglin.fhir.path.quantity import Quantity
from xinglin.fhir.path.temporal import Temporal
from xinglin.fhir.path.typetests import SYSTEM_TYPES, matcher
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Shape:
    """What a part can give: the names of ``types`` (``None``: any), whether ``many``, whether in an order."""

    types: frozenset[str] | None = None
    many: bool = False
    ordered: bool = True


OPEN = Shape(many=True)


def _of(*names: str) -> Shape:
    return Shape(frozenset(names))


_BOOLEAN = _of("System.Boolean")
_FIXED = {
    **dict.fromkeys(
        ("exists", "empty", "all", "allTrue", "anyTrue", "allFalse", "anyFalse", "not"), _BOOLEAN
    ),
    **dict.fromkeys(("subsetOf", "supersetOf", "isDistinct", "hasValue", "is"), _BOOLEAN),
    **{f"convertsTo{name}": _BOOLEAN for name in SYSTEM_TYPES},
    **{f"to{name}": _of(f"System.{name}") for name in SYSTEM_TYPES},
    **dict.fromkeys(("startsWith", "endsWith", "contains", "matches", "matchesFull"), _BOOLEAN),
    **dict.fromkeys(("count", "length", "indexOf", "lastIndexOf"), _of("System.Integer")),
    **dict.fromkeys(("substring", "upper", "lower", "trim", "replace", "join"), _of("System.String")),
    "extension": Shape(frozenset({"Extension"}), many=True),
    "children": Shape(many=True, ordered=False),
    "descendants": Shape(many=True, ordered=False),
}
_KEEPING = frozenset(
    {"where", "distinct", "trace", "checkModifiers", "defineVariable", "intersect", "exclude"}
)
_POSITIONAL = frozenset({"first", "last", "tail", "skip", "take"})
_SINGLE = frozenset({"first", "last", "single"})
_ITERATING = frozenset({"where", "select", "exists", "all", "repeat", "aggregate", "iif", "trace", "sort"})
_COMPARING = frozenset(
    {"=", "!=", "~", "!~", "<", "<=", ">", ">=", "in", "contains", "and", "or", "xor", "implies"}
)
_KINDS: dict[str, type] = {
    "Boolean": bool, "Integer": int, "Decimal": Decimal, "String": str, "Quantity": Quantity,
    "Date": Temporal, "DateTime": Temporal, "Time": Temporal,
}  # fmt: skip


def check(node: tree.Node, type_name: str) -> None:
    """Raises ``invalid`` if ``node`` makes no sense for a focus of that type."""
    _shape(node, _of(type_name))


def _shape(node: tree.Node, focus: Shape) -> Shape:
    """What ``node`` can give where ``$this`` is of the shape ``focus``."""
    rule = _RULES.get(type(node))
    return _literal(node) if rule is None else rule(node, focus)


def _literal(node: tree.Node) -> Shape:
    match node:
        case tree.Boolean():
            return _BOOLEAN
        case tree.String():
            return _of("System.String")
        case tree.Number():
            return _of("System.Integer" if isinstance(node.value, int) else "System.Decimal")
        case tree.Amount():
            return _of("System.Quantity")
        case tree.Moment():
            return _of(f"System.{node.kind}")
        case _:
            return OPEN


def _special(node: tree.Special, focus: Shape) -> Shape:
    return {"this": focus, "index": _of("System.Integer")}.get(node.name, OPEN)


def _member(node: tree.Member, focus: Shape) -> Shape:
    if node.source is None and node.name[:1].isupper():
        return _named_focus(node.name, focus)
    source = focus if node.source is None else _shape(node.source, focus)
    return _child(source, node.name)


def _named_focus(name: str, focus: Shape) -> Shape:
    """A type's name at the start: the focus must be able to be of it."""
    if focus.types is None or any(_is_a(one, name) for one in focus.types):
        return focus
    raise errors.invalid(
        "FHIRPath starts with %(name)s, where %(types)s is evaluated", name=name, types=_listed(focus.types)
    )


def _child(source: Shape, name: str) -> Shape:
    if source.types is None:
        return replace(OPEN, ordered=source.ordered)
    found: set[str] = set()
    known = many = False
    for type_name in source.types:
        element = _elements(type_name).get(name)
        if element is not None:
            known, many = True, many or element.many
            found.update(element.types)
    if not known:
        raise errors.invalid(
            "FHIRPath: %(types)s has no element %(name)s", types=_listed(source.types), name=name
        )
    return Shape(None if "Resource" in found else frozenset(found), source.many or many, source.ordered)


def _elements(type_name: str) -> dict[str, definitions.Element]:
    if type_name.startswith("System."):
        return {}
    structure = definitions.structure(type_name)
    return dict((definitions.structure("Element") if structure.kind == "primitive" else structure).elements)


def _call(node: tree.Call, focus: Shape) -> Shape:
    source = focus if node.source is None else _shape(node.source, focus)
    if node.name in {"is", "as", "ofType"}:
        return _typed(node.name, source, tree.as_type_name(node.arguments[0]))
    _check_input(node.name, source)
    inner = replace(source, many=False, ordered=True) if node.name in _ITERATING else focus
    arguments = [_shape(argument, inner) for argument in node.arguments]
    if node.name in _FIXED:
        return _FIXED[node.name]
    if node.name in _KEEPING or node.name in _POSITIONAL or node.name == "single":
        return replace(source, many=source.many and node.name not in _SINGLE)
    if node.name == "select":
        return replace(arguments[0], many=source.many or arguments[0].many)
    return OPEN


def _check_input(name: str, source: Shape) -> None:
    if name in _POSITIONAL:
        _check_order(f"{name}()", source)
    function = FUNCTIONS.get(name)
    if function is None or not function.kinds or source.types is None or not source.types:
        return
    if not any(_fits(type_name, function.kinds) for type_name in source.types):
        raise errors.invalid(
            "FHIRPath %(name)s() does not work on %(types)s", name=name, types=_listed(source.types)
        )


def _check_order(what: str, source: Shape) -> None:
    if not source.ordered:
        raise errors.invalid("FHIRPath %(what)s needs an order, and children have none", what=what)


def _fits(type_name: str, kinds: tuple[type, ...]) -> bool:
    if type_name.startswith("System."):
        system: str | None = type_name.removeprefix("System.")
    elif _is_a(type_name, "Quantity"):
        system = "Quantity"
    else:
        system = definitions.structure(type_name).system
    kind = _KINDS.get(system or "")
    return kind is not None and (kind in kinds or object in kinds or (kind is Temporal and str in kinds))


def _typed(operator: str, source: Shape, name: tree.TypeName | None) -> Shape:
    if operator == "as" and source.many:
        raise errors.invalid("FHIRPath as() works on a single value; ofType() chooses among several")
    if operator == "is" or name is None:
        return _BOOLEAN
    matcher(name, exact=True)
    if name.namespace == "System" or name.name in SYSTEM_TYPES - {"Quantity"}:
        return replace(source, types=frozenset({f"System.{name.name}"}))
    return replace(source, types=frozenset({name.name}))


def _type_test(node: tree.TypeTest, focus: Shape) -> Shape:
    source = _shape(node.operand, focus)
    return _typed("is" if node.operator == "is" else "ofType", source, node.type)


def _indexer(node: tree.Indexer, focus: Shape) -> Shape:
    source = _shape(node.source, focus)
    _check_order("[]", source)
    _shape(node.index, focus)
    return replace(source, many=False)


def _unary(node: tree.Unary, focus: Shape) -> Shape:
    return _shape(node.operand, focus)


def _binary(node: tree.Binary, focus: Shape) -> Shape:
    left, right = _shape(node.left, focus), _shape(node.right, focus)
    if node.operator in _COMPARING:
        return _BOOLEAN
    if node.operator != "|":
        return OPEN
    types = None if left.types is None or right.types is None else left.types | right.types
    return Shape(types, many=True, ordered=left.ordered and right.ordered)


def _external(_node: tree.External, _focus: Shape) -> Shape:
    return OPEN


def _is_a(type_name: str, name: str) -> bool:
    return not type_name.startswith("System.") and definitions.is_a(type_name, name)


def _listed(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))


_RULES: dict[type, Callable[..., Shape]] = {
    tree.Special: _special,
    tree.External: _external,
    tree.Member: _member,
    tree.Call: _call,
    tree.TypeTest: _type_test,
    tree.Indexer: _indexer,
    tree.Unary: _unary,
    tree.Binary: _binary,
}
