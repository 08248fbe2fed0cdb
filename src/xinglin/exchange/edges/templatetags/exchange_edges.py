"""What front machines tell, in the reader's language: words with their values, sizes, times, alarms."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext, gettext_noop, ngettext

from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

register = template.Library()

_ALARMS = {
    "silent": gettext_noop("Silent"),
    "full": gettext_noop("Buffer nearly full"),
    "behind": gettext_noop("Behind"),
    "source": gettext_noop("Source in trouble"),
    "refused": gettext_noop("Messages refused"),
    "rate": gettext_noop("Upload rate low"),
}
_KINDS = {
    "database": gettext_noop("Database"),
    "folder": gettext_noop("Folder"),
    "relay": gettext_noop("HL7 v2 relay"),
}
_RED = ("silent", "full", "source")

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@register.filter
def said(words: Mapping[str, Any] | None) -> str:
    """An error, filled in."""
    if not words or not words.get("message"):
        return ""
    message = gettext(str(words["message"]))
    try:
        return str(message % words.get("params", {}))
    except (KeyError, ValueError, TypeError):  # told by a machine of another version
        return message


@register.filter
def size(number: int | None) -> str:
    return str(filesizeformat(number or 0))


@register.filter
def moment(text: Any) -> str:
    """A time in the zone of this machine, to the second."""
    if not text:
        return "—"
    try:
        read = (
            datetime.fromisoformat(text)
            if isinstance(text, str)
            else datetime.fromtimestamp(text, clock.now().tzinfo)
        )
    except (ValueError, OverflowError):
        return "—"
    return read.astimezone().strftime("%Y-%m-%d %H:%M:%S")


@register.filter
def ago(seconds: float | None) -> str:
    """How long since a moment (seconds since 1970)."""
    if not seconds:
        return "—"
    passed = max(0, round(clock.now().timestamp() - seconds))
    if passed < _MINUTE:
        return ngettext("%(n)s second", "%(n)s seconds", passed) % {"n": passed}
    if passed < _HOUR:
        return ngettext("%(n)s minute", "%(n)s minutes", passed // _MINUTE) % {"n": passed // _MINUTE}
    if passed < _DAY:
        return ngettext("%(n)s hour", "%(n)s hours", passed // _HOUR) % {"n": passed // _HOUR}
    return ngettext("%(n)s day", "%(n)s days", passed // _DAY) % {"n": passed // _DAY}


@register.filter
def share(part: int | None, whole: int | None) -> str:
    """A share in per cent with one place; a dash where there is nothing to compare with."""
    if not whole or part is None:
        return "—"
    return f"{100 * part / whole:.1f} %"


@register.filter
def alarm(code: str) -> str:
    """What is the matter, in words."""
    return gettext(_ALARMS[code])


@register.filter
def alarm_colour(code: str) -> str:
    return "red" if code in _RED else "amber"


@register.filter
def percent(part: float | None) -> str:
    """A share in per cent with one place."""
    return "—" if part is None else f"{100 * part:.1f} %"


@register.filter
def kind(code: str) -> str:
    """The kind of a source."""
    return gettext(_KINDS[code]) if code in _KINDS else code
