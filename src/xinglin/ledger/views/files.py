"""The log as files that anybody may fetch, and proofs: nothing here tells about any person.

Addresses below ``/ledger/log/`` are those of https://c2sp.org/tlog-tiles; ``policy`` and ``proof/…`` are our own.
"""

from __future__ import annotations

import gzip
from functools import wraps
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_safe

from xinglin.crypto.signed_notes import encode
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, invalid, not_found
from xinglin.ledger import keys, policies, queries, tiles
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

_TEXT = "text/plain; charset=utf-8"
_FOREVER = "public, max-age=31536000, immutable"
_STATUS = {Kind.NOT_FOUND: 404, Kind.INVALID: 400}


def _public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer anybody, other sites' scripts too; faults as one line of text."""

    @require_safe
    @wraps(view)
    def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Fault as fault:
            said = " ".join(
                gettext(i.message) % i.params if i.params else gettext(i.message) for i in fault.issues
            )
            response = HttpResponse(f"{said}\n", content_type=_TEXT, status=_STATUS.get(fault.kind, 409))
            response["Cache-Control"] = "no-store"
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return answered


@_public
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The signed head, with the cosignatures it has."""
    head = queries.published(database.connection(), keys.policy(settings.SETTINGS.home), now=clock.now())
    if head is None:
        raise not_found(gettext_noop("The log has no entries yet."))
    return HttpResponse(head.whole, content_type=_TEXT, headers={"Cache-Control": "max-age=1"})


@_public
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """A tile or a bundle of entries. It never changes, so it may be kept for ever; bundles are packed."""
    place = tiles.parse(f"tile/{path}")
    if place is None:
        raise not_found(gettext_noop("%(path)s is not the address of a tile."), path=f"tile/{path}")
    content = queries.static(database.connection(), place)
    headers = {"Cache-Control": _FOREVER}
    if place.level is None:
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)


@_public
def policy(_request: HttpRequest) -> HttpResponse:
    """Whom to trust, as this platform says it: compare the keys with those that you were given by another way."""
    text = policies.render(keys.policy(settings.SETTINGS.home))
    return HttpResponse(text, content_type=_TEXT, headers={"Cache-Control": "max-age=60"})


@_public
def inclusion(request: HttpRequest) -> HttpResponse:
    """That entry ``index`` is in the log; ``size`` names an older signed head, ``form=text`` asks for tlog-proof."""
    connection, trusted = database.connection(), keys.policy(settings.SETTINGS.home)
    row = queries.entry(connection, _number(request, "index"))
    if "size" in request.GET:
        size = _number(request, "size")
        head = queries.at(connection, trusted, size)
        if head is None:
            raise not_found(gettext_noop("No head was signed at the size %(size)s."), size=size)
    else:
        head = head_over(row.index)
    proof = queries.prove(connection, row, head)
    if request.GET.get("form") == "text":
        return HttpResponse(proof.text, content_type=_TEXT, headers={"Cache-Control": "no-cache"})
    return JsonResponse(
        {
            "index": row.index,
            "size": head.size,
            "entry": row.leaf.decode(),
            "proof": [encode(value) for value in proof.hashes],
            "checkpoint": head.whole,
        }
    )


def head_over(index: int) -> queries.Head:
    """The head to prove an entry by: the published one, or the newest where that does not have the entry yet."""
    connection, trusted = database.connection(), keys.policy(settings.SETTINGS.home)
    head = queries.published(connection, trusted, now=clock.now())
    if head is None or head.size <= index:
        head = queries.newest(connection, trusted)
    if head is None:
        raise not_found(gettext_noop("The log has no entries yet."))
    return head


@_public
def consistency(request: HttpRequest) -> HttpResponse:
    """That the log of ``to`` entries begins with the log of ``from`` entries."""
    old, new = _number(request, "from"), _number(request, "to")
    proof = queries.consistency(database.connection(), old, new)
    return JsonResponse({"from": old, "to": new, "proof": [encode(value) for value in proof]})


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise invalid(
            gettext_noop("%(name)s should be a whole number, not “%(text)s”."), name=name, text=text[:40]
        )
    return int(text)
