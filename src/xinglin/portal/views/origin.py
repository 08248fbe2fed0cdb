"""Where a single entry of the record comes from: who said it, with which message, what was said before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from xinglin.exchange import messages, senders, words
from xinglin.kernel.errors import Fault, not_found
from xinglin.portal import queries
from xinglin.portal.rules import documents, origins
from xinglin.portal.rules.sources import message_of
from xinglin.portal.views.frame import part
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from xinglin.record.door import Door


@require_GET
@entry.page
def origin_part(request: HttpRequest, door: Door, patient: str, kind: str, entry_id: str) -> HttpResponse:
    """One entry with its source; whoever may read it may know where it comes from."""
    resident = queries.resident(door, patient)
    if kind not in queries.SHOWN:
        raise not_found(
            gettext_noop("This resident has no %(type)s with the id %(id)s."), type=kind, id=entry_id
        )
    resource = queries.one(door, resident, kind, entry_id)
    receipt = message_of(resource)
    beside = queries.everything(door, resident, ("DocumentReference",)) if receipt else []
    context = {
        "title": origins.title(resource),
        "source": resident.sources.of(resource, origins.date_of(resource)),
        "said_by": origins.said_by(resource),
        "codes": origins.codes(resource),
        "elements": origins.elements(resource),
        "versions": queries.versions(door, kind, entry_id),
        "message": _message(receipt),
        "documents": [
            documents.document(one, resident.sources)
            for one in beside
            if message_of(one) == receipt and one["id"] != entry_id
        ],
    }
    return part(request, door, resident, "origin", context)


def _message(receipt: str) -> dict[str, Any] | None:
    """What came with the message, as far as everybody may know; None where it came another way."""
    if not receipt:
        return None
    connection = database.connection()
    try:
        found = messages.find(connection, receipt)
        sender = senders.by_id(connection, found.sender).name
    except Fault:  # its time is over
        return {"receipt": receipt}
    return {
        "receipt": receipt,
        "door": words.DOORS[messages.door_of(found)],
        "kind": found.kind,
        "sent": found.sent,
        "received": found.received,
        "worked": found.worked,
        "sender": sender,
    }
