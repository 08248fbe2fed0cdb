"""delete, plain and conditional. https://hl7.org/fhir/R4/http.html#delete"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api import headers, outcomes
from xinglin.api.answers import Answer
from xinglin.api.interactions.writing import criteria

if TYPE_CHECKING:
    from xinglin.api.requests import Request
    from xinglin.record.steps import Outcome


def delete(request: Request, type_name: str, id_: str) -> Answer:
    """Delete the resource; deleting what is not there succeeds too."""
    request.require_no_criteria()
    version = headers.version(request.header("IF_MATCH"))
    return _done(request, request.door.delete(type_name, id_, if_match=version))


def delete_conditionally(request: Request, type_name: str) -> Answer:
    """Delete the one resource that the query fits; more than one is 412, none is no fault."""
    return _done(request, request.door.delete(type_name, criteria=criteria(request)))


def _done(request: Request, outcome: Outcome) -> Answer:
    marks = [] if outcome.draft is None else [("ETag", headers.etag(outcome.draft.version))]
    if request.preference.returning != "OperationOutcome":
        return Answer(204, b"", marks)
    message = "There was nothing to delete." if outcome.no_op else "Deleted."
    answer = outcomes.of_success(message, request.language)
    answer.headers += marks
    return answer
