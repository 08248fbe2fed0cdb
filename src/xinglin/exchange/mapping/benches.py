"""What each door gives so that its mappings can be read and tried: its dialects, its shipped mappings, its parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.mapping import language
from xinglin.exchange.mapping.running import NoTables, Tables
from xinglin.kernel.errors import invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xinglin.exchange.doors import Door, Sender, Translated
    from xinglin.exchange.mapping.dialects import Dialect
    from xinglin.exchange.mapping.language import Mapping_


@dataclass(frozen=True)
class Bench:
    """A door's part.

    ``dialects(kind)`` gives the dialects for messages of a kind; ``library()`` the texts of the shipped mappings by
    their ids; ``parse(body, media, sender, kind)`` the outermost node of a message, or a Fault; ``example(kind)`` a
    message to begin with.
    """

    door: Door
    dialects: Callable[[str], Mapping[str, Dialect]]
    library: Callable[[], Mapping[str, str]]
    parse: Callable[[bytes, str, Sender, str], Any]
    media: str = "text/plain"
    tables: Tables = field(default_factory=NoTables)
    example: Callable[[str], str] = lambda _: ""

    def read(self, text: str, kind: str = "") -> Mapping_:
        """Read a mapping of this door; Fault with all that is wrong."""
        kinds = (kind,) if kind else language.about(text).kinds
        return language.read(text, self.dialects(next(iter(kinds), "")), self.library())

    def translate(self, mapping: Mapping_, body: bytes, media: str, sender: Sender, kind: str) -> Translated:
        """What a mapping makes of a message; Fault where the message cannot be read."""
        return mapping.run(
            self.parse(body, media or self.media, sender, kind), sender=sender, tables=self.tables
        )


_benches: dict[str, Bench] = {}


def offer(bench: Bench) -> None:
    """Let a door's mappings be written and tried; when the applications get ready."""
    _benches[bench.door.value] = bench


def bench(door: str) -> Bench:
    """A door's part; fault ``not_found``."""
    if door not in _benches:
        raise not_found(gettext_noop("There are no mappings for the door %(door)s."), door=door)
    return _benches[door]


def every() -> list[Bench]:
    return [_benches[door] for door in sorted(_benches)]


def shipped(mapping: str) -> tuple[Bench, str]:
    """The bench and the text of a shipped mapping; fault ``not_found``."""
    for one in _benches.values():
        if mapping in one.library():
            return one, one.library()[mapping]
    raise not_found(gettext_noop("There is no shipped mapping %(name)s."), name=mapping)


def require_door(text: str, door: str) -> language.About:
    """What a text says of itself; fault ``invalid`` if it is for another door or for no kind."""
    said = language.about(text)
    if said.door != door:
        raise invalid(gettext_noop("The mapping is for the door %(given)s; this version is for %(door)s."),
                      given=said.door, door=door)  # fmt: skip
    return said
