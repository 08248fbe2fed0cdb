"""Words for states, hooks and indicators on the pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xinglin.reminders.values import Hook, Indicator, State

STATES = {State.TRIAL: _("On trial"), State.LIVE: _("Live"), State.OFF: _("Switched off")}
STATE_COLOURS = {State.TRIAL: "amber", State.LIVE: "green", State.OFF: "plain"}
INDICATORS = {
    Indicator.INFO: _("For information"),
    Indicator.WARNING: _("Warning"),
    Indicator.CRITICAL: _("Critical, interrupts"),
}
INDICATOR_COLOURS = {Indicator.INFO: "blue", Indicator.WARNING: "amber", Indicator.CRITICAL: "red"}
HOOKS = {
    Hook.PATIENT_VIEW: _("A record is opened"),
    Hook.ORDER_SELECT: _("An order is selected"),
    Hook.ORDER_SIGN: _("Orders are signed"),
    Hook.ENCOUNTER_START: _("An encounter begins"),
    Hook.ENCOUNTER_DISCHARGE: _("A discharge"),
}
# how sure the platform is of a rule, as its table names it
CONFIDENCES = {
    "label": _("as the label says"),
    "guideline": _("as a guideline says"),
    "high": _("well established"),
    "expert": _("judgement of experts"),
}
