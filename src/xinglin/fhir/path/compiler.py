"""From the tree to a Python closure.

A closure takes the environment and gives a collection. What does not depend on the environment (names, types,
literals, the choice of function) is settled here, once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xinglin.fhir.path import quantity, temporal, tree, typetests
from xinglin.fhir.path.elements import Element, Item, step
from xinglin.fhir.path.functions import FUNCTIONS
from xinglin.fhir.path.functions.registry import single
from xinglin.fhir.path.operators import BINARY, negative, positive
from xinglin.fhir.path.sorting import sort
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.fhir.path.environment import Closure, Environment


def closure_of(node: tree.Node) -> Closure:
    """What evaluates ``node``; ``invalid`` for unknown functions and types, or wrong numbers of arguments."""
    builder = _BUILDERS.get(type(node))
    return _constant(_literal(node)) if builder is None else builder(node)


# Functions of FHIR that need profiles or a terminology's hierarchy.
_ABSENT = frozenset({"elementDefinition", "slice", "subsumes", "subsumedBy"})


def _constant(values: list[Item]) -> Closure:
    return lambda _: values


def _literal(node: tree.Node) -> list[Item]:
    match node:
        case tree.Boolean(value) | tree.String(value):
            return [value]
        case tree.Number():
            return [node.value]
        case tree.Amount(number, unit, calendar):
            return [quantity.Quantity(Decimal(number.text), unit, calendar)]
        case tree.Moment(text):
            return [_moment(text, node.kind)]
        case _:
            return []


def _moment(text: str, kind: str) -> temporal.Temporal:
    found = temporal.parse(text, kind)
    if found is None:
        raise errors.invalid("The FHIRPath literal @%(text)s is no date or time that exists", text=text)
    return found


def _this(environment: Environment) -> list[Item]:
    return environment.this


def _index(environment: Environment) -> list[Item]:
    return [] if environment.index is None else [environment.index]


def _total(environment: Environment) -> list[Item]:
    return list(environment.total)


_SPECIAL: dict[str, Closure] = {"this": _this, "index": _index, "total": _total}


def _source(node: tree.Node | None) -> Closure:
    return _this if node is None else closure_of(node)


def _scoped(node: tree.Node) -> Closure:
    """The closure of an operand or argument: variables defined in it end with it."""
    inner = closure_of(node)
    defines = any(isinstance(one, tree.Call) and one.name == "defineVariable" for one in tree.walk(node))
    return (lambda environment: environment.scoped(inner)) if defines else inner


def _member(node: tree.Member) -> Closure:
    """A chain of members is one closure; a capital at the start is a type, and keeps items of that type."""
    names = [node.name]
    source = node.source
    while isinstance(source, tree.Member):
        names.append(source.name)
        source = source.source
    names.reverse()
    if source is None and names[0][:1].isupper():
        return _steps(_typed_focus(names[0]), names[1:])
    return _steps(_source(source), names)


def _typed_focus(name: str) -> Closure:
    def run(environment: Environment) -> list[Item]:
        return [
            item for item in environment.this if item.__class__ is Element and name in item.type.lineage
        ] or step(environment.this, name)

    return run


def _steps(source: Closure, names: list[str]) -> Closure:
    if not names:
        return source
    if len(names) == 1:
        name = names[0]
        return lambda environment: step(source(environment), name)

    def run(environment: Environment) -> list[Item]:
        items = source(environment)
        for name in names:
            if not items:
                break
            items = step(items, name)
        return items

    return run


def _special(node: tree.Special) -> Closure:
    return _SPECIAL[node.name]


def _external(node: tree.External) -> Closure:
    return lambda environment: environment.constant(node.name)


def _unary(node: tree.Unary) -> Closure:
    return (negative if node.operator == "-" else positive)(_scoped(node.operand))


def _indexer(node: tree.Indexer) -> Closure:
    source, index = closure_of(node.source), _scoped(node.index)

    def run(environment: Environment) -> list[Item]:
        items = source(environment)
        at = single(index(environment), (int,), "[]")
        return [] if at is None or at < 0 else items[at : at + 1]

    return run


def _binary(node: tree.Binary) -> Closure:
    return BINARY[node.operator](_scoped(node.left), _scoped(node.right))


def _type_operator(node: tree.TypeTest) -> Closure:
    return _type_test(node.operator, node.operand, node.type)


def _type_test(operator: str, operand: tree.Node, name: tree.TypeName) -> Closure:
    if operator == "as":
        return typetests.of_type(_scoped(operand), name)
    if isinstance(operand, tree.Call) and operand.name == "resolve" and not operand.arguments:
        return typetests.resolves_to(_source(operand.source), name)
    return typetests.is_type(_scoped(operand), name)


def _call(node: tree.Call) -> Closure:
    if node.name in {"is", "as", "ofType"}:
        return _typed_call(node)
    if node.name == "sort":
        return sort(_source(node.source), [_sort_key(argument) for argument in node.arguments])
    function = FUNCTIONS.get(node.name)
    if node.name in _ABSENT:
        raise errors.unsupported("FHIRPath %(name)s() is not supported here", name=node.name)
    if function is None:
        raise errors.invalid("FHIRPath has no function %(name)s()", name=node.name)
    _check_count(node, function.least, function.most)
    source = _source(node.source)
    arguments = [_scoped(argument) for argument in node.arguments]
    return (_lazy if function.lazy else _eager)(function.run, source, arguments)


def _check_count(node: tree.Call, least: int, most: int) -> None:
    if not least <= len(node.arguments) <= most:
        raise errors.invalid(
            "FHIRPath %(name)s() takes %(wanted)s arguments, here are %(count)d",
            name=node.name,
            wanted=str(least) if least == most else f"{least} to {most}",
            count=len(node.arguments),
        )


def _typed_call(node: tree.Call) -> Closure:
    _check_count(node, 1, 1)
    name = tree.as_type_name(node.arguments[0])
    if name is None:
        raise errors.invalid(
            "FHIRPath %(name)s() takes the name of a type, not %(argument)s",
            name=node.name,
            argument=str(node.arguments[0]),
        )
    if node.name == "is" and node.source is not None:
        return _type_test("is", node.source, name)
    return (typetests.is_type if node.name == "is" else typetests.of_type)(_source(node.source), name)


def _sort_key(argument: tree.Node) -> tuple[Closure, bool]:
    """What to sort by, and whether downwards: a minus in front means that for strings and dates, too."""
    if isinstance(argument, tree.Unary) and argument.operator == "-":
        return _scoped(argument.operand), True
    return _scoped(argument), False


def _lazy(run: Callable[..., list[Item]], source: Closure, arguments: list[Closure]) -> Closure:
    return lambda environment: run(environment, source(environment), *arguments)


def _eager(run: Callable[..., list[Item]], source: Closure, arguments: list[Closure]) -> Closure:
    if not arguments:
        return lambda environment: run(source(environment))

    def several(environment: Environment) -> list[Item]:
        return run(source(environment), *[argument(environment) for argument in arguments])

    return several


_BUILDERS: dict[type, Callable[[Any], Closure]] = {
    tree.Member: _member,
    tree.Call: _call,
    tree.Binary: _binary,
    tree.Unary: _unary,
    tree.TypeTest: _type_operator,
    tree.Indexer: _indexer,
    tree.Special: _special,
    tree.External: _external,
}
