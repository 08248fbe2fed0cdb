"""Aspects, states and steps in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ASPECTS = {
    "structure": gettext_lazy("Structure of messages"),
    "codes": gettext_lazy("Codes"),
    "required": gettext_lazy("Required elements"),
    "linkage": gettext_lazy("Linkage"),
    "timeliness": gettext_lazy("Timeliness"),
}
STATES = {
    "open": gettext_lazy("Being tried"),
    "green": gettext_lazy("Green: may be let in"),
    "let-in": gettext_lazy("Let in"),
    "stopped": gettext_lazy("Stopped"),
}
STATE_COLOURS = {"open": "amber", "green": "green", "let-in": "blue", "stopped": "plain"}
STEPS = {
    "begun": gettext_lazy("Onboarding begun"),
    "tried": gettext_lazy("Samples tried; score"),
    "removed": gettext_lazy("A sample taken away"),
    "key": gettext_lazy("New key for the vendor"),
    "let-in": gettext_lazy("Let in"),
    "stopped": gettext_lazy("Stopped"),
    "resumed": gettext_lazy("Taken up again"),
}
