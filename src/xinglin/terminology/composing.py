"""What the filters of a value set mean, as conditions on the concepts of a system.

https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid, unsupported
from xinglin.terminology import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinglin.terminology.queries import SystemVersion
    from xinglin.terminology.values import Connection

_CODES = ("concept", "code")
_COLUMNS = {"code": "c.code", "concept": "c.code", "display": "c.display"}
_FLAGS = {"inactive": "c.inactive", "notSelectable": "c.abstract", "abstract": "c.abstract"}
_TRUTHS = {"true": True, "false": False}


@dataclass(slots=True)
class Selection:
    """A condition on rows ``c`` of terminology_concept of one system, with the values of its places."""

    connection: Connection
    system: SystemVersion
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add("c.system = %s", self.system.id)

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition)
        self.values += values

    @property
    def sql(self) -> str:
        return " AND ".join(self.conditions)

    def narrow(self, one: Mapping[str, Any]) -> None:
        """Take one more filter into account."""
        property_, op, value = (str(one.get(name, "")) for name in ("property", "op", "value"))
        apply = _OPERATORS.get(op)
        if apply is None or (op in _HIERARCHIES and property_ not in _CODES):
            raise unsupported(
                gettext_noop("The filter %(property)s %(op)s on %(system)s is not supported."),
                property=property_,
                op=op,
                system=self.system.url,
            )
        apply(self, property_, value)

    def place_of(self, code: str) -> int:
        """The number of a code that a filter names."""
        found = queries.concept(self.connection, self.system, code)
        if found is None:
            raise invalid(
                gettext_noop("The filter of a value set names %(named)s, which is no code of %(system)s."),
                code="code-invalid",
                named=code,
                system=self.system.canonical,
            )
        return found.place


def _related(selection: Selection, code: str, *, below: bool, itself: bool, distance: str = "") -> None:
    place = selection.place_of(code)
    given, wanted = ("above", "below") if below else ("below", "above")
    related = (
        "EXISTS (SELECT 1 FROM terminology_closure r WHERE r.system = c.system"
        f" AND r.{given} = %s AND r.{wanted} = c.place{distance})"
    )
    if itself:
        selection.add(f"(c.place = %s OR {related})", place, place)
    else:
        selection.add(related, place)


def _is_a(selection: Selection, _property: str, value: str) -> None:
    _related(selection, value, below=True, itself=True)


def _descendent_of(selection: Selection, _property: str, value: str) -> None:
    _related(selection, value, below=True, itself=False)


def _is_not_a(selection: Selection, _property: str, value: str) -> None:
    _is_a(selection, _property, value)
    selection.conditions[-1] = f"NOT {selection.conditions[-1]}"


def _generalizes(selection: Selection, _property: str, value: str) -> None:
    _related(selection, value, below=False, itself=True)


def _equal(selection: Selection, property_: str, value: str) -> None:
    if property_ in _FLAGS:
        selection.add(f"{_FLAGS[property_]} = %s", _truth(property_, value))
    elif property_ in _COLUMNS:
        selection.add(f"{_COLUMNS[property_]} = %s", value)
    elif property_ in ("parent", "child"):
        _related(selection, value, below=property_ == "parent", itself=False, distance=" AND r.distance = 1")
    else:
        _stated(selection, property_, "left(p.value, 200) = left(%s, 200) AND p.value = %s", value, value)


def _stated(selection: Selection, property_: str, condition: str, *values: Any) -> None:
    """Has the property with a value of which ``condition`` is true."""
    selection.add(
        "EXISTS (SELECT 1 FROM terminology_property p WHERE p.system = c.system AND p.concept = c.place"
        f" AND p.name = %s AND {condition})",
        property_,
        *values,
    )


def _in(selection: Selection, property_: str, value: str) -> None:
    listed = [part.strip() for part in value.split(",") if part.strip()]
    if property_ in _COLUMNS:
        selection.add(f"{_COLUMNS[property_]} = ANY(%s::text[])", listed)
    else:
        _stated(selection, property_, "p.value = ANY(%s::text[])", listed)


def _not_in(selection: Selection, property_: str, value: str) -> None:
    _in(selection, property_, value)
    selection.conditions[-1] = f"NOT {selection.conditions[-1]}"


def _regex(selection: Selection, property_: str, value: str) -> None:
    """The whole value must match."""
    pattern = f"^(?:{value})$"
    if property_ in _COLUMNS:
        selection.add(f"{_COLUMNS[property_]} ~ %s", pattern)
    else:
        _stated(selection, property_, "p.value ~ %s", pattern)


def _exists(selection: Selection, property_: str, value: str) -> None:
    if property_ in ("parent", "child"):
        given = "below" if property_ == "parent" else "above"
        selection.add(
            "EXISTS (SELECT 1 FROM terminology_closure r WHERE r.system = c.system"
            f" AND r.{given} = c.place AND r.distance = 1)"
        )
    else:
        _stated(selection, property_, "true")
    if not _truth(property_, value):
        selection.conditions[-1] = f"NOT {selection.conditions[-1]}"


def _truth(property_: str, value: str) -> bool:
    if value not in _TRUTHS:
        raise invalid(
            gettext_noop("The filter on %(property)s should have the value true or false; it is %(there)s."),
            code="value",
            property=property_,
            there=repr(value),
        )
    return _TRUTHS[value]


_OPERATORS: dict[str, Callable[[Selection, str, str], None]] = {
    "=": _equal,
    "is-a": _is_a,
    "descendent-of": _descendent_of,
    "is-not-a": _is_not_a,
    "generalizes": _generalizes,
    "in": _in,
    "not-in": _not_in,
    "regex": _regex,
    "exists": _exists,
}
_HIERARCHIES = frozenset({"is-a", "descendent-of", "is-not-a", "generalizes"})
