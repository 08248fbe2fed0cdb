"""Faults that HTTP has a number of its own for: they concern the request, not the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence


class Refusal(Fault):
    """A fault with its HTTP status, and headers that go with it."""

    def __init__(
        self,
        status: int,
        kind: Kind,
        code: str,
        message: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        **params: object,
    ) -> None:
        super().__init__(kind, [Issue(code, message, params)])
        self.status = status
        self.headers = list(headers)
