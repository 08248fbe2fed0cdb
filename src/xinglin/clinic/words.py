"""What the codes of the package are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from xinglin.clinic import reference, rules
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Words

    from xinglin.clinic.values import Measuring

VISITS: dict[str, Words] = {
    "waiting": gettext_lazy("Waits"),
    "called": gettext_lazy("Called"),
    "seen": gettext_lazy("With the doctor"),
    "done": gettext_lazy("Visit over"),
    "left": gettext_lazy("Went away"),
}
STATES: dict[str, Words] = {
    "draft": gettext_lazy("Draft prescription"),
    "held": gettext_lazy("Waits for a second signature"),
    "signed": gettext_lazy("Signed, to be paid"),
    "paid": gettext_lazy("Paid, to be reviewed"),
    "reviewed": gettext_lazy("Reviewed, to be mixed"),
    "mixed": gettext_lazy("Mixed, to be checked"),
    "checked": gettext_lazy("Checked by somebody else"),
    "boiled": gettext_lazy("Boiled, to be issued"),
    "issued": gettext_lazy("Prescription issued"),
    "void": gettext_lazy("Prescription void"),
}
STEPS: dict[str, Words] = {
    "held": gettext_lazy("Signed by the author"),
    "signed": gettext_lazy("Prescription signed"),
    "paid": gettext_lazy("Prescription paid"),
    "reviewed": gettext_lazy("Reviewed by the pharmacy"),
    "mixed": gettext_lazy("Mixed by the pharmacy"),
    "checked": gettext_lazy("Checked by the pharmacy"),
    "boiled": gettext_lazy("Boiled by the pharmacy"),
    "issued": gettext_lazy("Prescription issued"),
    "void": gettext_lazy("Prescription void"),
}
DOES: dict[str, Words] = {
    "reviewed": gettext_lazy("Sign the review"),
    "mixed": gettext_lazy("Sign the mixing"),
    "checked": gettext_lazy("Sign the check"),
    "boiled": gettext_lazy("Sign the boiling"),
    "issued": gettext_lazy("Issue to the patient"),
}
COLOURS = {
    "waiting": "blue", "called": "amber", "seen": "green", "draft": "blue", "held": "red", "signed": "amber",
    "issued": "green", "done": "plain", "left": "plain", "void": "plain",
}  # fmt: skip
KINDS: dict[str, Words] = {
    "pay": gettext_lazy("Payment"),
    "refund": gettext_lazy("Refund"),
    "deposit": gettext_lazy("Put into the account"),
    "withdrawal": gettext_lazy("Paid out of the account"),
}
MOVES: dict[str, Words] = {
    "purchase": gettext_lazy("Delivery"),
    "mixing": gettext_lazy("Mixed"),
    "ward": gettext_lazy("Given in the ward"),
    "count": gettext_lazy("Stocktaking"),
    "loss": gettext_lazy("Loss"),
    "return": gettext_lazy("Sent back to the supplier"),
}
ITEMS: dict[str, Words] = {
    "herb": gettext_lazy("Herb"),
    "patent": gettext_lazy("Patent medicine"),
    "technique": gettext_lazy("Technique"),
    "fee": gettext_lazy("Fee"),
    "ward": gettext_lazy("Fee of the ward"),
}
PREGNANCIES: dict[str, Words] = {
    "": gettext_lazy("Pregnancy not asked"),
    "no": gettext_lazy("Not pregnant"),
    "pregnant": gettext_lazy("Pregnant"),
    "possible": gettext_lazy("Possibly pregnant"),
    "planning": gettext_lazy("Plans a pregnancy"),
}


SCOPES: dict[str, Words] = {
    "own": gettext_lazy("For myself"),
    "department": gettext_lazy("For my department"),
    "institution": gettext_lazy("For the whole clinic"),
}
FAULTS: dict[str, Words] = {
    "unwritten": gettext_lazy("Nothing is written"),
    "incomplete": gettext_lazy("Required parts are missing"),
    "unsigned": gettext_lazy("The record is not signed"),
    "late": gettext_lazy("Signed late, or late already"),
    "drafted": gettext_lazy("A prescription is not signed"),
}


def named(one: reference.Measure | reference.Level) -> str:
    """Its name in the reader's language."""
    return one.zh if is_chinese() else one.en


def level(number: int | None) -> str:
    """A level of triage in words; empty for none."""
    found = reference.levels().get(number or 0)
    return named(found) if found else ""


def measured(taken: Measuring) -> list[tuple[str, str, str, str]]:
    """What was measured, in the order of the table: name, value, unit, and ``low`` or ``high`` where it is unusual."""
    values = taken.body["values"]
    return [
        (named(one), f"{values[key]:g}", one.unit, rules.unusual(key, values[key]))
        for key, one in reference.measures().items()
        if key in values
    ]


def way(code: str) -> str:
    """A way of paying in the reader's language."""
    found = reference.ways().get(code)
    return code if found is None else found.zh if is_chinese() else found.en
