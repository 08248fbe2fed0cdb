"""What can be asked about registrations, authorities and kiosks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.crypto.sealing import SealBroken, open_sealed, search_hash, search_hashes
from xinglin.identity import queries as identity
from xinglin.kernel.errors import not_found
from xinglin.residents import keys
from xinglin.residents.rules import Kind, Level, Scope, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from xinglin.record.database import Connection

_PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Registration:
    """An account and whose it is. ``phone`` is sealed."""

    id: int
    account: int
    person: str
    patient: str
    phone: str
    level: Level
    evidence: str
    verified: datetime
    verifier: str
    verifier_name: str
    closed: datetime | None

    @property
    def actor(self) -> str:
        return f"account/{self.account}"


@dataclass(frozen=True, slots=True)
class Authority:
    """``account`` may act for the person whom ``patient`` is, or asked for it; ``name``, ``document`` are sealed."""

    id: int
    account: int
    state: State
    relation: str
    evidence: str
    name: str
    document: str
    wanted: date | None
    asked: datetime
    person: str
    patient: str
    kind: Kind | None
    since: datetime | None
    until: datetime | None
    decided: datetime | None
    decider_name: str
    reason: str
    related: str
    binding: int | None
    withdrawn: datetime | None
    scope: Scope

    def holds(self, now: datetime) -> bool:
        return (
            self.state is State.GIVEN
            and self.since is not None
            and self.since <= now
            and (self.until is None or now < self.until)
        )

    def is_over(self, now: datetime) -> bool:
        """Whether it was given and its time has passed."""
        return self.state is State.GIVEN and self.until is not None and self.until <= now

    @property
    def actor(self) -> str:
        return f"account/{self.account}"


_REGISTRATION = ", ".join(f.name for f in fields(Registration))
_AUTHORITY = ", ".join(f.name for f in fields(Authority))


def _registration(row: Sequence[Any]) -> Registration:
    given = dict(zip((f.name for f in fields(Registration)), row, strict=True))
    return Registration(**{**given, "level": Level(given["level"])})


def _authority(row: Sequence[Any]) -> Authority:
    given = dict(zip((f.name for f in fields(Authority)), row, strict=True))
    kind = Kind(given["kind"]) if given["kind"] else None
    return Authority(
        **{**given, "state": State(given["state"]), "kind": kind, "scope": Scope(given["scope"])}
    )


def phone_hash(phone: str) -> str:
    return search_hash(keys.ring(keys.SEARCH), _PHONE, phone)


def of_account(connection: Connection, account: int) -> Registration | None:
    """The registration of an account, while it is open."""
    row = connection.execute(
        f"SELECT {_REGISTRATION} FROM residents_registration WHERE account = %s AND closed IS NULL",
        [account],
        prepare=True,
    ).fetchone()
    return _registration(row) if row else None


def of_phone(connection: Connection, phone: str) -> Registration | None:
    """The open registration with that phone."""
    row = connection.execute(
        f"SELECT {_REGISTRATION} FROM residents_registration WHERE phone_hash = ANY(%s) AND closed IS NULL",
        [search_hashes(keys.ring(keys.SEARCH), _PHONE, phone)],
    ).fetchone()
    return _registration(row) if row else None


def of_person(connection: Connection, person: str) -> Registration | None:
    """The open registration of whom the index knows by this id, by whichever Patient it was bound."""
    patients = list(identity.patients_of(connection, person))
    row = connection.execute(
        f"SELECT {_REGISTRATION} FROM residents_registration"
        " WHERE (person = %s OR patient = ANY(%s)) AND closed IS NULL ORDER BY id LIMIT 1",
        [person, patients],
    ).fetchone()
    return _registration(row) if row else None


def by_evidence(connection: Connection, evidence: str) -> list[Registration]:
    """The open registrations that rest on this evidence, the earliest first."""
    rows = connection.execute(
        f"SELECT {_REGISTRATION} FROM residents_registration WHERE evidence = %s AND closed IS NULL ORDER BY id",
        [evidence],
    )
    return [_registration(row) for row in rows]


def authority(connection: Connection, number: int, *, lock: bool = False) -> Authority:
    """Raises ``not_found``."""
    row = connection.execute(
        f"SELECT {_AUTHORITY} FROM residents_authority WHERE id = %s{' FOR UPDATE' if lock else ''}", [number]
    ).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no authority to act %(number)s."), number=number)
    return _authority(row)


def of_delegate(connection: Connection, account: int) -> list[Authority]:
    """What an account may do for others, has asked for or has lost, the latest first."""
    rows = connection.execute(
        f"SELECT {_AUTHORITY} FROM residents_authority WHERE account = %s ORDER BY id DESC", [account]
    )
    return [_authority(row) for row in rows]


def over(connection: Connection, patient: str) -> list[Authority]:
    """Who may or might act for the person whom this Patient is, the latest first."""
    rows = connection.execute(
        f"SELECT {_AUTHORITY} FROM residents_authority WHERE patient = ANY(%s) AND patient <> '' ORDER BY id DESC",
        [list(identity.together(connection, patient))],
    )
    return [_authority(row) for row in rows]


def asked(connection: Connection, *, limit: int = 200) -> list[Authority]:
    """What waits for a desk, the earliest first."""
    rows = connection.execute(
        f"SELECT {_AUTHORITY} FROM residents_authority WHERE state = 'asked' ORDER BY id LIMIT %s", [limit]
    )
    return [_authority(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that was sent with a request."""

    type: str
    size: int
    version: int
    sealed: bytes


def evidence(connection: Connection, number: int) -> Evidence | None:
    """The file of an authority, as it is kept."""
    row = connection.execute(
        "SELECT type, size, version, sealed FROM residents_evidence WHERE authority = %s", [number]
    ).fetchone()
    return Evidence(row[0], row[1], row[2], bytes(row[3])) if row else None


def phone_place(account: int) -> str:
    """What the sealed phone of an account is bound to."""
    return f"residents_registration/{account}/phone"


def authority_place(number: int, field: str) -> str:
    """What a sealed field of an authority is bound to."""
    return f"residents_authority/{number}/{field}"


def _opened(sealed: str, about: str) -> str:
    """A sealed field; "" for what cannot be opened any more."""
    if not sealed:
        return ""
    try:
        return open_sealed(keys.ring(keys.FIELDS), sealed, about=about)
    except SealBroken:
        return ""


def phone_of(registration: Registration) -> str:
    """The phone of a registration in full; "" without one."""
    return _opened(registration.phone, phone_place(registration.account))


def name_of(one: Authority) -> str:
    """The name of the person whom an authority is about, as it was typed."""
    return _opened(one.name, authority_place(one.id, "name"))


def document_of(one: Authority) -> str:
    """The same person's identity number."""
    return _opened(one.document, authority_place(one.id, "document"))
