"""Answers that carry a version of a resource: what was read, or what a write left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from xinglin.api import headers, outcomes
from xinglin.api.answers import Answer
from xinglin.kernel.ids import moment_of

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.record.queries import Stored
    from xinglin.record.steps import Outcome


def shown(request: Request, stored: Stored, *, status: int = 200, body: bytes | None = None) -> Answer:
    """A version of a resource with its ETag and time; 304 if the client has it already."""
    tag, moment = headers.etag(stored.version), stored.moment
    marks = [("ETag", tag), ("Last-Modified", headers.http_date(moment))]
    since, none_match = request.header("IF_MODIFIED_SINCE"), request.header("IF_NONE_MATCH")
    if (since or none_match) and headers.unchanged(none_match, since, tag, moment):
        return Answer(304, b"", marks)
    return Answer(status, stored.text if body is None else body, marks)


def written(request: Request, outcome: Outcome) -> Answer:
    """What became of a create, update or patch, as much of it as the client prefers."""
    draft = outcome.draft
    assert draft is not None, "a write leaves a version"
    place = f"{request.base}/{draft.type_name}/{draft.id}/_history/{draft.version}"
    marks = [
        ("Location" if outcome.status == 201 or request.method == "POST" else "Content-Location", place),
        ("ETag", headers.etag(draft.version)),
        ("Last-Modified", headers.http_date(datetime.fromtimestamp(moment_of(draft.vid) / 1000, UTC))),
    ]
    returning = request.preference.returning
    if returning == "minimal":
        return Answer(outcome.status, b"", marks)
    if returning == "OperationOutcome":
        message = "Nothing had to be changed." if outcome.no_op else "Stored."
        answer = outcomes.of_success(message, request.language, outcome.status)
        answer.headers += marks
        return answer
    return Answer(outcome.status, draft.json, marks)
