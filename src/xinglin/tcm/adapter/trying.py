"""The door's part of the mapping bench."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.doors import Door
from xinglin.exchange.mapping.benches import Bench
from xinglin.exchange.tables.codes import SHIPPED
from xinglin.tcm.adapter import envelopes, handler, messages

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender


def _parse(body: bytes, _media: str, sender: Sender, _kind: str) -> Any:
    return envelopes.read(body, sender.charset).tree


def _example(kind: str) -> str:
    """The first good sample of a kind."""
    for path in sorted((messages.DATA / "samples" / "good").glob("*.xml")):
        text = path.read_text("utf-8")
        if f"<msgType>{kind}</msgType>" in text:
            return text
    return ""


BENCH = Bench(Door.TCM, lambda _: handler.DIALECTS, handler.library, _parse, "text/xml", SHIPPED, _example)
