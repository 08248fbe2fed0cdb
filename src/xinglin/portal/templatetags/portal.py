"""Addresses of the things that a record's parts refer to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from xinglin.fhir.reading import as_date
from xinglin.identity import identifiers
from xinglin.kernel.ages import age_between
from xinglin.portal.rules import people
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.portal.rules.medicines import Medicine
    from xinglin.portal.rules.people import Named
    from xinglin.portal.rules.timeline import Event

register = template.Library()

_LISTED = {"Immunization": "immunisations"}


@register.filter
def reading(reference: str, patient: str) -> str:
    """The page on which a document (``Type/id``) is read."""
    kind, _, id_ = reference.partition("/")
    return reverse("portal:reading", args=[patient, kind, id_])


@register.filter
def address(event: Event, patient: str) -> str:
    """Where an event of the timeline can be looked at: its visit or report, or the list that it is in."""
    kind = event.link.partition("/")[0]
    if kind == "DiagnosticReport":
        return reading(event.link, patient)
    if kind == "Encounter":
        return reverse("portal:encounter", args=[patient, event.link.partition("/")[2]])
    if kind == "ImagingStudy":
        return reverse("portal:study", args=[patient, event.link.partition("/")[2]])
    return reverse(f"portal:{_LISTED.get(kind, 'medicines')}", args=[patient])


@register.filter
def at(moment: int, form: str) -> str:
    """A moment in microseconds since 1970, in this country's time, in a form of Django's."""
    return date_format(timezone.localtime(datetime.fromtimestamp(moment / 1_000_000, UTC)), form)


@register.filter
def named(one: Named) -> str:
    """The name of something recorded, in the reader's language as far as its code has one."""
    return people.named(one, chinese=is_chinese())


@register.filter
def called(one: Named) -> str:
    """The same, with the record's own words behind it where they are others; both marked with their language."""
    name = one.name
    if is_chinese() or not people.has_han(name):
        return name
    english = one.english
    words = format_html('<span class="xl-recorded" lang="zh-Hans">{}</span>', name)
    return (
        format_html("{} {}", english, words)
        if english
        else format_html('<span lang="zh-Hans">{}</span>', name)
    )


@register.filter
def often(medicine: Medicine) -> str:
    """How often a medicine is taken, in the reader's language; empty where its dose says so or nothing does."""
    if medicine.often is None:
        return ""
    return medicine.often.zh if is_chinese() else medicine.often.en


@register.filter
def taken(medicine: Medicine) -> str:
    """How a medicine is taken: how much and how often."""
    return " ".join(filter(None, (medicine.amount, often(medicine))))


@register.filter
def ago(day: str) -> str:
    """How long ago a day was, in years, months or days."""
    then = as_date(day)
    age = age_between(then, timezone.localdate()) if then else None
    if age is None:
        return ""
    if age.years:
        return ngettext("%(n)d year ago", "%(n)d years ago", age.years) % {"n": age.years}
    if age.months:
        return ngettext("%(n)d month ago", "%(n)d months ago", age.months) % {"n": age.months}
    if age.days:
        return ngettext("%(n)d day ago", "%(n)d days ago", age.days) % {"n": age.days}
    return gettext("today")


@register.filter
def masked(number: str) -> str:
    """An identity number of which only the ends are told."""
    return identifiers.mask_identity(number)


@register.filter
def at_key(words: Mapping[str, object], key: str) -> object:
    """What a mapping has under a key."""
    return words.get(key, key)
