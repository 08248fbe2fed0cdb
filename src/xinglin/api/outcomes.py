"""From faults to HTTP, once: a status, and an OperationOutcome in the client's language.

https://hl7.org/fhir/R4/http.html#Status-Codes and https://hl7.org/fhir/R4/operationoutcome.html
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

import orjson
from django.utils import translation

from xinglin.api.answers import Answer
from xinglin.api.refusals import Refusal
from xinglin.fhir.outcome import operation_outcome
from xinglin.fhir.patch import NUMBERED
from xinglin.kernel.errors import HTTP_STATUS, Fault, Issue, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)

PRECONDITION_FAILED = 412
# Well-formed, but against a rule: R4 keeps 422 for that, and 400 for what has the wrong shape.
RULE_BROKEN = {
    (Kind.INVALID, "business-rule"): 422,
    (Kind.INVALID, "invariant"): 422,
    (Kind.INVALID, "code-invalid"): 422,
    (Kind.CONFLICT, "processing"): 422,
}
_RETRY_SECONDS = "1"


def status_of(fault: Fault) -> int:
    """HTTP's number for the fault."""
    if isinstance(fault, Refusal):
        return fault.status
    if fault.precondition:
        return PRECONDITION_FAILED
    code = fault.issues[0].code if fault.issues else ""
    return RULE_BROKEN.get((fault.kind, code), HTTP_STATUS[fault.kind])


def of_fault(fault: Fault, language: str) -> Answer:
    """The answer to a request that could not be carried out."""
    extra = list(fault.headers) if isinstance(fault, Refusal) else []
    if fault.kind is Kind.BUSY and not extra:
        extra.append(("Retry-After", _RETRY_SECONDS))
    return Answer(status_of(fault), text(fault.issues, language), extra)


def of_accident(error: Exception, language: str) -> Answer:
    """The answer to a fault of ours: logged whole under a number, of which alone the client hears."""
    number = secrets.token_hex(6)
    _log.error("incident %s", number, exc_info=error)
    issue = Issue(
        "exception",
        "Something went wrong on the server. The operator finds it in the log as incident %(number)s.",
        {"number": number},
        severity="fatal",
    )
    return Answer(500, text([issue], language))


def note_busy(error: Exception) -> None:
    """Log that the database could not be used; the client is told to try again."""
    _log.warning("database busy or away: %s", error)


def of_success(message: str, language: str, status: int = 200, **params: object) -> Answer:
    """An outcome that says that all is well."""
    return Answer(status, text([Issue("informational", message, params, severity="information")], language))


def text(issues: Sequence[Issue], language: str) -> bytes:
    """The OperationOutcome with these issues."""
    with translation.override(language):
        return orjson.dumps(operation_outcome(issues, translate=_translated))


def _translated(message: str) -> str:
    """The template in the language that is active; a patch's operation number is a template of its own."""
    rest = message.removeprefix(NUMBERED)
    if rest == message:
        return translation.gettext(message)
    return translation.gettext(NUMBERED) + translation.gettext(rest)
