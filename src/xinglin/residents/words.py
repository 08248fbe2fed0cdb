"""What is said of levels, states and relations."""

from __future__ import annotations

from django.utils.translation import get_language, gettext, gettext_lazy

from xinglin.audit import words as audit
from xinglin.healthcard.reference import evidence, relations
from xinglin.residents.rules import INVITED, Kind, Level, Scope, State

LEVELS = {
    Level.PHONE: gettext_lazy("Phone that an institution keeps for you, name and identity number"),
    Level.CARD: gettext_lazy("Health card scanned at a desk"),
    Level.DESK: gettext_lazy("Document seen at a desk"),
}
STATES = {
    State.ASKED: gettext_lazy("Waits for a desk"),
    State.GIVEN: gettext_lazy("In force"),
    State.REFUSED: gettext_lazy("Refused"),
    State.WITHDRAWN: gettext_lazy("Withdrawn"),
}
STATE_COLOURS = {State.ASKED: "amber", State.GIVEN: "green", State.REFUSED: "red", State.WITHDRAWN: "red"}
SCOPES = {
    Scope.SEE: gettext_lazy("May see, and change nothing"),
    Scope.ACT: gettext_lazy("May see and act"),
}
KINDS = {
    Kind.OWN: gettext_lazy("Yourself"),
    Kind.GUARDIAN: gettext_lazy("As guardian"),
    Kind.MANDATE: gettext_lazy("By mandate"),
}
_READ = gettext_lazy("Looked at the record")
_WROTE = gettext_lazy("Entered or changed something")
LOOKS = {
    "read": _READ,
    "vread": _READ,
    "search": _READ,
    "history": _READ,
    "everything": gettext_lazy("Looked at the whole record"),
    "labels": _READ,
    "person": gettext_lazy("Looked up who you are"),
    "match": gettext_lazy("Looked up who you are"),
    "create": _WROTE,
    "update": _WROTE,
    "patch": _WROTE,
    "transaction": _WROTE,
    "batch": _WROTE,
    "delete": gettext_lazy("Removed something"),
    "page": gettext_lazy("Opened a page"),
    "request": gettext_lazy("Asked for data"),
    "export": gettext_lazy("Asked for a copy of the data"),
    "export-file": gettext_lazy("Took a copy of the data"),
}
"""What somebody did with a record, in a resident's words; what is not here is said in the auditor's."""


def look(action: str) -> str:
    """What somebody did with a record."""
    return str(LOOKS[action]) if action in LOOKS else audit.said(audit.ACTIONS, action)


def _language() -> str:
    return str(get_language())


def relation(code: str) -> str:
    """What the one who acts is to the other."""
    found = relations().get(code)
    return found.words(_language()) if found else code


def proof(code: str) -> str:
    """A kind of evidence."""
    if code == INVITED:
        return gettext("Invited by the person on their own page")
    found = evidence().get(code)
    return found.words(_language()) if found else code
