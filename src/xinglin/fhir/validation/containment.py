"""What must hold between a resource and those contained in it: ref-1 and dom-2 to dom-5.

https://hl7.org/fhir/R4/references.html#contained
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir.references import holders, walk
from xinglin.fhir.validation.explanation import shown
from xinglin.kernel.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]
_FORBIDDEN = {"versionId": "dom-4", "lastUpdated": "dom-4", "security": "dom-5"}


def holds(resource: Node) -> bool:
    """Whether all is well between a resource that passed its gate and its contained ones; the quick answer.

    False also for rare right things: contained resources that refer to their container, or are named by a uri.
    """
    contained: list[Node] = resource["contained"]
    used = {text[1:] for holder in holders(resource) if (text := holder["reference"])[0] == "#"}
    return used == {child.get("id") for child in contained} and not any(
        "contained" in child or ("meta" in child and _FORBIDDEN.keys() & child["meta"].keys())
        for child in contained
    )


def broken(resource: Node, expression: str) -> Iterator[Issue]:
    """The issues of a structurally right resource with its contained resources."""
    contained: list[Node] = resource.get("contained", [])
    ids = {child["id"] for child in contained if "id" in child}
    used: set[str] = set()
    for holder, _, path in walk(resource):
        text: str = holder["reference"]
        if text.startswith("#"):
            inside = path.startswith(f"{resource.get('resourceType')}.contained[")
            used.add(text[1:])
            if text[1:] not in ids and not (text == "#" and inside):
                yield _dangling(text, expression + path[path.index(".") :])
    for position, child in enumerate(contained):
        yield from _of_contained(child, f"{expression}.contained[{position}]")
        if child.get("id") not in used and not _is_tied(child, resource):
            yield _unused(child, f"{expression}.contained[{position}]")


def _dangling(text: str, path: str) -> Issue:
    message = "%(element)s is %(value)s, but no contained resource has that id (ref-1)."
    return Issue("invariant", message, {"element": path, "value": shown(text)}, path)


def _unused(child: Node, path: str) -> Issue:
    if "id" not in child:
        message = "%(element)s must have an id, so that it can be referred to (dom-3)."
        return Issue("required", message, {"element": path}, f"{path}.id")
    message = "%(element)s must be referred to as #%(id)s from elsewhere in the resource (dom-3)."
    return Issue("invariant", message, {"element": path, "id": child["id"]}, path)


def _of_contained(child: Node, path: str) -> Iterator[Issue]:
    if "contained" in child:
        message = "%(element)s is contained itself, so it must not contain resources (dom-2)."
        yield Issue("invariant", message, {"element": path}, f"{path}.contained")
    meta = child.get("meta", {})
    for name, key in _FORBIDDEN.items():
        if name in meta:
            message = "%(element)s is contained, so its meta must not have %(name)s (%(key)s)."
            yield Issue(
                "invariant", message, {"element": path, "name": name, "key": key}, f"{path}.meta.{name}"
            )


def _is_tied(child: Node, resource: Node) -> bool:
    """Whether ``child`` refers to its container, or a uri or canonical names it."""
    return any(holder["reference"] == "#" for holder, _, _ in walk(child)) or (
        "id" in child and f"#{child['id']}" in _texts(resource)
    )


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)
