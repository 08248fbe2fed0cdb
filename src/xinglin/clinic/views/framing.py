"""What all pages of the clinic share: who may open what, doing something and saying what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import messages
from django.utils.translation import gettext, gettext_lazy

from xinglin.clinic import rules
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from django.http import HttpRequest

    from xinglin.kernel.actor import Actor
    from xinglin.kernel.errors import Issue
    from xinglin.record.database import Connection

_T = TypeVar("_T")

TABS = (
    ("desk", gettext_lazy("Registration"), "registering"),
    ("queue", gettext_lazy("Doctor's queue"), "treating"),
    ("till", gettext_lazy("Till"), "charging"),
    ("pharmacy", gettext_lazy("Herb pharmacy"), "reviewing"),
    ("nurse", gettext_lazy("Nurse"), "nursing"),
    ("treatment", gettext_lazy("Treatment room"), "nursing"),
    ("ward", gettext_lazy("In-patient ward"), "looking"),
    ("stock", gettext_lazy("Stock"), "stocking"),
    ("records", gettext_lazy("Check of records"), "looking"),
    ("prices", gettext_lazy("Price list"), "looking"),
)


def today() -> date:
    """The day at the clinic."""
    return clock.now().astimezone(LOCAL_ZONE).date()


def frame(actor: Actor, tab: str, **more: Any) -> dict[str, Any]:
    """The context of a page: its tabs, rights and words."""
    return {
        "tabs": [(name, title) for name, title, right in TABS if rules.may(actor, right)],
        "tab": tab,
        "may": {
            right: rules.may(actor, right)
            for right in (
                "registering",
                "treating",
                "nursing",
                "charging",
                "closing",
                "dispensing",
                "stocking",
                "pricing",
                "admitting",
                "attending",
                "furnishing",
            )
        },
        "chinese": is_chinese(),
        **more,
    }


def said(issues: Iterable[Issue]) -> str:
    """Issues in the reader's language."""
    return " ".join(
        gettext(one.message) % dict(one.params) if one.params else gettext(one.message) for one in issues
    )


def attempt(request: HttpRequest, work: Callable[[Connection], _T], done: str = "") -> _T | None:
    """Do something in a transaction of its own. A fault is said on the next page, and nothing was done."""
    connection = database.connection()
    try:
        with connection.transaction():
            made = work(connection)
    except Fault as fault:
        messages.error(request, said(fault.issues))
        return None
    if done:
        messages.success(request, done)
    return made


def number(text: str) -> int:
    """A whole number as it is typed, 0 for none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
