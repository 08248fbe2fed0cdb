"""One message: as it was sent, what came of it, what was done about it. A look at it is a look at health data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages as told
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xinglin.accounts import faults
from xinglin.exchange import custody, doors, messages, naming, quarantine, queries, rights
from xinglin.exchange.doors import ERROR, Door
from xinglin.exchange.forms import DiscardForm, EditForm
from xinglin.exchange.receipts import State
from xinglin.exchange.rights import Right
from xinglin.exchange.views import frame
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.kernel.ids import self_number
from xinglin.record import database
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.exchange.messages import Message
    from xinglin.exchange.queries import Done
    from xinglin.exchange.senders import Registered
    from xinglin.record.database import Connection
    from xinglin.record.door import Door as Record

_MOST_SHOWN = 200_000  # characters of a raw message on a page
_MOST_RESOURCES = 100


@dataclass(frozen=True, slots=True)
class Opened:
    """A message with its raw text, for a reader who may see it."""

    message: Message
    sender: Registered
    body: bytes
    patient: str  # id of the Patient it is about, or ""

    @property
    def text(self) -> tuple[str, str] | None:
        return frame.decoded(self.body, self.sender.charset)


def _open(connection: Connection, record: Record, receipt: str, right: Right = Right.READ) -> Opened:
    """The message with its raw text; the look is noted, with the patient it is about."""
    seen = frame.sight(connection, record.actor, right)
    message = messages.find(connection, receipt)
    sender = seen.of(message)
    body = custody.body(connection, message.digest)
    patient = _patient(message, sender, body)
    frame.note(
        record.actor,
        "exchange-message",
        query=receipt,
        patient=self_number("Patient", patient) if patient else None,
    )
    return Opened(message, sender, body, patient)


def _patient(message: Message, sender: Registered, body: bytes) -> str:
    try:
        envelope = doors.handler(Door(message.door)).open(body, message.media, sender.sender)
    except Fault:
        return ""
    return naming.id_of(sender.code, "Patient", envelope.patient) if envelope.patient else ""


@require_GET
@entry.page
def message(request: HttpRequest, door: Record, receipt: str) -> HttpResponse:
    """The whole of one message."""
    connection = database.connection()
    opened = _open(connection, door, receipt)
    text = opened.text
    steps = queries.steps(connection, opened.message)
    reasons = sorted(opened.message.why, key=lambda reason: reason.severity != ERROR)
    context = {
        "opened": opened,
        "message": opened.message,
        "sender": opened.sender,
        "text": _lines(text[0][:_MOST_SHOWN]) if text else None,
        "charset": text[1] if text else "",
        "cut": text is not None and len(text[0]) > _MOST_SHOWN,
        "reasons": reasons,
        "steps": _steps(steps),
        "resources": _resources(door, opened.message),
        "held": opened.message.stands is State.QUARANTINED,
        "discarded": opened.message.stands is State.DISCARDED,
        "may_mend": rights.may(door.actor, Right.MEND),
        "discard": DiscardForm(),
    }
    return render(request, "exchange/message.html", context)


def _steps(found: list[Done]) -> list[tuple[Done, str]]:
    names = frame.names(done.actor for done in found)
    return [(done, names.get(done.actor, done.actor)) for done in found]


def _resources(door: Record, found: Message) -> list[dict[str, Any]]:
    """What stands in the record as this message said it, as far as the reader may see."""
    pairs = [("_source", naming.source_of(found.receipt)), ("_count", str(_MOST_RESOURCES))]
    try:
        page = door.search(None, pairs)
    except Fault:
        return []
    stored = [entry.stored for entry in page.entries]
    return [{"type": one.type, "id": one.id, "version": one.version} for one in stored]


@require_GET
@entry.page
def raw(request: HttpRequest, door: Record, receipt: str) -> HttpResponse:
    """The raw message as a file: as it was sent, or as it is now with ``?edited``."""
    connection = database.connection()
    opened = _open(connection, door, receipt)
    body = opened.body if "edited" in request.GET else custody.body(connection, opened.message.original)
    response = HttpResponse(body, content_type="application/octet-stream")
    response["Content-Disposition"] = (
        f'attachment; filename="{receipt}.{_ENDINGS.get(opened.message.door, "txt")}"'
    )
    return response


_ENDINGS = {"fhir": "json", "hl7v2": "hl7", "cda": "xml", "dicom": "dcm", "table": "csv"}


@require_http_methods(["GET", "POST"])
@entry.page
def edit(request: HttpRequest, door: Record, receipt: str) -> HttpResponse:
    """Put the raw text right; the original stays."""
    connection = database.connection()
    rights.require(door.actor, Right.MEND)
    opened = _open(connection, door, receipt)
    text = opened.text
    if text is None or opened.message.stands is not State.QUARANTINED:
        told.error(request, gettext("Only the text of a message in quarantine can be edited."))
        return redirect("exchange:message", receipt)
    shown, charset = text
    ends = "\r\n" if "\r\n" in shown else "\r" if "\r" in shown else "\n"
    initial = {"text": _lines(shown), "version": opened.message.edits}
    form = EditForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        new = form.cleaned_data["text"].replace("\r\n", "\n").replace("\n", ends)
        try:
            with connection.transaction():
                quarantine.edit(
                    connection, receipt=receipt, body=_encoded(new, charset), version=form.cleaned_data["version"],
                    note=form.cleaned_data["note"], actor=door.actor, now=clock.now(),
                )  # fmt: skip
        except Fault as fault:
            form.add_error(None, faults.said(fault))
        else:
            return (
                _replayed(request, door, receipt)
                if "replay" in request.POST
                else redirect("exchange:message", receipt)
            )
    context = {
        "opened": opened,
        "message": opened.message,
        "sender": opened.sender,
        "form": form,
        "charset": charset,
    }
    context["reasons"] = opened.message.why
    return render(request, "exchange/edit.html", context, status=422 if form.errors else 200)


def _lines(text: str) -> str:
    """With line ends as browsers have them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoded(text: str, charset: str) -> bytes:
    """In the character set that it came in; what that lacks is kept in GB 18030, which has everything GBK has."""
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        return text.encode("gb18030")


@require_POST
@entry.page
def replay(request: HttpRequest, door: Record, receipt: str) -> HttpResponse:
    """Work one message again."""
    rights.require(door.actor, Right.MEND)
    frame.sight(database.connection(), door.actor).of(messages.find(database.connection(), receipt))
    return _replayed(request, door, receipt)


def _replayed(request: HttpRequest, door: Record, receipt: str) -> HttpResponse:
    done = quarantine.replay(database.connection(), receipt=receipt, actor=door.actor, now=clock.now())
    if done.stands is State.STORED:
        told.success(request, gettext("The message is in the record now."))
    else:
        told.error(request, gettext("The message could not be used again; the reasons stand below."))
    return redirect("exchange:message", receipt)


@require_POST
@entry.page
def discard(request: HttpRequest, door: Record, receipt: str) -> HttpResponse:
    """Decide that the message is not wanted."""
    rights.require(door.actor, Right.MEND)
    connection = database.connection()
    frame.sight(connection, door.actor).of(messages.find(connection, receipt))
    form = DiscardForm(request.POST)
    if not form.is_valid():
        told.error(request, str(form.errors["note"][0]))
        return redirect("exchange:message", receipt)
    with connection.transaction():
        quarantine.discard(
            connection, receipts=[receipt], note=form.cleaned_data["note"], actor=door.actor, now=clock.now()
        )
    told.success(request, gettext("The message is discarded. It stays kept and can be brought back."))
    return redirect("exchange:message", receipt)


@require_POST
@entry.page
def bring_back(request: HttpRequest, door: Record, receipt: str) -> HttpResponse:
    """Undo a discarding."""
    rights.require(door.actor, Right.MEND)
    connection = database.connection()
    frame.sight(connection, door.actor).of(messages.find(connection, receipt))
    with connection.transaction():
        quarantine.bring_back(connection, receipt=receipt, actor=door.actor, now=clock.now())
    told.success(request, gettext("The message is in quarantine again."))
    return redirect("exchange:message", receipt)
