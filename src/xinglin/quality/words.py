"""What codes are called on pages. Pure, but for the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, gettext_lazy, gettext_noop

from xinglin.quality import vocabulary
from xinglin.quality.rules import Dimension, Severity
from xinglin.quality.states import State, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

DIMENSIONS: Mapping[Any, Any] = {
    Dimension.CONFORMANCE: gettext_lazy("Conformance"),
    Dimension.ACCURACY: gettext_lazy("Accuracy"),
    Dimension.COMPLETENESS: gettext_lazy("Completeness"),
    Dimension.TIMELINESS: gettext_lazy("Timeliness"),
    Dimension.LINKAGE: gettext_lazy("Linkage"),
    Dimension.USEFULNESS: gettext_lazy("Usefulness"),
}
SEVERITIES: Mapping[Any, Any] = {
    Severity.HIGH: gettext_lazy("Severe"),
    Severity.MEDIUM: gettext_lazy("Ordinary"),
    Severity.LOW: gettext_lazy("Slight"),
}
STATES: Mapping[Any, Any] = {
    State.NEW: gettext_lazy("To be issued"),
    State.ISSUED: gettext_lazy("Issued"),
    State.WORKING: gettext_lazy("Being rectified"),
    State.DECLARED: gettext_lazy("To be rechecked"),
    State.WATCHED: gettext_lazy("Looked back at"),
    State.CLOSED: gettext_lazy("Problem closed"),
    State.DISMISSED: gettext_lazy("Not to be rectified"),
}
VERBS: Mapping[Any, Any] = {
    Verb.ISSUE: gettext_lazy("Issue as a task"),
    Verb.BEGIN: gettext_lazy("Begin rectifying"),
    Verb.DECLARE: gettext_lazy("Declare rectified"),
    Verb.RECHECK: gettext_lazy("Rechecked by the platform"),
    Verb.RELAPSE: gettext_lazy("Sent back"),
    Verb.CLOSE: gettext_lazy("Close the problem"),
    Verb.DISMISS: gettext_lazy("Dismiss the problem"),
    Verb.REOPEN: gettext_lazy("Take up again"),
    Verb.NOTE: gettext_lazy("Remark on a problem"),
}
ROLES: Mapping[Any, Any] = {
    "steward": gettext_lazy("Data steward"),
    "administrator": gettext_lazy("Administrator"),
    "doctor": gettext_lazy("Doctor"),
    "nurse": gettext_lazy("Nurse"),
}
CONFIDENCES: Mapping[Any, Any] = {
    "confirmed": gettext_lazy("Confirmed by the standard"),
    "likely": gettext_lazy("Very likely so"),
    "expert": gettext_lazy("By experts' judgement"),
    "estimated": gettext_lazy("An estimate"),
    "invented": gettext_lazy("Made up"),
}
TABLES: Mapping[Any, Any] = {
    "person": gettext_lazy("Registrations of residents"),
    "encounter": gettext_lazy("Visits and stays"),
    "condition": gettext_lazy("Diagnoses"),
    "observation": gettext_lazy("Results and signs"),
    "medication": gettext_lazy("Prescriptions"),
    "report": gettext_lazy("Reports"),
    "immunisation": gettext_lazy("Vaccinations"),
    "document": gettext_lazy("Shared documents"),
    "procedure": gettext_lazy("Operations and procedures"),
    "order": gettext_lazy("Requests"),
    "allergy": gettext_lazy("Allergies"),
    "declared": gettext_lazy("Declared counts"),
}
_DATASETS = (
    gettext_noop("Resident registration"), gettext_noop("Out-patient visits"), gettext_noop("Emergency visits"),
    gettext_noop("In-patient stays"), gettext_noop("Home visits"), gettext_noop("Diagnoses of western medicine"),
    gettext_noop("Diagnoses of Chinese medicine"), gettext_noop("Laboratory results"),
    gettext_noop("Signs and measurements"), gettext_noop("Findings in words"),
    gettext_noop("Prescriptions of western medicine"), gettext_noop("Herbal prescriptions"),
    gettext_noop("Laboratory reports"), gettext_noop("Imaging reports"), gettext_noop("Vaccinations"),
    gettext_noop("Shared documents"), gettext_noop("Operations and procedures"), gettext_noop("Requests"),
    gettext_noop("Allergies"), gettext_noop("Declared counts"),
)  # fmt: skip
COLOURS = {
    "high": "red", "medium": "amber", "low": "", "A": "green", "B": "blue", "C": "amber", "D": "red",
    "new": "red", "issued": "amber", "working": "amber", "declared": "blue", "watched": "blue", "closed": "green",
    "dismissed": "",
}  # fmt: skip


def said(table: Mapping[Any, Any], code: Any) -> str:
    """The words for a code, the code itself where there are none."""
    return str(table.get(code) or code)


def dataset(number: int) -> str:
    found = vocabulary.dataset_of(number)
    return gettext(found.name) if found else str(number)
