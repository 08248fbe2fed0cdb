"""What is said of levels, states and relations."""

from __future__ import annotations

from django.utils.translation import get_language, gettext_lazy

from xinglin.healthcard.reference import evidence, relations
from xinglin.residents.rules import Kind, Level, State

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
KINDS = {
    Kind.OWN: gettext_lazy("Yourself"),
    Kind.GUARDIAN: gettext_lazy("As guardian"),
    Kind.MANDATE: gettext_lazy("By mandate"),
}


def _language() -> str:
    return str(get_language())


def relation(code: str) -> str:
    """What the one who acts is to the other."""
    found = relations().get(code)
    return found.words(_language()) if found else code


def proof(code: str) -> str:
    """A kind of evidence."""
    found = evidence().get(code)
    return found.words(_language()) if found else code
