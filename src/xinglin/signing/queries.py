"""What is known: authorities that are trusted, credentials, and what was signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.signing.certificates import Certificate, RevocationList

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Authority:
    id: int
    name: str
    certificate: Certificate
    secret: str  # sealed; empty where only its certificate is known
    list: RevocationList | None


@dataclass(frozen=True, slots=True)
class Clock:
    """An authority that is trusted for time stamps."""

    name: str
    certificate: bytes  # DER, with a key of any kind
    authority: int | None  # that issued it, where its key is here
    secret: str  # sealed; empty where it is somebody else's


@dataclass(frozen=True, slots=True)
class Credential:
    id: int
    authority: int
    account: str
    practitioner: str
    organization: str
    certificate: Certificate
    secret: str
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class Signed:
    """That somebody signed one version of something; the signature itself is in the Provenance."""

    type: str
    resource: str
    version: int
    provenance: str
    role: str
    moment: datetime


def authorities(connection: Connection) -> list[Authority]:
    """All authorities that are trusted here."""
    rows = connection.execute("SELECT id, name, certificate, secret, list FROM signing_authority ORDER BY id")
    return [
        Authority(id_, name, Certificate(bytes(der)), secret, RevocationList(bytes(found)) if found else None)
        for id_, name, der, secret, found in rows
    ]


def clocks(connection: Connection) -> list[Clock]:
    """All authorities whose time stamps are believed; one of ours first."""
    rows = connection.execute(
        "SELECT name, certificate, authority, secret FROM signing_clock ORDER BY (secret = ''), id"
    )
    return [Clock(name, bytes(der), authority, secret) for name, der, authority, secret in rows]


_CREDENTIAL = (
    "SELECT id, authority, account, practitioner, organization, certificate, secret, revoked"
    " FROM signing_credential"
)


def _credential(row: tuple[Any, ...]) -> Credential:
    number, authority, account, practitioner, organization, der, secret, revoked = row
    return Credential(
        number, authority, account, practitioner, organization, Certificate(bytes(der)), secret, revoked
    )


def credential_of(connection: Connection, account: str) -> Credential | None:
    """What an account signs with now."""
    found = connection.execute(f"{_CREDENTIAL} WHERE account = %s AND revoked IS NULL", [account]).fetchone()
    return _credential(found) if found else None


def credentials(connection: Connection) -> list[Credential]:
    rows = connection.execute(f"{_CREDENTIAL} ORDER BY id").fetchall()
    return [_credential(row) for row in rows]


_SIGNED = "SELECT type, resource, version, provenance, role, moment FROM signing_signature"


def signatures_of(connection: Connection, type_name: str, id_: str) -> list[Signed]:
    """The signatures on a resource, of all its versions, the earliest first."""
    rows = connection.execute(f"{_SIGNED} WHERE type = %s AND resource = %s ORDER BY id", [type_name, id_])
    return [Signed(*row) for row in rows]
