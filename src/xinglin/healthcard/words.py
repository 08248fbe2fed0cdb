"""What the package's codes are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext, gettext_lazy

from xinglin.healthcard import reference

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Words

    from xinglin.kernel.errors import Fault

STATES: dict[str, Words] = {
    "requested": gettext_lazy("Card being made"),
    "active": gettext_lazy("Card in use"),
    "frozen": gettext_lazy("Card frozen"),
    "replaced": gettext_lazy("Card replaced"),
    "cancelled": gettext_lazy("Card cancelled"),
    "superseded": gettext_lazy("Card superseded"),
}
COLOURS = {"requested": "blue", "active": "green", "frozen": "amber"}
"""The colour of a state's label; the others are grey."""

KINDS: dict[str, Words] = {"virtual": gettext_lazy("Virtual card"), "physical": gettext_lazy("Physical card")}
ACTS: dict[str, Words] = {
    "activate": gettext_lazy("Hand over"),
    "freeze": gettext_lazy("Freeze"),
    "unfreeze": gettext_lazy("Unfreeze"),
    "replace": gettext_lazy("Replace card"),
    "cancel": gettext_lazy("Cancel card"),
}
WAYS: dict[str, Words] = {
    "shown": gettext_lazy("Shown code"),
    "printed": gettext_lazy("Printed code"),
    "none": gettext_lazy("Not readable"),
}
WHY: dict[str, tuple[Words, Words]] = {
    "malformed": (
        gettext_lazy("This is no code of a health card"),
        gettext_lazy("Scan the code again, closer and straight; or find the resident by name or number."),
    ),
    "unknown-key": (
        gettext_lazy("This code was signed with a key that is not in use"),
        gettext_lazy("Ask the holder to refresh the code."),
    ),
    "altered": (
        gettext_lazy("This code was not made by the platform, or was altered"),
        gettext_lazy("Do not accept it. Ask for an identity document, and tell the administrator."),
    ),
    "audience": (
        gettext_lazy("This code is for another purpose"),
        gettext_lazy("Ask the holder to open the health card and show its code."),
    ),
    "expired": (
        gettext_lazy("This code has expired"),
        gettext_lazy("Ask the holder to refresh the code; a photograph of a code is no card."),
    ),
    "not-yet": (
        gettext_lazy("This code comes from the future"),
        gettext_lazy("The clock of this counter or of the platform is wrong: tell the administrator."),
    ),
    "too-late": (
        gettext_lazy("This scan is reported too late"),
        gettext_lazy("Ask the holder to come back with a fresh code, or find them by name."),
    ),
    "replayed": (
        gettext_lazy("This code has been used already"),
        gettext_lazy("Ask the holder to refresh the code. If somebody else has used it, freeze the card."),
    ),
    "unknown-card": (
        gettext_lazy("No such card was issued here"),
        gettext_lazy("It may be a card of another region: find the resident by name or number."),
    ),
    "requested": (
        gettext_lazy("This card has not been handed over yet"),
        gettext_lazy("Hand it over on the holder's page, after you have compared the document."),
    ),
    "frozen": (
        gettext_lazy("This card is frozen"),
        gettext_lazy(
            "It was reported lost. Compare the document; unfreeze or replace it on the holder's page."
        ),
    ),
    "replaced": (
        gettext_lazy("This card was replaced by another"),
        gettext_lazy("Keep it, and ask for the new one."),
    ),
    "cancelled": (
        gettext_lazy("This card was cancelled"),
        gettext_lazy("Compare the document, and issue a new card if the holder wants one."),
    ),
    "superseded": (
        gettext_lazy("The holder has another card in its place"),
        gettext_lazy("The records of two persons were joined. Keep this card, and ask for the other."),
    ),
    "nobody": (
        gettext_lazy("The holder of this card is not in the record any more"),
        gettext_lazy("Tell the data steward the number of the card."),
    ),
    "died": (
        gettext_lazy("The holder has died"),
        gettext_lazy("Do not accept the card. Cancel it on the holder's page."),
    ),
    "binding": (
        gettext_lazy("The family binding does not hold any more"),
        gettext_lazy("Ask for the holder's own card, or for new evidence."),
    ),
    "forbidden": (
        gettext_lazy("Your account may not verify cards"),
        gettext_lazy("Ask an administrator for the role."),
    ),
}
"""Why a card is refused, and what the counter is to do."""

WARNINGS: dict[str, Words] = {
    "printed": gettext_lazy("A printed code can be copied: compare an identity document."),
    "offline": gettext_lazy("Scanned without network, reported later."),
    "by-carer": gettext_lazy("Shown by a bound family member or carer."),
    "repeated": gettext_lazy("The same request again; it was answered before."),
    "child": gettext_lazy("Under 8 years: a guardian must come along."),
    "no-document": gettext_lazy("No valid identity number is on record: check the document and add it."),
    "no-patient": gettext_lazy("Not registered at your institution yet."),
    "name-changed": gettext_lazy("The name on record is not the one on the card: compare the document."),
    "seal": gettext_lazy("The copy of the name on the card cannot be opened: tell the administrator."),
}
_MERGED = gettext_lazy("Two persons were joined")
_GROUPS = (STATES, KINDS, ACTS, WAYS)


def known(code: str) -> str:
    """A state, kind, act or way in words; anything else as it is."""
    return next((str(group[code]) for group in _GROUPS if code in group), code)


def reason(code: str) -> str:
    """A reason in the reader's language."""
    if code == "merged":
        return str(_MERGED)
    return reference.reason(code).words(language()) if code else ""


def why(code: str) -> str:
    """Why something was refused, in words."""
    return str(WHY[code][0]) if code in WHY else code


def operation(code: str) -> str:
    found = reference.operations().get(code)
    return found.words(language()) if found else code


def language() -> str:
    return str(get_language() or "en")


def fault(found: Fault) -> str:
    """A fault in the reader's language, with the codes in it put into words."""
    return " ".join(
        gettext(issue.message)
        % {name: known(value) if isinstance(value, str) else value for name, value in issue.params.items()}
        if issue.params
        else gettext(issue.message)
        for issue in found.issues
    )
