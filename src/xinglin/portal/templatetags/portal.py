"""Addresses of the things that a record's parts refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.urls import reverse

if TYPE_CHECKING:
    from xinglin.portal.rules.timeline import Event

register = template.Library()

_LISTED = {"Encounter": "encounters", "Immunization": "immunisations"}


@register.filter
def reading(reference: str, patient: str) -> str:
    """The page on which a document (``Type/id``) is read."""
    kind, _, id_ = reference.partition("/")
    return reverse("portal:reading", args=[patient, kind, id_])


@register.filter
def address(event: Event, patient: str) -> str:
    """Where an event of the timeline can be looked at: its report, or the list that it is in."""
    kind = event.link.partition("/")[0]
    if kind == "DiagnosticReport":
        return reading(event.link, patient)
    return reverse(f"portal:{_LISTED.get(kind, 'medicines')}", args=[patient])
