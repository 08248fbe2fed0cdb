"""How the door behaves, as ``data/limits-1.toml`` has it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("data") / "limits-1.toml"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the file says of each is in the file."""

    quiet: timedelta
    longest: timedelta
    listed: int
    claimed: timedelta
    free: int
    largest: int
    associations: int
    comment: int
    former: timedelta
    held: timedelta
    arrivals: timedelta
    limit: int
    most: int


@cache
def limits() -> Limits:
    """The limits in force."""
    said = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    settling, receiving, keeping, searching = (
        said[name] for name in ("settling", "receiving", "keeping", "searching")
    )
    return Limits(
        quiet=timedelta(seconds=settling["quiet_seconds"]),
        longest=timedelta(seconds=settling["longest_seconds"]),
        listed=settling["listed_instances"],
        claimed=timedelta(seconds=settling["claimed_seconds"]),
        free=receiving["free_bytes"],
        largest=receiving["largest_bytes"],
        associations=receiving["associations"],
        comment=receiving["comment_characters"],
        former=timedelta(days=keeping["former_days"]),
        held=timedelta(days=keeping["held_days"]),
        arrivals=timedelta(days=keeping["arrivals_days"]),
        limit=searching["limit"],
        most=searching["most"],
    )
