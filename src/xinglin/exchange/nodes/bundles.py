"""Resources on their way to another node: there under ids made of the node's, so that two nodes never meet. Pure."""

from __future__ import annotations

import re
from typing import Any

from xinglin.exchange import naming
from xinglin.exchange.nodes.rules import NODE_TAG
from xinglin.fhir import definitions

_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(/_history/[A-Za-z0-9\-.]+)?")


def foreign_id(node: str, type_name: str, id_: str) -> str:
    """The id under which a resource of ``node`` is kept here."""
    return naming.id_of(f"node:{node}", type_name, id_)


def taken_in(node: str, resource: dict[str, Any]) -> dict[str, Any]:
    """A resource of another node as it is kept here: its id and references are ours, and it says where it is from."""
    made: dict[str, Any] = _rewritten(node, resource)
    made["id"] = foreign_id(node, str(resource["resourceType"]), str(resource["id"]))
    meta = {
        name: value
        for name, value in made.get("meta", {}).items()
        if name not in ("versionId", "lastUpdated")
    }
    tags = [tag for tag in meta.get("tag", ()) if tag.get("system") != NODE_TAG]
    made["meta"] = {
        **meta,
        "source": f"{NODE_TAG}:{node}",
        "tag": [*tags, {"system": NODE_TAG, "code": node}],
    }
    return made


def _rewritten(node: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _reference(node, inner)
            if name == "reference" and isinstance(inner, str)
            else _rewritten(node, inner)
            for name, inner in value.items()
        }
    return [_rewritten(node, inner) for inner in value] if isinstance(value, list) else value


def _reference(node: str, text: str) -> str:
    found = _REFERENCE.fullmatch(text)
    if found is None or not definitions.is_resource_type(found[1]):
        return text
    return f"{found[1]}/{foreign_id(node, found[1], found[2])}"


def is_foreign(resource: dict[str, Any], node: str = "") -> bool:
    """Whether a resource came from another node (from that one)."""
    tags = resource.get("meta", {}).get("tag", ())
    return any(tag.get("system") == NODE_TAG and node in ("", tag.get("code")) for tag in tags)


def batch(resources: list[dict[str, Any]], deleted: list[tuple[str, str]]) -> dict[str, Any]:
    """A transaction of what is forwarded."""
    stores = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in resources
    ]
    drops = [{"request": {"method": "DELETE", "url": f"{type_}/{id_}"}} for type_, id_ in deleted]
    return {"resourceType": "Bundle", "type": "transaction", "entry": [*stores, *drops]}
