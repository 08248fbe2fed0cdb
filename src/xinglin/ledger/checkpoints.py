"""The head of the log: origin, size and root, as a signed note.

https://c2sp.org/tlog-checkpoint
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xinglin.crypto.signed_notes import NoteError, decode, encode

_SIZE = re.compile(r"0|[1-9]\d{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: so many entries, with this root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = [self.origin, str(self.size), encode(self.root), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


def parse(text: str) -> Checkpoint:
    """Read a checkpoint's text; raises ``NoteError``."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines):
        raise NoteError("A checkpoint has at least three lines, none of them empty: origin, size, root")
    if not _SIZE.fullmatch(lines[1]):
        raise NoteError(f"Line 2 of the checkpoint should be the tree's size, not {lines[1][:40]!r}")
    root = decode(lines[2])
    if len(root) != 32:
        raise NoteError("Line 3 of the checkpoint should be a root hash of 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))
