"""What an item of a source asks of the record.

A resource with an id is an update (which also creates), one without is a create. Entries of a ``batch`` and a
``transaction`` do as their requests say; a transaction is one item, all or nothing. The entries of a
``collection`` or ``searchset`` are taken like resources by themselves. A ``document`` or ``message`` is one
resource: what was attested together stays together. In NDJSON every line is one item.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, json, patch
from xinglin.kernel.errors import Fault, invalid, unsupported
from xinglin.record.steps import Step, Verb, read_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_MOST_ENTRIES = 1_000_000  # of a bundle in a file, which waits for nobody
_ANSWERS = ("history", "batch-response", "transaction-response")
_APART = ("batch", "collection", "searchset")


@dataclass(slots=True)
class Item:
    """A line, an entry or a whole bundle: the steps that it asks for, or what is wrong with it.

    ``bundle``: it is a bundle that is taken as a whole, its steps' places are within that.
    """

    number: int
    steps: list[Step] = field(default_factory=list)
    bundle: bool = False
    fault: Fault | None = None


def line(number: int, text: bytes) -> Item:
    """The item that one line of NDJSON is."""
    try:
        resource = json.parse(text)
        if _bundle_type(resource) in _APART:
            items = [_guarded(number, resource, entry) for entry in _entries(resource)]
            fault = next((item.fault for item in items if item.fault), None)
            return Item(number, [step for item in items for step in item.steps], bundle=True, fault=fault)
        return _whole(number, resource)
    except Fault as fault:
        return Item(number, fault=fault)


def document(text: bytes) -> list[Item]:
    """The items of a JSON text that is one resource or Bundle."""
    try:
        resource = json.parse(text)
        if _bundle_type(resource) in _APART:
            return [_guarded(number, resource, entry) for number, entry in enumerate(_entries(resource))]
        return [_whole(0, resource)]
    except Fault as fault:
        return [Item(0, fault=fault)]


def raw(text: bytes) -> list[Any]:
    """The values behind ``document``'s items, as they were sent; None for what is no JSON."""
    try:
        resource = json.parse(text)
    except Fault:
        return [None]
    return list(_entries(resource)) if _bundle_type(resource) in _APART else [resource]


def groups(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Cut items into those that can be written in one go: no name twice, nothing conditional."""
    together: list[Item] = []
    seen: set[object] = set()
    for item in items:
        names: set[object] = {(step.type, step.id) for step in item.steps if step.id is not None}
        names |= {step.full_url for step in item.steps if step.full_url is not None}
        plain = all(_is_plain(step) for step in item.steps)
        if together and not (plain and seen.isdisjoint(names)):
            yield together
            together, seen = [], set()
        if plain:
            together.append(item)
            seen |= names
        else:
            yield [item]
    if together:
        yield together


def _is_plain(step: Step) -> bool:
    if step.criteria or step.if_match is not None:
        return False
    return step.verb is Verb.CREATE or (step.verb is Verb.UPDATE and step.id is not None)


def _bundle_type(resource: Any) -> str | None:
    if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        return str(resource.get("type"))
    return None


def _entries(bundle: dict[str, Any]) -> list[Any]:
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise invalid("Bundle.entry is a list of entries.", code="structure", expression="Bundle.entry")
    return [entry for entry in entries if not _is_outcome(entry)]


def _is_outcome(entry: Any) -> bool:
    search = entry.get("search") if isinstance(entry, dict) else None
    return isinstance(search, dict) and search.get("mode") == "outcome"


def _whole(number: int, resource: Any) -> Item:
    kind = _bundle_type(resource)
    if kind in _ANSWERS:
        raise unsupported(
            "A Bundle of type %(type)s reports what has happened and cannot be loaded; "
            "send a transaction, batch or collection.",
            expression="Bundle.type", type=kind,
        )  # fmt: skip
    if kind == "transaction":
        return Item(number, _doing(read_bundle(resource, _change, most=_MOST_ENTRIES)), bundle=True)
    return Item(number, [_taking(resource, None)])


def _guarded(number: int, bundle: dict[str, Any], entry: Any) -> Item:
    try:
        if bundle["type"] == "batch":
            return Item(number, _doing(read_bundle({"entry": [entry]}, _change)))
        resource = entry.get("resource") if isinstance(entry, dict) else None
        return Item(number, [_taking(resource, entry.get("fullUrl") if resource else None)])
    except Fault as fault:
        return Item(number, fault=fault)


def _doing(steps: list[Step]) -> list[Step]:
    return [step for step in steps if step.verb is not Verb.READ]


def _taking(resource: Any, full_url: str | None) -> Step:
    type_name = resource.get("resourceType") if isinstance(resource, dict) else None
    if type_name not in definitions.RESOURCE_TYPES:
        raise invalid(
            "A resource of FHIR R4 is expected here; resourceType is %(type)r.",
            code="structure",
            type=type_name,
        )
    id_ = resource.get("id")
    if id_ is None:
        return Step(Verb.CREATE, type_name, resource=resource, full_url=full_url)
    if not isinstance(id_, str):
        raise invalid("An id is a string.", code="structure", expression=f"{type_name}.id")
    return Step(Verb.UPDATE, type_name, id_, resource, full_url=full_url)


def _change(resource: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The change that the resource of a PATCH entry describes: https://hl7.org/fhir/R4/http.html#patch."""
    if resource.get("resourceType") == "Parameters":
        return lambda old: patch.fhirpath_patch(old, resource)
    if resource.get("contentType") == "application/json-patch+json":
        operations = json.parse(b64decode(str(resource.get("data"))))
        return lambda old: patch.json_patch(old, operations)
    raise invalid(
        "A patch is a Parameters resource (FHIRPath Patch) or a Binary of application/json-patch+json.",
        code="value",
    )
