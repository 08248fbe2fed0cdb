"""The pages of shared documents, and ``POST /exchange/soap`` for hospital systems that speak HL7 v3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from xinglin.exchange import doors
from xinglin.exchange.cda import (
    acknowledgements,
    checking,
    envelopes,
    kinds,
    queries,
    reading,
    registry,
    rendering,
    writing,
)
from xinglin.kernel import clock, origin
from xinglin.kernel.errors import Fault, not_found
from xinglin.record.door import open_as
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.exchange.doors import Sender
    from xinglin.record.door import Door

_XML = "application/xml; charset=utf-8"
_SOAP = "text/xml; charset=utf-8"


@require_GET
@entry.page
def documents(request: HttpRequest, door: Door) -> HttpResponse:
    """The shared documents of one person, and what can be made of the record."""
    patient = request.GET.get("patient", "").strip()[:64]
    code = request.GET.get("kind", "").strip()[:16]
    found = registry.said_of(queries.of_patient(door, patient, code)) if patient else []
    context = {
        "patient": patient,
        "kind": code,
        "documents": found,
        "kinds": list(kinds.kinds().values()),
        "held": sorted({one["code"] for one in found if one["code"] in kinds.kinds()}),
    }
    return render(request, "exchange_cda/documents.html", context)


@require_GET
@entry.page
def document(request: HttpRequest, door: Door, document: str) -> HttpResponse:
    """One document: what it says, and beside it the original."""
    reference = door.read("DocumentReference", document).resource
    context: dict[str, Any] = {
        "document": registry.said_of([reference])[0],
        "patient": str((reference.get("subject") or {}).get("reference", "")).partition("/")[2],
        "message": str((reference.get("meta") or {}).get("source", "")).removeprefix("urn:xinglin:message:"),
    }
    context |= _opened(registry.original(door, reference))
    return render(request, "exchange_cda/document.html", context)


def _opened(original: bytes) -> dict[str, Any]:
    """The parts of the page that come from the document itself; where it cannot be read, why."""
    try:
        read = reading.read(original)
    except Fault as fault:
        return {
            "unreadable": fault.issues,
            "source": original.decode("utf-8", "replace")[:20_000],
            "whole": False,
        }
    reasons = checking.check(read)
    shown = rendering.page(read, reasons)
    text, whole = rendering.source(read)
    return {"page": shown, "source": text, "whole": whole, "size": len(original)}


@require_GET
@entry.page
def original(request: HttpRequest, door: Door, document: str) -> HttpResponse:  # noqa: ARG001 -- as all pages have it
    """The document as it was received, as a file."""
    reference = door.read("DocumentReference", document).resource
    return _file(registry.original(door, reference), f"{document}.xml")


@require_GET
@entry.page
def anew(request: HttpRequest, door: Door, document: str) -> HttpResponse:  # noqa: ARG001 -- as above
    """The same document made of the record as it stands now, as a file."""
    reference = door.read("DocumentReference", document).resource
    composition = registry.composition_of(door, reference)
    if composition is None:
        raise not_found(gettext_noop("Of this document the record holds no Composition."))
    return _file(registry.written(door, composition, reference), f"{document}-record.xml")


@require_GET
@entry.page
def made(request: HttpRequest, door: Door, kind: str) -> HttpResponse:
    """A document of a kind made of a visit (``encounter``) or of a person (``patient``): to read, or as a file."""
    encounter = request.GET.get("encounter", "").strip()[:64]
    patient = request.GET.get("patient", "").strip()[:64]
    written = writing.write(queries.made(door, kind, encounter=encounter, patient=patient, now=clock.now()))
    if request.GET.get("as") == "xml":
        return _file(written, f"{kind}-{encounter or patient}.xml")
    context = {"made": kind, "encounter": encounter, "patient": patient, "document": {"id": "", "title": ""}}
    return render(request, "exchange_cda/document.html", {**context, **_opened(written)})


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=_XML)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


# -- HL7 v3


@csrf_exempt
@require_POST
def soap(request: HttpRequest) -> HttpResponse:
    """Register, query and fetch documents by messages of HL7 v3."""
    sender = _sender(request)
    if sender is None:
        response = HttpResponse(
            envelopes.fault("", "Send the sender's key as a bearer token."), content_type=_SOAP, status=401
        )
        response["WWW-Authenticate"] = 'Bearer realm="Xinglin exchange"'
        return response
    body = request.body
    if len(body) > min(settings.SETTINGS.max_body, reading.LONGEST):
        return HttpResponse(envelopes.fault("", "The message is too long."), content_type=_SOAP, status=413)
    try:
        message = envelopes.read(body, sender.charset)
    except Fault as fault:
        said = "; ".join(issue.text for issue in fault.issues)
        return HttpResponse(envelopes.fault("", said), content_type=_SOAP, status=400)
    return HttpResponse(_answered(message, sender, body, request.content_type or ""), content_type=_SOAP)


def _answered(message: envelopes.Message, sender: Sender, body: bytes, media: str) -> bytes:
    if message.interaction != envelopes.REGISTER:
        return acknowledgements.of_question(message, sender, open_as(sender.actor))
    from xinglin.exchange import processing  # noqa: PLC0415 -- it knows all doors
    from xinglin.exchange.receipts import Delivery  # noqa: PLC0415 -- as above

    try:
        receipt = processing.deliver(Delivery(sender, doors.Door.CDA, body, media))
    except Fault as fault:
        return acknowledgements.of_fault(message, fault)
    return acknowledgements.of_receipt(message, receipt)


def _sender(request: HttpRequest) -> Sender | None:
    from xinglin.exchange import senders  # noqa: PLC0415 -- as above

    key = senders.bearer(request.headers.get("Authorization"))
    return senders.of_key(key, origin.current().address, doors.Door.CDA)
