"""Words for what the workbench shows: reasons, doubts, ways to stand to a standard code."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django import template
from django.utils.translation import gettext_lazy

from xinglin.codebook.mapping.rules import Doubt, Equivalence

if TYPE_CHECKING:
    from xinglin.codebook.mapping.ranking import Reason

register = template.Library()

EQUIVALENCES = {
    Equivalence.EQUIVALENT: gettext_lazy("means the same"),
    Equivalence.WIDER: gettext_lazy("the standard's is wider"),
    Equivalence.NARROWER: gettext_lazy("the standard's is narrower"),
    Equivalence.INEXACT: gettext_lazy("overlaps only"),
}
_DOUBTS = {
    Doubt.UNIT: gettext_lazy("The units measure different things."),
    Doubt.ELSEWHERE: gettext_lazy("Other institutions have mapped the same name to another code."),
    Doubt.WITHIN: gettext_lazy("The same name is mapped to another code in this mapping."),
    Doubt.WEAK: gettext_lazy("The names are far apart."),
    Doubt.MEANING: gettext_lazy("The two are said to overlap only."),
}
_REASONS = {
    "name": gettext_lazy("name “%(about)s”"),
    "alias": gettext_lazy("other name “%(about)s”"),
    "sound": gettext_lazy("sounds the same: %(about)s"),
    "both": gettext_lazy("several names agree"),
    "unit": gettext_lazy("unit %(about)s"),
    "tells": gettext_lazy("only one of the two says: %(about)s"),
    "numbers": gettext_lazy("other numbers: %(about)s"),
    "specimen": gettext_lazy("specimen: %(about)s"),
    "others": gettext_lazy("confirmed by other institutions: %(about)s"),
    "beside": gettext_lazy("sent beside it %(about)s times"),
}
_DONE = {
    "mapped": gettext_lazy("mapped"),
    "none": gettext_lazy("no match"),
    "later": gettext_lazy("later"),
    "open": gettext_lazy("opened again"),
    "bulk": gettext_lazy("confirmed with others"),
    "look": gettext_lazy("second look"),
}


@register.filter
def percent(score: float) -> str:
    return f"{score * 100:.0f}"


@register.filter
def reason(one: Reason) -> str:
    """A reason with its points: ``+0.03 unit mmol/L · mmol/L``."""
    return f"{one.points:+.2f} {str(_REASONS[one.code]) % {'about': one.about}}"


@register.filter
def doubt(code: str) -> str:
    return str(_DOUBTS[Doubt(code)])


@register.filter
def equivalence(code: str) -> str:
    return str(EQUIVALENCES[Equivalence(code)]) if code in set(Equivalence) else code


@register.filter
def done(action: str) -> str:
    return str(_DONE.get(action, action))


@register.simple_tag
def desk_query(shown: str, typed: str, page: int, line: int) -> str:
    """The query of an address of the desk."""
    asked = {"shown": shown, "q": typed, "page": page, "line": line}
    return urlencode({name: value for name, value in asked.items() if value})
