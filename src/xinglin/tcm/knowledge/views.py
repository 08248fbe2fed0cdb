"""The pages of the knowledge: finding, one term with its web, lists, sources, and the browser's list of herbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from xinglin.tcm import desks
from xinglin.tcm.knowledge import drawing, herbs, queries, rules, searching, vocabulary
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.record.door import Door
    from xinglin.tcm.knowledge.searching import Hit

PAGE = 60
_LONGEST = 100  # characters of what is typed
_WAYS = (
    ("name", gettext_lazy("Name or pinyin")),
    ("effect", gettext_lazy("Effect")),
    ("signs", gettext_lazy("Signs and symptoms")),
)
_KEPT = "private, max-age=31536000, immutable"


def english() -> bool:
    """Whether the reader reads English."""
    return not is_chinese()


def asked(request: HttpRequest, name: str, longest: int = _LONGEST) -> str:
    """A parameter of the address, cut and without NUL."""
    return request.GET.get(name, "").replace("\0", "").strip()[:longest]


@require_GET
@entry.page
def start(request: HttpRequest, door: Door) -> HttpResponse:
    """Finding a term, and what there is."""
    typed, way, kind = asked(request, "q"), asked(request, "by"), asked(request, "kind")
    way = way if way in dict(_WAYS) else "name"
    kind = kind if kind in vocabulary.kinds() else ""
    counts = queries.counts()
    context = {
        "desks": desks.shown(door.actor),
        "typed": typed,
        "way": way,
        "ways": _WAYS,
        "kind": kind,
        "kinds": [
            (name, word.said(english=english()), counts[name]) for name, word in vocabulary.kinds().items()
        ],
        "facts": counts["facts"],
        "reviewed": counts["reviewed"],
        "found": _found(typed, way, kind) if typed else [],
        "waiting": len(queries.batches(queries.waiting())),
        "may_propose": rules.may(door.actor, "proposing"),
    }
    return render(request, "tcm/start.html", context)


def _found(typed: str, way: str, kind: str) -> list[Hit]:
    if way == "effect":
        return searching.by_effect(typed, kind=kind)
    if way == "signs":
        return searching.by_signs(typed, kind=kind)
    return searching.by_name(typed, kind=kind)


@require_GET
@entry.page
def term(request: HttpRequest, door: Door, term: str) -> HttpResponse:
    """One term: what is said of it with source, basis and review, and the web of what it hangs together with."""
    found = queries.term(term)
    out, back = queries.said_of(found), queries.pointing_at(found)
    context = {
        "term": found,
        "groups": out,
        "back": back,
        "web": drawing.web(found, out, back, english=english()),
        "changes": queries.history(found)[:PAGE],
        "unreviewed": queries.unreviewed_sources(found),
        "may_propose": rules.may(door.actor, "proposing"),
    }
    return render(request, "tcm/term.html", context)


@require_GET
@entry.page
def listed(request: HttpRequest, door: Door, kind: str) -> HttpResponse:
    """The terms of a kind, page by page."""
    del door
    word = vocabulary.kinds().get(kind)
    if word is None:
        return HttpResponseRedirect(reverse("tcm:start"))
    text = asked(request, "offset", 8)
    offset = int(text) if text.isascii() and text.isdigit() else 0
    total, terms = queries.listed(kind, offset, PAGE)
    context: dict[str, Any] = {
        "kind": kind,
        "title": word.said(english=english()),
        "terms": terms,
        "total": total,
        "first": offset + 1,
        "last": offset + len(terms),
        "more": offset + PAGE if offset + PAGE < total else None,
        "previous": max(0, offset - PAGE) if offset else None,
    }
    return render(request, "tcm/listed.html", context)


@require_GET
@entry.page
def sources(request: HttpRequest, door: Door) -> HttpResponse:
    """Every source, what it is worth, and how many facts are from it."""
    context = {"sources": queries.sources(), "may_propose": rules.may(door.actor, "proposing")}
    return render(request, "tcm/sources.html", context)


# -- the list of herbs that a browser keeps


def herbs_address() -> str:
    """Where a browser gets the list of herbs as it is now."""
    return f"{reverse('tcm:herbs')}?v={herbs.standing()}"


@require_GET
def herbs_json(request: HttpRequest) -> HttpResponse:
    """The list of herbs; under the address of its version a browser may keep it for good."""
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    version = herbs.standing()
    response = HttpResponse(herbs.index(version), content_type="application/json; charset=utf-8")
    response["Cache-Control"] = _KEPT if request.GET.get("v") == version else "no-store"
    response["ETag"] = f'"{version}"'
    return response
