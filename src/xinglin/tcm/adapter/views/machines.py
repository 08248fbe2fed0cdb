"""For the servers of clinics' systems: one address for all messages, SOAP among them, and what was decided as JSON.

A message that brings something goes through the door ``tcm``; a message of a type that goes both ways and brings
nothing is a question, answered with what was decided in windows for the visit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from xinglin.exchange import processing, receipts, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.receipts import Delivery
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock, origin
from xinglin.kernel.errors import HTTP_STATUS, Fault, invalid, not_found
from xinglin.kernel.ids import self_number
from xinglin.record import access
from xinglin.tcm.adapter import actions, answering, envelopes, messages, queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from xinglin.exchange.doors import Sender
    from xinglin.tcm.adapter.envelopes import Message
    from xinglin.tcm.adapter.queries import Decided

_QUERY = "Query"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Xinglin exchange"'}
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "TCM_HIS_07": ("record",), "TCM_HIS_08": ("prescription",), "TCM_HIS_09": ("record", "differentiation"),
}  # fmt: skip


@csrf_exempt
@never_cache
@require_POST
def messages_(request: HttpRequest) -> HttpResponse:
    """Any message, in XML, SOAP or JSON; answered in the same way."""
    if int(request.headers.get("Content-Length") or 0) > settings.SETTINGS.max_body:
        return HttpResponse(status=413)
    body = request.body
    sender = _sender(request)
    message: Message | None = None
    try:
        message = envelopes.read(body, sender.charset if sender else "")
        sender = sender or _by_name(message)
        if sender is None:
            return _refused(message)
        return _answered(message, sender, body, request.content_type or "")
    except Fault as fault:
        said = message or envelopes.Message({}, "json" if body.lstrip()[:1] == b"{" else "xml")
        content, media = envelopes.written(said, answering.of_fault(message, fault))
        return HttpResponse(content, content_type=media, status=HTTP_STATUS[fault.kind])


def _answered(message: Message, sender: Sender, body: bytes, media: str) -> HttpResponse:
    of = messages.shipped().types.get(message.kind)
    if of is not None and of.direction == "both" and not messages.entries(message.tree, of.payload):
        payload = {
            messages.HEADER: answering.head(message), "Result": answering.said("stored"),
            of.payload: _found(message, sender),
        }  # fmt: skip
        content, media = envelopes.written(message, payload)
        return HttpResponse(content, content_type=media)
    receipt = processing.deliver(Delivery(sender, Door.TCM, body, media))
    content, media = envelopes.written(message, answering.of_receipt(message, receipt))
    return HttpResponse(content, content_type=media, status=receipts.STATUS[receipt.state])


def _found(message: Message, sender: Sender) -> list[dict[str, Any]]:
    """The payloads that answer a question; fault ``not_found`` where nothing was decided."""
    query = next(iter(messages.entries(message.tree, _QUERY)), {})
    visit = messages.text_of(query, "outpatientNo")
    if not visit:
        raise invalid(
            gettext_noop("A question names the visit: Query with outpatientNo."),
            code="required",
            expression=_QUERY,
        )
    every = _outcomes(sender, visit)
    for kind in _SOURCES[message.kind]:
        found = next((one for one in every if one.kind == kind), None)
        if found is not None:
            return _payloads(message.kind, found)
    raise not_found(gettext_noop("For the visit %(visit)s nothing of this kind was decided."), visit=visit)


def _payloads(kind: str, found: Decided) -> list[dict[str, Any]]:
    if kind == "TCM_HIS_09":
        return list(found.body["diagnosis"])
    if kind == "TCM_HIS_07":
        return [found.body["record"]]
    names = {field.name for field in messages.shipped().types[kind].fields}
    return [{name: value for name, value in found.body.items() if name in names}]


def _outcomes(sender: Sender, visit: str) -> list[Decided]:
    """What was decided for a visit; the look is noted for each person, and that the system has it."""
    system = queries.of_sender(sender.id)
    if system is None or not system.active:
        return []
    found = queries.outcomes(system.pk, visit=visit)
    for patient in dict.fromkeys(one.patient for one in found):
        number = self_number("Patient", patient) if patient else None
        access.note(sender.actor, "tcm-outcomes", id=patient or None, patient=number, query=f"visit={visit}")
    actions.mark_fetched(system=system, visit=visit, now=clock.now())
    return found


@never_cache
@require_GET
def outcomes(request: HttpRequest) -> HttpResponse:
    """``?visit=…&kind=…``: everything that was decided for a visit, the latest first."""
    sender = _sender(request)
    if sender is None:
        said = {"error": {"code": "login", "text": gettext("Send the sender's key as a bearer token.")}}
        return JsonResponse(said, status=401, headers=_CHALLENGE)
    visit, kind = request.GET.get("visit", "").strip()[:64], request.GET.get("kind", "").strip()[:30]
    if not visit:
        return JsonResponse({"error": {"code": "required", "text": gettext("Name the visit.")}}, status=400)
    found = [one for one in _outcomes(sender, visit) if not kind or one.kind == kind]
    return JsonResponse(
        {"outcomes": [_told(one) for one in found]}, json_dumps_params={"ensure_ascii": False}
    )


def _told(one: Decided) -> dict[str, Any]:
    return {
        "kind": one.kind, "launch": one.launch, "visit": one.visit, "outcome": one.body,
        "moment": one.moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds"),
    }  # fmt: skip


def _sender(request: HttpRequest) -> Sender | None:
    key = senders.bearer(request.headers.get("Authorization"))
    return senders.of_key(key, origin.current().address, Door.TCM)


def _by_name(message: Message) -> Sender | None:
    """Who names itself in the header, from an address that is registered for it: for clients that send no key."""
    return senders.of_names(
        messages.text_of(message.header, "sender"), _clinic(message), origin.current().address, Door.TCM
    )


def _clinic(message: Message) -> str:
    of = messages.shipped().types.get(message.kind)
    payload = next(iter(messages.entries(message.tree, of.payload)), {}) if of else {}
    query = next(iter(messages.entries(message.tree, _QUERY)), {})
    return messages.text_of(payload, "orgCode") or messages.text_of(query, "orgCode")


def _refused(message: Message) -> HttpResponse:
    said = {messages.HEADER: answering.head(message), "Result": answering.said("login")}
    content, media = envelopes.written(message, said)
    return HttpResponse(content, content_type=media, status=401, headers=_CHALLENGE)
