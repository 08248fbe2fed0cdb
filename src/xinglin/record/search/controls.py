"""The parameters that shape the answer instead of choosing resources: ``_sort``, ``_count``, ``_include`` …

https://hl7.org/fhir/R4/search.html#modifyingresults
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from xinglin.fhir import definitions
from xinglin.record.search import refusals
from xinglin.record.search.criteria import DEFAULT_COUNT, MAX_COUNT, Include, SortKey, Summary, Total

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.record.search.catalogue import Catalogue

_E = TypeVar("_E", bound=StrEnum)

PAGE = "_page"
_IGNORED = {"_format", "_pretty"}  # the face's own
_UNSUPPORTED = {
    "_content": "text is searched by the parameters that name it",
    "_text": "narratives are not searched",
    "_query": "there are no named queries",
    "_filter": "write the condition with parameters and modifiers",
    "_list": "ask for the List and read its entries",
    "_containedType": "contained resources are not found on their own",
}


@dataclass(slots=True)
class Controls:
    """What has been read so far."""

    sort: tuple[SortKey, ...] = ()
    count: int = DEFAULT_COUNT
    total: Total | None = None
    summary: Summary = Summary.FALSE
    elements: tuple[str, ...] = ()
    includes: list[Include] = field(default_factory=list)
    page: str | None = None
    seen: set[str] = field(default_factory=set)

    def settings(self) -> dict[str, Any]:
        """The fields of a ``Query``; a count of nothing is a question for the total alone."""
        return {
            "sort": self.sort,
            "count": self.count,
            "total": self.total,
            "summary": Summary.COUNT if self.count == 0 else self.summary,
            "elements": self.elements,
            "includes": tuple(self.includes),
            "page": self.page,
        }


def read(controls: Controls, name: str, value: str, type_: str, catalogue: Catalogue) -> bool:
    """Take the pair if it is a control, and say whether it was; raises ``Refused`` for a wrong one."""
    if name[:1] != "_":
        return False
    if name in _IGNORED:
        return True
    base, _, modifier = name.partition(":")
    if base in ("_include", "_revinclude"):
        controls.includes.append(_include(name, base, modifier, value, catalogue))
        return True
    if base in _UNSUPPORTED:
        raise refusals.unsupported(name, _UNSUPPORTED[base])
    reader = _READERS.get(base)
    if reader is None:
        return False
    if modifier or name.endswith(":"):
        raise refusals.unknown_modifier(base, modifier, ())
    if name in controls.seen:
        raise refusals.wrong_value(name, value, "given once")
    controls.seen.add(name)
    reader(controls, name, value, type_, catalogue)
    return True


def _count(controls: Controls, name: str, value: str, _type: str, _catalogue: Catalogue) -> None:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise refusals.wrong_value(name, value, f"a whole number from 0 to {MAX_COUNT}")
    controls.count = min(int(value), MAX_COUNT)


def _chosen(kind: type[_E], name: str, value: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise refusals.wrong_value(name, value, "one of " + ", ".join(kind)) from None


def _total(controls: Controls, name: str, value: str, _type: str, _catalogue: Catalogue) -> None:
    controls.total = _chosen(Total, name, value)


def _summary(controls: Controls, name: str, value: str, _type: str, _catalogue: Catalogue) -> None:
    controls.summary = _chosen(Summary, name, value)


def _contained(_controls: Controls, name: str, value: str, _type: str, _catalogue: Catalogue) -> None:
    if value != "false":
        raise refusals.unsupported(name, "contained resources are not found on their own")


def _elements(controls: Controls, name: str, value: str, type_: str, _catalogue: Catalogue) -> None:
    wanted = tuple(part.strip() for part in value.split(","))
    known = definitions.structure(type_).elements
    for element in wanted:
        if element not in known and type_ != "Resource":
            raise refusals.wrong_value(
                name, element, "top-level elements such as " + refusals.nearest(element, known)
            )
    controls.elements = wanted


def _page(controls: Controls, _name: str, value: str, _type: str, _catalogue: Catalogue) -> None:
    controls.page = value


def _type(_controls: Controls, name: str, value: str, type_: str, _catalogue: Catalogue) -> None:
    for wanted in value.split(","):
        if not definitions.is_resource_type(wanted):
            raise refusals.unknown_type(name, wanted, definitions.RESOURCE_TYPES)
        if type_ not in ("Resource", wanted):
            raise refusals.wrong_value(name, wanted, f"{type_}, as in the address, or absent")


def _sort(controls: Controls, name: str, value: str, type_: str, catalogue: Catalogue) -> None:
    """https://hl7.org/fhir/R4/search.html#sort"""
    known = catalogue.parameters(type_)
    keys = []
    for part in value.split(","):
        code = part.removeprefix("-").strip()
        parameter = known.get(code)
        if parameter is None:
            raise refusals.wrong_value(name, part, "parameters such as " + refusals.nearest(code, known))
        if parameter.type in ("composite", "special"):
            raise refusals.unsupported(f"{name}={part}", f"{parameter.type} parameters have no order")
        keys.append(SortKey(parameter, part.startswith("-")))
    controls.sort = tuple(keys)


_READERS: dict[str, Callable[[Controls, str, str, str, Catalogue], None]] = {
    "_count": _count,
    "_total": _total,
    "_summary": _summary,
    "_elements": _elements,
    "_sort": _sort,
    "_type": _type,
    "_contained": _contained,
    PAGE: _page,
}


def _include(name: str, base: str, modifier: str, value: str, catalogue: Catalogue) -> Include:
    """``Type:parameter[:target]``, ``Type:*`` or ``*``; https://hl7.org/fhir/R4/search.html#include"""
    if modifier not in ("", "iterate") or name.endswith(":"):
        raise refusals.unknown_modifier(base, modifier, ("iterate",))
    reverse, iterate = base == "_revinclude", bool(modifier)
    if value == "*":
        return Include(reverse, None, None, None, iterate)
    type_, _, rest = value.partition(":")
    code, colon, target = rest.partition(":")
    if not code or (colon and not target):
        raise refusals.wrong_value(name, value, "Type:parameter, Type:parameter:TargetType or *")
    if not definitions.is_resource_type(type_):
        raise refusals.unknown_type(name, type_, definitions.RESOURCE_TYPES)
    if target and not definitions.is_resource_type(target):
        raise refusals.unknown_type(name, target, definitions.RESOURCE_TYPES)
    if code == "*":
        return Include(reverse, type_, None, target or None, iterate)
    known = {c: p for c, p in catalogue.parameters(type_).items() if p.type == "reference"}
    if code not in known:
        raise refusals.wrong_value(
            name, value, f"Type:parameter with a reference such as {refusals.nearest(code, known)}"
        )
    return Include(reverse, type_, known[code], target or None, iterate)
