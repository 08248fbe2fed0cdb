"""From a tree to closures: what an expression gives for a node of a message.

Everything that can be known beforehand is: places are compiled by the dialect, constants are worked out, and what
cannot be is refused where it stands in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from xinglin.exchange import naming
from xinglin.exchange.mapping import functions, syntax
from xinglin.exchange.mapping.functions import FUNCTIONS, SPECIAL, Unusable, written
from xinglin.exchange.mapping.syntax import SyntaxWrong
from xinglin.fhir.definitions import is_resource_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xinglin.exchange.mapping.dialects import Dialect
    from xinglin.exchange.mapping.running import Scope
    from xinglin.exchange.mapping.syntax import Tree

    One = Callable[[Scope], Any]
    Many = Callable[[Scope], list[Any]]
    Placed = Callable[[Scope], str]


@dataclass(frozen=True, slots=True)
class Compiled:
    """``one`` gives the value ("" or None when there is none), ``many`` all of them, ``place`` says whence.

    ``is_constant``: no part of the message decides it. ``values``: all texts that can come out, if they are known.
    """

    one: One
    many: Many
    place: Placed
    type: str = "text"
    is_constant: bool = False
    values: frozenset[str] | None = None
    branches: tuple[Compiled, ...] = ()  # where the types of several differ
    targets: str = ""  # of a reference: the type it points to


@dataclass(slots=True)
class Surroundings:
    """What the names in an expression mean; ``lets`` has one dictionary for every level of scopes, outermost first."""

    dialect: Dialect
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lets: tuple[Mapping[str, Compiled], ...] = ({},)
    zone: str = "+08:00"

    def inner(self, lets: Mapping[str, Compiled]) -> Surroundings:
        return Surroundings(self.dialect, self.tables, (*self.lets, lets), self.zone)


NOTHING = frozenset([""])
"""The values of an empty text, which suits every element."""


def is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def expression(text: str, around: Surroundings) -> Compiled:
    """Compile a text; raises SyntaxWrong."""
    return compiled(syntax.parse(text, functions.NAMES), around)


def compiled(tree: Tree, around: Surroundings) -> Compiled:
    """The closures of a tree."""
    work: Any = _WORKS[type(tree)]
    found: Compiled = work(tree, around)
    return found


def _single(one: One) -> Many:
    """``many`` of what has one value."""

    def many(scope: Scope) -> list[Any]:
        value = one(scope)
        return [] if is_empty(value) else [value]

    return many


def _nowhere(_scope: Scope) -> str:
    return ""


def _constant(value: Any, type_: str, values: frozenset[str] | None = None) -> Compiled:
    found = [] if is_empty(value) else [value]
    return Compiled(lambda _: value, lambda _: found, _nowhere, type_, is_constant=True, values=values)


def _text(tree: syntax.Text, _around: Surroundings) -> Compiled:
    return _constant(tree.value, "text", frozenset([tree.value]))


def _number(tree: syntax.Number, _around: Surroundings) -> Compiled:
    value = functions.number_of(tree.written)
    return _constant(value, "integer" if isinstance(value, int) else "decimal")


def _flag(tree: syntax.Flag, _around: Surroundings) -> Compiled:
    return _constant(tree.value, "boolean")


# -- places


def nodes(
    tree: syntax.Place, around: Surroundings
) -> tuple[Callable[[Scope], Any], Callable[[Any], Sequence[Any]]]:
    """Whence a place is read, and how its nodes are found there."""
    if tree.up >= len(around.lets):
        raise SyntaxWrong(tree.at, "“^” reaches out of the message: there are only %(levels)s levels around.",
                          levels=len(around.lets) - 1)  # fmt: skip
    if tree.path == ".":
        return _base(tree), lambda node: (node,)
    try:
        return _base(tree), around.dialect.compile(tree.path)
    except SyntaxWrong as wrong:
        raise SyntaxWrong(tree.inside + wrong.at, wrong.message, **wrong.params) from wrong
    except ValueError as error:
        offset = next((part for part in error.args[1:] if isinstance(part, int)), 0)
        raise SyntaxWrong(
            tree.inside + offset,
            "“%(path)s” is no place of a message: %(why)s",
            path=tree.path,
            why=error.args[0],
        ) from error


def _base(tree: syntax.Place) -> Callable[[Scope], Any]:
    if tree.whole:
        return lambda scope: scope.run.root
    if tree.up == 0:
        return lambda scope: scope.node
    if tree.up == 1:
        return lambda scope: scope.up.node  # type: ignore[union-attr]  # there is one, or it would not be compiled

    def base(scope: Scope) -> Any:
        for _ in range(tree.up):
            scope = scope.up or scope
        return scope.node

    return base


def _place(tree: syntax.Place, around: Surroundings) -> Compiled:
    base, find = nodes(tree, around)
    text, place = around.dialect.text, around.dialect.place

    def many(scope: Scope) -> list[Any]:
        return [said for node in find(base(scope)) if (said := text(node))]

    def placed(scope: Scope) -> str:
        found = find(base(scope))
        if found:
            return place(found[0])
        around_ = place(base(scope)) if scope.up is not None and not tree.whole else ""
        return f"{around_}: {tree.path}" if around_ else tree.path

    return Compiled(_first(tree, around, base, find), many, placed)


def _first(
    tree: syntax.Place,
    around: Surroundings,
    base: Callable[[Scope], Any],
    find: Callable[[Any], Sequence[Any]],
) -> One:
    """The text of the first node, by the dialect's own short way if it has one."""
    text = around.dialect.text
    if tree.path == ".":
        return lambda scope: text(base(scope))
    short = getattr(around.dialect, "compile_text", None)
    if short is not None:
        read: Callable[[Any], str] = short(tree.path)
        if not tree.up and not tree.whole:
            return lambda scope: read(scope.node)
        return lambda scope: read(base(scope))

    def one(scope: Scope) -> str:
        found = find(base(scope))
        return text(found[0]) if found else ""

    return one


# -- names and what comes from the sender


def _name(tree: syntax.Name, around: Surroundings) -> Compiled:
    for levels, lets in enumerate(reversed(around.lets)):
        if tree.name in lets:
            return _kept(lets[tree.name], levels)
    known = sorted({name for lets in around.lets for name in lets})
    raise SyntaxWrong(tree.at, "There is no name $%(name)s; there are %(known)s.", name=tree.name,
                      known=", ".join(f"${name}" for name in known) or "none")  # fmt: skip


def _kept(let: Compiled, levels: int) -> Compiled:
    """A named value, worked out once in the scope that it belongs to."""
    if let.is_constant:
        return let
    key = f"{id(let)}"

    def home(scope: Scope) -> Scope:
        for _ in range(levels):
            scope = scope.up or scope
        return scope

    def one(scope: Scope) -> Any:
        scope = home(scope)
        kept = scope.kept
        if kept is None:
            kept = scope.kept = {}
        if key not in kept:
            kept[key] = let.one(scope)
        return kept[key]

    return Compiled(
        one, lambda s: let.many(home(s)), lambda s: let.place(home(s)), let.type, False, let.values, let.branches,
        let.targets,
    )  # fmt: skip


def _builtin(tree: syntax.Builtin, around: Surroundings) -> Compiled:
    name = tree.name
    if name in {"ref", "id"}:
        return _reference(tree, around)
    if name == "system":
        kind = bare(tree.arguments, tree.at, "@system(kind)")
        one: One = lambda scope: naming.system_of(scope.run.sender.code, kind)  # noqa: E731 -- one of a row
    elif tree.arguments:
        raise SyntaxWrong(tree.at, "@%(name)s takes no arguments.", name=name)
    elif name == "sender":
        one = lambda scope: scope.run.sender.code  # noqa: E731 -- as above
    elif name == "organization":
        return Compiled(
            _organization, _single(_organization), _nowhere, "Reference", True, targets="Organization"
        )
    else:
        one = lambda scope: scope.run.received and scope.run.received.isoformat(timespec="seconds")  # noqa: E731 -- as above
        return Compiled(one, _single(one), _nowhere, "instant", is_constant=True)
    return Compiled(one, _single(one), _nowhere, is_constant=True)


def _organization(scope: Scope) -> dict[str, Any] | None:
    found = scope.run.sender.organization
    return {"reference": f"Organization/{found}"} if found else None


def bare(arguments: tuple[Tree, ...], at: int, form: str) -> str:
    """The one argument that is a word."""
    if len(arguments) == 1:
        first = arguments[0]
        if isinstance(first, syntax.Text):
            return first.value
        if isinstance(first, syntax.Place) and not first.up and not first.whole:
            return first.path
    raise SyntaxWrong(at, "Write %(form)s.", form=form)


def _reference(tree: syntax.Builtin, around: Surroundings) -> Compiled:
    form = f"@{tree.name}(Type, parts …)"
    if len(tree.arguments) < 2:
        raise SyntaxWrong(tree.at, "Write %(form)s.", form=form)
    type_ = bare(tree.arguments[:1], tree.at, form)
    if not is_resource_type(type_):
        raise SyntaxWrong(tree.arguments[0].at, "FHIR has no resource type %(name)s.", name=type_)
    parts = [compiled(part, around) for part in tree.arguments[1:]]
    ones = [part.one for part in parts]

    def id_(scope: Scope) -> str:
        given = (type_, *[written(one(scope)) for one in ones])
        return scope.run.id_of(given) if all(given) else ""

    def reference(scope: Scope) -> dict[str, str] | None:
        found = id_(scope)
        return {"reference": f"{type_}/{found}"} if found else None

    is_id = tree.name == "id"
    one: One = id_ if is_id else reference
    many = _each_reference(parts[0], type_, is_id=is_id) if len(parts) == 1 else _single(one)
    place = next((part.place for part in parts if not part.is_constant), _nowhere)
    return Compiled(one, many, place, "text" if is_id else "Reference", targets="" if is_id else type_)


def _each_reference(part: Compiled, type_: str, *, is_id: bool) -> Many:
    def many(scope: Scope) -> list[Any]:
        ids = [scope.run.id_of((type_, written(value))) for value in part.many(scope) if written(value)]
        return list(ids) if is_id else [{"reference": f"{type_}/{id_}"} for id_ in ids]

    return many


# -- functions


def _call(tree: syntax.Call, around: Surroundings) -> Compiled:
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
    source = compiled(tree.source, around)
    if known is None:
        special: Compiled = _SPECIALS[tree.name](tree, source, around)
        return special
    arguments = [compiled(argument, around) for argument in tree.arguments]
    if tree.name in {"match", "matches"}:
        _check_pattern(tree)
    work = known.work
    if tree.name in {"dateTime", "instant"}:
        work = partial(work, zone=around.zone)
    return _applied(work, source, arguments, tree, known.result or source.type)


def functions_near(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 -- only for what went wrong

    return next(iter(get_close_matches(name, sorted(functions.NAMES), 1, 0.6)), "")


def _check_pattern(tree: syntax.Call) -> None:
    given = tree.arguments[0]
    if not isinstance(given, syntax.Text):
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
    work: Callable[..., Any], source: Compiled, arguments: list[Compiled], tree: syntax.Call, type_: str
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
        return apply(value, scope)

    def many(scope: Scope) -> list[Any]:
        found = [apply(value, scope) for value in source.many(scope)]
        return [value for value in found if not is_empty(value)]

    is_constant = source.is_constant and all(argument.is_constant for argument in arguments)
    return Compiled(one, many, place, type_, is_constant)


def _table(tree: syntax.Call, source: Compiled, around: Surroundings) -> Compiled:
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


def _translate(tree: syntax.Call, source: Compiled, _around: Surroundings) -> Compiled:
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


def _display(tree: syntax.Call, source: Compiled, _around: Surroundings) -> Compiled:
    name = bare(tree.arguments, tree.at, "display(table)")
    read = source.one

    def one(scope: Scope) -> str:
        value = read(scope)
        return "" if is_empty(value) else scope.run.tables.display(name, written(value).strip())

    return Compiled(one, _single(one), source.place, "text", source.is_constant)


def _default(tree: syntax.Call, source: Compiled, around: Surroundings) -> Compiled:
    other = compiled(tree.arguments[0], around)
    return _chosen([source, other])


def _either(tree: syntax.Call, source: Compiled, around: Surroundings) -> Compiled:
    return _chosen([source, *[compiled(argument, around) for argument in tree.arguments]])


def _chosen(options: list[Compiled]) -> Compiled:
    """The first that is not empty."""
    ones = [option.one for option in options]

    def one(scope: Scope) -> Any:
        for read in ones:
            value = read(scope)
            if value is not None and value != "":
                return value
        return None

    def many(scope: Scope) -> list[Any]:
        return next((found for option in options if (found := option.many(scope))), [])

    return _of_several(one, many, options[0].place, options, [])


def _of_several(
    one: One, many: Many, place: Placed, options: list[Compiled], conditions: list[Compiled]
) -> Compiled:
    types = {option.type for option in options if option.values != NOTHING}
    known = [option.values for option in options]
    values = (
        frozenset().union(*[v for v in known if v is not None]) if all(v is not None for v in known) else None
    )
    return Compiled(
        one, many, place, types.pop() if len(types) == 1 else "",
        is_constant=all(option.is_constant for option in [*options, *conditions]),
        values=values, branches=tuple(options),
        targets=options[0].targets if len({option.targets for option in options}) == 1 else "",
    )  # fmt: skip


def _required(_tree: syntax.Call, source: Compiled, _around: Surroundings) -> Compiled:
    read, place = source.one, source.place

    def one(scope: Scope) -> Any:
        value = read(scope)
        if is_empty(value):
            scope.run.say("error", "required", place(scope), "A value is missing here.")
            return None
        return value

    return Compiled(
        one, _single(one), place, source.type, False, source.values, source.branches, source.targets
    )


def _exists(tree: syntax.Call, source: Compiled, _around: Surroundings) -> Compiled:
    wanted = tree.name == "empty"
    one: One = lambda scope: is_empty(source.one(scope)) is wanted  # noqa: E731 -- shorter than its name
    return Compiled(one, _single(one), source.place, "boolean", source.is_constant)


def _join(tree: syntax.Call, source: Compiled, around: Surroundings) -> Compiled:
    separator = compiled(tree.arguments[0], around).one if tree.arguments else None

    def one(scope: Scope) -> str:
        between = written(separator(scope)) if separator else " "
        return between.join(written(value) for value in source.many(scope))

    return Compiled(one, _single(one), source.place, "text", source.is_constant)


def _count(_tree: syntax.Call, source: Compiled, _around: Surroundings) -> Compiled:
    one: One = lambda scope: len(source.many(scope))  # noqa: E731 -- shorter than its name
    return Compiled(one, _single(one), source.place, "integer", source.is_constant)


def _listed(tree: syntax.Call, source: Compiled, _around: Surroundings) -> Compiled:
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


def _identifier(tree: syntax.Call, source: Compiled, _around: Surroundings) -> Compiled:
    kind = bare(tree.arguments, tree.at, "identifier(kind)")

    def made(value: Any, scope: Scope) -> dict[str, str]:
        return {"system": naming.system_of(scope.run.sender.code, kind), "value": written(value)}

    def one(scope: Scope) -> Any:
        value = source.one(scope)
        return None if is_empty(value) else made(value, scope)

    def many(scope: Scope) -> list[Any]:
        return [made(value, scope) for value in source.many(scope)]

    return Compiled(one, many, source.place, "Identifier", source.is_constant)


_SPECIALS: dict[str, Callable[[syntax.Call, Compiled, Surroundings], Compiled]] = {
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


# -- operators


def _joined(tree: syntax.Joined, around: Surroundings) -> Compiled:
    """Texts one behind the other; empty when nothing of the message is in it."""
    parts = [compiled(part, around) for part in tree.parts]
    pairs = [(part.one, part.is_constant) for part in parts]
    all_constant = all(part.is_constant for part in parts)

    def one(scope: Scope) -> str:
        pieces, is_live = [], all_constant
        for read, is_constant in pairs:
            piece = written(read(scope))
            pieces.append(piece)
            if piece and not is_constant:
                is_live = True
        return "".join(pieces) if is_live else ""

    place = next((part.place for part in parts if not part.is_constant), _nowhere)
    return Compiled(one, _single(one), place, "text", all_constant)


def _compared(tree: syntax.Compared, around: Surroundings) -> Compiled:
    left, right = compiled(tree.left, around), compiled(tree.right, around)
    numeric = {"decimal", "integer"} & {left.type, right.type}
    first, second = left.one, right.one
    compare = _COMPARE[tree.operator]

    def by_text(scope: Scope) -> bool:
        return compare(written(first(scope)), written(second(scope)))

    def by_number(scope: Scope) -> bool:
        try:
            return compare(
                float(functions.to_decimal(first(scope))), float(functions.to_decimal(second(scope)))
            )
        except Unusable:
            return tree.operator == "!="

    one: One = by_number if numeric else by_text
    place = right.place if left.is_constant else left.place
    return Compiled(one, _single(one), place, "boolean", left.is_constant and right.is_constant)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _one_of(tree: syntax.OneOf, around: Surroundings) -> Compiled:
    source = compiled(tree.source, around)
    choices = [compiled(choice, around) for choice in tree.choices]
    if all(isinstance(choice, (syntax.Text, syntax.Number)) for choice in tree.choices):
        known = frozenset(
            choice.value if isinstance(choice, syntax.Text) else choice.written
            for choice in tree.choices
            if isinstance(choice, (syntax.Text, syntax.Number))
        )
        one: One = lambda scope: written(source.one(scope)) in known  # noqa: E731 -- shorter than its name
    else:
        one = lambda scope: written(source.one(scope)) in {written(c.one(scope)) for c in choices}  # noqa: E731 -- as above
    return Compiled(one, _single(one), source.place, "boolean", source.is_constant)


def truth(found: Compiled) -> Callable[[Scope], bool]:
    """Whether a condition holds; what is no boolean holds when it is not empty."""
    read = found.one
    if found.type == "boolean":
        return lambda scope: read(scope) is True
    return lambda scope: not is_empty(value := read(scope)) and value is not False


def _both(tree: syntax.Both, around: Surroundings) -> Compiled:
    left, right = compiled(tree.left, around), compiled(tree.right, around)
    first, second = truth(left), truth(right)
    one: One
    if tree.operator == "and":
        one = lambda scope: first(scope) and second(scope)  # noqa: E731 -- shorter than its name
    else:
        one = lambda scope: first(scope) or second(scope)  # noqa: E731 -- as above
    return Compiled(one, _single(one), left.place, "boolean", left.is_constant and right.is_constant)


def _negated(tree: syntax.Negated, around: Surroundings) -> Compiled:
    source = compiled(tree.source, around)
    holds = truth(source)
    one: One = lambda scope: not holds(scope)  # noqa: E731 -- shorter than its name
    return Compiled(one, _single(one), source.place, "boolean", source.is_constant)


def _choice(tree: syntax.Choice, around: Surroundings) -> Compiled:
    condition = compiled(tree.condition, around)
    then, other = compiled(tree.then, around), compiled(tree.other, around)
    holds = truth(condition)
    one: One = lambda scope: then.one(scope) if holds(scope) else other.one(scope)  # noqa: E731 -- shorter than its name
    many: Many = lambda scope: then.many(scope) if holds(scope) else other.many(scope)  # noqa: E731 -- as above
    place = then.place if not then.is_constant else condition.place
    return _of_several(one, many, place, [then, other], [condition])


_WORKS: dict[type, Any] = {
    syntax.Text: _text,
    syntax.Number: _number,
    syntax.Flag: _flag,
    syntax.Place: _place,
    syntax.Name: _name,
    syntax.Builtin: _builtin,
    syntax.Call: _call,
    syntax.Joined: _joined,
    syntax.Compared: _compared,
    syntax.OneOf: _one_of,
    syntax.Both: _both,
    syntax.Negated: _negated,
    syntax.Choice: _choice,
}
