"""The codes of the index in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from xinglin.identity.events import Kind as Happened
from xinglin.identity.stewardship import Kind, Reason, State, Verdict

KINDS = {
    Kind.MATCH: gettext_lazy("Possible match"),
    Kind.CLUSTER: gettext_lazy("Contradiction"),
    Kind.DRIFT: gettext_lazy("Changed after linking"),
    Kind.REPORT: gettext_lazy("Reported"),
    Kind.AUDIT: gettext_lazy("Sample"),
}
QUESTIONS = {
    Kind.MATCH: gettext_lazy("Are these the same person?"),
    Kind.CLUSTER: gettext_lazy("Do these Patients belong to one person?"),
    Kind.DRIFT: gettext_lazy("Does the changed Patient still belong to this person?"),
    Kind.REPORT: gettext_lazy("Somebody reports a wrong link. What is right?"),
    Kind.AUDIT: gettext_lazy("The matcher linked the last Patient. Was it right?"),
}
STATES = {
    State.OPEN: gettext_lazy("Waiting"),
    State.DECIDED: gettext_lazy("To be confirmed"),
    State.DONE: gettext_lazy("Done"),
    State.SETTLED: gettext_lazy("Settled otherwise"),
}
VERDICTS = {
    Verdict.SAME: gettext_lazy("Same person"),
    Verdict.DIFFERENT: gettext_lazy("Different people"),
    Verdict.SPLIT: gettext_lazy("Take out the marked Patients"),
    Verdict.FINE: gettext_lazy("Right as it is"),
}
REASONS = {
    Reason.DOCUMENT: gettext_lazy("Documents compared"),
    Reason.DEMOGRAPHICS: gettext_lazy("Name, birth, address taken together"),
    Reason.CONTACT: gettext_lazy("Phone or contact person"),
    Reason.RESIDENT: gettext_lazy("The resident was asked"),
    Reason.INSTITUTION: gettext_lazy("The institution was asked"),
    Reason.TWINS: gettext_lazy("Twins"),
    Reason.NAMESAKE: gettext_lazy("Namesakes"),
    Reason.HOUSEHOLD: gettext_lazy("Household"),
    Reason.DATA_ERROR: gettext_lazy("Error of entry"),
    Reason.OTHER: gettext_lazy("Another reason"),
}
REASON_CHOICES = [(reason.value, name) for reason, name in REASONS.items()]
FINDINGS = {
    "none": gettext_lazy("Similar"),
    "veto": gettext_lazy("Two valid identity numbers contradict each other"),
    "twins": gettext_lazy("Perhaps twins"),
    "namesake": gettext_lazy("Namesakes in one household"),
    "borrowed": gettext_lazy("One identity number, two names"),
    "close": gettext_lazy("Identity numbers nearly the same"),
    "newborn": gettext_lazy("A newborn and the mother"),
    "between the thresholds": gettext_lazy("Between the thresholds"),
    "two fit": gettext_lazy("Several fit equally well"),
    "fits": gettext_lazy("Two known persons may be one"),
    "too little": gettext_lazy("Too little in common"),
    "nobody alike": gettext_lazy("Nobody alike"),
    "declared": gettext_lazy("The sender says that it is another person"),
    "stays": gettext_lazy("Stays"),
    "two-documents": gettext_lazy("Two valid identity numbers"),
    "two-sexes": gettext_lazy("Two sexes"),
    "dead-and-alive": gettext_lazy("Dead and alive"),
    "many-patients": gettext_lazy("Unusually many Patients"),
    "one-institution": gettext_lazy("Unusually many Patients of one institution"),
    "by hand": gettext_lazy("Put forward by a person"),
    "reported": gettext_lazy("Reported as wrong"),
    "undo": gettext_lazy("Undone"),
    "mother": gettext_lazy("Mother"),
    "must-link": gettext_lazy("Declared to be one person"),
}
FIELDS = {
    "document": gettext_lazy("Identity documents"),
    "name": gettext_lazy("Name"),
    "birth": gettext_lazy("Birth date"),
    "sex": gettext_lazy("Sex"),
    "phone": gettext_lazy("Phone"),
    "address": gettext_lazy("Address"),
    "mother": gettext_lazy("Mother"),
    "contact": gettext_lazy("Contact person"),
    "ethnicity": gettext_lazy("Ethnicity"),
    "record": gettext_lazy("Record numbers"),
    "deceased": gettext_lazy("Died"),
}
LEVELS = {
    "missing": gettext_lazy("nothing to compare"),
    "same": gettext_lazy("same"),
    "exact": gettext_lazy("same"),
    "near": gettext_lazy("nearly the same"),
    "close": gettext_lazy("two figures differ"),
    "doubted": gettext_lazy("same, but fails its check"),
    "other": gettext_lazy("another number"),
    "conflict": gettext_lazy("two valid numbers"),
    "sound": gettext_lazy("sounds alike"),
    "shape": gettext_lazy("looks alike"),
    "accent": gettext_lazy("alike in dialect"),
    "swapped": gettext_lazy("characters swapped"),
    "part": gettext_lazy("a part is missing"),
    "spelt": gettext_lazy("spelt differently"),
    "one_other": gettext_lazy("one character differs"),
    "given": gettext_lazy("given name alike"),
    "surname": gettext_lazy("surname alike"),
    "different": gettext_lazy("different"),
    "vague": gettext_lazy("one is a default day"),
    "both_vague": gettext_lazy("both are default days"),
    "turned": gettext_lazy("day and month turned"),
    "digit": gettext_lazy("one figure differs"),
    "year_off": gettext_lazy("a year off"),
    "month": gettext_lazy("same month"),
    "year": gettext_lazy("same year"),
    "place": gettext_lazy("same place"),
    "town": gettext_lazy("same township"),
    "district": gettext_lazy("same district"),
}
AGAINST = {
    "stranger": gettext_lazy("strangers"),
    "relative": gettext_lazy("relatives of one household"),
    "twin": gettext_lazy("twins"),
}
EVENTS = {
    Happened.MADE: gettext_lazy("Became a person of its own"),
    Happened.JOINED: gettext_lazy("Joined"),
    Happened.MOVED: gettext_lazy("Moved here"),
    Happened.LEFT: gettext_lazy("Deleted by its institution"),
    Happened.MERGED: gettext_lazy("Merged"),
    Happened.UNMERGED: gettext_lazy("Merge taken back"),
    Happened.SPLIT: gettext_lazy("Split"),
    Happened.REJOINED: gettext_lazy("Split taken back"),
    Happened.MUST_LINK: gettext_lazy("Declared to be one person"),
    Happened.MUST_NOT_LINK: gettext_lazy("Declared to be different people"),
    Happened.LIFTED: gettext_lazy("Declaration taken back"),
    Happened.RELATED: gettext_lazy("Tied to the mother"),
    Happened.REVIEW_OPENED: gettext_lazy("Review opened"),
    Happened.REVIEW_DECIDED: gettext_lazy("Review decided"),
    Happened.REVIEW_CONFIRMED: gettext_lazy("Review confirmed"),
    Happened.REVIEW_REJECTED: gettext_lazy("Confirmation refused"),
    Happened.REVIEW_REOPENED: gettext_lazy("Review opened again"),
    Happened.REVIEW_SETTLED: gettext_lazy("Review settled"),
}
WHY = {
    "only": gettext_lazy("nobody says otherwise"),
    "valid": gettext_lazy("can be right, the others cannot"),
    "agreed": gettext_lazy("most say so"),
    "trust": gettext_lazy("the institution is trusted more"),
    "latest": gettext_lazy("the latest"),
    "fuller": gettext_lazy("the fullest"),
    "tie": gettext_lazy("a draw; the first counts"),
}


def reason(text: str) -> str:
    """A reason as people or the matcher gave it; the matcher's may be several, with commas between."""
    known = {r.value: name for r, name in REASONS.items()} | FINDINGS
    return "、".join(str(known.get(part, part)) for part in text.split(", ") if part)
