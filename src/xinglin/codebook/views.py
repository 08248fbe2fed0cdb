"""The pages of codes: finding, browsing, comparing, taking away; loading is in ``loading``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET

from xinglin.codebook import exports, queries
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid
from xinglin.terminology import comparing, picking
from xinglin.terminology import queries as tables
from xinglin.ui import entry
from xinglin.ui.language import is_chinese

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from xinglin.codebook.queries import Shelf
    from xinglin.kernel.errors import Issue
    from xinglin.record.door import Door
    from xinglin.terminology.expansion import Members
    from xinglin.terminology.queries import Kept

STEWARDS = ("steward", "administrator")
_KINDS = ("systems", "sets", "maps")
_CHANGES = 500  # of two versions on one page
_LONGEST = 100  # characters of what is typed


def shelf() -> Shelf:
    """The tables as they are today, in the reader's language."""
    english = not is_chinese()
    return queries.shelf(clock.now().astimezone(LOCAL_ZONE).date(), english=english)


def may_load(door: Door) -> bool:
    return any(door.actor.has(role) for role in STEWARDS)


def asked(request: HttpRequest, name: str, longest: int = 500) -> str:
    """A parameter of the address, cut and without NUL."""
    return request.GET.get(name, "").replace("\0", "").strip()[:longest]


def _required(request: HttpRequest, name: str) -> str:
    found = asked(request, name)
    if not found:
        raise invalid(gettext_noop("The address lacks %(name)s."), name=name)
    return found


def _offset(request: HttpRequest) -> int:
    text = request.GET.get("offset", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


@require_GET
@entry.page
def home(request: HttpRequest, door: Door) -> HttpResponse:
    """The search over all code systems, and what there is."""
    place = shelf()
    kind = asked(request, "kind")
    kind = kind if kind in _KINDS else "systems"
    typed, narrow = asked(request, "q", _LONGEST), asked(request, "title", _LONGEST)
    total, found = queries.find(place, typed, limit=queries.PAGE)
    titles, offset = queries.titles(place, kind, narrow), _offset(request)
    last = offset + queries.PAGE
    context = {
        "typed": typed,
        "found": found,
        "total": total,
        "kind": kind,
        "narrow": narrow,
        "titles": titles[offset:last],
        "offset": offset,
        "last": min(last, len(titles)),
        "more": last if len(titles) > last else None,
        "previous": max(0, offset - queries.PAGE) if offset else None,
        "counts": queries.counts(place),
        "may_load": may_load(door),
    }
    return render(request, "codebook/home.html", context)


@require_GET
@entry.page
def find(request: HttpRequest, door: Door) -> HttpResponse:
    """The list below a search box: what is found for ``q`` in ``set``, in ``system``, or anywhere."""
    del door
    place = shelf()
    typed = asked(request, "q", _LONGEST)
    total, found = queries.find(
        place, typed, set_url=asked(request, "set"), system_url=asked(request, "system")
    )
    context = {"typed": typed, "found": found, "total": total, "picking": asked(request, "pick") == "1"}
    return render(request, "codebook/options.html", context)


@require_GET
@entry.page
def system(request: HttpRequest, door: Door) -> HttpResponse:
    """A version of a code system: what it is, its tree, a search in it."""
    place = shelf()
    version = queries.system_of(place, _required(request, "url"), asked(request, "version"))
    typed = asked(request, "q", _LONGEST)
    total, found = queries.find(place, typed, system_url=version.url, limit=queries.PAGE)
    offset = _offset(request)
    roots = tables.roots(place.connection, version.id, queries.PAGE + 1, offset)
    context = {
        "version": version,
        "title": place.title(version),
        "about": version.about,
        "origin": queries.origin_of(version),
        "confidence": queries.CONFIDENCES.get(version.about.get("confidence", "")),
        "versions": queries.versions_of(place, tables.SYSTEMS, version.url),
        "nodes": queries.nodes(place, roots[: queries.PAGE]),
        "more": offset + queries.PAGE if len(roots) > queries.PAGE else None,
        "previous": max(offset - queries.PAGE, 0) if offset else None,
        "typed": typed,
        "found": found,
        "total": total,
        **_removing(door, version),
    }
    return render(request, "codebook/system.html", context)


@require_GET
@entry.page
def children(request: HttpRequest, door: Door) -> HttpResponse:
    """What stands right below a code, as a piece of a tree."""
    del door
    place = shelf()
    version = queries.system_of(place, _required(request, "url"), asked(request, "version"))
    above = queries.concept_of(place, version, _required(request, "code"))
    offset = _offset(request)
    below = tables.children(place.connection, above, queries.PAGE + 1, offset)
    context = {
        "version": version,
        "above": above,
        "nodes": queries.nodes(place, below[: queries.PAGE]),
        "more": offset + queries.PAGE if len(below) > queries.PAGE else None,
    }
    return render(request, "codebook/branch.html", context)


@require_GET
@entry.page
def concept(request: HttpRequest, door: Door) -> HttpResponse:
    """A code: its names, its place, its properties, where it maps, which value sets have it, its past."""
    del door
    place = shelf()
    version = queries.system_of(place, _required(request, "system"), asked(request, "version"))
    found = queries.concept_of(place, version, _required(request, "code"))
    below = tables.children(place.connection, found, queries.PAGE + 1)
    having, all_looked_at = queries.sets_with(place, version, found)
    context = {
        "version": version,
        "title": place.title(version),
        "concept": found,
        "display": found.display_in(place.language),
        "confidence": queries.CONFIDENCES.get(
            str(found.more.get("confidence") or version.about.get("confidence", ""))
        ),
        "source": found.more.get("source") or version.about.get("source", ""),
        "ancestors": tables.ancestors(place.connection, found),
        "parents": tables.parents(place.connection, found),
        "nodes": queries.nodes(place, below[: queries.PAGE]),
        "more": queries.PAGE if len(below) > queries.PAGE else None,
        "above": found,
        "mapped": queries.mapped(place, version, found),
        "sets": [(one, place.title(one)) for one in having],
        "all_looked_at": all_looked_at,
        "pasts": queries.pasts(place, version, found.code),
    }
    return render(request, "codebook/concept.html", context)


@require_GET
@entry.page
def value_set(request: HttpRequest, door: Door) -> HttpResponse:
    """A value set: how it is defined, its members, a search among them."""
    place = shelf()
    version = queries.set_of(place, _required(request, "url"), asked(request, "version"))
    typed, offset = asked(request, "q", _LONGEST), _offset(request)
    members, total, found = queries.members_page(place, version, typed, offset)
    context = {
        **_picked(request, place, members),
        **_removing(door, version),
        "version": version,
        "title": place.title(version),
        "about": version.about,
        "origin": queries.origin_of(version),
        "confidence": queries.CONFIDENCES.get(version.about.get("confidence", "")),
        "versions": queries.versions_of(place, tables.VALUE_SETS, version.url),
        "members": members,
        "parts": [(said, part) for said in ("include", "exclude") for part in version.compose.get(said, ())],
        "total": total,
        "found": found,
        "typed": typed,
        "offset": offset,
        **_pages(offset, total),
    }
    return render(request, "codebook/value_set.html", context)


def _removing(door: Door, version: Kept) -> dict[str, bool]:
    """Whether the reader may take it out, and whether it can be: what was loaded from a file."""
    loaded = version.origin == f"file:{version.url}|{version.version}"
    return {"may_load": may_load(door), "removable": loaded}


def _picked(request: HttpRequest, place: Shelf, members: Members) -> dict[str, Any]:
    """What the form on the page has chosen, or what is wrong with it."""
    chosen, typed = asked(request, "code"), asked(request, "code_typed", _LONGEST)
    try:
        picked = picking.picked(place.connection, place.known, members, chosen=chosen, typed=typed)
    except Fault as fault:
        return {"wrong": " ".join(said(fault.issues))}
    return {"picked": picked}


def said(issues: Iterable[Issue]) -> list[str]:
    """Issues in the reader's language."""
    return [
        gettext(issue.message) % issue.params if issue.params else gettext(issue.message) for issue in issues
    ]


def _pages(offset: int, total: int) -> dict[str, Any]:
    return {
        "more": offset + queries.PAGE if offset + queries.PAGE < total else None,
        "previous": max(offset - queries.PAGE, 0) if offset else None,
        "last": min(offset + queries.PAGE, total),
    }


@require_GET
@entry.page
def concept_map(request: HttpRequest, door: Door) -> HttpResponse:
    """A map: what it joins, and its lines."""
    place = shelf()
    version = queries.map_of(place, _required(request, "url"), asked(request, "version"))
    offset = _offset(request)
    context = {
        "version": version,
        "title": place.title(version),
        "about": version.about,
        "origin": queries.origin_of(version),
        "confidence": queries.CONFIDENCES.get(version.about.get("confidence", "")),
        "versions": queries.versions_of(place, tables.MAPS, version.url),
        "lines": queries.mappings_page(place, version, offset),
        "offset": offset,
        "total": version.mappings,
        **_removing(door, version),
        **_pages(offset, version.mappings),
    }
    return render(request, "codebook/map.html", context)


@require_GET
@entry.page
def compare(request: HttpRequest, door: Door) -> HttpResponse:
    """What has changed between two versions of a code system; ``form=csv`` takes it away."""
    del door
    place = shelf()
    url = _required(request, "url")
    every = queries.versions_of(place, tables.SYSTEMS, url)
    new = queries.system_of(place, url, asked(request, "new"))
    earlier = [one for one in every if one.id != new.id]
    old = queries.system_of(place, url, asked(request, "old")) if asked(request, "old") else None
    old = old or (earlier[0] if earlier else new)
    if asked(request, "form") == "csv":
        return _file(exports.differences_csv(place, old, new), f"{old.version}-{new.version}.csv")
    found = list(comparing.differences(place.connection, old, new))
    counted = {kind: sum(one.kind == kind for one in found) for kind in comparing.KINDS}
    wanted = asked(request, "kind")
    shown = [one for one in found if not wanted or one.kind == wanted]
    context = {
        "title": place.title(new),
        "old": old,
        "new": new,
        "versions": every,
        "counts": counted,
        "kind": wanted,
        "differences": shown[:_CHANGES],
        "left": max(len(shown) - _CHANGES, 0),
    }
    return render(request, "codebook/compare.html", context)


@require_GET
@entry.page
def export(request: HttpRequest, door: Door) -> HttpResponse:
    """A code system, value set or map as a file, ``form`` csv or json."""
    del door
    place = shelf()
    url, version = _required(request, "url"), asked(request, "version")
    as_json = asked(request, "form") == "json"
    what = asked(request, "what")
    if what == "set":
        chosen = queries.set_of(place, url, version)
        body = exports.set_json(chosen) if as_json else exports.set_csv(place, chosen)
    elif what == "map":
        mapping = queries.map_of(place, url, version)
        body = exports.map_json(place, mapping) if as_json else exports.map_csv(place, mapping)
    else:
        listed = queries.system_of(place, url, version)
        body = exports.system_json(place, listed) if as_json else exports.system_csv(place, listed)
    name = "".join(c if c.isalnum() else "-" for c in url.rpartition("/")[2] or url)[-60:]
    return _file(body, f"{name}.{'json' if as_json else 'csv'}")


def _file(body: bytes, name: str) -> HttpResponse:
    kind = "application/fhir+json" if name.endswith(".json") else "text/csv; charset=utf-8"
    return HttpResponse(
        body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
