"""Answers on their way out."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from xinglin.api import headers, layout

if TYPE_CHECKING:
    from xinglin.api.requests import Request

CONTENT_TYPE = ("Content-Type", headers.JSON_TYPE + "; charset=utf-8")
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_WORTH_COMPRESSING = 1024  # bytes; below, the header and the work cost more than the bytes saved


@dataclass(slots=True)
class Answer:
    """Status, headers and body. ``json`` is false for a Binary's own content."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    json: bool = True

    @property
    def line(self) -> str:
        """HTTP's status line, without the protocol."""
        return _LINES[self.status]


def finished(request: Request, answer: Answer) -> Answer:
    """The answer as it goes over the wire: laid out, typed, compressed where that pays."""
    if answer.body and answer.json:
        if request.query and "_pretty" in request.query and request.first("_pretty") == "true":
            answer.body = layout.indented(answer.body)
        answer.headers.append(CONTENT_TYPE)
    accepted = request.header("ACCEPT_ENCODING")
    if any(name == "Content-Encoding" for name, _ in answer.headers):
        answer.headers.append(("Vary", "Accept-Encoding"))
    elif accepted and len(answer.body) > _WORTH_COMPRESSING and "gzip" in accepted:
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        answer.body = packer.compress(answer.body) + packer.flush()
        answer.headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return answer
