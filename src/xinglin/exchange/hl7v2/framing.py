"""MLLP: messages in a stream of bytes, each between a vertical tab and a file separator with a carriage return.

``Framer`` is fed what arrives, however it is cut, and gives whole messages and what went wrong between them. It never
keeps more than one message of the largest size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

START = b"\x0b"
END = b"\x1c"
CLOSE = b"\x1c\r"
_FILL = b"\r\n \t\x00"  # between messages, said by some senders


class Trouble(StrEnum):
    """What may be wrong with a stream."""

    NOISE = "noise"  # bytes outside of a frame
    UNENDED = "unended"  # a frame began before the last had ended
    OVERSIZE = "oversize"


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message, or (with ``trouble``) as much as is known of what is none."""

    body: bytes
    trouble: Trouble | None = None


class Framer:
    """One direction of one connection."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._held = bytearray()
        self._searched = 0  # up to where there is no sign in what is held
        self._inside = False
        self._dropping = False  # of a message too large, until its end

    @property
    def is_inside(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._inside

    @property
    def size(self) -> int:
        return len(self._held)

    def feed(self, data: bytes) -> list[Frame]:
        """What has become whole with ``data``."""
        self._held += data
        found: list[Frame] = []
        while True:
            frame = self._within() if self._inside else self._between()
            if frame is None:
                return found
            if frame.body or frame.trouble:
                found.append(frame)

    def _between(self) -> Frame | None:
        """Step to the next start; what is in between is noise unless it is the rest of an end."""
        held = self._held
        at = held.find(START)
        noise = bytes(held if at < 0 else held[:at]).strip(_FILL + END)
        if at < 0:
            held.clear()
            return Frame(noise, Trouble.NOISE) if noise else None
        del held[: at + 1]
        self._inside, self._searched = True, 0
        return Frame(noise, Trouble.NOISE if noise else None)

    def _within(self) -> Frame | None:
        """Take the message up to its end, if that is there; a new start before it says that it was never ended."""
        held = self._held
        end = held.find(END, self._searched)
        start = held.find(START, self._searched, end if end >= 0 else len(held))
        if start >= 0:
            body = bytes(held[:start])
            del held[: start + 1]
            self._searched = 0
            dropped, self._dropping = self._dropping, False
            return Frame(b"" if dropped else body, None if dropped else Trouble.UNENDED)
        if end < 0:
            return self._unfinished()
        body = bytes(held[:end])
        del held[: end + 1]
        self._inside, self._searched = False, 0
        dropped, self._dropping = self._dropping, False
        if dropped:
            return Frame(b"")
        return Frame(body, Trouble.OVERSIZE if len(body) > self._largest else None)

    def _unfinished(self) -> Frame | None:
        held = self._held
        self._searched = len(held)
        if self._dropping:
            held.clear()
            self._searched = 0
            return None
        if len(held) <= self._largest:
            return None
        head = bytes(held[:4096])
        held.clear()
        self._dropping, self._searched = True, 0
        return Frame(head, Trouble.OVERSIZE)


def framed(body: bytes) -> bytes:
    """A message as it is sent."""
    return START + body + CLOSE
