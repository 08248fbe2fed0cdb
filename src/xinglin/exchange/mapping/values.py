"""What an expression is compiled to, and what the names in it mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.exchange.mapping.functions import written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinglin.exchange.mapping.dialects import Dialect
    from xinglin.exchange.mapping.running import Scope
    from xinglin.exchange.mapping.tree import Tree

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
    is_plain: bool = False  # ``one`` always gives a str


@dataclass(slots=True)
class Surroundings:
    """What the names in an expression mean; ``lets`` has one dictionary for every level of scopes, outermost first."""

    dialect: Dialect
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lets: tuple[Mapping[str, Compiled], ...] = ({},)
    zone: str = "+08:00"
    compiler: Callable[[Tree, Surroundings], Compiled] | None = None

    def inner(self, lets: Mapping[str, Compiled]) -> Surroundings:
        return Surroundings(self.dialect, self.tables, (*self.lets, lets), self.zone, self.compiler)

    def compiled(self, tree: Tree) -> Compiled:
        """The closures of a part of what is being compiled."""
        assert self.compiler is not None
        return self.compiler(tree, self)


def in_writing(found: Compiled) -> Callable[[Scope], str]:
    """The value as a text; without asking where it is one anyway."""
    read = found.one
    if found.is_plain:
        return read
    return lambda scope: value if (value := read(scope)).__class__ is str else written(value)


NOTHING = frozenset([""])
"""The values of an empty text, which suits every element."""


def is_empty(value: Any) -> bool:
    """Whether there is nothing: zero and false are something."""
    return not value and value is not False and value != 0


def single(one: One) -> Many:
    """``many`` of what has one value."""

    def many(scope: Scope) -> list[Any]:
        value = one(scope)
        return [] if is_empty(value) else [value]

    return many


def nowhere(_scope: Scope) -> str:
    return ""


def truth(found: Compiled) -> Callable[[Scope], bool]:
    """Whether a condition holds; what is no boolean holds when it is not empty."""
    read = found.one
    if found.type == "boolean":
        return lambda scope: read(scope) is True
    return lambda scope: not is_empty(value := read(scope)) and value is not False


def chosen(options: list[Compiled]) -> Compiled:
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

    return of_several(one, many, options[0].place, options, [])


def of_several(
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
