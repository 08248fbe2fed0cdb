"""Health archives (居民健康档案): filed, changed, moved, closed, opened again, merged; no number comes twice."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.identity import store
from xinglin.identity.population import events, rules
from xinglin.identity.population.events import Deed, day
from xinglin.identity.population.rules import Reason, Review
from xinglin.kernel.errors import conflict, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

FIELDS = (
    "archive, person, state, reason, review, institution, keeper"
    ", doctor, division, filed, closed, successor, version"
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Who keeps an archive: the institution (id and name), the doctor, and the division that it manages it in."""

    institution: str
    keeper: str
    doctor: str
    division: str


@dataclass(frozen=True, slots=True)
class Archive:
    number: str
    person: str
    state: str
    reason: str | None
    review: str
    institution: str
    keeper: str
    doctor: str
    division: str
    filed: date
    closed: date | None
    successor: str | None
    version: int

    @property
    def is_open(self) -> bool:
        return self.state == "open"


def find(connection: Connection, number: str) -> Archive:
    """The archive of that number; raises ``not_found``."""
    row = connection.execute(f"SELECT {FIELDS} FROM identity_archive WHERE archive = %s", [number]).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no archive with the number %(number)s."), number=number[:40])
    return Archive(*row)


def of_persons(connection: Connection, persons: Sequence[str]) -> list[Archive]:
    """Their archives, the open ones first. Give a person with all ids that were merged into it."""
    rows = connection.execute(
        f"SELECT {FIELDS} FROM identity_archive WHERE number = ANY(%s) ORDER BY state DESC, filed DESC",
        [[events.key(person)[0] for person in persons]],
    )
    return [Archive(*row) for row in rows]


def next_serial(connection: Connection, kind: str, division: str) -> int:
    """The division's next serial. Its row stays locked until the transaction ends: none is lost or given twice."""
    row = connection.execute(
        "INSERT INTO identity_serial (kind, division, last) VALUES (%s, %s, 1)"
        " ON CONFLICT (kind, division) DO UPDATE SET last = identity_serial.last + 1 RETURNING last",
        [kind, division],
    ).fetchone()
    assert row is not None
    return int(row[0])


def file(
    connection: Connection, *, person: str, keeping: Keeping, note: str = "", actor: Actor, now: datetime
) -> Archive:
    """File an archive for the person under the next number of ``keeping.division``."""
    _require_keeping(keeping)
    events.lock(connection, person)
    ids = [person, *store.merged_into(connection, person)]
    standing = [a for a in of_persons(connection, ids) if a.is_open]
    if standing:
        raise conflict(
            gettext_noop("This person has an open archive already: %(number)s, kept by %(keeper)s."),
            number=standing[0].number, keeper=standing[0].keeper,
        )  # fmt: skip
    number = rules.archive_number(keeping.division, next_serial(connection, "archive", keeping.division))
    own, shard = events.key(person)
    filed = day(now)
    connection.execute(
        f"INSERT INTO identity_archive (number, shard, {FIELDS})"
        " VALUES (%s, %s, %s, %s, 'open', NULL, 'unreviewed', %s, %s, %s, %s, %s, NULL, NULL, 1)",
        [own, shard, number, person, keeping.institution, keeping.keeper, keeping.doctor, keeping.division, filed],
    )  # fmt: skip
    made = find(connection, number)
    _note(connection, made, Deed(person, "", "filed", note=note, detail=asdict(keeping)), actor, now)
    return made


def change(
    connection: Connection, *, number: str, doctor: str, note: str = "", actor: Actor, now: datetime
) -> Archive:
    """Name another responsible doctor at the same institution."""
    archive = _lock_open(connection, number)
    return _replace(connection, archive, replace(archive, doctor=doctor), Deed(
        archive.person, "", "changed", note=note, detail={"doctor": doctor, "before": archive.doctor}
    ), actor, now)  # fmt: skip


def move(
    connection: Connection, *, number: str, keeping: Keeping, note: str = "", actor: Actor, now: datetime
) -> Archive:
    """Move the archive to another keeper or division (迁移). Its number stays: it is for life."""
    _require_keeping(keeping)
    archive = _lock_open(connection, number)
    before = Keeping(archive.institution, archive.keeper, archive.doctor, archive.division)
    if keeping == before:
        raise conflict(
            gettext_noop("The archive is kept there already. Choose another institution or division.")
        )
    return _replace(connection, archive, replace(archive, **asdict(keeping)), Deed(
        archive.person, "", "moved", note=note, detail={"from": asdict(before), "to": asdict(keeping)}
    ), actor, now)  # fmt: skip


def close(
    connection: Connection, *, number: str, reason: Reason, note: str = "", actor: Actor, now: datetime
) -> Archive:
    """Close the archive: the person died, moved away, was lost, or refuses."""
    if reason is Reason.OTHER and not note.strip():
        raise invalid(gettext_noop("Say in words why the archive is closed."), expression="note")
    archive = _lock_open(connection, number)
    shut = replace(archive, state="closed", reason=reason.value, closed=day(now))
    return _replace(
        connection, archive, shut, Deed(archive.person, "", "closed", reason.value, note), actor, now
    )


def reopen(connection: Connection, *, number: str, note: str, actor: Actor, now: datetime) -> Archive:
    """Open a closed archive again; what was merged into another comes back by unmerging the persons."""
    archive = _lock(connection, number)
    if archive.is_open:
        raise conflict(gettext_noop("Archive %(number)s is open."), number=number)
    others = [a for a in of_persons(connection, [archive.person]) if a.is_open]
    if others:
        raise conflict(
            gettext_noop("This person has another open archive: %(number)s. Close it first."),
            number=others[0].number,
        )
    again = replace(archive, state="open", reason=None, closed=None, successor=None)
    detail = {"closed": str(archive.closed), "reason": archive.reason}
    deed = Deed(archive.person, "", "reopened", note=note, detail=detail)
    return _replace(connection, archive, again, deed, actor, now)


def review(
    connection: Connection, *, number: str, then: Review, note: str = "", actor: Actor, now: datetime
) -> Archive:
    """Say how far the archive is looked through, or open it to the resident."""
    archive = _lock_open(connection, number)
    rules.require_review(Review(archive.review), then)
    detail = {"from": archive.review, "to": then.value}
    deed = Deed(archive.person, "", "review", note=note, detail=detail)
    return _replace(connection, archive, replace(archive, review=then.value), deed, actor, now)


def merge(
    connection: Connection, *, kept: str, absorbed: str, note: str = "", actor: Actor, now: datetime
) -> Archive:
    """Close ``absorbed`` because its person turned out to be the person of ``kept``."""
    if kept == absorbed:
        raise invalid(gettext_noop("An archive cannot be merged into itself."))
    going_on = find(connection, kept)
    archive = _lock_open(connection, absorbed)
    shut = replace(
        archive, state="closed", reason=Reason.MERGED.value, closed=day(now), successor=going_on.number
    )  # fmt: skip
    deed = Deed(archive.person, "", "merged", Reason.MERGED.value, note, {"into": going_on.number})
    return _replace(connection, archive, shut, deed, actor, now)


def settle(
    connection: Connection, *, persons: Sequence[str], actor: Actor, now: datetime, note: str = ""
) -> list[Archive]:
    """Of several open archives of ids that are one person now keep the oldest; the others are merged into it."""
    found = sorted(
        (a for a in of_persons(connection, persons) if a.is_open), key=lambda a: (a.filed, a.number)
    )
    return [
        merge(connection, kept=found[0].number, absorbed=other.number, note=note, actor=actor, now=now)
        for other in found[1:]
    ]


def unsettle(
    connection: Connection, *, person: str, actor: Actor, now: datetime, note: str = ""
) -> list[Archive]:
    """Open again what ``settle`` closed, when the person has come apart again."""
    lost = [a for a in of_persons(connection, [person]) if a.reason == Reason.MERGED.value]
    standing = any(a.is_open for a in of_persons(connection, [person]))
    if standing or not lost:
        return []
    return [reopen(connection, number=lost[0].number, note=note, actor=actor, now=now)]


def history(connection: Connection, number: str) -> list[events.Event]:
    return events.of_subject(connection, f"archive/{number}")


def _require_keeping(keeping: Keeping) -> None:
    if not keeping.keeper.strip():
        raise invalid(gettext_noop("Say which institution keeps the archive."), expression="keeper")
    if rules.level(rules.require_code(keeping.division)) != 5:
        rules.archive_number(keeping.division, 1)


def _lock(connection: Connection, number: str) -> Archive:
    events.lock(connection, find(connection, number).person)
    return find(connection, number)


def _lock_open(connection: Connection, number: str) -> Archive:
    archive = _lock(connection, number)
    if not archive.is_open:
        raise conflict(
            gettext_noop("Archive %(number)s was closed on %(day)s. Open it again first."),
            number=number, day=archive.closed,
        )  # fmt: skip
    return archive


def _replace(
    connection: Connection, before: Archive, after: Archive, deed: Deed, actor: Actor, now: datetime
) -> Archive:
    number, shard = events.key(before.person)
    connection.execute(
        "UPDATE identity_archive SET state = %s, reason = %s, review = %s, institution = %s, keeper = %s, doctor = %s,"
        " division = %s, closed = %s, successor = %s, version = version + 1"
        " WHERE number = %s AND shard = %s AND archive = %s",
        [after.state, after.reason, after.review, after.institution, after.keeper, after.doctor, after.division,
         after.closed, after.successor, number, shard, before.number],
    )  # fmt: skip
    _note(connection, before, deed, actor, now)
    return find(connection, before.number)


def _note(connection: Connection, archive: Archive, deed: Deed, actor: Actor, now: datetime) -> None:
    subject = replace(deed, subject=f"archive/{archive.number}")
    events.note(connection, deed=subject, actor=actor, now=now)
