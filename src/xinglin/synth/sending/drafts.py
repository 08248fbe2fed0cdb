"""What the makers give: a message as it would be right, before anything happens to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draft:
    """``kind`` as the door's envelope will say it, ``control`` the message's own id."""

    kind: str
    control: str
    body: bytes
    media: str
