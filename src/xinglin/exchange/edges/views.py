"""The pages of front machines, and the address at which they tell their state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from xinglin.accounts import faults
from xinglin.exchange import rights, senders
from xinglin.exchange.edges import actions, queries, rules
from xinglin.exchange.rights import Right
from xinglin.kernel import clock, origin
from xinglin.kernel.errors import HTTP_STATUS, Fault, invalid, not_found
from xinglin.ui.entry import is_fragment, page

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.record.door import Door as RecordDoor


@csrf_exempt
@require_POST
def state(request: HttpRequest, sender: str) -> HttpResponse:
    """``POST /exchange/edges/<sender>/state``: how a front machine stands, with its sender's key."""
    address = origin.current().address or ""
    known = senders.of_key_anywhere(senders.bearer(request.headers.get("Authorization")), address or None)
    if known is None:
        response = _refused(
            401, "login", gettext("Send the sender's key as a bearer token, from its own address.")
        )
        response["WWW-Authenticate"] = 'Bearer realm="Xinglin exchange"'
        return response
    if known.code != sender:
        return _refused(
            403, "forbidden", gettext("This key is that of another sender than the address names.")
        )
    try:
        told = _told(request)
        if not told.get("check"):
            actions.hear(sender=sender, told=told, address=address, now=clock.now())
    except Fault as fault:
        issue = fault.issues[0]
        return _refused(HTTP_STATUS[fault.kind], issue.code, faults.issue(issue))
    return JsonResponse({"heard": True})


def _told(request: HttpRequest) -> dict[str, Any]:
    if int(request.headers.get("Content-Length") or 0) > rules.MOST_BYTES:
        raise invalid(
            gettext_noop("The state is longer than %(most)s bytes."), code="too-long", most=rules.MOST_BYTES
        )
    try:
        told = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise invalid(gettext_noop("The state should be a JSON object."), code="structure")
    return told


def _refused(status: int, code: str, text: str) -> HttpResponse:
    reasons = [{"severity": "error", "code": code, "place": "", "text": text}]
    return JsonResponse({"state": "refused", "reasons": reasons}, status=status)


@page
def listing(request: HttpRequest, door: RecordDoor) -> HttpResponse:
    """All front machines, those with an alarm first."""
    scope = rights.require(door.actor, Right.MONITOR)
    shown = queries.every(scope, clock.now())
    silent = sum(rules.Alarm.SILENT in one.alarms for one in shown)
    template = "exchange_edges/rows.html" if is_fragment(request) else "exchange_edges/listing.html"
    return render(request, template, {"rows": shown, "silent": silent})


@page
def one(request: HttpRequest, door: RecordDoor, sender: str) -> HttpResponse:
    """One front machine: its queue, its sources, its counts."""
    scope = rights.require(door.actor, Right.MONITOR)
    found = queries.one(scope, sender, clock.now())
    if found is None:
        raise not_found(
            gettext_noop("No front machine of the sender %(name)s has been heard of."), name=sender
        )
    return render(request, "exchange_edges/one.html", {"one": found})
