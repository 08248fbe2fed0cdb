"""JSON Merge Patch: a resource with only the members to change. https://www.rfc-editor.org/rfc/rfc7396

No part of FHIR R4, but what several client libraries send when they save some members of a resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir.patch.limits import keep_identity
from xinglin.fhir.patch.trees import copied, described
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping


def merge_patch(resource: Mapping[str, Any], changes: object) -> dict[str, Any]:
    """The resource with the members of ``changes`` put over its own; null takes a member away.

    Objects are merged, everything else, arrays too, is replaced. ``resource`` is not altered. What a null leaves
    empty goes with it.
    """
    if not isinstance(changes, dict):
        raise invalid(
            "A merge patch should be an object; this is %(there)s.",
            code="structure",
            there=described(changes),
        )
    result: dict[str, Any] = _merged(copied(resource), changes)
    keep_identity(resource, result)
    return result


def _merged(target: Any, changes: Any) -> Any:
    if not isinstance(changes, dict):
        return copied(changes)
    kept = dict(target) if isinstance(target, dict) else {}
    for name, change in changes.items():
        if change is None:
            kept.pop(name, None)
            continue
        kept[name] = _merged(kept.get(name), change)
        if kept[name] == {}:
            del kept[name]
    return kept
