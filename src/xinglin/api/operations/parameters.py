"""What an operation is told: Parameters in the body, or simple ones in the query.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api import bodies
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.api.requests import Request


class Parameters:
    """The parameters of a request: ``resource`` is one sent instead of, or inside, a Parameters resource."""

    def __init__(self, request: Request, known: tuple[str, ...]) -> None:
        self._values: list[tuple[str, Any]] = list(request.criteria)
        self.resource: dict[str, Any] | None = None
        sent = bodies.optional_resource(request) if request.method == "POST" else None
        if sent is not None and sent["resourceType"] == "Parameters":
            self._read(sent)
        elif sent is not None:
            self.resource = sent
        for name, _ in self._values:
            if name not in known:
                raise invalid(
                    "The operation has no parameter %(name)s; it has %(known)s.",
                    code="not-supported",
                    name=repr(name),
                    known=", ".join(known) or "none",
                )

    def _read(self, sent: dict[str, Any]) -> None:
        entries = sent.get("parameter", [])
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            raise invalid(
                "parameter should be an array of objects.",
                code="structure",
                expression="Parameters.parameter",
            )
        for place, entry in enumerate(entries):
            name = entry.get("name")
            values = [value for member, value in entry.items() if member.startswith("value")]
            if name == "resource" and isinstance(entry.get("resource"), dict):
                self.resource = entry["resource"]
            elif isinstance(name, str) and len(values) == 1:
                self._values.append((name, values[0]))
            else:
                raise invalid(
                    "A parameter should have a name, and one value[x] or a resource.",
                    code="structure",
                    expression=f"Parameters.parameter[{place}]",
                )

    def all(self, name: str) -> list[Any]:
        """The values of a parameter in order."""
        return [value for key, value in self._values if key == name]

    def text(self, name: str) -> str | None:
        """The one value of a parameter as text, ``None`` if it is absent."""
        found = self.all(name)
        if len(found) > 1:
            raise invalid("The parameter %(name)s should be given once.", code="value", name=repr(name))
        return str(found[0]) if found else None
