"""What a clinic's system is answered: a code of the message set, a text, the receipt, and each thing that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext

from xinglin.accounts import faults
from xinglin.exchange.doors import ERROR
from xinglin.exchange.receipts import State
from xinglin.kernel import clock
from xinglin.tcm.adapter import envelopes, messages

if TYPE_CHECKING:
    from xinglin.exchange.doors import Reason
    from xinglin.exchange.receipts import Receipt
    from xinglin.kernel.errors import Fault
    from xinglin.tcm.adapter.envelopes import Message


def head(message: Message | None) -> dict[str, str]:
    """The header of an answer to a message."""
    given = message.header if message else {}
    return {
        "sender": messages.text_of(given, "receiver"), "receiver": messages.text_of(given, "sender"),
        "sendTime": envelopes.stamp(clock.now()), "msgType": messages.text_of(given, "msgType"),
        "msgID": messages.text_of(given, "msgID"),
    }  # fmt: skip


def of_receipt(message: Message, receipt: Receipt) -> dict[str, Any]:
    """The answer to a message that was kept."""
    errors = [one for one in receipt.reasons if one.severity == ERROR]
    code = {State.STORED: "stored", State.DISCARDED: "stored", State.RECEIVED: "received"}.get(
        receipt.state, errors[0].code if errors else ""
    )
    return {
        "Header": head(message),
        "Result": {
            **said(code), "receipt": receipt.number, "state": receipt.state.value,
            "repeated": "1" if receipt.repeated else "0",
        },
        "Error": [_reason(one) for one in receipt.reasons],
    }  # fmt: skip


def of_fault(message: Message | None, fault: Fault) -> dict[str, Any]:
    """The answer to what was not kept, or to a question that has no answer."""
    issue = fault.issues[0]
    return {
        "Header": head(message),
        "Result": said(issue.code),
        "Error": [{**_coded(issue.code), "place": issue.expression or "", "text": faults.issue(issue)}],
    }


def said(code: str) -> dict[str, str]:
    """Code and text, in the language that is active."""
    found = messages.shipped().said(code)
    chinese = (get_language() or "zh").startswith("zh")
    return {"code": found.code, "message": found.text if chinese else found.text_en}


def _coded(code: str) -> dict[str, str]:
    return {"code": messages.shipped().said(code).code}


def _reason(reason: Reason) -> dict[str, str]:
    words = gettext(reason.text) % reason.params if reason.params else gettext(reason.text)
    return {**_coded(reason.code), "severity": reason.severity, "place": reason.place, "text": words}
