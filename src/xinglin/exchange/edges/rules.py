"""What a front machine may tell, and when it is an alarm. Pure but for the file of thresholds."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import invalid

_DATA = Path(__file__).parent / "data" / "alarms-1.toml"
MOST_SOURCES = 200
MOST_COUNTS = 5_000
MOST_BYTES = 1 << 20


class Alarm(StrEnum):
    """What is the matter, the worst first."""

    SILENT = "silent"
    FULL = "full"
    BEHIND = "behind"
    SOURCE = "source"
    REFUSED = "refused"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Limits:
    silent_beats: float
    silent_least: float
    behind_seconds: float
    full_share: float
    upload_rate: float


@lru_cache(maxsize=4)
def limits(home: Path) -> Limits:
    """The thresholds: the operator's, or those that are shipped."""
    given = home / "exchange" / "alarms.toml"
    path = given if given.exists() else _DATA
    try:
        said = tomllib.loads(path.read_text("utf-8"))
        return Limits(*(float(said[name]) for name in Limits.__slots__))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as wrong:
        raise SystemExit(f"{path} should have {', '.join(Limits.__slots__)} as numbers: {wrong!r}") from None


@dataclass(frozen=True, slots=True)
class Counted:
    """What is declared of one source and day."""

    source: str
    day: date
    expected: int | None
    captured: int
    sent: int
    refused: int

    @property
    def rate(self) -> float | None:
        """The share that has arrived of what there is."""
        whole = self.captured if self.expected is None else self.expected
        return self.sent / whole if whole else None


def counts(told: dict[str, Any]) -> list[Counted]:
    """The counts in what was told; fault ``invalid``."""
    given = told.get("counts", [])
    if not isinstance(given, list) or len(given) > MOST_COUNTS:
        raise invalid(gettext_noop("`counts` should be a list of at most %(most)s."), most=MOST_COUNTS)
    return [_count(one, f"counts[{number}]") for number, one in enumerate(given)]


def _count(one: Any, place: str) -> Counted:
    if not isinstance(one, dict):
        raise invalid(gettext_noop("%(place)s should be an object."), place=place)
    source = one.get("source")
    if not isinstance(source, str) or not 0 < len(source) <= 40:
        raise invalid(gettext_noop("%(place)s should have the name of its source."), place=place)
    try:
        day = date.fromisoformat(str(one.get("day")))
    except ValueError:
        raise invalid(gettext_noop("%(place)s.day should be a day: 2026-11-26."), place=place) from None
    expected = one.get("expected")
    return Counted(
        source, day, None if expected is None else _number(expected, f"{place}.expected"),
        *(_number(one.get(name), f"{place}.{name}") for name in ("captured", "sent", "refused")),
    )  # fmt: skip


def _number(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise invalid(gettext_noop("%(place)s should be a number from 0 on."), place=place)
    return value


def state(told: dict[str, Any]) -> dict[str, Any]:
    """What is kept of the state: what is known, and of the right kind. Fault ``invalid``."""
    queue, sources, line = told.get("queue"), told.get("sources"), told.get("line")
    if not isinstance(queue, dict) or not isinstance(sources, list) or not isinstance(line, dict):
        raise invalid(gettext_noop("The state should have `line`, `queue` and `sources`."))
    if len(sources) > MOST_SOURCES or not all(isinstance(one, dict) for one in sources):
        raise invalid(
            gettext_noop("`sources` should be a list of at most %(most)s objects."), most=MOST_SOURCES
        )
    for name in ("waiting", "refused", "bytes", "limit"):
        _number(queue.get(name), f"queue.{name}")
    for number, one in enumerate(sources):
        if not isinstance(one.get("name"), str):
            raise invalid(gettext_noop("%(place)s should have a name."), place=f"sources[{number}]")
    names = ("version", "started", "moment", "line", "queue", "sources", "heartbeat")
    return {name: told.get(name) for name in names}


def alarms(
    kept: dict[str, Any], heard: datetime, counted: list[Counted], *, now: datetime, limit: Limits
) -> list[Alarm]:
    """What is the matter with a machine that was last heard of at ``heard``."""
    queue = kept.get("queue") or {}
    found = []
    if is_silent(kept, heard, now=now, limit=limit):
        found.append(Alarm.SILENT)
    if queue.get("bytes", 0) > limit.full_share * queue.get("limit", 0) > 0:
        found.append(Alarm.FULL)
    oldest = queue.get("oldest")
    if isinstance(oldest, int | float) and now.timestamp() - oldest > limit.behind_seconds:
        found.append(Alarm.BEHIND)
    if any((one.get("error") or {}).get("message") for one in kept.get("sources") or () if _is_told(one)):
        found.append(Alarm.SOURCE)
    if queue.get("refused", 0):
        found.append(Alarm.REFUSED)
    today = now.astimezone().date()
    if any(one.rate is not None and one.rate < limit.upload_rate for one in counted if one.day < today):
        found.append(Alarm.RATE)
    return found


def _is_told(one: dict[str, Any]) -> bool:
    return isinstance(one.get("error"), dict)


def is_silent(kept: dict[str, Any], heard: datetime, *, now: datetime, limit: Limits) -> bool:
    """Whether heartbeats have failed to come for too long."""
    beat = kept.get("heartbeat")
    every = float(beat) if isinstance(beat, int | float) and not isinstance(beat, bool) else 60.0
    return now - heard > timedelta(seconds=max(limit.silent_least, limit.silent_beats * every))
