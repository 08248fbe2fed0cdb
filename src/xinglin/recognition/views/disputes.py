"""Disputes over declined results: the list, one of them, and the steps in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_GET, require_http_methods

from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, not_found
from xinglin.recognition import actions, queries, rules, standings, words
from xinglin.recognition.forms import WordsForm
from xinglin.recognition.rules import Verb, Verdict
from xinglin.recognition.views.framing import done, shown
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.recognition.queries import Decision, Dispute
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


@require_GET
@entry.page
def listing(request: HttpRequest, door: Door) -> HttpResponse:
    """Those that concern the own institution, or all of the region."""
    rules.require(door.actor, "counting")
    connection = database.connection()
    state = request.GET.get("state", "")
    found = queries.disputes(connection, institution=door.actor.institution or "", state=state)
    names = standings.names(connection, [place for one in found for place in (one.objector, one.decliner)])
    rows = [
        (
            one,
            names[one.objector],
            names[one.decliner],
            words.reason(one.reason),
            *words.STATES[one.state.value],
        )
        for one in found
    ]
    context = {"tab": "disputes", "rows": rows, "state": state, "states": words.STATES}
    return shown(request, "disputes", door.actor, context)


@require_http_methods(["GET", "POST"])
@entry.page
def one(request: HttpRequest, door: Door, shard: int, number: int) -> HttpResponse:
    """A dispute, or a declined decision that one may be opened over; a POST takes a step."""
    rules.require(door.actor, "counting")
    connection = database.connection()
    decision = queries.decision(connection, number, shard)
    own = door.actor.institution
    if own and own not in (decision.institution, decision.source):
        raise not_found(gettext_noop("There is no such decision."))
    if request.method == "POST":
        return _taken(request, door, decision)
    dispute = _dispute(connection, decision)
    names = standings.names(connection, [decision.institution, decision.source])
    sides = rules.sides(door.actor, decision.institution, decision.source)
    verbs: list[tuple[str, Any]] = []
    if dispute is not None:
        steps = rules.NEXT[dispute.state]
        verbs = [(verb.value, words.VERBS[verb.value]) for verb, step in steps.items() if step.side in sides]
    elif rules.Side.OBJECTOR in sides and decision.verdict is Verdict.DECLINED and not decision.own:
        verbs = [("object", words.VERBS["object"])]
    context = {
        "tab": "disputes", "decision": decision, "dispute": dispute, "institution": names[decision.institution],
        "source": names[decision.source], "reason": words.reason(decision.reason), "verbs": verbs,
        "form": WordsForm(), "state": words.STATES.get(decision.dispute),
        "steps": [
            (taken, words.VERBS[taken.verb], *words.STATES[taken.state.value])
            for taken in (queries.steps(connection, dispute) if dispute else ())
        ],
    }  # fmt: skip
    return shown(request, "dispute", door.actor, context)


def _dispute(connection: Connection, decision: Decision) -> Dispute | None:
    try:
        return queries.dispute(connection, decision.id, decision.shard)
    except Fault as fault:
        if fault.kind is not Kind.NOT_FOUND:
            raise
        return None


def _taken(request: HttpRequest, door: Door, decision: Decision) -> HttpResponse:
    said, verb = request.POST.get("words", ""), request.POST.get("verb", "")

    def act(connection: Connection) -> str:
        now = clock.now()
        if verb == "object":
            actions.object_to(connection, decision=decision, words=said, actor=door.actor, now=now)
            return gettext("The objection is kept; the other institution and the region's stewards are told.")
        known = {each.value for each in Verb}
        if verb not in known:
            raise not_found(gettext_noop("There is no such step."))
        found = queries.dispute(connection, decision.id, decision.shard)
        actions.take(connection, dispute=found, verb=Verb(verb), words=said, actor=door.actor, now=now)
        return gettext("The step is kept.")

    done(request, act)
    return redirect("recognition:dispute", decision.shard, decision.id)
