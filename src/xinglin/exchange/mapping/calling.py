"""Compiling functions: what is done to a value on its way."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from xinglin.exchange import naming
from xinglin.exchange.mapping import functions
from xinglin.exchange.mapping import tree as tree_
from xinglin.exchange.mapping.functions import FUNCTIONS, SPECIAL, Unusable, written
from xinglin.exchange.mapping.reaching import bare
from xinglin.exchange.mapping.tree import SyntaxWrong
from xinglin.exchange.mapping.values import Compiled, chosen, is_empty, single

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.mapping.running import Scope
    from xinglin.exchange.mapping.values import One, Surroundings


def call(tree: tree_.Call, around: Surroundings) -> Compiled:
    if tree.name not in functions.NAMES:
        near = functions_near(tree.name)
        if near:
            raise SyntaxWrong(
                tree.at, "There is no function %(name)s; is %(near)s meant?", name=tree.name, near=near
            )
        raise SyntaxWrong(tree.at, "There is no function %(name)s.", name=tree.name)
    known = FUNCTIONS.get(tree.name)
    fewest, most = (known.fewest, known.most) if known else SPECIAL[tree.name][:2]
    if not fewest <= len(tree.arguments) <= most:
        raise SyntaxWrong(
            tree.at, "%(name)s takes %(count)s arguments.", name=tree.name,
            count=fewest if fewest == most else f"{fewest}–{most}",
        )  # fmt: skip
    source = around.compiled(tree.source)
    if known is None:
        special: Compiled = _SPECIALS[tree.name](tree, source, around)
        return special
    arguments = [around.compiled(argument) for argument in tree.arguments]
    if tree.name in {"match", "matches"}:
        _check_pattern(tree)
    work = known.work
    if tree.name in {"dateTime", "instant"}:
        work = partial(work, zone=around.zone)
    return _applied(work, source, arguments, tree, known.result or source.type)


def functions_near(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 -- only for what went wrong

    return next(iter(get_close_matches(name, sorted(functions.NAMES), 1, 0.6)), "")


def _check_pattern(tree: tree_.Call) -> None:
    given = tree.arguments[0]
    if not isinstance(given, tree_.Text):
        raise SyntaxWrong(given.at, "The pattern must be a text in quotes.")
    if len(given.value) > 200 or re.search(r"[+*}]\)*[+*{]", given.value):
        raise SyntaxWrong(given.at, "This pattern could take very long. Use a simpler one.")
    try:
        functions.pattern(given.value)
    except re.error as error:
        raise SyntaxWrong(
            given.at + 1 + (error.pos or 0), "The pattern is wrong: %(why)s.", why=error.msg
        ) from error


def _applied(
    work: Callable[..., Any], source: Compiled, arguments: list[Compiled], tree: tree_.Call, type_: str
) -> Compiled:
    """A function of a value that is there."""
    read, place, mild = source.one, source.place, tree.is_mild
    ones = [argument.one for argument in arguments]

    def apply(value: Any, scope: Scope) -> Any:
        try:
            return work(value, *[one(scope) for one in ones]) if ones else work(value)
        except Unusable as unusable:
            scope.run.blame(unusable, place(scope), mild=mild)
        except (ValueError, TypeError, OverflowError):
            wrong = Unusable("value", "The value does not suit “%(function)s”.", function=tree.name)
            scope.run.blame(wrong, place(scope), mild=mild)
        return None

    def one(scope: Scope) -> Any:
        value = read(scope)
        if value is None or value == "":
            return None
        if ones:
            return apply(value, scope)
        try:
            return work(value)
        except (Unusable, ValueError, TypeError, OverflowError):
            return apply(value, scope)  # which says what is wrong

    def many(scope: Scope) -> list[Any]:
        found = [apply(value, scope) for value in source.many(scope)]
        return [value for value in found if not is_empty(value)]

    is_constant = source.is_constant and all(argument.is_constant for argument in arguments)
    return Compiled(one, many, place, type_, is_constant)


def _table(tree: tree_.Call, source: Compiled, around: Surroundings) -> Compiled:
    name = bare(tree.arguments, tree.at, "table(name)")
    table = around.tables.get(name)
    if table is None:
        raise SyntaxWrong(
            tree.arguments[0].at, "There is no table %(name)s; there are %(known)s.", name=name,
            known=", ".join(sorted(around.tables)) or "none",
        )  # fmt: skip
    other = table.get("*")

    def work(value: Any) -> str:
        found = table.get(written(value).strip(), other)
        if found is None:
            raise Unusable("code-invalid", "This code is not in the table “%(table)s”.", table=name)
        return found

    made = _applied(work, source, [], tree, "text")
    return Compiled(made.one, made.many, made.place, "text", False, frozenset(table.values()))


def _translate(tree: tree_.Call, source: Compiled, _around: Surroundings) -> Compiled:
    name = bare(tree.arguments, tree.at, "translate(map)")
    read, place, mild = source.one, source.place, tree.is_mild

    def apply(value: Any, scope: Scope) -> dict[str, str] | None:
        found = scope.run.tables.translate(name, written(value).strip())
        if found is None:
            unusable = Unusable("code-invalid", "The map “%(table)s” has nothing for this code.", table=name)
            scope.run.blame(unusable, place(scope), mild=mild)
            return None
        return dict(found)

    def one(scope: Scope) -> Any:
        value = read(scope)
        return None if is_empty(value) else apply(value, scope)

    def many(scope: Scope) -> list[Any]:
        return [found for value in source.many(scope) if (found := apply(value, scope))]

    return Compiled(one, many, place, "Coding", source.is_constant)


def _display(tree: tree_.Call, source: Compiled, _around: Surroundings) -> Compiled:
    name = bare(tree.arguments, tree.at, "display(table)")
    read = source.one

    def one(scope: Scope) -> str:
        value = read(scope)
        return "" if is_empty(value) else scope.run.tables.display(name, written(value).strip())

    return Compiled(one, single(one), source.place, "text", source.is_constant)


def _default(tree: tree_.Call, source: Compiled, around: Surroundings) -> Compiled:
    other = around.compiled(tree.arguments[0])
    return chosen([source, other])


def _either(tree: tree_.Call, source: Compiled, around: Surroundings) -> Compiled:
    return chosen([source, *[around.compiled(argument) for argument in tree.arguments]])


def _required(_tree: tree_.Call, source: Compiled, _around: Surroundings) -> Compiled:
    read, place = source.one, source.place

    def one(scope: Scope) -> Any:
        value = read(scope)
        if is_empty(value):
            scope.run.say("error", "required", place(scope), "A value is missing here.")
            return None
        return value

    return Compiled(
        one, single(one), place, source.type, False, source.values, source.branches, source.targets
    )


def _exists(tree: tree_.Call, source: Compiled, _around: Surroundings) -> Compiled:
    wanted = tree.name == "empty"
    one: One = lambda scope: is_empty(source.one(scope)) is wanted  # noqa: E731 -- shorter than its name
    return Compiled(one, single(one), source.place, "boolean", source.is_constant)


def _join(tree: tree_.Call, source: Compiled, around: Surroundings) -> Compiled:
    separator = around.compiled(tree.arguments[0]).one if tree.arguments else None

    def one(scope: Scope) -> str:
        between = written(separator(scope)) if separator else " "
        return between.join(written(value) for value in source.many(scope))

    return Compiled(one, single(one), source.place, "text", source.is_constant)


def _count(_tree: tree_.Call, source: Compiled, _around: Surroundings) -> Compiled:
    one: One = lambda scope: len(source.many(scope))  # noqa: E731 -- shorter than its name
    return Compiled(one, single(one), source.place, "integer", source.is_constant)


def _listed(tree: tree_.Call, source: Compiled, _around: Surroundings) -> Compiled:
    """``unique`` and ``last``: some of the values."""
    is_last = tree.name == "last"

    def many(scope: Scope) -> list[Any]:
        found = source.many(scope)
        if is_last:
            return found[-1:]
        return [value for at, value in enumerate(found) if value not in found[:at]]

    def one(scope: Scope) -> Any:
        found = many(scope)
        return found[0] if found else None

    return Compiled(
        one,
        many,
        source.place,
        source.type,
        source.is_constant,
        source.values,
        source.branches,
        source.targets,
    )


def _identifier(tree: tree_.Call, source: Compiled, _around: Surroundings) -> Compiled:
    kind = bare(tree.arguments, tree.at, "identifier(kind)")

    def made(value: Any, scope: Scope) -> dict[str, str]:
        return {"system": naming.system_of(scope.run.sender.code, kind), "value": written(value)}

    def one(scope: Scope) -> Any:
        value = source.one(scope)
        return None if is_empty(value) else made(value, scope)

    def many(scope: Scope) -> list[Any]:
        return [made(value, scope) for value in source.many(scope)]

    return Compiled(one, many, source.place, "Identifier", source.is_constant)


_SPECIALS: dict[str, Callable[[tree_.Call, Compiled, Surroundings], Compiled]] = {
    "table": _table,
    "translate": _translate,
    "display": _display,
    "default": _default,
    "required": _required,
    "either": _either,
    "exists": _exists,
    "empty": _exists,
    "join": _join,
    "count": _count,
    "unique": _listed,
    "last": _listed,
    "identifier": _identifier,
}
