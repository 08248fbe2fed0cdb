"""The handler of the door ``tcm``: the envelope, the check by the message set, and the mapping. Pure."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, Door, Envelope, Reason, Sender, Translated
from xinglin.exchange.mapping import holding, language
from xinglin.exchange.mapping.dialects import Json
from xinglin.exchange.tables.codes import SHIPPED
from xinglin.kernel.errors import Fault
from xinglin.tcm.adapter import answering, envelopes, messages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.exchange.mapping.language import Mapping_
    from xinglin.exchange.receipts import Delivery, Receipt

DIALECTS = {"tcm": Json("tcm")}


@cache
def library() -> Mapping[str, str]:
    """The texts of the shipped mappings by their ids."""
    texts = [path.read_text("utf-8") for path in sorted((messages.DATA / "mappings").glob("*.toml"))]
    return {tomllib.loads(text)["mapping"]["id"]: text for text in texts}


@cache
def _shipped(kind: str) -> Mapping_:
    for text in library().values():
        if kind in tomllib.loads(text)["mapping"]["kinds"]:
            return language.read(text, DIALECTS, library())
    raise LookupError(kind)


@lru_cache(maxsize=64)
def _compiled(text: str) -> Mapping_:
    return language.read(text, DIALECTS, library())


def mapping_of(kind: str, sender: Sender) -> Mapping_:
    """The mapping in force for the sender: its own version, else the shipped one."""
    own = holding.text_in_force(Door.TCM, kind, sender)
    return _shipped(kind) if own is None else _compiled(own)


class Handler:
    """See ``doors.Handler``."""

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:  # noqa: ARG002 -- as all doors have it
        """Which message it is, its number, and whose."""
        message = envelopes.read(body, sender.charset)
        return Envelope(message.kind, message.number, message.patient, message.sent_at)

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:  # noqa: ARG002 -- as above
        """The message's resources, or what is wrong with it."""
        try:
            message = envelopes.read(body, sender.charset)
        except Fault as fault:
            return Translated(
                reasons=tuple(Reason(ERROR, i.code, "/", i.message, dict(i.params)) for i in fault.issues)
            )
        of = messages.shipped().types.get(message.kind)
        if of is None:
            said = gettext_noop("There is no message %(name)s; there are %(known)s.")
            known = ", ".join(messages.shipped().types)
            reason = Reason(
                ERROR, "not-supported", "Header/msgType", said, {"name": message.kind[:40], "known": known}
            )
            return Translated(reasons=(reason,))
        wrong = messages.check(of, message.tree)
        if wrong:
            return Translated(reasons=tuple(wrong))
        return mapping_of(of.type, sender).run(message.tree, sender=sender, tables=SHIPPED)

    def answer(self, delivery: Delivery, receipt: Receipt, accept: str) -> tuple[bytes, str] | None:
        """As the message came; None, which is the platform's own receipt, where that was asked for by name."""
        if "application/vnd.xinglin.receipt+json" in accept:
            return None
        try:
            message = envelopes.read(delivery.body, delivery.sender.charset)
        except Fault:
            return None
        return envelopes.written(message, answering.of_receipt(message, receipt))
