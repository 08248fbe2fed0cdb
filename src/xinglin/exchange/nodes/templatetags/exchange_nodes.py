"""Tiers, relations and states of nodes in words."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext, gettext_noop

register = template.Library()

_TIERS = {
    "nation": gettext_noop("National"),
    "province": gettext_noop("Provincial"),
    "city": gettext_noop("City"),
    "county": gettext_noop("County"),
}
_RELATIONS = {
    "above": gettext_noop("Above this node"),
    "beside": gettext_noop("Beside this node"),
    "below": gettext_noop("Below this node"),
}
_WHATS = {
    "records": gettext_noop("Records"),
    "index": gettext_noop("Index of persons, under pseudonyms"),
    "aggregates": gettext_noop("Aggregates"),
}
_STATES = {
    "even": (gettext_noop("Up to date"), "green"),
    "stock": (gettext_noop("Forwarding what is there"), "blue"),
    "behind": (gettext_noop("Catching up"), "blue"),
    "failing": (gettext_noop("Failing"), "red"),
    "paused": (gettext_noop("Paused"), "amber"),
}
_CONSENTS = {
    "present": gettext_noop("Present and agreed"),
    "signed": gettext_noop("Signed consent"),
    "emergency": gettext_noop("Emergency without consent"),
}
_TYPES = {
    "Patient": gettext_noop("Person"),
    "Encounter": gettext_noop("Visits"),
    "Condition": gettext_noop("Diagnoses and problems"),
    "AllergyIntolerance": gettext_noop("Allergies"),
    "Observation": gettext_noop("Results and measurements"),
    "DiagnosticReport": gettext_noop("Reports"),
    "MedicationRequest": gettext_noop("Prescriptions"),
    "Procedure": gettext_noop("Procedures"),
    "Immunization": gettext_noop("Immunisations"),
    "DocumentReference": gettext_noop("Documents"),
}


@register.filter
def tier(code: str) -> str:
    return gettext(_TIERS[code])


@register.filter
def relation(code: str) -> str:
    return gettext(_RELATIONS[code])


@register.filter
def what(code: str) -> str:
    return gettext(_WHATS[code])


@register.filter
def progress(code: str) -> str:
    return gettext(_STATES[code][0])


@register.filter
def progress_colour(code: str) -> str:
    return _STATES[code][1]


@register.filter
def consent(code: str) -> str:
    return gettext(_CONSENTS[code])


@register.filter
def resource_type(name: str) -> str:
    """A type of resource as people call it; FHIR's own name for what is rare."""
    return gettext(_TYPES[name]) if name in _TYPES else name
