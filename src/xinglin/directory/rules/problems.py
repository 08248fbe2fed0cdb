"""What is wrong with a value, in words that can be translated and filled in afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to say of one value. ``message`` is an English template, ``column`` the key of a column or empty.

    A doubt is said, and the value taken all the same: what was checked is not certain (see ``confidence`` in the
    tables).
    """

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    column: str = ""
    doubt: bool = False

    @property
    def text(self) -> str:
        """The message in the reader's language."""
        said = gettext(self.message)
        return said % self.params if self.params else said

    def at(self, column: str) -> Problem:
        return Problem(self.message, self.params, column, self.doubt)


class Wrong(Exception):  # noqa: N818 -- a value is wrong; nothing failed
    """Raised by a check: the value cannot be taken."""

    def __init__(self, message: str, **params: object) -> None:
        self.problem = Problem(message, params)
        super().__init__(message % params if params else message)
