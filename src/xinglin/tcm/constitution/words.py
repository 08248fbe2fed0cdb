"""What verdicts, doubts and kinds of advice are called on pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xinglin.tcm.constitution.programmes import State
from xinglin.tcm.constitution.scoring import Doubt, Verdict

VERDICTS = {
    Verdict.YES: _("It is this type"),
    Verdict.MOSTLY: _("Mostly this type"),
    Verdict.TENDS: _("Tends to this type"),
    Verdict.NO: _("Not this type"),
    Verdict.UNKNOWN: _("Not all answered"),
}
COLOURS = {Verdict.YES: "amber", Verdict.MOSTLY: "green", Verdict.TENDS: "blue"}
DOUBTS = {
    Doubt.ALL_ALIKE: _("Every question has the same answer: please look at the answers again."),
    Doubt.UNLIKELY: _("Every type at once is unlikely: please look at the answers again."),
    Doubt.COLD_AND_HOT: _("Yang and yin deficiency at once: ask again for the cause."),
    Doubt.VIGOROUS_AND_TIRED: _("Full of energy, and tired easily: ask again."),
    Doubt.NONE_FITS: _("No type fits: examine again in two weeks."),
    Doubt.INCOMPLETE: _("Not all questions are answered."),
}
KINDS = {
    "mood": _("Mood"), "food": _("Food"), "living": _("Daily life"), "movement": _("Exercise"),
    "points": _("Acupoints"),
}  # fmt: skip
STATES = {
    State.DONE: (_("Done"), "green"), State.DUE: (_("Due now"), "amber"), State.LATE: (_("Late"), "red"),
    State.COMING: (_("Coming"), ""), State.MISSED: (_("Not done in time"), "red"),
}  # fmt: skip
