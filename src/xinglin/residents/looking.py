"""Who looked at a record, in words that its resident understands: people, the resident, and what runs by itself.

Every line of the access log belongs to exactly one of the three, so that nothing is hidden by the grouping: people are
whoever has an account that no program uses, and whoever was shown a code; all else is a program of the platform or of
an institution.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from xinglin.audit import patients, queries
from xinglin.audit.rules import EVERYTHING
from xinglin.exchange import senders

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from xinglin.audit.patients import Looker
    from xinglin.audit.queries import Reader
    from xinglin.record.database import Connection

_EVERY = 100_000  # readers of one record: all there are
_ACCOUNT, _SENDER, _NODE, _SHARE, _TOLD = "account/", "sender/", "node/", "share/", "Subscription/"


class Side(StrEnum):
    """Whose a look is."""

    PEOPLE = "people"
    OWN = "own"
    MACHINES = "machines"


@dataclass(frozen=True, slots=True)
class Known:
    """A reader as it is named to a resident: ``place`` is the institution, ``title`` what somebody is there."""

    actor: str
    name: str
    place: str
    title: str
    side: Side


def side_of(actor: str, reader: Reader | None, own: str) -> Side:
    """On which side a reader stands; ``own`` is the actor of the resident who asks."""
    if actor == own:
        return Side.OWN
    if actor.startswith(_SHARE):
        return Side.PEOPLE
    if reader is not None:
        return Side.MACHINES if reader.machine else Side.PEOPLE
    return Side.PEOPLE if actor.startswith(_ACCOUNT) else Side.MACHINES


def known(connection: Connection, actors: Iterable[str], own: str) -> dict[str, Known]:
    """These readers by their ids."""
    wanted = set(actors)
    accounts = queries.readers(wanted)
    uploading = (
        {f"{_SENDER}{one.code}": one.name for one in senders.every(connection)}
        if any(actor.startswith(_SENDER) for actor in wanted)
        else {}
    )
    found = {}
    for actor in wanted:
        reader = accounts.get(actor)
        side = side_of(actor, reader, own)
        name = (
            reader.name if reader and side is not Side.OWN else _name(actor, uploading.get(actor, ""), side)
        )
        place, title = (reader.institution_name, reader.title) if reader else ("", "")
        found[actor] = Known(actor, name, place, title, side)
    return found


def _name(actor: str, sender: str, side: Side) -> str:
    """What a reader without a name of its own is called."""
    if side is Side.OWN:
        return gettext("Yourself")
    if actor.startswith(_SHARE):
        return gettext("Whoever you showed it to")
    if actor.startswith(_ACCOUNT):
        return gettext("Staff whose account is closed (%(id)s)") % {"id": actor}
    if actor.startswith(_SENDER):
        named = sender or actor.removeprefix(_SENDER)
        return gettext("%(name)s sends and checks data") % {"name": named}
    if actor.startswith(_NODE):
        named = actor.removeprefix(_NODE)
        return gettext("Exchange with the platform %(name)s") % {"name": named}
    if actor.startswith(_TOLD):
        return gettext("A system that is told of changes (%(id)s)") % {"id": actor.removeprefix(_TOLD)}
    if actor == "system":
        return gettext("The platform itself: putting in order, checking, reminding")
    return gettext("Program %(id)s") % {"id": actor}


@dataclass(frozen=True, slots=True)
class Machine:
    """All looks of one program."""

    reader: Known
    count: int
    refused: int
    latest: datetime
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookers:
    """Who looked at a record: rows of one reader, institution and purpose; the readers by id."""

    rows: tuple[Looker, ...]
    readers: dict[str, Known]

    def of(self, side: Side) -> tuple[Looker, ...]:
        """The rows of one side."""
        return tuple(row for row in self.rows if self.readers[row.actor].side is side)

    def actors(self, side: Side) -> tuple[str, ...]:
        """The readers of one side, the latest first."""
        return tuple(dict.fromkeys(row.actor for row in self.of(side)))

    def count(self, side: Side) -> int:
        """How many looks of one side there were; refused ones saw nothing and do not count."""
        return sum(row.count - row.refused for row in self.of(side))

    @property
    def people(self) -> int:
        """How many people looked and were not refused."""
        return len({row.actor for row in self.of(Side.PEOPLE) if row.count > row.refused})

    @property
    def institutions(self) -> int:
        """From how many institutions people looked."""
        rows = self.of(Side.PEOPLE)
        return len({row.institution for row in rows if row.institution and row.count > row.refused})

    @property
    def machines(self) -> tuple[Machine, ...]:
        """The programs, the latest first."""
        grouped: dict[str, list[Looker]] = {}
        for row in self.of(Side.MACHINES):
            grouped.setdefault(row.actor, []).append(row)
        return tuple(
            Machine(
                self.readers[actor],
                sum(row.count for row in rows),
                sum(row.refused for row in rows),
                max(row.latest for row in rows),
                tuple(dict.fromkeys(row.purpose for row in rows)),
            )
            for actor, rows in grouped.items()
        )


def lookers(
    connection: Connection, numbers: tuple[int, ...], own: str, *, since: datetime | None = None
) -> Lookers:
    """Who looked at the record of these Patients (numbers, as in the record's index), since a moment or ever."""
    rows = patients.lookers(connection, numbers, EVERYTHING, since=since, most=_EVERY)
    return Lookers(tuple(rows), known(connection, (row.actor for row in rows), own))
