"""What a mapping says of itself: which one it is, in which version, for which messages, and how sure it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.exchange.doors import Door
from xinglin.exchange.mapping.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.exchange.mapping.dialects import Dialect

    Key = tuple[str | int, ...]

CONFIDENCES = ("certain", "likely", "guess", "own")
_ZONE = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True)
class About:
    """What a mapping says of itself. Its ``kinds`` are those of the envelopes that it is for."""

    id: str
    version: str
    door: str
    kinds: tuple[str, ...]
    title: str = ""
    source: str = ""
    effective: date | None = None
    confidence: str = ""
    note: str = ""


def about(text: str) -> About:
    """What a mapping says of itself, without compiling it. Fault ``invalid`` as ``read``."""
    reader = Described(text, {})
    found = reader.about(reader.data.get("mapping"), needs_dialect=False)
    reader.settle()
    return found


class Described(Source):
    """The text of a mapping whose first table is understood."""

    def __init__(self, text: str, dialects: Mapping[str, Dialect]) -> None:
        super().__init__(text)
        self.dialects = dialects

    def about(self, given: Any, *, needs_dialect: bool = True) -> About:
        key: Key = ("mapping",)
        if not isinstance(given, dict):
            self.mark(
                (1, 1), "The mapping begins with [mapping], in which id, version, door and kinds stand."
            )
            return About("", "", "", ())
        self.members(given, key, "mapping")
        texts = {
            name: self.string(given, key, name, needed=name in {"id", "version", "door"})
            for name in ("id", "version", "title", "door", "source", "confidence", "note")
        }
        self._head(given, key, texts, needs_dialect=needs_dialect)
        kinds = given.get("kinds", [])
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            self.wrong_key((*key, "kinds"), "%(name)s is a list of texts.", name="kinds")
            kinds = []
        effective = given.get("effective")
        if effective is not None and (type(effective) is not date):
            self.wrong_key(
                (*key, "effective"), "%(name)s is a date: 2026-11-26, without quotes.", name="effective"
            )
            effective = None
        return About(
            texts["id"], texts["version"], texts["door"], tuple(kinds), texts["title"], texts["source"], effective,
            texts["confidence"], texts["note"],
        )  # fmt: skip

    def _head(self, given: dict[str, Any], key: Key, texts: dict[str, str], *, needs_dialect: bool) -> None:
        if texts["door"] and texts["door"] not in set(Door):
            self.wrong_value(
                (*key, "door"), "There is no door %(name)s; there are %(known)s.", name=texts["door"],
                known=", ".join(Door),
            )  # fmt: skip
        dialect = given.get("dialect", texts["door"])
        if needs_dialect and texts["door"] and dialect not in self.dialects:
            self.wrong_value(
                (*key, "dialect" if "dialect" in given else "door"),
                "There is no dialect %(name)s; there are %(known)s.", name=dialect, known=", ".join(self.dialects),
            )  # fmt: skip
        if not _ZONE.fullmatch(str(given.get("zone", "Z"))):
            self.wrong_value((*key, "zone"), "A zone is written as “+08:00”.")
        if texts["confidence"] and texts["confidence"] not in CONFIDENCES:
            self.wrong_value(
                (*key, "confidence"), "There is no confidence %(name)s; there are %(known)s.",
                name=texts["confidence"], known=", ".join(CONFIDENCES),
            )  # fmt: skip
