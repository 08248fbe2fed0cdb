"""What of a resource is sent: ``_summary`` and ``_elements``.

https://hl7.org/fhir/R4/search.html#summary. A resource that lost something is tagged SUBSETTED, so that
nobody takes it for the whole and sends it back.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.record.search.criteria import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.record.search.criteria import Query

_ALWAYS = ("resourceType", "id", "meta")
_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


def projection(query: Query) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """What to make of each resource found; None if it is sent whole, and so need not be parsed."""
    if query.elements:
        wanted = query.elements
        return lambda resource: _with_elements(resource, wanted)
    return {
        Summary.TRUE: _summarised,
        Summary.TEXT: _text_only,
        Summary.DATA: _without_text,
        Summary.COUNT: None,
        Summary.FALSE: None,
    }[query.summary]


def _with_elements(resource: dict[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """``_elements``: those asked for and those that must be there."""
    type_ = resource["resourceType"]
    return _kept(resource, {*_ALWAYS, *_mandatory(type_), *_properties(type_, frozenset(wanted))})


def _text_only(resource: dict[str, Any]) -> dict[str, Any]:
    return _kept(resource, {*_ALWAYS, "text", *_mandatory(resource["resourceType"])})


def _without_text(resource: dict[str, Any]) -> dict[str, Any]:
    return _kept(resource, resource.keys() - {"text"})


def _kept(resource: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    keep = set(names)
    return _subsetted({name: value for name, value in resource.items() if name.removeprefix("_") in keep})


def _summarised(resource: dict[str, Any]) -> dict[str, Any]:
    """The elements the standard marks as summary, and the mandatory ones, at every depth."""
    return _subsetted(_pruned(resource, resource["resourceType"]))


def _pruned(value: dict[str, Any], structure: str) -> dict[str, Any]:
    kept = {}
    for name, child in value.items():
        type_ = _summary_types(structure).get(name.removeprefix("_"))
        if name in _ALWAYS:
            kept[name] = child
        elif type_ is not None:
            kept[name] = _pruned_child(child, type_)
    return kept


def _pruned_child(child: Any, structure: str) -> Any:
    """Backbone elements (their names are paths) are pruned in their turn; data types are sent as they are."""
    if "." not in structure:
        return child
    if isinstance(child, list):
        return [_pruned(item, structure) if isinstance(item, dict) else item for item in child]
    return _pruned(child, structure) if isinstance(child, dict) else child


@lru_cache(maxsize=1024)
def _summary_types(structure: str) -> dict[str, str]:
    """JSON property → its type, of the elements of a structure that a summary keeps."""
    found = definitions.structure(structure).properties
    return {name: type_ for name, (element, type_) in found.items() if element.summary or element.min > 0}


@lru_cache(maxsize=1024)
def _mandatory(type_: str) -> frozenset[str]:
    """The JSON properties without which a resource of the type is invalid or means something else."""
    found = definitions.structure(type_).properties
    return frozenset(name for name, (element, _) in found.items() if element.min > 0 or element.modifier)


@lru_cache(maxsize=1024)
def _properties(type_: str, wanted: frozenset[str]) -> frozenset[str]:
    """The JSON properties of elements by name: ``value`` → ``valueQuantity``, ``valueString`` …"""
    found = definitions.structure(type_).properties
    return frozenset(
        name
        for name, (element, _) in found.items()
        if element.name in wanted or f"{element.name}[x]" in wanted
    )


def _subsetted(resource: dict[str, Any]) -> dict[str, Any]:
    meta = dict(resource.get("meta") or {})
    tags = [
        tag
        for tag in meta.get("tag", ())
        if (tag.get("system"), tag.get("code")) != tuple(_SUBSETTED.values())
    ]
    meta["tag"] = [*tags, _SUBSETTED]
    made: dict[str, Any] = {name: resource[name] for name in ("resourceType", "id") if name in resource}
    made["meta"] = meta
    made.update({name: value for name, value in resource.items() if name not in made})
    return made
