"""What an institution maps otherwise: its own version of a mapping, which adds to what every document becomes.

A resource of the same type and id gets the members that the own mapping gives it; others are added. So an institution
says only what is different with it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import composing, envelopes, kinds, reading, writing
from xinglin.exchange.cda.places import PLACES
from xinglin.exchange.doors import Door, Translated
from xinglin.exchange.mapping import holding, language
from xinglin.exchange.mapping.benches import Bench
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.exchange.cda.documents import Document
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.dialects import Dialect
    from xinglin.exchange.mapping.language import Mapping_

DIALECTS: Mapping[str, Dialect] = {PLACES.name: PLACES}


@lru_cache(maxsize=64)
def _compiled(text: str) -> Mapping_:
    return language.read(text, DIALECTS, {})


def completed(document: Document, sender: Sender, made: Translated) -> Translated:
    """``made``, with what the sender's own mapping for this kind of document says."""
    text = holding.text_in_force(Door.CDA, document.code, sender)
    if text is None:
        return made
    own = _compiled(text).run(document.node, sender=sender)
    told: dict[tuple[str, str], dict[str, Any]] = {
        (one["resourceType"], one["id"]): one for one in made.resources
    }
    for one in own.resources:
        key = (one["resourceType"], one["id"])
        told[key] = {**told.get(key, {}), **one}
    return Translated(
        tuple(told.values()),
        (*made.deletes, *own.deletes),
        (*made.reasons, *own.reasons),
        (*made.links, *own.links),
    )


def parse(body: bytes, media: str, sender: Sender, kind: str) -> Any:
    """The outermost element of a document; fault ``invalid`` where it cannot be read."""
    del media, kind
    return reading.read(envelopes.document_of(body, sender.charset), sender.charset).node


def example(kind: str) -> str:
    """A document of that kind with nothing in it, to begin with."""
    found = kinds.find(kind)
    if found is None:
        return ""
    empty = composing.compose(found, composing.Gathered({}), number="1", now=clock.now())
    return writing.write(empty).decode()


BENCH = Bench(
    door=Door.CDA,
    dialects=lambda _: DIALECTS,
    library=dict,
    parse=parse,
    media="application/xml",
    example=example,
)
