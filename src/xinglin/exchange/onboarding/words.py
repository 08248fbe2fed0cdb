"""Sides, marks and states in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from xinglin.exchange.onboarding.rules import Dimension, Mark

DIMENSIONS = {
    Dimension.STRUCTURE: gettext_lazy("Form and structure"),
    Dimension.CODES: gettext_lazy("Codes"),
    Dimension.ELEMENTS: gettext_lazy("Required elements"),
    Dimension.LINKAGE: gettext_lazy("Linkage"),
    Dimension.TIMELINESS: gettext_lazy("Timeliness"),
}
MARKS = {
    Mark.PASS: gettext_lazy("Green"),
    Mark.WARN: gettext_lazy("Could be better"),
    Mark.FAIL: gettext_lazy("Not yet"),
    Mark.NONE: gettext_lazy("Not shown"),
}
MARK_COLOURS = {Mark.PASS: "green", Mark.WARN: "amber", Mark.FAIL: "red", Mark.NONE: "plain"}
STATES = {
    "open": gettext_lazy("On its way"),
    "in": gettext_lazy("Let in"),
    "stopped": gettext_lazy("Stopped"),
}
STATE_COLOURS = {"open": "blue", "in": "green", "stopped": "plain"}
