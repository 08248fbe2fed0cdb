"""Who sends: registered with a code, a key that is shown once, networks, a certificate, doors and a charset.

A sender's key has 256 random bits, so that its SHA-256 is enough to know it again. What a message's ids are made of is
the sender's ``code``, which never changes.
"""

from __future__ import annotations

import codecs
import re
import secrets
import threading
import time
from dataclasses import dataclass, fields
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop
from psycopg import errors

from xinglin.exchange.doors import Door, Sender
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

KEY_PREFIX = "xls_"
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
REMEMBERED_SECONDS = 5.0
"""How long a key that was revoked or a network that was taken away may still work in another process."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A sender as it is registered, with what says who may send as it."""

    id: int
    code: str
    name: str
    organization: str
    doors: tuple[str, ...]
    charset: str
    profile: str
    application: str  # MSH-3 of HL7 v2
    facility: str  # MSH-4
    networks: tuple[str, ...]  # from which it sends; none: from anywhere
    certificate: str  # SHA-256 of its client certificate, hexadecimal
    key_since: datetime | None
    active: bool
    made: datetime
    changed: datetime

    @property
    def sender(self) -> Sender:
        """As handlers know it."""
        return Sender(
            self.id, self.code, self.name, self.organization, frozenset(Door(door) for door in self.doors),
            self.charset, self.profile,
        )  # fmt: skip

    def admits(self, address: str | None) -> bool:
        """Whether it sends from that address."""
        if not self.networks:
            return True
        try:
            known = ip_address(address or "")
        except ValueError:
            return False
        mapped = getattr(known, "ipv4_mapped", None)
        return any((mapped or known) in ip_network(network) for network in self.networks)


@dataclass(frozen=True, slots=True)
class Details:
    """What is said of a sender when it is registered or changed."""

    name: str
    organization: str = ""
    doors: Sequence[Door] = ()
    charset: str = ""
    profile: str = ""
    application: str = ""
    facility: str = ""
    networks: Sequence[str] = ()
    certificate: str = ""

    def values(self) -> dict[str, Any]:
        """The columns, checked; a fault says what would be right."""
        if not self.name.strip():
            raise invalid(gettext_noop("A sender needs a name."), code="required", expression="name")
        return {
            "name": self.name.strip(),
            "organization": self.organization.removeprefix("Organization/").strip(),
            "doors": [Door(door).value for door in self.doors],
            "charset": _charset(self.charset),
            "profile": self.profile.strip(),
            "application": self.application.strip(),
            "facility": self.facility.strip(),
            "networks": [_network(text) for text in self.networks if text.strip()],
            "certificate": _fingerprint(self.certificate),
        }


_COLUMNS = ", ".join(field.name for field in fields(Registered))


def register(connection: Connection, *, code: str, details: Details, actor: Actor, now: datetime) -> str:
    """Register a sender; its key, which nobody can show again. Faults ``invalid`` and ``conflict``."""
    require_code(code)
    key = _new_key()
    values = {"code": code, **details.values(), "key_digest": digest_of(key)}
    values |= {"key_since": now, "made": now, "changed": now}
    try:
        with connection.transaction():
            row = connection.execute(
                f"INSERT INTO exchange_sender ({', '.join(values)}) VALUES ({', '.join(['%s'] * len(values))})"
                " RETURNING id",
                list(values.values()),
            ).fetchone()
    except errors.UniqueViolation as error:
        raise _taken(error, code) from None
    assert row is not None
    _note(connection, row[0], "registered", actor, now, "")
    forget()
    return key


def change(connection: Connection, *, code: str, details: Details, actor: Actor, now: datetime) -> Registered:
    """Change what is said of a sender; what was changed is noted."""
    before = by_code(connection, code)
    values = details.values()
    try:
        with connection.transaction():
            connection.execute(
                f"UPDATE exchange_sender SET {', '.join(f'{name} = %s' for name in values)}, changed = %s"
                " WHERE id = %s",
                [*values.values(), now, before.id],
            )
    except errors.UniqueViolation as error:
        raise _taken(error, code) from None
    after = by_code(connection, code)
    altered = [name for name in values if getattr(before, name) != getattr(after, name)]
    if altered:
        _note(connection, before.id, "changed", actor, now, ", ".join(altered))
    forget()
    return after


def renew_key(connection: Connection, *, code: str, actor: Actor, now: datetime) -> str:
    """Give a sender a new key; the old one holds no more."""
    held, key = by_code(connection, code), _new_key()
    connection.execute(
        "UPDATE exchange_sender SET key_digest = %s, key_since = %s, changed = %s WHERE id = %s",
        [digest_of(key), now, now, held.id],
    )
    _note(connection, held.id, "key", actor, now, "")
    forget()
    return key


def set_active(connection: Connection, *, code: str, active: bool, actor: Actor, now: datetime) -> None:
    """Let a sender send, or no more; what it has sent stays."""
    held = by_code(connection, code)
    if held.active != active:
        connection.execute(
            "UPDATE exchange_sender SET active = %s, changed = %s WHERE id = %s", [active, now, held.id]
        )
        _note(connection, held.id, "opened" if active else "closed", actor, now, "")
        forget()


# -- finding


def every(connection: Connection) -> list[Registered]:
    """All senders, by code."""
    return [_row(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM exchange_sender ORDER BY code")]


def by_code(connection: Connection, code: str) -> Registered:
    """The sender of that code; fault ``not_found``."""
    found = _where(connection, "code = %s", [code])
    if found is None:
        raise unknown(code)
    return found


def by_id(connection: Connection, id_: int) -> Registered:
    """The sender of that number."""
    found = _where(connection, "id = %s", [id_])
    if found is None:
        raise unknown(id_)
    return found


def bearer(authorization: str | None) -> str:
    """The key in a header ``Authorization: Bearer …``; empty where there is none."""
    scheme, _, key = (authorization or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def of_key(key: str, address: str | None, door: Door) -> Sender | None:
    """Who sends with that key from that address through that door; None for nobody who may."""
    if not key.startswith(KEY_PREFIX):
        return None
    digest = digest_of(key)
    return _admitted(("key", digest), lambda c: _where(c, "key_digest = %s", [digest]), address, door)


def of_key_anywhere(key: str, address: str | None) -> Sender | None:
    """The same whichever doors the sender has: for what is no message."""
    return next((found for door in Door if (found := of_key(key, address, door)) is not None), None)


def of_certificate(fingerprint: str, address: str | None, door: Door) -> Sender | None:
    """Who sends with that client certificate (SHA-256, hexadecimal, with or without colons)."""
    known = fingerprint.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(known):
        return None
    return _admitted(("certificate", known), lambda c: _where(c, "certificate = %s", [known]), address, door)


def of_names(application: str, facility: str, address: str | None, door: Door) -> Sender | None:
    """Who calls itself so in MSH-3 and MSH-4, if it sends from an address that is named for it.

    A name is no proof: a sender without networks is not found so.
    """
    if not (application or facility):
        return None

    def find(connection: Connection) -> Registered | None:
        found = _where(connection, "application = %s AND facility = %s", [application, facility])
        return found if found is not None and found.networks else None

    return _admitted(("names", f"{application}\0{facility}"), find, address, door)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that was done about a sender."""

    moment: datetime
    what: str
    actor: str
    detail: str


def events(connection: Connection, sender: int, *, limit: int = 50) -> list[Happened]:
    """What was done about a sender, the latest first."""
    rows = connection.execute(
        "SELECT moment, what, actor, detail FROM exchange_sender_event WHERE sender = %s"
        " ORDER BY place DESC LIMIT %s",
        [sender, limit],
    )
    return [Happened(*row) for row in rows]


# -- what this process remembers, so that a message costs no question more

_lock = threading.Lock()
_known: dict[tuple[str, str], tuple[float, Registered | None]] = {}
_MOST = 4096


def _admitted(
    by: tuple[str, str], find: Callable[[Connection], Registered | None], address: str | None, door: Door
) -> Sender | None:
    now = time.monotonic()
    with _lock:
        until, found = _known.get(by, (0.0, None))
    if until < now:
        found = find(database.connection())
        with _lock:
            if len(_known) >= _MOST:
                _known.clear()
            _known[by] = (now + REMEMBERED_SECONDS, found)
    if found is None or not found.active or door.value not in found.doors or not found.admits(address):
        return None
    return found.sender


def forget() -> None:
    """Ask the database anew for everybody, in this process."""
    with _lock:
        _known.clear()


# -- within


def digest_of(key: str) -> str:
    """What is kept of a key."""
    return sha256(key.encode()).hexdigest()


def _new_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)


def _where(connection: Connection, condition: str, values: list[Any]) -> Registered | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM exchange_sender WHERE {condition} ORDER BY id LIMIT 1", values
    ).fetchone()
    return None if row is None else _row(row)


def _row(row: tuple[Any, ...]) -> Registered:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    return Registered(*values)


def _note(connection: Connection, sender: int, what: str, actor: Actor, now: datetime, detail: str) -> None:
    connection.execute(
        "INSERT INTO exchange_sender_event (sender, moment, what, actor, detail) VALUES (%s, %s, %s, %s, %s)",
        [sender, now, what, actor.id, detail],
    )


def unknown(name: object) -> Exception:
    """The fault for a sender that is not registered."""
    return not_found(gettext_noop("There is no sender %(name)s."), name=name)


def _taken(error: errors.UniqueViolation, code: str) -> Exception:
    if error.diag.constraint_name == "exchange_sender_certificate":
        return conflict(gettext_noop("Another sender has this certificate."), expression="certificate")
    return conflict(gettext_noop("There is a sender %(name)s already."), expression="code", name=code)


def require_code(code: str) -> None:
    """Fault ``invalid`` where that can be no sender's code."""
    if not _CODE.fullmatch(code):
        raise invalid(
            gettext_noop(
                "%(name)r cannot be a sender's code: use 1 to 16 of a–z, 0–9 and -, the first no -."
            ),
            code="value",
            expression="code",
            name=code,
        )


def _charset(name: str) -> str:
    known = name.strip().lower()
    if known:
        try:
            codecs.lookup(known)
        except LookupError:
            raise invalid(
                gettext_noop("%(name)r is no character set; name one such as utf-8, gbk or gb18030."),
                code="value",
                expression="charset",
                name=name,
            ) from None
    return known


def _network(text: str) -> str:
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        raise invalid(
            gettext_noop("%(name)r is no network; write an address or a network such as 10.20.0.0/16."),
            code="value",
            expression="networks",
            name=text.strip(),
        ) from None


def _fingerprint(text: str) -> str:
    known = re.sub(r"[\s:]", "", text).lower()
    if known and not _FINGERPRINT.fullmatch(known):
        raise invalid(
            gettext_noop("The certificate's fingerprint is its SHA-256: 64 hexadecimal digits."),
            code="value",
            expression="certificate",
        )
    return known
