"""What a resident shows to somebody for a while: an address as a QR code, a PIN beside it, limits, and who opened it.

The address has a token, of which the table keeps a keyed hash. Opening it with the right PIN lets an actor of its own
(``share/<number>``) see the record by a relation that ends with the share, in the way of a mandate: never what is
sensitive. So every look has its line in the access log, and the resident a message of each opening.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.kernel.ids import VersionNumbers, shard_of
from xinglin.record import notices
from xinglin.record.policy import relations
from xinglin.residents import pins
from xinglin.residents.rules import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from xinglin.accounts.events import Origin
    from xinglin.record.database import Connection

_DATA = Path(__file__).parent / "data"
_VERSION = 1
_KIND = "share"
_COLUMNS = "id, patient, actor, scope, made, expires, uses, used, failures, revoked"
OPENED = gettext_noop("Your shared record was opened at %(moment)s.")
WRONG = gettext_noop("Your shared record is closed: a wrong PIN was typed too often.")
_numbers = VersionNumbers()


class Scope(StrEnum):
    """How much is shown; sensitive data never are."""

    SUMMARY = "summary"
    ALL = "all"


class Outcome(StrEnum):
    """How an attempt to open ended."""

    OPENED = "opened"
    WRONG_PIN = "wrong-pin"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Share:
    """What is shown to whoever has the address and the PIN. ``uses`` None: any number of times."""

    id: int
    patient: str
    actor: str
    scope: Scope
    made: datetime
    expires: datetime
    uses: int | None
    used: int
    failures: int
    revoked: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be opened."""
        return (
            self.revoked is None
            and now < self.expires
            and (self.uses is None or self.used < self.uses)
            and self.failures < table()["wrong_pins"]
        )

    @property
    def reader(self) -> Actor:
        """Whoever looks at it."""
        return Actor(f"share/{self.id}", "share", frozenset({"resident"}), purpose="FAMRQT")


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody opened it, or tried."""

    share: int
    moment: datetime
    outcome: Outcome
    address: str
    device: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shown, for how many minutes, how often (0: any number of times)."""

    scope: Scope
    minutes: int
    uses: int


@cache
def table() -> dict[str, Any]:
    """The limits."""
    return tomllib.loads((_DATA / f"shares-{_VERSION}.toml").read_text())


def share(connection: Connection, *, patient: str, wish: Wish, actor: Actor, now: datetime) -> pins.Made:
    """Make an address and a PIN. Raises ``invalid`` for what is not offered, ``conflict`` for too many at once."""
    if wish.minutes not in table()["minutes"] or wish.uses not in table()["uses"]:
        raise invalid(gettext_noop("Choose one of the times and numbers that are offered."))
    if sum(one.is_open(now) for one in of_patients(connection, [patient])) >= table()["most_open"]:
        raise conflict(gettext_noop("Too much is shared at once. End one before you share again."))
    made, expires = pins.make(table()["pin_digits"]), now + timedelta(minutes=wish.minutes)
    connection.execute(
        "INSERT INTO residents_share (id, shard, patient, actor, token, pin, scope, made, expires, uses)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            made.id, shard_of("Patient", patient), patient, actor.id, *made.hashes(_KIND), wish.scope.value, now,
            expires, wish.uses or None,
        ],
    )  # fmt: skip
    relations.open_by_hand(
        connection, patient=patient, kind=Kind.MANDATE.value, since=now, until=expires, actor=f"share/{made.id}",
        reason=f"shared by {actor.id}",
    )  # fmt: skip
    return made


def revoke(connection: Connection, *, number: int, patients: Collection[str], now: datetime) -> None:
    """End a share of one of these Patients at once; raises ``not_found``."""
    ended = connection.execute(
        "UPDATE residents_share SET revoked = %s WHERE id = %s AND patient = ANY(%s) AND revoked IS NULL",
        [now, number, list(patients)],
    )
    if not ended.rowcount:
        raise not_found(gettext_noop("There is nothing shared by this number."))
    relations.close_by_hand(connection, actor=f"share/{number}", now=now)


def found(connection: Connection, token: str) -> Share | None:
    """The share of an address, whether or not it is open."""
    return _found(connection, token, "")


def _found(connection: Connection, token: str, lock: str) -> Share | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM residents_share WHERE token = ANY(%s) {lock}",
        [pins.hashes_of(_KIND, token)],
    ).fetchone()
    return _share(row) if row else None


def attempt(
    connection: Connection, *, token: str, pin: str, now: datetime, origin: Origin
) -> tuple[Outcome, Share | None]:
    """Open a share with its PIN, once for each use; in a transaction, which keeps what was wrong as well."""
    one = _found(connection, token, "FOR UPDATE")
    if one is None or not one.is_open(now):
        return Outcome.CLOSED, None
    row = connection.execute("SELECT pin FROM residents_share WHERE id = %s", [one.id]).fetchone()
    assert row is not None
    right = pins.is_right(_KIND, one.id, pin, row[0])
    outcome = Outcome.OPENED if right else Outcome.WRONG_PIN
    counted = "used = used + 1" if right else "failures = failures + 1"
    connection.execute(f"UPDATE residents_share SET {counted} WHERE id = %s", [one.id])
    connection.execute(
        "INSERT INTO residents_opening (id, shard, share, moment, outcome, address, device)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            _numbers.take(1)[0], shard_of("Patient", one.patient), one.id, now, outcome.value,
            origin.address[:80], origin.agent[:200],
        ],
    )  # fmt: skip
    if right or one.failures + 1 >= table()["wrong_pins"]:
        _tell(connection, one, OPENED if right else WRONG, now)
    return outcome, one


def _tell(connection: Connection, one: Share, message: str, now: datetime) -> None:
    moment = now.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")
    notices.tell(
        connection, to=[notices.of_patient(one.patient)], kind="share", about="/my/shares/", message=message,
        now=now, moment=moment,
    )  # fmt: skip


def of_patients(connection: Connection, patients: Collection[str]) -> list[Share]:
    """What was shared of a person, by all Patients, the latest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM residents_share WHERE patient = ANY(%s) ORDER BY made DESC, id DESC LIMIT 50",
        [list(patients)],
    )
    return [_share(row) for row in rows]


def openings(connection: Connection, shares: Sequence[Share]) -> dict[int, list[Opening]]:
    """Who opened them, by share, the latest first."""
    rows = connection.execute(
        "SELECT share, moment, outcome, address, device FROM residents_opening WHERE share = ANY(%s)"
        " ORDER BY moment DESC",
        [[one.id for one in shares]],
    )
    told: dict[int, list[Opening]] = {}
    for number, moment, outcome, address, device in rows:
        told.setdefault(number, []).append(Opening(number, moment, Outcome(outcome), address, device))
    return told


def _share(row: Sequence[Any]) -> Share:
    return Share(row[0], row[1], row[2], Scope(row[3]), *row[4:])


def forget(connection: Connection, now: datetime) -> int:
    """Drop what was shared long ago, with its openings; tell how many."""
    before = now - timedelta(days=table()["kept_days"])
    connection.execute("DELETE FROM residents_opening WHERE moment < %s", [before])
    return connection.execute("DELETE FROM residents_share WHERE expires < %s", [before]).rowcount
