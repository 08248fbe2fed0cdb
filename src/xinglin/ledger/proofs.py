"""A proof in a file: this entry is in the log, and these have seen it.

The text is that of https://c2sp.org/tlog-proof. Its ``extra`` line holds, as JSON, the entry and, for whoever may
see it, the opening: the event and its salt, from which the hash in the entry was made.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from xinglin.crypto import signed_notes
from xinglin.crypto.signed_notes import Note, NoteError, decode, encode

HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9]\d{0,18})")
_MOST = 63


@dataclass(frozen=True, slots=True)
class Opening:
    """What an entry's hash was made from."""

    salt: bytes
    event: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """That ``entry`` is number ``index`` of the tree whose head is ``checkpoint``."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    entry: bytes | None = None
    opening: Opening | None = None

    @property
    def text(self) -> str:
        """The proof as text."""
        extra = _extra(self.entry, self.opening)
        lines = [HEADER, *([f"extra {encode(extra)}"] if extra else []), f"index {self.index}"]
        lines += [encode(value) for value in self.hashes]
        return "".join(f"{line}\n" for line in lines) + f"\n{self.checkpoint.whole}"


def _extra(entry: bytes | None, opening: Opening | None) -> bytes:
    if entry is None:
        return b""
    held: dict[str, Any] = {"entry": entry.decode()}
    if opening is not None:
        held["event"] = opening.event.decode()
        held["salt"] = opening.salt.hex()
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def parse(text: str) -> Proof:
    """Read a proof; ``NoteError`` says which line is wrong. Nothing is verified yet."""
    head, gap, rest = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEADER:
        raise NoteError(f"Line 1 of a proof is {HEADER}")
    if not gap:
        raise NoteError("The proof has no checkpoint: it follows after an empty line")
    place, entry, opening = 1, None, None
    if len(lines) > 1 and lines[1].startswith("extra "):
        entry, opening = _held(decode(lines[1].removeprefix("extra ")))
        place = 2
    found = _INDEX.fullmatch(lines[place]) if len(lines) > place else None
    if found is None:
        raise NoteError(f"Line {place + 1} of the proof should be `index` and the entry's number")
    hashes = tuple(_hash(line, place + 2 + n) for n, line in enumerate(lines[place + 1 :]))
    if len(hashes) > _MOST:
        raise NoteError(f"A proof has at most {_MOST} hashes, not {len(hashes)}")
    return Proof(int(found[1]), hashes, signed_notes.parse(rest), entry, opening)


def _hash(line: str, number: int) -> bytes:
    try:
        value = decode(line)
    except NoteError as wrong:
        raise NoteError(f"Line {number} of the proof: {wrong}") from None
    if len(value) != 32:
        raise NoteError(f"Line {number} of the proof should be a hash of 32 bytes")
    return value


def _held(extra: bytes) -> tuple[bytes | None, Opening | None]:
    """Entry and opening, if the extra data are ours."""
    try:
        held = json.loads(extra)
        entry = held["entry"].encode()
        if "salt" not in held:
            return entry, None
        return entry, Opening(bytes.fromhex(held["salt"]), held["event"].encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None
