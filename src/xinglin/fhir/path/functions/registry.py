"""How a function is made known to the compiler."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias

from xinglin.fhir.path.comparison import kind
from xinglin.fhir.path.elements import Element, Item, system
from xinglin.fhir.path.quantity import Quantity
from xinglin.fhir.path.temporal import Temporal
from xinglin.kernel import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.fhir.path.environment import Environment

P = ParamSpec("P")
Items: TypeAlias = list[Item]

NUMBER = (int, Decimal)
ANY = (object,)
_NAMES: dict[tuple[type, ...], str] = {
    (str,): "a string",
    (int,): "an integer",
    (bool,): "a boolean",
    NUMBER: "a number",
    (Quantity,): "a quantity",
    (*NUMBER, Quantity): "a number or a quantity",
    (*NUMBER, Quantity, Temporal): "a number, a quantity or a date",
}


@dataclass(frozen=True, slots=True)
class Function:
    """``run(items, *collections)``, or if ``lazy``: ``run(environment, items, *closures)``.

    ``kinds`` are the Python types of System values that the input may have; none means any.
    """

    name: str
    run: Callable[..., Items]
    least: int
    most: int
    lazy: bool = False
    kinds: tuple[type, ...] = ()


FUNCTIONS: dict[str, Function] = {}


def collection(
    name: str, least: int = 0, most: int | None = None
) -> Callable[[Callable[Concatenate[Items, P], Items]], Callable[Concatenate[Items, P], Items]]:
    """Registers a function from collections to a collection."""

    def register(run: Callable[Concatenate[Items, P], Items]) -> Callable[Concatenate[Items, P], Items]:
        FUNCTIONS[name] = Function(name, run, least, least if most is None else most)
        return run

    return register


def lazy(
    name: str, least: int = 0, most: int | None = None
) -> Callable[
    [Callable[Concatenate[Environment, Items, P], Items]], Callable[Concatenate[Environment, Items, P], Items]
]:
    """Registers a function that evaluates its arguments itself, or that needs the environment."""

    def register(
        run: Callable[Concatenate[Environment, Items, P], Items],
    ) -> Callable[Concatenate[Environment, Items, P], Items]:
        FUNCTIONS[name] = Function(name, run, least, least if most is None else most, lazy=True)
        return run

    return register


def scalar(
    name: str, *kinds: type | tuple[type, ...], optional: int = 0
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function of single values: ``kinds`` of the input and of each argument.

    An empty input or argument gives an empty result, as does ``None``; several values or a value of another
    kind are ``invalid``. The last ``optional`` arguments may be left out.
    """
    accepted = tuple(one if isinstance(one, tuple) else (one,) for one in kinds)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*collections: Items) -> Items:
            values = []
            for items, types in zip(collections, accepted, strict=False):
                value = single(items, types, f"{name}()")
                if value is None:
                    return []
                values.append(value)
            result = function(*values)
            return [] if result is None else [result]

        arguments = len(accepted) - 1
        FUNCTIONS[name] = Function(name, run, arguments - optional, arguments, kinds=accepted[0])
        return function

    return register


def one_item(items: Items, where: str) -> Item:
    """The only item, ``None`` of none; several are ``invalid``."""
    if len(items) > 1:
        raise errors.invalid(
            "FHIRPath %(where)s works on a single value, here are %(count)d", where=where, count=len(items)
        )
    return items[0] if items else None


def single(items: Items, types: tuple[type, ...], where: str) -> Any:
    """The System value of the only item, ``None`` of none or of an element without a value."""
    item = one_item(items, where)
    value = system(item)
    if value is None:
        return None
    if isinstance(value, types) and not (
        isinstance(value, bool) and bool not in types and object not in types
    ):
        return value
    if str in types and isinstance(item, Element) and isinstance(item.value, str):
        return item.value  # a FHIR date is a string in JSON, and may be used as one
    raise errors.invalid(
        "FHIRPath %(where)s needs %(wanted)s, not %(found)s",
        where=where,
        wanted=_NAMES.get(types, "another value"),
        found=kind(item),
    )


def truth(items: Items, where: str) -> bool | None:
    """A collection as a condition: ``None`` if empty, a single boolean as it is, any other single item true.

    https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
    """
    item = one_item(items, where)
    value = system(item)
    if value is None:
        return None if item is None else True
    return value if isinstance(value, bool) else True
