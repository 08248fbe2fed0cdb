"""Answers and refusals of DICOMweb: a status, and words in the header ``Warning`` or in a body of text."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

JSON = "application/dicom+json"


@dataclass(slots=True)
class Answer:
    """``body`` is given out piece by piece; ``length`` where it is known."""

    status: int
    body: Iterable[bytes] = ()
    headers: list[tuple[str, str]] = field(default_factory=list)
    length: int | None = None

    @property
    def line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"


class Refusal(Fault):
    """A fault that has an HTTP status of its own."""

    def __init__(
        self,
        status: int,
        kind: Kind,
        message: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        **params: object,
    ) -> None:
        super().__init__(kind, [Issue(kind.value, message, params)])
        self.status = status
        self.headers = list(headers)


def of_json(said: Any, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """DICOM JSON."""
    body = orjson.dumps(said)
    return Answer(status, [body], [("Content-Type", JSON), *headers], len(body))


def of_bytes(body: bytes, media: str, headers: Sequence[tuple[str, str]] = ()) -> Answer:
    """Something whole."""
    return Answer(200, [body], [("Content-Type", media), *headers], len(body))


def not_acceptable(offered: str) -> Refusal:
    """Nothing of what the client takes can be made of what there is."""
    return Refusal(
        406, Kind.UNSUPPORTED, gettext_noop("This can be given out as %(offered)s."), offered=offered
    )
