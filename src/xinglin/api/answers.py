"""An answer, as handlers make it."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


@dataclass(slots=True)
class Answer:
    """Status, headers and body. ``json`` is false for a body that is not FHIR, such as a Binary's content."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    json: bool = True

    @property
    def line(self) -> str:
        """HTTP's status line, without the protocol."""
        return _LINES[self.status]
