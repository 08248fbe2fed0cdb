"""Addresses of the things that a record's parts refer to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from xinglin.identity import identifiers

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if kind == "ImagingStudy":
        return reverse("portal:study", args=[patient, event.link.partition("/")[2]])
    return reverse(f"portal:{_LISTED.get(kind, 'medicines')}", args=[patient])


@register.filter
def at(moment: int, form: str) -> str:
    """A moment in microseconds since 1970, in this country's time, in a form of Django's."""
    return date_format(timezone.localtime(datetime.fromtimestamp(moment / 1_000_000, UTC)), form)


@register.filter
def masked(number: str) -> str:
    """An identity number of which only the ends are told."""
    return identifiers.mask_identity(number)


@register.filter
def at_key(words: Mapping[str, object], key: str) -> object:
    """What a mapping has under a key."""
    return words.get(key, key)
