"""Functions that look beyond their input: at the clock, at variables, at whoever listens.

https://hl7.org/fhirpath/N1/#utility-functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir.path.comparison import system_type
from xinglin.fhir.path.elements import UNTYPED, Element, plain
from xinglin.fhir.path.environment import FIXED_NAMES
from xinglin.fhir.path.functions.registry import Items, collection, lazy, single
from xinglin.fhir.path.temporal import DAY, Temporal
from xinglin.kernel import errors

if TYPE_CHECKING:
    from xinglin.fhir.path.environment import Closure, Environment


@lazy("now")
def now(environment: Environment, _items: Items) -> Items:
    return [environment.now()]


@lazy("today")
def today(environment: Environment, _items: Items) -> Items:
    return [Temporal("Date", environment.now().parts[:DAY])]


@lazy("timeOfDay")
def time_of_day(environment: Environment, _items: Items) -> Items:
    return [Temporal("Time", environment.now().parts[DAY:])]


@lazy("trace", 1, 2)
def trace(environment: Environment, items: Items, name: Closure, projection: Closure | None = None) -> Items:
    """The input as it is; the tracer, if there is one, hears it or its projection."""
    if environment.tracer:
        heard = items
        if projection is not None:
            heard = [item for found in environment.each(items, projection) for item in found]
        environment.tracer(str(single(name(environment), (str,), "trace()")), [plain(item) for item in heard])
    return items


@lazy("defineVariable", 1, 2)
def define_variable(
    environment: Environment, items: Items, name: Closure, value: Closure | None = None
) -> Items:
    """The input as it is; ``%name`` is it, or the second argument, in the rest of the chain."""
    key = single(environment.scoped(name), (str,), "defineVariable()")
    if not isinstance(key, str) or key in FIXED_NAMES or key in environment.variables:
        raise errors.invalid(
            "FHIRPath defineVariable() cannot define %(name)s: it needs a name that is not taken",
            name=repr(key),
        )
    content = items
    if value is not None:
        this, environment.this = environment.this, items
        content = environment.scoped(value)
        environment.this = this
    environment.variables = {**environment.variables, key: content}
    return items


@collection("type")
def type_(items: Items) -> Items:
    """For every item ``namespace`` and ``name`` of its type."""
    return [Element(_type_info(item), UNTYPED) for item in items]


def _type_info(item: object) -> dict[str, str]:
    if not isinstance(item, Element):
        return {"namespace": "System", "name": system_type(item)}
    kind = item.type
    return {"namespace": "FHIR", "name": "BackboneElement" if kind.kind == "backbone" else kind.name}
