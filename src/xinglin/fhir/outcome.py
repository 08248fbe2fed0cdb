"""Issues as an OperationOutcome: https://hl7.org/fhir/R4/operationoutcome.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.kernel.errors import Issue


def operation_outcome(
    issues: Iterable[Issue], translate: Callable[[str], str] | None = None
) -> dict[str, Any]:
    """The OperationOutcome that says ``issues``; without any it says that all is well.

    ``translate`` gives the template of a message in the reader's language: ``details.text`` is in that
    language, ``diagnostics`` always in English for those who run the platform.
    """
    said = [_issue(issue, translate) for issue in issues]
    return {"resourceType": "OperationOutcome", "issue": said or [_all_well(translate)]}


def _issue(issue: Issue, translate: Callable[[str], str] | None) -> dict[str, Any]:
    template = translate(issue.message) if translate else issue.message
    out: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": template % issue.params if issue.params else template},
        "diagnostics": issue.text,
    }
    if issue.expression:
        out["expression"] = [issue.expression]
    return out


def _all_well(translate: Callable[[str], str] | None) -> dict[str, Any]:
    text = "No issues were found."
    return {
        "severity": "information",
        "code": "informational",
        "details": {"text": translate(text) if translate else text},
        "diagnostics": text,
    }
