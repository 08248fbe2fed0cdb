"""What can be asked of the versions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.mapping.rules import State
from xinglin.kernel.errors import not_found
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a mapping of an owner's."""

    id: int
    owner: str
    door: str
    mapping: str
    kinds: tuple[str, ...]
    number: int
    state: State
    body: str
    base: str
    note: str
    made: datetime
    maker: str
    changed: datetime
    edits: int
    since: datetime | None
    until: datetime | None

    @property
    def kind(self) -> str:
        return self.kinds[0] if self.kinds else ""

    @property
    def is_editable(self) -> bool:
        return self.state in {State.DRAFT, State.TESTED}


@dataclass(frozen=True, slots=True)
class Sample:
    """A message and what has to come of it."""

    id: int
    title: str
    media: str
    kind: str
    message: bytes
    expected: str
    made: datetime
    maker: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The last test of a version by a sample; ``said`` is how the result differed."""

    sample: int
    passed: bool
    said: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Event:
    number: int
    moment: datetime
    what: str
    actor: str
    note: str


_COLUMNS = ", ".join(field.name for field in fields(Version))


def _version(row: tuple) -> Version:  # type: ignore[type-arg]  # a row, as wide as the class
    values = dict(zip([field.name for field in fields(Version)], row, strict=True))
    return Version(**{**values, "kinds": tuple(values["kinds"]), "state": State(values["state"])})


def versions(connection: Connection, owners: Collection[str] | None = None) -> list[Version]:
    """All versions, or those of some owners, the latest of each mapping first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM exchange_mapping_version WHERE %s::text[] IS NULL OR owner = ANY (%s)"
        " ORDER BY owner, mapping, number DESC",
        [None if owners is None else list(owners)] * 2,
    )
    return [_version(row) for row in rows]


def version(connection: Connection, id_: int, *, lock: bool = False) -> Version:
    """One version; fault ``not_found``."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM exchange_mapping_version WHERE id = %s {'FOR UPDATE' if lock else ''}", [id_]
    ).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no version %(id)s of a mapping."), id=id_)
    return _version(row)


def siblings(connection: Connection, of: Version) -> list[Version]:
    """The versions of the same mapping of the same owner, the latest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM exchange_mapping_version WHERE owner = %s AND mapping = %s ORDER BY number DESC",
        [of.owner, of.mapping],
    )
    return [_version(row) for row in rows]


def samples(connection: Connection, of: Version) -> list[Sample]:
    """The samples by which the owner's versions of the mapping are tested."""
    rows = connection.execute(
        "SELECT id, title, media, kind, message, expected, made, maker FROM exchange_mapping_sample"
        " WHERE owner = %s AND mapping = %s ORDER BY title",
        [of.owner, of.mapping],
    )
    return [
        Sample(
            id_,
            title,
            media,
            kind,
            sealing.open_sealed(message),
            sealing.open_sealed(expected).decode(),
            made,
            maker,
        )
        for id_, title, media, kind, message, expected, made, maker in rows
    ]


def trials(connection: Connection, of: Version) -> dict[int, Trial]:
    """The last test of a version by each sample."""
    rows = connection.execute(
        "SELECT sample, passed, said, moment FROM exchange_mapping_trial WHERE version = %s", [of.id]
    )
    return {
        sample: Trial(sample, passed, sealing.open_sealed(said).decode() if said else "", moment)
        for sample, passed, said, moment in rows
    }


def events(connection: Connection, of: Version, *, limit: int = 100) -> list[Event]:
    rows = connection.execute(
        "SELECT number, moment, what, actor, note FROM exchange_mapping_event"
        " WHERE owner = %s AND mapping = %s ORDER BY place DESC LIMIT %s",
        [of.owner, of.mapping, limit],
    )
    return [Event(*row) for row in rows]


def in_force(connection: Connection) -> dict[tuple[str, str, str], str]:
    """The texts in force by (owner, door, kind)."""
    rows = connection.execute(
        "SELECT owner, door, kinds, body FROM exchange_mapping_version WHERE state = 'in force'"
    )
    return {(owner, door, kind): body for owner, door, kinds, body in rows for kind in kinds}
