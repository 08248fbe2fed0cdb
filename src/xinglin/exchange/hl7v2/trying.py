"""What the bench needs to try mappings of this door."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from xinglin.exchange.doors import Door
from xinglin.exchange.hl7v2 import acknowledgements, door, messages
from xinglin.exchange.mapping.benches import Bench
from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.hl7v2.structures import Group


def parse(body: bytes, media: str, sender: Sender, kind: str) -> Group:
    """The outermost group of a message; fault ``invalid`` where it cannot be read."""
    del media, kind
    try:
        return door.read(body, sender.charset).root
    except messages.Broken as broken:
        issues = [Issue(reason.code, reason.text, reason.params, reason.place) for reason in broken.reasons]
        raise Fault(Kind.INVALID, issues) from None


@cache
def _examples() -> dict[str, str]:
    text = (Path(__file__).parent / "data" / "examples.toml").read_text(encoding="utf-8")
    found: dict[str, str] = tomllib.loads(text)["examples"]
    return found


def example(kind: str) -> str:
    """A message to begin with; one of the same family where there is none of that very event."""
    known = _examples()
    if kind in known:
        return known[kind]
    family, _, event = kind.partition("^")
    for other, text in known.items():
        if other.startswith(f"{family}^"):
            return text.replace(other, kind).replace(f"EVN|{other.partition('^')[2]}", f"EVN|{event}")
    return ""


BENCH = Bench(
    door=Door.HL7V2,
    dialects=lambda _: door.DIALECTS,
    library=door.library,
    parse=parse,
    media=acknowledgements.MEDIA,
    example=example,
)
