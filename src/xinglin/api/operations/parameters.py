"""What an operation is told: Parameters in the body, or simple ones in the query.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api import bodies
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.kernel.errors import Fault


class Parameters:
    """The parameters of a request: ``resource`` is one sent instead of, or inside, a Parameters resource."""

    def __init__(self, request: Request, known: tuple[str, ...]) -> None:
        self._values: list[tuple[str, Any]] = list(request.criteria)
        self.resource: dict[str, Any] | None = None
        self.known = known
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
            elif isinstance(name, str) and not values and isinstance(entry.get("resource"), dict):
                self._values.append((name, entry["resource"]))
            elif isinstance(name, str) and not values and isinstance(entry.get("part"), list):
                self._values.append((name, {"part": entry["part"]}))
            else:
                raise invalid(
                    "A parameter should have a name, and one value[x], parts or a resource.",
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

    def flag(self, name: str) -> bool | None:
        """A boolean, ``None`` if it is absent."""
        found = self.text(name)
        if found is None or found.lower() in ("true", "false"):
            return None if found is None else found.lower() == "true"
        raise self._wrong(name, found, "true or false")

    def number(self, name: str) -> int | None:
        """A whole number from 0, ``None`` if it is absent."""
        found = self.text(name)
        if found is None or (found.isascii() and found.isdigit() and len(found) < 10):
            return None if found is None else int(found)
        raise self._wrong(name, found, "a whole number from 0")

    def element(self, name: str) -> dict[str, Any] | None:
        """A resource or a value of a complex type, ``None`` if it is absent."""
        found = self.all(name)
        if not found:
            return None
        if len(found) > 1 or not isinstance(found[0], dict):
            raise invalid(
                "The parameter %(name)s should be given once, in a Parameters resource sent with POST.",
                code="value",
                name=repr(name),
            )
        one: dict[str, Any] = found[0]
        return one

    @staticmethod
    def _wrong(name: str, there: str, wanted: str) -> Fault:
        return invalid(
            "The parameter %(name)s should be %(wanted)s; it is %(there)s.",
            code="value",
            name=repr(name),
            wanted=wanted,
            there=repr(there[:80]),
        )
