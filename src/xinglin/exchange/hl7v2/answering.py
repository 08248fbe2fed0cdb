"""A message at the MLLP door: who sends it, whether it is taken, and what is answered.

``answer`` is called by as many threads as the listener has. It may wait: for the database, and for the others in whose
transaction the message is written.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, Door, Reason
from xinglin.exchange.hl7v2 import acknowledgements, door
from xinglin.exchange.hl7v2.acknowledgements import MEDIA, OUTCOMES, Answer, Outcome
from xinglin.exchange.hl7v2.messages import Broken, Message, salvage
from xinglin.exchange.receipts import Delivery, Receipt
from xinglin.kernel.errors import Fault, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.hl7v2.messages import Segment

_VERSIONS = re.compile(r"2\.[3-8](\.\d+)?")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """The other end of a connection: its address, and the SHA-256 of its certificate if it showed one."""

    address: str
    certificate: str = ""


class Desk(Protocol):
    """What the door needs of the platform."""

    def sender(self, caller: Caller, application: str, facility: str) -> Sender | None:
        """Who sends: by certificate, else by MSH-3 and MSH-4 from an address that is theirs."""

    def deliver(self, delivery: Delivery) -> Receipt: ...

    def take(self, delivery: Delivery) -> Receipt: ...

    def now(self) -> datetime: ...

    def leave(self) -> None:
        """The calling thread comes no more."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a message, and the answers to send in their order."""

    outcome: Outcome
    messages: tuple[bytes, ...] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What this door takes: processing ids of MSH-11 (P production, T training, D debugging)."""

    processing: str = "P"


def answer(body: bytes, caller: Caller, desk: Desk, rules: Rules) -> Answered:
    """Take a message into custody if it can be, and answer it as its sender wishes."""
    header = salvage(body)
    sender = None
    try:
        if header is not None:
            sender = desk.sender(caller, header.text(3), header.text(4))
        message = door.read(body, sender.charset if sender else "").message
    except Broken as broken:
        return _refused(broken.header, broken.reasons, desk, broken.codec)
    except Exception:  # noqa: BLE001 -- the database is away, most likely: the sender must hear that nothing was kept
        _log.exception("a message from %s could not be taken", caller.address)
        return _answered(header, Outcome.BUSY, (_failed(),), desk)
    if message.header.text(9) == "ACK":
        return Answered(Outcome.KEPT)  # an answer is not answered
    if reason := _refusal(message, sender, caller, rules):
        return _refused(message.header, (reason,), desk, message.codec)
    assert sender is not None
    return _delivered(body, message, sender, desk)


def _refusal(message: Message, sender: Sender | None, caller: Caller, rules: Rules) -> Reason | None:
    """Why the message is not taken at all."""
    header = message.header
    if sender is None:
        said = gettext_noop("No sender %(application)s at %(facility)s is known from %(address)s.")
        params = {
            "application": header.text(3) or "-",
            "facility": header.text(4) or "-",
            "address": caller.address,
        }
        return Reason(ERROR, "login", "MSH-3", said, params)
    version = message.version
    if version and not _VERSIONS.fullmatch(version):
        said = gettext_noop("Version %(version)s is not taken; 2.3 to 2.8 are.")
        return Reason(ERROR, "not-supported", "MSH-12", said, {"version": version})
    processing = header.text(11).upper()
    if processing and processing not in rules.processing:
        said = gettext_noop("Processing id %(processing)s is not taken here; only %(taken)s is.")
        params = {"processing": processing, "taken": ", ".join(rules.processing)}
        return Reason(ERROR, "not-supported", "MSH-11", said, params)
    return door.unsupported(message, sender)


def _delivered(body: bytes, message: Message, sender: Sender, desk: Desk) -> Answered:
    wish = acknowledgements.wish_of(message.header)
    delivery = Delivery(sender, Door.HL7V2, body, MEDIA)
    in_custody_is_enough = wish.is_enhanced and wish.application in {"", "NE"}
    try:
        receipt = desk.take(delivery) if in_custody_is_enough else desk.deliver(delivery)
    except Fault as fault:
        outcome = Outcome.BUSY if fault.kind == Kind.BUSY else Outcome.REFUSED
        reasons = tuple(
            Reason(ERROR, i.code, i.expression or "", i.message, dict(i.params)) for i in fault.issues
        )
        return _answered(message.header, outcome, reasons, desk, message.codec)
    except Exception:  # noqa: BLE001 -- whatever it was, the sender must hear that its message was not kept
        _log.exception("a message of %s could not be delivered", sender.code)
        return _answered(message.header, Outcome.BUSY, (_failed(),), desk, message.codec)
    return _answered(message.header, OUTCOMES[receipt.state], receipt.reasons, desk, message.codec, receipt)


def _failed() -> Reason:
    said = gettext_noop("The platform cannot take messages now; send this one again later.")
    return Reason(ERROR, "exception", "", said)


def _refused(header: Segment | None, reasons: tuple[Reason, ...], desk: Desk, codec: str) -> Answered:
    return _answered(header, Outcome.REFUSED, reasons, desk, codec)


def _answered(
    header: Segment | None,
    outcome: Outcome,
    reasons: tuple[Reason, ...],
    desk: Desk,
    codec: str = "utf-8",
    receipt: Receipt | None = None,
) -> Answered:
    wish = acknowledgements.wish_of(header)
    number = receipt.number if receipt else ""
    messages = tuple(
        acknowledgements.write(header, code, Answer(desk.now(), reasons, number), codec)
        for code in wish.codes(outcome)
    )
    return Answered(outcome, messages, repeated=bool(receipt and receipt.repeated))


def unframed(head: bytes, trouble: str, largest: int, now: datetime) -> bytes:
    """The answer to what was no whole message, with as much of its header as there is."""
    if trouble == "unended":
        said = gettext_noop("The message was not ended by FS and CR before the next began.")
        reason = Reason(ERROR, "structure", "", said)
    else:
        said = gettext_noop("The message is larger than %(largest)s bytes.")
        reason = Reason(ERROR, "too-long", "", said, {"largest": largest})
    header = salvage(head)
    code = "CR" if acknowledgements.wish_of(header).is_enhanced else "AR"
    return acknowledgements.write(header, code, Answer(now, (reason,)))
