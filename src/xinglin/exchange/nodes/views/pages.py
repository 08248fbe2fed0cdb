"""Pages for who runs the platform: nodes, their keys, what is forwarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST

from xinglin.accounts import faults
from xinglin.exchange import rights
from xinglin.exchange.nodes import actions, calling, keys, queries, rules
from xinglin.exchange.nodes.models import Subscription
from xinglin.exchange.nodes.rules import Filter, Relation, Tier, What
from xinglin.exchange.rights import Right
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, invalid, not_found
from xinglin.ui.entry import page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.exchange.nodes.models import Node
    from xinglin.record.door import Door

_SHOWN = 50


@page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """This node and all others."""
    rights.require(door.actor, Right.MONITOR)
    return render(
        request, "exchange_nodes/listing.html",
        {
            "own": queries.own(), "rows": queries.rows(), "fingerprint": keys.fingerprint(keys.public()),
            "may_change": rights.may(door.actor, Right.SENDERS),
        },
    )  # fmt: skip


@page
def own(request: HttpRequest, door: Door) -> HttpResponse:
    """Say which node this platform is."""
    rights.require(door.actor, Right.SENDERS)
    given = request.POST if request.method == "POST" else None
    problem = ""
    if given is not None:
        try:
            actions.say_who(
                code=given.get("code", "").strip(), name=given.get("name", ""), tier=_tier(given.get("tier", "")),
                address=given.get("address", ""),
            )  # fmt: skip
            return redirect("exchange-nodes:listing")
        except Fault as fault:
            problem = _words(fault)
    shown = {"given": given or queries.own(), "problem": problem, "tiers": list(Tier)}
    return render(request, "exchange_nodes/own.html", shown, status=422 if problem else 200)


@page
def register(request: HttpRequest, door: Door) -> HttpResponse:
    """First the address, then the key that came and its fingerprint, told by the node's operator."""
    rights.require(door.actor, Right.SENDERS)
    queries.require_own()
    address, problem, said = request.POST.get("address", "").strip(), "", None
    if request.method == "POST":
        try:
            address = rules.address(address)
            said = actions.introduced(calling.introduction(address))
            if "fingerprint" in request.POST:
                typed = request.POST["fingerprint"]
                made = actions.register(said=said, fingerprint=typed, actor=door.actor, now=clock.now())
                messages.success(
                    request, gettext("The node is registered. It has to register this one, too.")
                )
                return redirect("exchange-nodes:one", made.code)
        except Fault as fault:
            problem = _words(fault)
    shown = {
        "address": address, "said": said, "problem": problem, "own": queries.own(),
        "fingerprint": keys.fingerprint(keys.public()),
    }  # fmt: skip
    return render(request, "exchange_nodes/register.html", shown, status=422 if problem else 200)


@page
def one(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """One node: how it stands, what is forwarded to it, what came, what was asked."""
    rights.require(door.actor, Right.MONITOR)
    return render(request, "exchange_nodes/one.html", _shown(door, queries.node(code)))


def _shown(door: Door, node: Node, problem: str = "") -> dict[str, object]:
    return {
        "node": node,
        "relation": queries.relation(node),
        "is_above": queries.relation(node) is Relation.ABOVE,
        "fingerprint": keys.fingerprint(node.jwk),
        "subscriptions": [queries.progress(each) for each in node.subscriptions.order_by("pk")],
        "batches": node.batches.order_by("-moment")[:_SHOWN],
        "inquiries": node.inquiries.order_by("-moment")[:_SHOWN],
        "held": node.held.count(),
        "whats": list(What),
        "problem": problem,
        "may_change": rights.may(door.actor, Right.SENDERS),
    }


@require_POST
@page
def subscribe(request: HttpRequest, door: Door, code: str) -> HttpResponse:
    """Forward something to a node above."""
    rights.require(door.actor, Right.SENDERS)
    node = queries.node(code)
    try:
        chosen = Filter(
            *(frozenset(request.POST.get(name, "").split()) for name in ("types", "institutions", "tags"))
        )
        what = request.POST.get("what", "")
        if what not in set(What):
            raise invalid(gettext_noop("Choose what is forwarded."))
        if what == What.INDEX:
            key = calling.say(queries.require_own(), node, "/exchange/nodes/index-key", {}).get("key", "")
            actions.keep_index_key(key=_key(key))
        stock = "stock" in request.POST
        actions.subscribe(node=node, what=What(what), chosen=chosen, stock=stock, now=clock.now())
    except Fault as fault:
        return render(request, "exchange_nodes/one.html", _shown(door, node, _words(fault)), status=422)
    return redirect("exchange-nodes:one", code)


def _key(text: object) -> bytes:
    try:
        found = bytes.fromhex(str(text))
    except ValueError:
        found = b""
    if len(found) < 16:
        raise invalid(gettext_noop("The node above has given no key for the index."))
    return found


@require_POST
@page
def act(request: HttpRequest, door: Door, code: str, verb: str) -> HttpResponse:  # noqa: ARG001 -- a view
    """Speak with a node no more, or again."""
    rights.require(door.actor, Right.SENDERS)
    if verb not in ("pause", "resume"):
        raise not_found(gettext_noop("A node can be paused and resumed."))
    actions.set_active(node=queries.node(code), active=verb == "resume")
    return redirect("exchange-nodes:one", code)


@require_POST
@page
def act_on(request: HttpRequest, door: Door, number: int, verb: str) -> HttpResponse:  # noqa: ARG001 -- a view
    """Pause, resume or end what is forwarded."""
    rights.require(door.actor, Right.SENDERS)
    found = get_object_or_404(Subscription.objects.select_related("node"), pk=number)
    if verb == "end":
        actions.end(subscription=found)
    elif verb in ("pause", "resume"):
        actions.pause(subscription=found, paused=verb == "pause")
    else:
        raise not_found(gettext_noop("What is forwarded can be paused, resumed and ended."))
    return redirect("exchange-nodes:one", found.node.code)


def _tier(text: str) -> Tier:
    if text not in set(Tier):
        raise invalid(gettext_noop("Choose the tier of this node."))
    return Tier(text)


def _words(fault: Fault) -> str:
    """What is wrong, in the reader's language; what is forbidden stays a page of its own."""
    if fault.kind is Kind.FORBIDDEN:
        raise fault
    return faults.said(fault)
