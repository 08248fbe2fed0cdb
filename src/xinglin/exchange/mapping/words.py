"""What states and events are called for people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xinglin.exchange.mapping import actions
from xinglin.exchange.mapping.rules import State

STATES = {
    State.DRAFT: (_("Draft"), "plain"),
    State.TESTED: (_("Tested"), "blue"),
    State.IN_FORCE: (_("In force"), "green"),
    State.RETIRED: (_("Retired"), "amber"),
}
"""A state's name and the colour of its tag."""

EVENTS = {
    actions.MADE: _("made"),
    actions.WRITTEN: _("written"),
    actions.SAMPLED: _("sample kept"),
    actions.DROPPED: _("sample dropped"),
    actions.TESTED: _("tested"),
    actions.TAKEN: _("put in force"),
    actions.RETIRED: _("taken out of force"),
    actions.DELETED: _("deleted"),
}

OUTCOMES = {"passed": _("passed"), "failed": _("not passed")}
"""The note of a test."""
