"""From the path of a FHIRPath Patch operation to the places it leads to.

A patch needs places where FHIRPath gives values, so a path is limited to what leads to places: elements,
positions, and the functions that choose among elements. The criteria of ``where`` are FHIRPath without
limits. https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir import path as fhirpath
from xinglin.fhir.definitions import is_a, structure_names
from xinglin.fhir.patch.spots import Spot, below
from xinglin.fhir.path import tree
from xinglin.kernel.errors import Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def locate(resource: dict[str, Any], path: str) -> list[Spot]:
    """The places that ``path`` leads to, in the order of the document."""
    return _Search(resource, path).places(fhirpath.parse(path))


def locate_one(resource: dict[str, Any], path: str) -> Spot:
    """The one place that ``path`` leads to; a fault if there is none or more."""
    return _only(locate(resource, path), path)


def locate_list(resource: dict[str, Any], path: str) -> tuple[Spot, str]:
    """The element that holds the list ``path`` means, and the list's name; the list may be missing yet."""
    node = fhirpath.parse(path)
    if not isinstance(node, tree.Member):
        raise invalid(
            "The path %(path)s should end with the name of a list, such as Patient.name.",
            code="value",
            path=repr(path),
        )
    search = _Search(resource, path)
    holder = _only(search.places(node.source) if node.source else [search.root], path)
    return holder, node.name


@dataclass(slots=True)
class _Search:
    resource: dict[str, Any]
    path: str

    @property
    def root(self) -> Spot:
        name = str(self.resource.get("resourceType"))
        return Spot(self.resource, name, name)

    def places(self, node: tree.Node) -> list[Spot]:
        match node:
            case tree.Member(None, name) if name in _type_names() and is_a(self.root.shape, name):
                return [self.root]
            case tree.Member(source, name):
                return [one for spot in self._of(source) for one in below(spot, name)]
            case tree.Indexer(source, tree.Number(text)) if text.isdigit():
                return self.places(source)[int(text) :][:1]
            case tree.TypeTest("as", operand, type_name):
                return [spot for spot in self.places(operand) if spot.shape == type_name.name]
            case tree.Call(source, name, arguments) if name in _CHOOSING:
                return _CHOOSING[name](self, self._of(source), arguments)
            case _:
                raise self._no_place(node)

    def _of(self, source: tree.Node | None) -> list[Spot]:
        return [self.root] if source is None else self.places(source)

    def where(self, spots: list[Spot], arguments: Sequence[tree.Node]) -> list[Spot]:
        (criteria,) = self._arguments(arguments, 1)
        return [s for s in spots if fhirpath.evaluate(criteria, s.value, root=self.resource) == [True]]

    def first(self, spots: list[Spot], arguments: Sequence[tree.Node]) -> list[Spot]:
        self._arguments(arguments, 0)
        return spots[:1]

    def last(self, spots: list[Spot], arguments: Sequence[tree.Node]) -> list[Spot]:
        self._arguments(arguments, 0)
        return spots[-1:]

    def single(self, spots: list[Spot], arguments: Sequence[tree.Node]) -> list[Spot]:
        self._arguments(arguments, 0)
        return [_only(spots, self.path)] if spots else []

    def of_type(self, spots: list[Spot], arguments: Sequence[tree.Node]) -> list[Spot]:
        (wanted,) = self._arguments(arguments, 1)
        if not isinstance(wanted, tree.Member):
            raise self._no_place(wanted)
        return [spot for spot in spots if spot.shape == wanted.name]

    def extension(self, spots: list[Spot], arguments: Sequence[tree.Node]) -> list[Spot]:
        (url,) = self._arguments(arguments, 1)
        if not isinstance(url, tree.String):
            raise self._no_place(url)
        return [one for s in spots for one in below(s, "extension") if one.value.get("url") == url.value]

    def _arguments(self, arguments: Sequence[tree.Node], count: int) -> Sequence[tree.Node]:
        if len(arguments) != count:
            raise invalid(
                "A function in the path %(path)s should have %(wanted)d arguments; it has %(count)d.",
                code="value",
                path=repr(self.path),
                wanted=count,
                count=len(arguments),
            )
        return arguments

    def _no_place(self, node: tree.Node) -> Fault:
        return invalid(
            "%(part)s in the path %(path)s does not lead to a place in the resource; a patch's path may use "
            "elements, positions and %(known)s.",
            code="not-supported",
            part=str(node),
            path=repr(self.path),
            known=", ".join(f"{name}()" for name in _CHOOSING),
        )


_CHOOSING: dict[str, Callable[[_Search, list[Spot], Sequence[tree.Node]], list[Spot]]] = {
    "where": _Search.where,
    "first": _Search.first,
    "last": _Search.last,
    "single": _Search.single,
    "ofType": _Search.of_type,
    "as": _Search.of_type,
    "extension": _Search.extension,
}


@cache
def _type_names() -> frozenset[str]:
    return frozenset(name for name in structure_names() if "." not in name)


def _only(spots: Sequence[Spot], path: str) -> Spot:
    if len(spots) == 1:
        return spots[0]
    raise invalid(
        "The path %(path)s should lead to one element; it leads to %(count)d.",
        code="multiple-matches" if spots else "not-found",
        path=repr(path),
        count=len(spots),
    )
