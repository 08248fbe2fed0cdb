from __future__ import annotations

from xinglin.fhir.outcome import operation_outcome
from xinglin.kernel.errors import Issue

ISSUE = Issue("code-invalid", "%(code)s is wrong", {"code": "x"}, "Observation.status")


def test_an_issue_says_where_and_what() -> None:
    assert operation_outcome([ISSUE]) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "code-invalid",
                "details": {"text": "x is wrong"},
                "diagnostics": "x is wrong",
                "expression": ["Observation.status"],
            }
        ],
    }


def test_details_are_in_the_readers_language_and_diagnostics_in_english() -> None:
    issue = operation_outcome([ISSUE], {"%(code)s is wrong": "%(code)s 有误"}.get)["issue"][0]  # type: ignore[arg-type]  # get

    assert issue["details"] == {"text": "x 有误"}
    assert issue["diagnostics"] == "x is wrong"


def test_a_message_without_parameters_is_taken_as_it_is() -> None:
    assert operation_outcome([Issue("invalid", "100% wrong")])["issue"][0]["diagnostics"] == "100% wrong"


def test_no_issue_is_good_news() -> None:
    issue = operation_outcome([])["issue"]

    assert [(i["severity"], i["code"]) for i in issue] == [("information", "informational")]
