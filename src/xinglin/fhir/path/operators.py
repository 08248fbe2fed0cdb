"""The operators as closures over the closures of their operands.

https://hl7.org/fhirpath/N1/#operations
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir.path import arithmetic
from xinglin.fhir.path.comparison import Bag, distinct, equal, equivalent, order
from xinglin.fhir.path.elements import Item, system
from xinglin.fhir.path.functions.registry import one_item, single, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.fhir.path.environment import Closure, Environment

    Operator = Callable[[Closure, Closure], Closure]


def _maybe(value: bool | None) -> list[Item]:
    return [] if value is None else [value]


def _equal(left: Closure, right: Closure) -> Closure:
    return lambda environment: _maybe(equal(left(environment), right(environment)))


def _unequal(left: Closure, right: Closure) -> Closure:
    def run(environment: Environment) -> list[Item]:
        verdict = equal(left(environment), right(environment))
        return [] if verdict is None else [not verdict]

    return run


def _equivalent(left: Closure, right: Closure) -> Closure:
    return lambda environment: [equivalent(left(environment), right(environment))]


def _not_equivalent(left: Closure, right: Closure) -> Closure:
    return lambda environment: [not equivalent(left(environment), right(environment))]


def _ordering(operator: str, accepted: frozenset[int]) -> Operator:
    def build(left: Closure, right: Closure) -> Closure:
        def run(environment: Environment) -> list[Item]:
            one, other = one_item(left(environment), operator), one_item(right(environment), operator)
            verdict = None if one is None or other is None else order(one, other)
            return [] if verdict is None else [verdict in accepted]

        return run

    return build


def _arithmetic(operator: str, operation: Callable[[Item, Item], Item]) -> Operator:
    def build(left: Closure, right: Closure) -> Closure:
        def run(environment: Environment) -> list[Item]:
            one = system(one_item(left(environment), operator))
            other = system(one_item(right(environment), operator))
            result = None if one is None or other is None else arithmetic.calculate(operation, one, other)
            return [] if result is None else [result]

        return run

    return build


def _concatenate(left: Closure, right: Closure) -> Closure:
    """``&``: of strings, an empty operand counts as the empty string."""

    def run(environment: Environment) -> list[Item]:
        sides = (left(environment), right(environment))
        return [arithmetic.joined([single(side, (str,), "&") or "" for side in sides])]

    return run


def _union(left: Closure, right: Closure) -> Closure:
    return lambda environment: distinct(left(environment) + right(environment))


def _in(left: Closure, right: Closure) -> Closure:
    def run(environment: Environment) -> list[Item]:
        item = one_item(left(environment), "in")
        return [] if item is None else [item in Bag(right(environment))]

    return run


def _contains(left: Closure, right: Closure) -> Closure:
    return _in(right, left)


def _and(left: Closure, right: Closure) -> Closure:
    def run(environment: Environment) -> list[Item]:
        one = truth(left(environment), "and")
        if one is False:
            return [False]
        other = truth(right(environment), "and")
        return [False] if other is False else _maybe(None if one is None or other is None else True)

    return run


def _or(left: Closure, right: Closure) -> Closure:
    def run(environment: Environment) -> list[Item]:
        one = truth(left(environment), "or")
        if one is True:
            return [True]
        other = truth(right(environment), "or")
        return [True] if other is True else _maybe(None if one is None or other is None else False)

    return run


def _xor(left: Closure, right: Closure) -> Closure:
    def run(environment: Environment) -> list[Item]:
        one, other = truth(left(environment), "xor"), truth(right(environment), "xor")
        return _maybe(None if one is None or other is None else one != other)

    return run


def _implies(left: Closure, right: Closure) -> Closure:
    def run(environment: Environment) -> list[Item]:
        one = truth(left(environment), "implies")
        if one is False:
            return [True]
        other = truth(right(environment), "implies")
        return [True] if other is True else _maybe(other if one is True else None)

    return run


BINARY: dict[str, Operator] = {
    "=": _equal,
    "!=": _unequal,
    "~": _equivalent,
    "!~": _not_equivalent,
    "<": _ordering("<", frozenset({-1})),
    "<=": _ordering("<=", frozenset({-1, 0})),
    ">": _ordering(">", frozenset({1})),
    ">=": _ordering(">=", frozenset({1, 0})),
    "+": _arithmetic("+", arithmetic.add),
    "-": _arithmetic("-", arithmetic.subtract),
    "*": _arithmetic("*", arithmetic.multiply),
    "/": _arithmetic("/", arithmetic.divide),
    "div": _arithmetic("div", arithmetic.divide_whole),
    "mod": _arithmetic("mod", arithmetic.remainder),
    "&": _concatenate,
    "|": _union,
    "in": _in,
    "contains": _contains,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
}


def negative(operand: Closure) -> Closure:
    def run(environment: Environment) -> list[Item]:
        value = system(one_item(operand(environment), "-"))
        return [] if value is None else [arithmetic.negate(value)]

    return run


def positive(operand: Closure) -> Closure:
    """``+``: what it stands before must be a number or a quantity, and stays as it is."""

    def run(environment: Environment) -> list[Item]:
        value = system(one_item(operand(environment), "+"))
        if value is not None:
            arithmetic.negate(value)
        return [] if value is None else [value]

    return run
