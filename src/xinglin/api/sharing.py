"""Which pages a browser may hand our answers to: those of registered apps (CORS).

https://fetch.spec.whatwg.org/#http-cors-protocol. No cookie ever counts here, so nothing but a token that the page
itself holds is worth anything. What anybody may read without signing on, any page may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api.answers import Answer
from xinglin.smart import queries

if TYPE_CHECKING:
    from xinglin.api.requests import Request

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_ASKED = (
    "Authorization, Accept, Accept-Language, Content-Type, Prefer, If-Match, If-None-Match, If-Modified-Since,"
    " If-None-Exist"
)
_TOLD = "Content-Location, Location, ETag, Last-Modified, Retry-After, X-Progress"
_OPEN = ("/fhir/metadata", "/fhir/.well-known/smart-configuration")


def preflight(request: Request) -> Answer | None:
    """The answer to a browser that asks whether a page may ask; None where it is no such question."""
    if request.method != "OPTIONS" or not request.header("ORIGIN"):
        return None
    return Answer(204, b"", [
        ("Access-Control-Allow-Methods", _METHODS), ("Access-Control-Allow-Headers", _ASKED),
        ("Access-Control-Max-Age", "600"),
    ])  # fmt: skip


def share(request: Request, answer: Answer) -> None:
    """Say that the page that asks may have the answer, if it may."""
    origin = request.header("ORIGIN")
    if not origin:
        return
    if request.environ["PATH_INFO"] in _OPEN:
        answer.headers.append(("Access-Control-Allow-Origin", "*"))
    elif queries.may_read_answers(origin):
        answer.headers += [
            ("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", _TOLD), ("Vary", "Origin"),
        ]  # fmt: skip
