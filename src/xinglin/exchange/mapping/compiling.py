"""From a tree to closures: what an expression gives for a node of a message.

Everything that can be known beforehand is: places are compiled by the dialect, constants are worked out, and what
cannot be is refused where it stands in the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.mapping import calling, functions, reaching, syntax
from xinglin.exchange.mapping import tree as tree_
from xinglin.exchange.mapping.functions import Unusable, written
from xinglin.exchange.mapping.values import Compiled, in_writing, is_empty, nowhere, of_several, single, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.mapping.running import Scope
    from xinglin.exchange.mapping.tree import Tree
    from xinglin.exchange.mapping.values import Many, One, Surroundings


def expression(text: str, around: Surroundings) -> Compiled:
    """Compile a text; raises SyntaxWrong."""
    around.compiler = compiled
    return compiled(syntax.parse(text, functions.NAMES), around)


def compiled(tree: Tree, around: Surroundings) -> Compiled:
    """The closures of a tree."""
    work: Any = _WORKS[type(tree)]
    found: Compiled = work(tree, around)
    return found


def _constant(value: Any, type_: str, values: frozenset[str] | None = None) -> Compiled:
    found = [] if is_empty(value) else [value]
    return Compiled(
        lambda _: value, lambda _: found, nowhere, type_, is_constant=True, values=values,
        is_plain=isinstance(value, str),
    )  # fmt: skip


def _text(tree: tree_.Text, _around: Surroundings) -> Compiled:
    return _constant(tree.value, "text", frozenset([tree.value]))


def _number(tree: tree_.Number, _around: Surroundings) -> Compiled:
    value = functions.number_of(tree.written)
    return _constant(value, "integer" if isinstance(value, int) else "decimal")


def _flag(tree: tree_.Flag, _around: Surroundings) -> Compiled:
    return _constant(tree.value, "boolean")


# -- operators


def _joined(tree: tree_.Joined, around: Surroundings) -> Compiled:
    """Texts one behind the other; empty when nothing of the message is in it."""
    parts = [compiled(part, around) for part in tree.parts]
    pairs = [(in_writing(part), part.is_constant) for part in parts]
    all_constant = all(part.is_constant for part in parts)

    def one(scope: Scope) -> str:
        pieces, is_live = [], all_constant
        for read, is_constant in pairs:
            piece = read(scope)
            pieces.append(piece)
            if piece and not is_constant:
                is_live = True
        return "".join(pieces) if is_live else ""

    place = next((part.place for part in parts if not part.is_constant), nowhere)
    return Compiled(one, single(one), place, "text", all_constant, is_plain=True)


def _compared(tree: tree_.Compared, around: Surroundings) -> Compiled:
    left, right = compiled(tree.left, around), compiled(tree.right, around)
    numeric = {"decimal", "integer"} & {left.type, right.type}
    first, second = left.one, right.one
    compare = _COMPARE[tree.operator]

    this, that = in_writing(left), in_writing(right)

    def by_text(scope: Scope) -> bool:
        return compare(this(scope), that(scope))

    def by_number(scope: Scope) -> bool:
        try:
            return compare(
                float(functions.to_decimal(first(scope))), float(functions.to_decimal(second(scope)))
            )
        except Unusable:
            return tree.operator == "!="

    one: One = by_number if numeric else _equal(tree, left) or by_text
    place = right.place if left.is_constant else left.place
    return Compiled(one, single(one), place, "boolean", left.is_constant and right.is_constant)


def _equal(tree: tree_.Compared, left: Compiled) -> One | None:
    """Whether it is a text that is written in the mapping, or is not: the most common comparison."""
    if not isinstance(tree.right, tree_.Text) or tree.operator not in {"=", "!="}:
        return None
    read, text = in_writing(left), tree.right.value
    return (lambda s: read(s) == text) if tree.operator == "=" else (lambda s: read(s) != text)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _one_of(tree: tree_.OneOf, around: Surroundings) -> Compiled:
    source = compiled(tree.source, around)
    choices = [compiled(choice, around) for choice in tree.choices]
    if all(isinstance(choice, (tree_.Text, tree_.Number)) for choice in tree.choices):
        known = frozenset(
            choice.value if isinstance(choice, tree_.Text) else choice.written
            for choice in tree.choices
            if isinstance(choice, (tree_.Text, tree_.Number))
        )
        read = in_writing(source)
        one: One = lambda scope: read(scope) in known  # noqa: E731 -- shorter than its name
    else:
        one = lambda scope: written(source.one(scope)) in {written(c.one(scope)) for c in choices}  # noqa: E731 -- as above
    return Compiled(one, single(one), source.place, "boolean", source.is_constant)


def _both(tree: tree_.Both, around: Surroundings) -> Compiled:
    left, right = compiled(tree.left, around), compiled(tree.right, around)
    first, second = truth(left), truth(right)
    one: One
    if tree.operator == "and":
        one = lambda scope: first(scope) and second(scope)  # noqa: E731 -- shorter than its name
    else:
        one = lambda scope: first(scope) or second(scope)  # noqa: E731 -- as above
    return Compiled(one, single(one), left.place, "boolean", left.is_constant and right.is_constant)


def _negated(tree: tree_.Negated, around: Surroundings) -> Compiled:
    source = compiled(tree.source, around)
    holds = truth(source)
    one: One = lambda scope: not holds(scope)  # noqa: E731 -- shorter than its name
    return Compiled(one, single(one), source.place, "boolean", source.is_constant)


def _choice(tree: tree_.Choice, around: Surroundings) -> Compiled:
    condition = compiled(tree.condition, around)
    then, other = compiled(tree.then, around), compiled(tree.other, around)
    holds = truth(condition)
    one: One = lambda scope: then.one(scope) if holds(scope) else other.one(scope)  # noqa: E731 -- shorter than its name
    many: Many = lambda scope: then.many(scope) if holds(scope) else other.many(scope)  # noqa: E731 -- as above
    place = then.place if not then.is_constant else condition.place
    return of_several(one, many, place, [then, other], [condition])


_WORKS: dict[type, Any] = {
    tree_.Text: _text,
    tree_.Number: _number,
    tree_.Flag: _flag,
    tree_.Place: reaching.place_,
    tree_.Name: reaching.name,
    tree_.Builtin: reaching.builtin,
    tree_.Call: calling.call,
    tree_.Joined: _joined,
    tree_.Compared: _compared,
    tree_.OneOf: _one_of,
    tree_.Both: _both,
    tree_.Negated: _negated,
    tree_.Choice: _choice,
}
