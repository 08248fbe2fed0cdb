"""Which operations there are, and at which levels; https://hl7.org/fhir/R4/operations.html"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.api.refusals import Refusal
from xinglin.kernel.errors import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request

SYSTEM, TYPE, INSTANCE = "system", "type", "instance"


@dataclass(frozen=True, slots=True)
class Operation:
    """``types`` empty means every type. ``handler`` takes request and level, then type and id if given."""

    name: str
    levels: frozenset[str]
    types: frozenset[str]
    definition: str
    documentation: str
    handler: Callable[..., Answer]
    changes: bool = False  # must be asked with POST


OPERATIONS: list[Operation] = []
_JOBS: dict[str, Callable[[Request, str], Answer]] = {}


def register(operation: Operation) -> Operation:
    """Offer an operation. The same name may be registered several times for different types or levels."""
    OPERATIONS.append(operation)
    return operation


def register_job(name: str, handler: Callable[[Request, str], Answer]) -> None:
    """Offer ``$name/{job}``: the status, with GET, or the end, with DELETE, of something that takes long."""
    _JOBS[name] = handler


def at_system(request: Request, name: str) -> Answer:
    return _found(request, name, SYSTEM, None).handler(request, SYSTEM)


def at_type(request: Request, type_name: str, name: str) -> Answer:
    return _found(request, name, TYPE, type_name).handler(request, TYPE, type_name)


def at_instance(request: Request, type_name: str, id_: str, name: str) -> Answer:
    return _found(request, name, INSTANCE, type_name).handler(request, INSTANCE, type_name, id_)


def at_job(request: Request, name: str, job: str) -> Answer:
    handler = _JOBS.get(name)
    if handler is None:
        raise _unknown(name, None)
    return handler(request, job)


def _found(request: Request, name: str, level: str, type_name: str | None) -> Operation:
    for operation in OPERATIONS:
        fits = type_name is None or not operation.types or type_name in operation.types
        if operation.name == name and level in operation.levels and fits:
            if operation.changes and request.method != "POST":
                raise Refusal(
                    405,
                    Kind.UNSUPPORTED,
                    "not-supported",
                    "The operation $%(name)s changes something, so it is asked with POST.",
                    headers=[("Allow", "POST")],
                    name=name,
                )
            return operation
    raise _unknown(name, type_name)


def _unknown(name: str, type_name: str | None) -> Refusal:
    return Refusal(
        404,
        Kind.NOT_FOUND,
        "not-supported",
        "There is no operation $%(name)s here%(where)s; there are %(known)s.",
        name=name[:64],
        where=f" for {type_name}" if type_name else "",
        known=", ".join(sorted({f"${one.name}" for one in OPERATIONS})),
    )
