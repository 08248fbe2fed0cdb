"""Decisions and notices as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from xinglin.consent import forms
from xinglin.ui.entry import PURPOSES
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from xinglin.record.notices import Notice
    from xinglin.record.policy.terms import Closed

register = template.Library()

MESSAGES = (
    gettext_noop("%(name)s opened a closed record in an emergency. The reason given: %(reason)s"),
    gettext_noop(
        "%(name)s may not decide about the data of this resident: that is for the resident, and for clerks on the"
        " resident's behalf."
    ),
)
"""What the record says; it has no catalogue of its own."""

_STATES = {
    "in force": (gettext_lazy("In force"), "green"),
    "not yet": (gettext_lazy("Not yet in force"), "amber"),
    "over": (gettext_lazy("Its time is over"), "grey"),
    "withdrawn": (gettext_lazy("Withdrawn"), "grey"),
    "deleted": (gettext_lazy("Deleted"), "grey"),
}
_KINDS = {
    "break-glass": gettext_lazy("Emergency opening"),
    "consent": gettext_lazy("Decision about data"),
    "recognition": gettext_lazy("Recognised result"),
    "quality": gettext_lazy("Quality of data"),
    "share": gettext_lazy("Shared record"),
    "node-asked": gettext_lazy("Another platform"),
}


@register.filter
def kind(value: Any) -> str:
    return forms.kind_name(value)


@register.filter
def closed_name(closed: Closed) -> str:
    """What a region keeps closed, in the reader's language."""
    return closed.name_zh if closed.name_zh and is_chinese() else closed.name


@register.filter
def state(code: str) -> str:
    return str(_STATES[code][0])


@register.filter
def state_colour(code: str) -> str:
    return _STATES[code][1]


@register.filter
def purpose(code: str) -> str:
    return str(PURPOSES.get(code, code))


@register.filter
def notice_kind(code: str) -> str:
    return str(_KINDS.get(code, code))


@register.filter
def said(notice: Notice) -> str:
    """What a notice says, in the reader's language."""
    return gettext(notice.message) % dict(notice.params)


@register.filter
def patient(about: str) -> str:
    """The id of the Patient that a notice is about; empty for anything else."""
    type_, _, id_ = about.partition("/")
    return id_ if type_ == "Patient" else ""
