"""What an expression is evaluated in: the focus, the variables, and the doors to the world outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.fhir.path.elements import UNTYPED, Element, Item, root, system
from xinglin.fhir.path.quantity import UCUM
from xinglin.fhir.path.temporal import Temporal
from xinglin.kernel import clock, errors

if TYPE_CHECKING:
    from collections.abc import Iterable

Closure: TypeAlias = Callable[["Environment"], list[Item]]
Resolver: TypeAlias = Callable[[str], Mapping[str, Any] | None]
MemberOf: TypeAlias = Callable[[Any, str], bool | None]

_URLS = {"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": UCUM}
_VALUE_SETS, _EXTENSIONS = "http://hl7.org/fhir/ValueSet/", "http://hl7.org/fhir/StructureDefinition/"
_BUDGET = 1_000_000  # items that one evaluation may visit or make in iterations
FIXED_NAMES = frozenset({"context", "resource", "rootResource", *_URLS})


class Environment(msgspec.Struct, eq=False):
    """The state of one evaluation.

    ``this``, ``index`` and ``total`` are ``$this``, ``$index``, ``$total``; ``variables`` the external
    constants by name, replaced and never changed in place. ``resolver`` finds a resource by its reference,
    ``member_of`` says whether a code is in a value set, ``tracer`` hears ``trace()``,
    ``moment`` is what ``now()`` gave, ``budget`` how many more items may be visited before it is too much.
    """

    this: list[Item]
    context: list[Item]
    root: Element | None = None
    variables: Mapping[str, list[Item]] = msgspec.field(default_factory=dict)
    resolver: Resolver | None = None
    member_of: MemberOf | None = None
    tracer: Callable[[str, list[Any]], None] | None = None
    index: int | None = None
    total: Sequence[Item] = ()
    moment: Temporal | None = None
    budget: int = _BUDGET

    def each(self, items: Iterable[Item], closure: Closure) -> list[list[Item]]:
        """What ``closure`` makes of every item with ``$this`` and ``$index`` set to it."""
        saved = self.this, self.index, self.variables
        results = []
        for index, item in enumerate(items):
            self.this, self.index, self.variables = [item], index, saved[2]
            result = closure(self)
            self.spend(1 + len(result))
            results.append(result)
        self.this, self.index, self.variables = saved
        return results

    def spend(self, items: int) -> None:
        """Counts items visited or made; ``invalid`` when the expression asks for more than is reasonable."""
        self.budget -= items
        if self.budget < 0:
            raise errors.invalid(
                "The FHIRPath expression goes through more than %(most)d items", most=_BUDGET
            )

    def scoped(self, closure: Closure) -> list[Item]:
        """What ``closure`` makes; variables that it defines end with it."""
        variables = self.variables
        result = closure(self)
        self.variables = variables
        return result

    def now(self) -> Temporal:
        """The moment of the evaluation, the same however often it is asked for."""
        if self.moment is None:
            moment = clock.now().astimezone(LOCAL_ZONE)
            second = Decimal(moment.second * 1000 + moment.microsecond // 1000) / 1000
            parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute)
            zone = int(LOCAL_ZONE.utcoffset(moment).total_seconds()) // 60
            self.moment = Temporal("DateTime", (*parts, second.quantize(Decimal("0.001"))), zone)
        return self.moment

    def constant(self, name: str) -> list[Item]:
        """The value of ``%name``; ``invalid`` if nothing has that name."""
        if name in self.variables:
            return self.variables[name]
        if name == "context":
            return self.context
        if name in {"resource", "rootResource"}:
            return self._resource(outermost=name == "rootResource")
        if name in _URLS:
            return [_URLS[name]]
        if name.startswith("vs-"):
            return [_VALUE_SETS + name.removeprefix("vs-")]
        if name.startswith("ext-"):
            return [_EXTENSIONS + name.removeprefix("ext-")]
        raise errors.invalid("The FHIRPath constant %(name)s is not defined", name=f"%{name}")

    def _resource(self, *, outermost: bool) -> list[Item]:
        """The resource around the context; ``outermost``: the one that it is contained in, if it is."""
        element = self.context[0] if self.context and isinstance(self.context[0], Element) else None
        found = self.root if element is None else (enclosing(element) or self.root)
        if outermost and found is not None and found.key == "contained" and found.parent is not None:
            found = enclosing(found.parent)
        return [] if found is None else [found]


def enclosing(element: Element) -> Element | None:
    """The resource that ``element`` is or stands in."""
    found: Element | None = element
    while found is not None and not is_resource(found):
        found = found.parent
    return found


def is_resource(element: Element) -> bool:
    value = element.value
    return isinstance(value, dict) and "resourceType" in value


def items_of(value: Any) -> list[Item]:
    """A Python or JSON value as a collection: a list by item, an object as an element, ``None`` as empty."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [item for one in value for item in items_of(one)]
    if isinstance(value, dict):
        return [root(value)]
    return [system(Element(value, UNTYPED))]
