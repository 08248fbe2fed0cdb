"""What is told to people: an English template and what fills it, so that a page can say it in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Words:
    """A msgid with named ``%(name)s`` places, and their values."""

    message: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message

    def __bool__(self) -> bool:
        return bool(self.message)

    @property
    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {"message": self.message, "params": {name: str(value) for name, value in self.params.items()}}


class Saying(Exception):  # noqa: N818 -- what it says is the point of it
    """Something that cannot be done now; ``words`` say what is wrong and what would be right."""

    def __init__(self, message: str, **params: object) -> None:
        self.words = Words(message, params)
        super().__init__(str(self.words))
