"""``POST /exchange/in/<door>``: where institutions' systems hand in messages, without session and cookies.

What was kept is answered with 200 (stored), 202 (received) or 422 (in quarantine): the sender need not send it again.
Everything else says that nothing was kept.
"""

from __future__ import annotations

import logging
import secrets
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import django.db
import orjson
import psycopg
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from xinglin.accounts import limits
from xinglin.exchange import doors, processing, receipts, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.receipts import Delivery
from xinglin.kernel import origin
from xinglin.kernel.errors import HTTP_STATUS, Fault, Kind, busy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.exchange.doors import Reason, Sender
    from xinglin.exchange.receipts import Receipt

PREFIX = "/exchange/in/"
_JSON = "application/json"
_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    django.db.OperationalError,
    django.db.InterfaceError,
)
_RETRY_SECONDS = "2"
_CHUNK = 1 << 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes
    media: str = _JSON
    headers: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):  # noqa: N818 -- no error: an answer
    """Nothing was kept."""

    def __init__(self, status: int, code: str, text: str, *headers: tuple[str, str], **params: Any) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.headers, self.params = status, code, text, headers, params


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one delivery."""
    with translation.override(_language(environ)):
        answer = _answered(environ)
    headers = [
        ("Content-Type", answer.media),
        ("Content-Length", str(len(answer.body))),
        ("Cache-Control", "no-store"),
    ]
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", [*headers, *answer.headers])
    return (answer.body,)


def _answered(environ: dict[str, Any]) -> Answer:
    try:
        return _handled(environ)
    except Refusal as refusal:
        return _nothing_kept(
            refusal.status, refusal.code, gettext(refusal.text) % refusal.params, refusal.headers
        )
    except Fault as fault:
        return _of_fault(fault)
    except _AWAY as error:
        _log.warning("database busy or away: %s", error)
        return _of_fault(busy(gettext_noop("The database does not answer at this moment. Send it again.")))
    except Exception:  # noqa: BLE001 -- the last place where a mistake of ours can become an answer
        number = secrets.token_hex(6)
        _log.exception("incident %s", number)
        said = gettext(
            "Something went wrong on the server. The operator finds it in the log as incident %(number)s."
        )
        return _nothing_kept(500, "exception", said % {"number": number})


def _handled(environ: dict[str, Any]) -> Answer:
    door = _door(environ)
    sender = _sender(environ, door)
    body = _body(environ)
    key = str(environ.get("HTTP_IDEMPOTENCY_KEY") or "")
    delivery = Delivery(sender, door, body, str(environ.get("CONTENT_TYPE") or ""), key)
    later = "respond-async" in str(environ.get("HTTP_PREFER") or "")
    receipt = processing.take(delivery) if later else processing.deliver(delivery)
    return _in_its_own_way(environ, delivery, receipt) or Answer(
        receipts.STATUS[receipt.state], told(receipt)
    )


def _in_its_own_way(environ: dict[str, Any], delivery: Delivery, receipt: Receipt) -> Answer | None:
    """As the door's handler answers, where the sender asks for that and the handler can."""
    answer = getattr(doors.handler(delivery.door), "answer", None)
    accept = str(environ.get("HTTP_ACCEPT") or "")
    made = answer(delivery, receipt, accept) if answer is not None else None
    return None if made is None else Answer(receipts.STATUS[receipt.state], *made)


def told(receipt: Receipt) -> bytes:
    """The receipt as JSON, its words in the language that is active."""
    return orjson.dumps(
        {
            "receipt": receipt.number,
            "state": receipt.state.value,
            "repeated": receipt.repeated,
            "reasons": [_reason(reason) for reason in receipt.reasons],
        }
    )


def _reason(reason: Reason) -> dict[str, str]:
    words = gettext(reason.text) % reason.params if reason.params else gettext(reason.text)
    return {"severity": reason.severity, "code": reason.code, "place": reason.place, "text": words}


def _of_fault(fault: Fault) -> Answer:
    issue = fault.issues[0]
    said = gettext(issue.message) % issue.params if issue.params else gettext(issue.message)
    retry = (("Retry-After", _RETRY_SECONDS),) if fault.kind is Kind.BUSY else ()
    return _nothing_kept(HTTP_STATUS[fault.kind], issue.code, said, retry)


def _nothing_kept(status: int, code: str, said: str, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    body = {"state": "refused", "reasons": [{"severity": "error", "code": code, "place": "", "text": said}]}
    return Answer(status, orjson.dumps(body), headers=tuple(headers))


# -- what was sent


def _door(environ: dict[str, Any]) -> Door:
    name = environ["PATH_INFO"][len(PREFIX) :].strip("/")
    try:
        door = Door(name)
    except ValueError:
        names = ", ".join(door.value for door in doors.open_doors())
        raise Refusal(404, "not-found", _NO_DOOR, name=name, names=names) from None
    if environ["REQUEST_METHOD"] != "POST":
        raise Refusal(
            405, "not-supported", gettext_noop("A message is handed in with POST."), ("Allow", "POST")
        )
    doors.handler(door)
    return door


_NO_DOOR = gettext_noop("There is no door %(name)s; there are %(names)s.")


def _sender(environ: dict[str, Any], door: Door) -> Sender:
    address = origin.current().address
    found = senders.of_key(senders.bearer(environ.get("HTTP_AUTHORIZATION")), address, door)
    if found is not None:
        return found
    wait = limits.wait(limits.STRANGER, address or "")
    if wait:
        said = gettext_noop("You have asked too much in too short a time. Ask again in %(seconds)s s.")
        raise Refusal(429, "throttled", said, ("Retry-After", str(wait)), seconds=wait)
    limits.failed(address or "")
    raise Refusal(
        401,
        "login",
        gettext_noop(
            "Send the sender's key as a bearer token, from an address and through a door that it may use."
        ),
        ("WWW-Authenticate", 'Bearer realm="Xinglin exchange"'),
    )


def _body(environ: dict[str, Any]) -> bytes:
    most: int = settings.SETTINGS.max_body
    body = _received(environ, most)
    encoding = str(environ.get("HTTP_CONTENT_ENCODING") or "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        body = _unpacked(body, most)
    elif encoding != "identity":
        said = gettext_noop("The header Content-Encoding should be gzip or absent; it is %(there)s.")
        raise Refusal(415, "not-supported", said, there=encoding)
    if not body:
        raise Refusal(400, "required", gettext_noop("The body is empty: the message belongs there."))
    return body


def _received(environ: dict[str, Any], most: int) -> bytes:
    stream = environ["wsgi.input"]
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length:
        if not (length.isascii() and length.isdigit()):
            raise Refusal(400, "value", gettext_noop("The header Content-Length should be a number."))
        if int(length) > most:
            raise _too_large(most)
        body: bytes = stream.read(int(length))
        if len(body) < int(length):
            said = gettext_noop("The body ended after %(count)d bytes; %(length)s were announced.")
            raise Refusal(400, "incomplete", said, count=len(body), length=length)
        return body
    parts: list[bytes] = []
    size = 0
    while "HTTP_TRANSFER_ENCODING" in environ and (part := stream.read(_CHUNK)):
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def _unpacked(body: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        unpacked = unpacker.decompress(body, most + 1)
    except zlib.error:
        raise Refusal(
            400, "structure", gettext_noop("The body is not gzip, as the header Content-Encoding says.")
        ) from None
    if len(unpacked) > most:
        raise _too_large(most)
    if not unpacker.eof:
        raise Refusal(400, "incomplete", gettext_noop("The gzip of the body ends too early."))
    return unpacked


def _too_large(most: int) -> Refusal:
    return Refusal(413, "too-long", gettext_noop("A message may have at most %(most)d bytes."), most=most)


def _language(environ: dict[str, Any]) -> str:
    first = str(environ.get("HTTP_ACCEPT_LANGUAGE") or "").partition(",")[0].strip().lower()
    return "zh-hans" if first.startswith("zh") else "en"
