"""The seven kinds of fault, and what each has to say.

A fault carries one or more issues. An issue's message is an English template with named ``%(name)s``
places and the values beside it, so that a face can translate the template and fill it afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Kind(StrEnum):
    """What went wrong, as far as the asker must know in order to act."""

    INVALID = "invalid"  # the request is wrong: mend it and send again
    FORBIDDEN = "forbidden"  # the actor may not
    NOT_FOUND = "not_found"  # nothing there
    GONE = "gone"  # it was there and has been deleted
    CONFLICT = "conflict"  # the state of things does not allow it
    BUSY = "busy"  # try again later
    UNSUPPORTED = "unsupported"  # this platform does not do that


HTTP_STATUS = {
    Kind.INVALID: 400,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.GONE: 410,
    Kind.CONFLICT: 409,
    Kind.BUSY: 503,
    Kind.UNSUPPORTED: 400,
}
"""What the faces answer, where nothing more exact is known."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to say: ``code`` from FHIR's IssueType, ``expression`` the FHIRPath of the element meant."""

    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    expression: str | None = None
    severity: str = "error"  # fatal | error | warning | information

    @property
    def text(self) -> str:
        """The message in English, filled in."""
        return self.message % self.params if self.params else self.message


class Fault(Exception):  # noqa: N818 -- "fault" is the house's word for it
    """Something the caller did or asked that cannot be done; never a bug of ours."""

    def __init__(self, kind: Kind, issues: Iterable[Issue], *, precondition: bool = False) -> None:
        self.kind = kind
        self.issues = tuple(issues)
        self.precondition = precondition  # a CONFLICT with what the caller said must hold (HTTP 412)
        super().__init__("; ".join(issue.text for issue in self.issues))

    def __reduce__(self) -> tuple[Any, ...]:
        """So that a fault can come from another process."""
        return partial(Fault, precondition=self.precondition), (self.kind, self.issues)


def _one(kind: Kind, code: str, message: str, expression: str | None, params: Mapping[str, Any]) -> Fault:
    return Fault(kind, [Issue(code, message, dict(params), expression)])


def invalid(message: str, *, code: str = "invalid", expression: str | None = None, **params: object) -> Fault:
    return _one(Kind.INVALID, code, message, expression, params)


def forbidden(
    message: str, *, code: str = "forbidden", expression: str | None = None, **params: object
) -> Fault:
    return _one(Kind.FORBIDDEN, code, message, expression, params)


def not_found(
    message: str, *, code: str = "not-found", expression: str | None = None, **params: object
) -> Fault:
    return _one(Kind.NOT_FOUND, code, message, expression, params)


def gone(message: str, *, code: str = "deleted", expression: str | None = None, **params: object) -> Fault:
    return _one(Kind.GONE, code, message, expression, params)


def conflict(
    message: str, *, code: str = "conflict", expression: str | None = None, **params: object
) -> Fault:
    return _one(Kind.CONFLICT, code, message, expression, params)


def precondition(
    message: str, *, code: str = "conflict", expression: str | None = None, **params: object
) -> Fault:
    """A conflict with a condition that the caller set (a version, or a search that must match at most once)."""
    return Fault(Kind.CONFLICT, [Issue(code, message, dict(params), expression)], precondition=True)


def busy(message: str, *, code: str = "throttled", expression: str | None = None, **params: object) -> Fault:
    return _one(Kind.BUSY, code, message, expression, params)


def unsupported(
    message: str, *, code: str = "not-supported", expression: str | None = None, **params: object
) -> Fault:
    return _one(Kind.UNSUPPORTED, code, message, expression, params)
