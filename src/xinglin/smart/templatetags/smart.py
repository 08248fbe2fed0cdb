"""The menu of apps that a resident's record can be opened with."""

from __future__ import annotations

from typing import Any

from django import template

from xinglin.smart import queries

register = template.Library()


@register.inclusion_tag("smart/menu.html", takes_context=True)
def apps_of_record(context: dict[str, Any], patient: str) -> dict[str, Any]:
    """The apps that the reader may open on the patient's record."""
    user = context["request"].user
    return {
        "apps": list(queries.launchable(user.institution_id or None)),
        "patient": patient,
        **_token(context),
    }


def _token(context: dict[str, Any]) -> dict[str, Any]:
    return {"csrf_token": context.get("csrf_token")}
