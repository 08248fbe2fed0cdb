"""What can be asked: which rules are live, how often rules fired and what became of it, how tries went."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found
from xinglin.reminders import rulebook
from xinglin.reminders.values import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from xinglin.record.database import Connection
    from xinglin.reminders.rulebook import Rule

_REMEMBERED_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the cards of one version of a rule in a time."""

    rule: str
    version: int
    fired: int
    shown: int
    accepted: int
    overridden: int

    @property
    def followed_share(self) -> float | None:
        answered = self.accepted + self.overridden
        return self.accepted / answered if answered else None

    @property
    def overridden_share(self) -> float | None:
        return self.overridden / self.fired if self.fired else None


@dataclass(frozen=True, slots=True)
class Replayed:
    """One try of a rule: of ``of`` encounters between two moments ``encounters`` were asked, at ``fired`` it spoke."""

    moment: datetime
    name: str
    since: datetime
    until: datetime
    encounters: int
    of: int
    fired: int
    findings: int

    @property
    def share(self) -> float | None:
        return self.fired / self.encounters if self.encounters else None


@dataclass(frozen=True, slots=True)
class Decided:
    """Who put a version into which state, when and why."""

    version: int
    state: State
    moment: datetime
    name: str
    words: str


def rule(id_: str) -> Rule:
    """A rule by its id; raises ``not_found``."""
    found = rulebook.shipped().rules.get(id_)
    if found is None:
        raise not_found(gettext_noop("There is no rule %(id)s."), id=id_)
    return found


def states(connection: Connection) -> dict[str, State]:
    """The state of each rule in the version that is shipped."""
    decided = {
        (id_, version): State(state)
        for id_, version, state in connection.execute(
            "SELECT DISTINCT ON (rule, version) rule, version, state FROM reminders_decision"
            " ORDER BY rule, version, id DESC"
        )
    }
    return {
        one.id: decided.get((one.id, one.version), one.begins) for one in rulebook.shipped().rules.values()
    }


class _Live:
    """The live rules, remembered for a moment by each process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._known: frozenset[str] = frozenset()

    def known(self, connection: Connection) -> frozenset[str]:
        with self._lock:
            if time.monotonic() >= self._until:
                found = states(connection)
                self._known = frozenset(id_ for id_, state in found.items() if state is State.LIVE)
                self._until = time.monotonic() + _REMEMBERED_SECONDS
            return self._known

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0


_live = _Live()


def live(connection: Connection) -> frozenset[str]:
    """The ids of the rules that are live; a decision of another process holds within two seconds."""
    return _live.known(connection)


def forget_live() -> None:
    _live.forget()


def counts(
    connection: Connection, institution: str, since: datetime, until: datetime
) -> dict[tuple[str, int], Count]:
    """Cards by rule and version; an empty institution is the whole region."""
    rows = connection.execute(
        "SELECT rule, version, count(*), sum(times), count(*) FILTER (WHERE outcome = 'accepted'),"
        " count(*) FILTER (WHERE outcome = 'overridden') FROM reminders_firing"
        " WHERE (%(place)s = '' OR institution = %(place)s) AND begun >= %(since)s AND begun < %(until)s"
        " GROUP BY rule, version",
        {"place": institution, "since": since, "until": until},
    )
    return {(row[0], row[1]): Count(row[0], row[1], row[2], int(row[3]), row[4], row[5]) for row in rows}


def reasons(
    connection: Connection, institution: str, since: datetime, until: datetime
) -> Mapping[str, list[tuple[str, int]]]:
    """For each rule the codes of the reasons given, the most frequent first; an empty code: none was given."""
    found: dict[str, list[tuple[str, int]]] = {}
    for id_, reason, times in connection.execute(
        "SELECT rule, reason, count(*) FROM reminders_firing WHERE outcome = 'overridden'"
        " AND (%(place)s = '' OR institution = %(place)s) AND begun >= %(since)s AND begun < %(until)s"
        " GROUP BY rule, reason ORDER BY rule, 3 DESC, reason",
        {"place": institution, "since": since, "until": until},
    ):
        found.setdefault(id_, []).append((reason, times))
    return found


def replays(connection: Connection, of: Rule) -> list[Replayed]:
    """How a version of a rule was tried, the latest first."""
    return [
        Replayed(*row)
        for row in connection.execute(
            "SELECT moment, name, since, until, encounters, of, fired, findings FROM reminders_replay"
            " WHERE rule = %s AND version = %s ORDER BY id DESC LIMIT 20",
            [of.id, of.version],
        )
    ]


def decisions(connection: Connection, of: Rule) -> list[Decided]:
    """What was decided on a rule in all its versions, the latest first."""
    return [
        Decided(version, State(state), moment, name, words)
        for version, state, moment, name, words in connection.execute(
            "SELECT version, state, moment, name, words FROM reminders_decision WHERE rule = %s"
            " ORDER BY id DESC LIMIT 50",
            [of.id],
        )
    ]


def was_tried(connection: Connection, of: Rule) -> bool:
    """Whether this version was tried on any encounter."""
    found = connection.execute(
        "SELECT 1 FROM reminders_replay WHERE rule = %s AND version = %s AND encounters > 0 LIMIT 1",
        [of.id, of.version],
    ).fetchone()
    return found is not None


def outcomes(connection: Connection, cards: Sequence[UUID]) -> dict[UUID, str]:
    """What became of cards that have fired before."""
    found = connection.execute(
        "SELECT card, outcome FROM reminders_firing WHERE card = ANY(%s)", [list(cards)]
    ).fetchall()
    return dict(found)
