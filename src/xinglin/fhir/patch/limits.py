"""What both kinds of patch keep to: a resource stays itself; a fault says which operation it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir.patch.trees import described
from xinglin.kernel.errors import Fault, Issue, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping


NUMBERED = "Operation %(position)d: "


def keep_identity(before: Mapping[str, Any], after: Any) -> None:
    """Raise a fault if ``after`` is no resource, or not the same one as ``before``."""
    if not isinstance(after, dict):
        raise invalid(
            "A patch should leave a resource; this would leave %(there)s.",
            code="structure",
            there=described(after),
        )
    for name in ("resourceType", "id"):
        if after.get(name) != before.get(name):
            raise invalid(
                "A patch cannot change %(name)s: it is %(there)s.",
                code="value",
                expression=f"{before.get('resourceType', 'Resource')}.{name}",
                name=name,
                there=described(before.get(name)),
            )


def numbered(fault: Fault, position: int) -> Fault:
    """The same fault, with every message beginning with the operation's position, from 0."""
    return Fault(
        fault.kind,
        [
            Issue(
                issue.code,
                NUMBERED + issue.message,
                {**issue.params, "position": position},
                issue.expression,
                issue.severity,
            )
            for issue in fault.issues
        ],
    )
