"""The handler of the door for shared documents: the envelope, the check and the resources; pure, for any thread."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from xinglin.exchange.cda import acknowledgements, checking, envelopes, moments, reading, to_record, trying
from xinglin.exchange.cda.making import PATIENT_ROOTS, VISIT_ROOTS
from xinglin.exchange.doors import ERROR, Envelope, Reason, Sender, Translated
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from xinglin.exchange.cda.documents import Document
    from xinglin.exchange.receipts import Delivery, Receipt
    from xinglin.kernel.errors import Issue


_REMEMBERED = 1 << 19  # bytes: longer documents are read twice


@lru_cache(maxsize=16)
def _remembered(body: bytes, charset: str) -> Document:
    return reading.read(envelopes.document_of(body, charset), charset)


def _read(body: bytes, charset: str) -> Document:
    """The document; the same bytes are opened and then translated, so the last ones are remembered."""
    if len(body) <= _REMEMBERED:
        return _remembered(body, charset)
    return reading.read(envelopes.document_of(body, charset), charset)


class Handler:
    """See ``doors.Handler``. A message of HL7 v3 that registers a document is taken for the document."""

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:  # noqa: ARG002 -- as all doors have it
        """What kind of document it is, whose, and when it was made."""
        document = _read(body, sender.charset)
        patient = document.number_of(*PATIENT_ROOTS)
        if not patient:
            identities = (one.extension for one in document.patient.identities)
            patient = next(identities, "") or document.number_of(*VISIT_ROOTS)
        return Envelope(document.code, document.number.extension, patient, moments.read(document.time))

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:  # noqa: ARG002 -- as above
        """The document's resources, or what is wrong with it."""
        try:
            document = _read(body, sender.charset)
        except Fault as fault:
            return Translated(reasons=tuple(_reason(one) for one in fault.issues))
        reasons = checking.check(document)
        if any(one.severity == ERROR for one in reasons):
            return Translated(reasons=tuple(reasons))
        original = envelopes.document_of(body, sender.charset)
        made = to_record.resources(document, to_record.kind_of(document), sender, original)
        return trying.completed(document, sender, Translated(made, (), tuple(reasons)))

    def answer(self, delivery: Delivery, receipt: Receipt, accept: str) -> tuple[bytes, str] | None:
        """For a message of HL7 v3 its acknowledgement, whatever is asked for; None for a document alone."""
        if not envelopes.is_message(delivery.body) or "json" in accept:
            return None
        try:
            message = envelopes.read(delivery.body, delivery.sender.charset)
        except Fault:
            return None
        return acknowledgements.of_receipt(message, receipt), "text/xml; charset=utf-8"


def _reason(issue: Issue) -> Reason:
    return Reason(ERROR, issue.code, issue.expression or "/", issue.message, dict(issue.params))
