"""The last touch before an answer goes over the wire: layout, type, compression."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from xinglin.api import headers, layout

if TYPE_CHECKING:
    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request

CONTENT_TYPE = ("Content-Type", headers.JSON_TYPE + "; charset=utf-8")
_WORTH_COMPRESSING = 1024  # bytes; below, the header and the work cost more than the bytes saved


def finished(request: Request, answer: Answer) -> Answer:
    """The answer laid out as asked, with its type, compressed where that pays."""
    if answer.body and answer.json:
        if "_pretty=true" in request.query:
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
