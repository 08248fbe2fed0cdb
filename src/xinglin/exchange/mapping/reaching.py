"""Compiling what leads to values: places of the message, names, and what comes from the sender."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange import naming
from xinglin.exchange.mapping import tree as tree_
from xinglin.exchange.mapping.functions import written
from xinglin.exchange.mapping.tree import SyntaxWrong
from xinglin.exchange.mapping.values import Compiled, in_writing, nowhere, single
from xinglin.fhir.definitions import is_resource_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.exchange.mapping.running import Scope
    from xinglin.exchange.mapping.tree import Tree
    from xinglin.exchange.mapping.values import Many, One, Surroundings


def nodes(
    tree: tree_.Place, around: Surroundings
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


def _base(tree: tree_.Place) -> Callable[[Scope], Any]:
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


def place_(tree: tree_.Place, around: Surroundings) -> Compiled:
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

    return Compiled(_first(tree, around, base, find), many, placed, is_plain=True)


def _first(
    tree: tree_.Place,
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


def name(tree: tree_.Name, around: Surroundings) -> Compiled:
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
    key, read = f"{id(let)}", let.one

    def home(scope: Scope) -> Scope:
        for _ in range(levels):
            scope = scope.up or scope
        return scope

    def one(scope: Scope) -> Any:
        for _ in range(levels):
            scope = scope.up or scope
        kept = scope.kept
        if kept is None:
            kept = scope.kept = {}
        elif key in kept:
            return kept[key]
        value = kept[key] = read(scope)
        return value

    return Compiled(
        one, lambda s: let.many(home(s)), lambda s: let.place(home(s)), let.type, False, let.values, let.branches,
        let.targets, let.is_plain,
    )  # fmt: skip


def builtin(tree: tree_.Builtin, around: Surroundings) -> Compiled:
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
            _organization, single(_organization), nowhere, "Reference", True, targets="Organization"
        )
    else:
        one = lambda scope: scope.run.received and scope.run.received.isoformat(timespec="seconds")  # noqa: E731 -- as above
        return Compiled(one, single(one), nowhere, "instant", is_constant=True)
    return Compiled(one, single(one), nowhere, is_constant=True)


def _organization(scope: Scope) -> dict[str, Any] | None:
    found = scope.run.sender.organization
    return {"reference": f"Organization/{found}"} if found else None


def bare(arguments: tuple[Tree, ...], at: int, form: str) -> str:
    """The one argument that is a word."""
    if len(arguments) == 1:
        first = arguments[0]
        if isinstance(first, tree_.Text):
            return first.value
        if isinstance(first, tree_.Place) and not first.up and not first.whole:
            return first.path
    raise SyntaxWrong(at, "Write %(form)s.", form=form)


def _reference(tree: tree_.Builtin, around: Surroundings) -> Compiled:
    form = f"@{tree.name}(Type, parts …)"
    if len(tree.arguments) < 2:
        raise SyntaxWrong(tree.at, "Write %(form)s.", form=form)
    type_ = bare(tree.arguments[:1], tree.at, form)
    if not is_resource_type(type_):
        raise SyntaxWrong(tree.arguments[0].at, "FHIR has no resource type %(name)s.", name=type_)
    parts = [around.compiled(part) for part in tree.arguments[1:]]
    ones = [in_writing(part) for part in parts]

    def id_(scope: Scope) -> str:
        given = [type_]
        for one in ones:
            said = one(scope)
            if not said:
                return ""
            given.append(said)
        return scope.run.id_of(tuple(given))

    def reference(scope: Scope) -> dict[str, str] | None:
        found = id_(scope)
        return {"reference": f"{type_}/{found}"} if found else None

    is_id = tree.name == "id"
    one: One = id_ if is_id else reference
    many = _each_reference(parts[0], type_, is_id=is_id) if len(parts) == 1 else single(one)
    place = next((part.place for part in parts if not part.is_constant), nowhere)
    return Compiled(one, many, place, "text" if is_id else "Reference", targets="" if is_id else type_)


def _each_reference(part: Compiled, type_: str, *, is_id: bool) -> Many:
    def many(scope: Scope) -> list[Any]:
        ids = [scope.run.id_of((type_, written(value))) for value in part.many(scope) if written(value)]
        return list(ids) if is_id else [{"reference": f"{type_}/{id_}"} for id_ in ids]

    return many
