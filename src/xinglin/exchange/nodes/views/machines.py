"""What other nodes ask: JSON, each letter with its token."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from xinglin.exchange import senders
from xinglin.exchange.nodes import actions, answering, keys, letters, queries, receiving
from xinglin.exchange.nodes.letters import Letter
from xinglin.exchange.nodes.models import Node
from xinglin.exchange.nodes.rules import Relation
from xinglin.kernel import clock
from xinglin.kernel.errors import HTTP_STATUS, Fault, forbidden, invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.http import HttpRequest

_log = logging.getLogger(__name__)


@require_GET
def key(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- a view
    """Who this node is, for who registers it; the fingerprint is compared by people."""
    own = queries.own()
    if own is None:
        return JsonResponse({"error": "This platform is no node yet."}, status=404)
    told = {
        "code": own.code,
        "name": own.name,
        "tier": own.tier,
        "address": own.address,
        "jwk": keys.public(),
    }
    return JsonResponse(told)


def _letter(
    view: Callable[[Node, dict[str, Any], datetime], dict[str, Any]],
) -> Callable[[HttpRequest], HttpResponse]:
    """A view for a registered node: the token is checked, used up, and the node noted as heard of."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        now = clock.now()
        try:
            node = _node(request, now)
            response = JsonResponse(view(node, _said(request), now))
        except Fault as fault:
            _log.info("a node was refused at %s: %s", request.path, fault)
            response = JsonResponse({"error": str(fault)}, status=HTTP_STATUS[fault.kind])
        response["Cache-Control"] = "no-store"
        return response

    return answered


def _node(request: HttpRequest, now: datetime) -> Node:
    text = senders.bearer(request.headers.get("Authorization"))
    found = Node.objects.filter(code=letters.issuer(text)).first()
    if found is None:
        raise forbidden(gettext_noop("The token is from no node that is registered here."))
    letter = Letter(request.path, request.body, queries.require_own().code)
    jti = letters.require(letters.read(text, found.jwk), letter, now=now)
    if not found.active:
        raise forbidden(gettext_noop("This node does not speak with %(node)s at this time."), node=found.code)
    actions.use_once(node=found, jti=jti, until=now + timedelta(seconds=2 * letters.SECONDS))
    Node.objects.filter(pk=found.pk).update(heard=now)
    return found


def _said(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > settings.SETTINGS.max_body:
        raise invalid(
            gettext_noop("The letter is longer than %(most)s bytes."), most=settings.SETTINGS.max_body
        )
    try:
        read = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise invalid(gettext_noop("A letter should be a JSON object."))
    return read


@_letter
def take(node: Node, said: dict[str, Any], now: datetime) -> dict[str, Any]:
    """``POST /exchange/nodes/in``: a batch from a node below."""
    return receiving.take(node, said, now)


@_letter
def locate(node: Node, said: dict[str, Any], now: datetime) -> dict[str, Any]:  # noqa: ARG001 -- as the others
    """``POST /exchange/nodes/locate``: who has a record of somebody."""
    return answering.locate(node, said)


@_letter
def query(node: Node, said: dict[str, Any], now: datetime) -> dict[str, Any]:
    """``POST /exchange/nodes/query``: the record of a visitor there."""
    return answering.answer(node, said, now)


@_letter
def index_key(node: Node, said: dict[str, Any], now: datetime) -> dict[str, Any]:  # noqa: ARG001 -- as the others
    """``POST /exchange/nodes/index-key``: what a node below makes its pseudonyms with."""
    if queries.relation(node) is not Relation.BELOW:
        raise forbidden(gettext_noop("The key of the index is given to nodes below."))
    return {"key": queries.index_key().hex()}
