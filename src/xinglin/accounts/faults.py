"""What a fault says, in the language of who reads the page. An issue's message is an English template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

if TYPE_CHECKING:
    from xinglin.kernel.errors import Fault, Issue


def issue(one: Issue) -> str:
    """One issue, filled in."""
    return gettext(one.message) % dict(one.params) if one.params else gettext(one.message)


def said(fault: Fault) -> str:
    """All issues of a fault, one behind the other."""
    return " ".join(map(issue, fault.issues))
