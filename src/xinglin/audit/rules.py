"""What is abnormal, how long lines are kept, who sees them: read from data. Pure but for reading the files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import conflict, forbidden, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinglin.kernel.actor import Actor

_DATA = Path(__file__).parent / "data"
COMPLAINT = "complaint"
KINDS = {
    "bulk": ("least", "factor", "usual", "history_days", "history_hours", "high_factor"),
    "refusals": ("least", "high_factor"),
    "night": ("least", "from_hour", "to_hour", "history_days", "nights"),
    "emergency": ("least", "high_factor", "purposes"),
    "emergency-crowd": ("least", "purposes"),
    "crowd": ("least", "high_factor"),
    "namesake": ("every",),
    "own": ("every",),
    "household": ("every",),
    "neighbour": ("every",),
    "colleague": ("every",),
    "new-address": ("settled_days",),
    "new-device": ("settled_days",),
    "export": ("least", "high_factor", "actions"),
}
"""Every kind of rule that there is, with the parameters it needs."""


class Level(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class State(StrEnum):
    OPEN = "open"
    EXPLAINED = "explained"
    CONFIRMED = "confirmed"


NEXT = {
    State.OPEN: frozenset({State.EXPLAINED, State.CONFIRMED}),
    State.EXPLAINED: frozenset({State.OPEN, State.CONFIRMED}),
    State.CONFIRMED: frozenset({State.OPEN, State.EXPLAINED}),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the data, with its numbers."""

    name: str
    level: Level
    confidence: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.numbers[name]

    def level_of(self, count: float, threshold: float) -> Level:
        """High where the count is that many times what is allowed, else the rule's own level."""
        times = self.numbers.get("high_factor")
        return Level.HIGH if times and count >= threshold * times else self.level


@dataclass(frozen=True, slots=True)
class Rules:
    """A version of the rules; ``source`` and ``effective`` are shown beside every alert."""

    version: str
    effective: date
    source: str
    confidence: str
    rules: tuple[Rule, ...]

    def named(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.name == name), None)


@dataclass(frozen=True, slots=True)
class Retention:
    version: str
    days: int
    months_ahead: int

    def before(self, now: datetime) -> datetime:
        """Lines older than this may go: the beginning of a month of UTC, since months go whole."""
        past = now - timedelta(days=self.days)
        return past.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Scopes:
    wide: frozenset[str]
    deciding: frozenset[str]
    showing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose lines somebody sees: everybody's, an institution's people's, or the own alone."""

    actor: str | None = None
    institution: str | None = None

    @property
    def everything(self) -> bool:
        return self.actor is None and self.institution is None

    @property
    def wide(self) -> bool:
        return self.actor is None


EVERYTHING = Scope()


class Unusable(ValueError):  # noqa: N818 -- as the file's reader is told
    """A file of rules that cannot be used; says where and why."""


def _read(home: Path, name: str) -> dict[str, Any]:
    given = home / "audit" / f"{name}.toml"
    path = given if given.exists() else _DATA / f"{name}-1.toml"
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise Unusable(f"{path}: {wrong}") from None


def abnormal(home: Path) -> Rules:
    """The rules of this region; raises ``Unusable``."""
    held = _read(home, "abnormal")
    rules = []
    for place, row in enumerate(held.get("rule", ()), 1):
        name = row.pop("name", "")
        if name not in KINDS:
            raise Unusable(
                f"Rule {place} of audit/abnormal.toml is called {name!r}; there are {', '.join(KINDS)}."
            )
        absent = [one for one in KINDS[name] if one not in row]
        if absent or row.get("level") not in set(Level):
            what = absent[0] if absent else "level (low, medium or high)"
            raise Unusable(f"Rule {name!r} of audit/abnormal.toml lacks {what}.")
        level, confidence = Level(row.pop("level")), row.pop("confidence", held.get("confidence", "low"))
        rules.append(Rule(name, level, confidence, row))
    return Rules(
        str(held.get("version", "")), held.get("effective", date.min), held.get("source", ""),
        held.get("confidence", "low"), tuple(rules),
    )  # fmt: skip


def retention(home: Path) -> Retention:
    """How long lines are kept; raises ``Unusable`` for less than the law's least."""
    held = _read(home, "retention")
    days, least = held.get("days"), max(183, held.get("least_days", 183))
    if not isinstance(days, int) or days < least:
        raise Unusable(f"days of audit/retention.toml should be at least {least}; it is {days!r}.")
    return Retention(str(held.get("version", "")), days, int(held.get("months_ahead", 3)))


@lru_cache(maxsize=4)
def scopes(home: Path) -> Scopes:
    held = _read(home, "scopes")
    return Scopes(*(frozenset(held.get(name, ())) for name in ("wide", "deciding", "showing")))


def scope(actor: Actor, given: Scopes) -> Scope:
    """Whose lines the actor sees."""
    if actor == SYSTEM:
        return EVERYTHING
    if actor.roles & given.wide:
        return Scope(institution=actor.institution or None)
    return Scope(actor=actor.id)


def require_showing(actor: Actor, given: Scopes) -> None:
    """Raise ``forbidden`` unless the actor may show a resident who looked at the record."""
    if actor.roles & given.wide:
        return
    if not actor.roles & given.showing:
        raise forbidden(gettext_noop("Your role may not show who looked at a record."))
    if actor.purpose != "PATRQT":
        raise forbidden(
            gettext_noop(
                "Who looked at a record is shown at the resident's own request: choose that purpose in the record."
            )
        )


def require_deciding(actor: Actor, given: Scopes, about: str) -> None:
    """Raise ``forbidden`` unless the actor may say what became of an alert about ``about``."""
    if not actor.roles & given.deciding:
        raise forbidden(gettext_noop("Alerts are decided by the auditor or an administrator."))
    if actor.id == about:
        raise forbidden(gettext_noop("This alert is about yourself: somebody else has to decide it."))


def require_step(now: State, then: State, reason: str) -> None:
    """Raise unless an alert may go from one state to the other for this reason."""
    if not reason.strip():
        raise invalid(gettext_noop("Say what was found out: it stays with the alert."))
    if then not in NEXT[now]:
        raise conflict(gettext_noop("Somebody has decided this alert in the meantime."))


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def day_of(moment: datetime) -> datetime:
    """The beginning of the day by China's clock."""
    return moment.astimezone(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def bucket_of(moment: datetime, rule: Rule) -> datetime:
    """The beginning of the day or month for which a rule makes one alert."""
    day = day_of(moment)
    return day.replace(day=1) if rule["every"] == "month" else day


def is_night(hour: datetime, rule: Rule) -> bool:
    clock = hour.astimezone(LOCAL_ZONE).hour
    first, end = int(rule["from_hour"]), int(rule["to_hour"])
    return first <= clock < end if first < end else clock >= first or clock < end


def usual_an_hour(counts: Sequence[int], rule: Rule) -> float:
    """What somebody usually does in an hour, from the hours with work; the rule's number while there are few."""
    if len(counts) < rule["history_hours"]:
        return float(rule["usual"])
    return sum(counts) / len(counts)


def bulk_threshold(usual: float, rule: Rule) -> float:
    return max(float(rule["least"]), usual * float(rule["factor"]))
