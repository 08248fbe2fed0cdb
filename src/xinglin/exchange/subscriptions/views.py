"""Subscriptions: the machines' face (FHIR Subscription, with a sender's key), and the page for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from xinglin.accounts import faults
from xinglin.exchange import rights, senders
from xinglin.exchange.rights import Right
from xinglin.exchange.subscriptions import actions, rules
from xinglin.exchange.subscriptions.rules import Status
from xinglin.kernel import origin
from xinglin.kernel.errors import HTTP_STATUS, Fault
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.exchange.doors import Sender
    from xinglin.record.door import Door

_FHIR = "application/fhir+json; charset=utf-8"
_LONGEST = 64 * 1024


@csrf_exempt
def resource(request: HttpRequest, number: str = "") -> HttpResponse:
    """``POST fhir/Subscription``, ``GET`` of all or of one, ``DELETE`` of one."""
    sender = _sender(request)
    if sender is None:
        answer = _outcome("login", "Send the sender's key as a bearer token.", 401)
        answer["WWW-Authenticate"] = 'Bearer realm="Xinglin exchange"'
        return answer
    allowed = ("GET", "DELETE") if number else ("GET", "POST")
    if request.method not in allowed:
        return HttpResponse(status=405, headers={"Allow": ", ".join(allowed)})
    try:
        return _answered(request, sender, number)
    except Fault as fault:
        issue = fault.issues[0]
        words = issue.message % dict(issue.params) if issue.params else issue.message
        return _outcome(issue.code, words, HTTP_STATUS[fault.kind], issue.expression)


def _answered(request: HttpRequest, sender: Sender, number: str) -> HttpResponse:
    if request.method == "POST":
        if len(request.body) > _LONGEST:
            return _outcome("too-long", "The Subscription is too long.", 413)
        try:
            said = json.loads(request.body)
        except ValueError:
            return _outcome("structure", "The body is no JSON.", 400)
        made = actions.ask(rules.read(said), sender=sender)
        answer = _json(actions.as_resource(made), 201)
        answer["Location"] = f"{request.path.rstrip('/')}/{made.number}"
        return answer
    if not number:
        found = actions.own(sender)
        entries = [{"resource": actions.as_resource(one)} for one in found]
        return _json({"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})
    one = actions.find(number, sender=sender)
    if request.method == "DELETE":
        actions.end(one)
        return HttpResponse(status=204)
    return _json(actions.as_resource(one))


def _sender(request: HttpRequest) -> Sender | None:
    key = senders.bearer(request.headers.get("Authorization"))
    return senders.of_key_anywhere(key, origin.current().address)


def _json(said: dict[str, Any], status: int = 200) -> JsonResponse:
    return JsonResponse(said, status=status, content_type=_FHIR, json_dumps_params={"ensure_ascii": False})


def _outcome(code: str, words: str, status: int, expression: str | None = None) -> JsonResponse:
    issue = {
        "severity": "error",
        "code": code,
        "diagnostics": words,
        **({"expression": [expression]} if expression else {}),
    }
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, status)


# -- for people


@require_GET
@entry.page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """What systems are told of, and how it goes."""
    names = {one.code: one.name for one in senders.every(database.connection())}
    shown = [(one, names.get(one.sender, one.sender)) for one in actions.every(door.actor)]
    context = {"rows": shown, "may_decide": rights.may(door.actor, Right.SENDERS)}
    return render(request, "exchange_subscriptions/listing.html", context)


@require_POST
@entry.page
def decide(request: HttpRequest, door: Door, number: str) -> HttpResponse:
    """Let one work, or end it."""
    status = Status.ACTIVE if request.POST.get("choice") == "active" else Status.OFF
    try:
        actions.decide(number, status, actor=door.actor)
    except Fault as fault:
        messages.error(request, faults.said(fault))
    else:
        messages.success(
            request, gettext("It works from now on.") if status is Status.ACTIVE else gettext("It has ended.")
        )
    return redirect("exchange-subscriptions:listing")
