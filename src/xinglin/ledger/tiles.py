"""The tree cut into tiles of 256 hashes, and entries into bundles of 256, by the addresses of tlog-tiles.

https://c2sp.org/tlog-tiles
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.ledger import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WIDTH = 256
HASH = 32
_PLACE = re.compile(
    r"tile/(?P<level>entries|0|[1-9]\d?)/(?P<number>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One tile, or with ``level`` None one bundle of entries; a partial one has a ``width`` below 256."""

    level: int | None
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        return f"tile/{'entries' if self.level is None else self.level}/{_numbered(self.number)}" + (
            f".p/{self.width}" if self.width < WIDTH else ""
        )

    @property
    def end(self) -> int:
        """The size of the smallest tree that has this tile."""
        return (self.number * WIDTH + self.width) << 8 * (self.level or 0)


def _numbered(number: int) -> str:
    parts = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        parts.append(f"x{number % 1000:03}")
    return "/".join(reversed(parts))


def parse(path: str) -> Place | None:
    """The place that ``path`` names; None for anything that is not written exactly so."""
    found = _PLACE.fullmatch(path)
    if found is None:
        return None
    number = int(found["number"].replace("x", "").replace("/", ""))
    width = int(found["width"] or WIDTH)
    level = None if found["level"] == "entries" else int(found["level"])
    if width > WIDTH or (found["width"] and width == WIDTH) or _numbered(number) != found["number"]:
        return None
    return Place(level, number, width) if level is None or level < 64 else None


def bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after another, each with its length in two bytes before it."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; raises ``ValueError`` where it is cut off."""
    found: list[bytes] = []
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from(">H", data, place) if place + 2 <= len(data) else (len(data),)
        if place + 2 + length > len(data):
            raise ValueError(f"The bundle ends within entry {len(found)}")
        found.append(data[place + 2 : place + 2 + length])
        place += 2 + length
    return found


def hashes(tile: bytes) -> list[bytes]:
    return [tile[place : place + HASH] for place in range(0, len(tile), HASH)]


@dataclass(slots=True)
class Edge:
    """The unfinished tiles at the right edge of a tree, by level: all that is needed to add to it."""

    size: int = 0
    open: list[list[bytes]] = field(default_factory=list)

    def add(self, leaves: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
        """Add leaf hashes; every tile that changed, by level and number, the finished ones among them."""
        pending = list(leaves)
        size, self.size = self.size, self.size + len(pending)
        changed: dict[tuple[int, int], bytes] = {}
        level = 0
        while pending:
            if level == len(self.open):
                self.open.append([])
            row, number = self.open[level] + pending, size // WIDTH ** (level + 1)
            pending = []
            while len(row) >= WIDTH:
                changed[level, number] = b"".join(row[:WIDTH])
                pending.append(tree.fold(row[:WIDTH]))
                row, number = row[WIDTH:], number + 1
            if row:
                changed[level, number] = b"".join(row)
            self.open[level] = row
            level += 1
        return changed

    def root(self) -> bytes:
        """The root of the whole tree."""
        peaks: list[bytes] = []
        for row in reversed(self.open):
            place = 0
            for bit in range(len(row).bit_length() - 1, -1, -1):
                if len(row) >> bit & 1:
                    peaks.append(tree.fold(row[place : place + (1 << bit)]))
                    place += 1 << bit
        return tree.join(peaks) if peaks else tree.EMPTY


def edge_places(size: int) -> list[tuple[int, int, int]]:
    """Level, number and width of the unfinished tiles of a tree, the lowest level first."""
    places = []
    level = 0
    while size >> 8 * level:
        count = size >> 8 * level
        places.append((level, count // WIDTH, count % WIDTH))
        level += 1
    return places


def nodes(read: Callable[[int, int], bytes]) -> tree.Node:
    """Nodes of the tree from its tiles; ``read`` gives the hashes of a tile, as many as there are."""
    kept: dict[tuple[int, int], bytes] = {}

    def node(height: int, number: int) -> bytes:
        level, rest = divmod(height, 8)
        first = number << rest
        place = (level, first // WIDTH)
        if place not in kept:
            kept[place] = read(*place)
        start = first % WIDTH * HASH
        part = kept[place][start : start + (HASH << rest)]
        if len(part) < HASH << rest:
            raise LookupError(f"Tile {Place(level, first // WIDTH).path} is too short")
        return tree.fold(hashes(part))

    return node


def covering(level: int, size: int) -> Sequence[tuple[int, int]]:
    """Number and width of every tile of one level in a tree of ``size``."""
    count = size >> 8 * level
    whole, rest = divmod(count, WIDTH)
    return [(number, WIDTH) for number in range(whole)] + ([(whole, rest)] if rest else [])
