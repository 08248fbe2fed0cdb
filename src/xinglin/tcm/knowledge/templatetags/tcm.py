"""The words of the knowledge in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from xinglin.tcm.knowledge import views, vocabulary
from xinglin.tcm.knowledge.models import Source, Term
from xinglin.tcm.knowledge.views import english

if TYPE_CHECKING:
    from xinglin.tcm.knowledge.queries import Group

register = template.Library()

_TONES = {
    "reviewed": "green",
    "disputed": "red",
    "withdrawn": "red",
    "certain": "green",
    "unsure": "amber",
    "unreviewed": "plain",
    "waiting": "amber",
    "agreed": "blue",
    "published": "green",
    "refused": "red",
}


@register.simple_tag
def herbs_address() -> str:
    """Where a browser gets the list of herbs as it is now, for ``tcm/herb_search.html`` on any page."""
    return views.herbs_address()


@register.filter
def word(id_: str, listed: str) -> str:
    """The word for an id of a list, as ``fact.state|word:"state"``."""
    found = vocabulary.listed(listed).get(id_)
    return found.said(english=english()) if found else id_


@register.filter
def heading(group: Group) -> str:
    """The name of a group of facts, read from the end that it is shown at."""
    return group.predicate.said(english=english(), back=group.back)


@register.filter
def titled(source: Source) -> str:
    """The title of a source."""
    return source.english if english() and source.english else source.title


@register.filter
def also_named(term: Term) -> str:
    """What stands beside the Chinese name of a term: its English, else its pinyin."""
    return term.english or term.pinyin


@register.filter
def tone(id_: str) -> str:
    """The colour of a state's tag."""
    return _TONES.get(id_, "plain")


@register.filter
def named(ids: list[str]) -> list[Term]:
    """The terms of some ids."""
    return list(Term.objects.filter(id__in=ids).order_by("id"))
