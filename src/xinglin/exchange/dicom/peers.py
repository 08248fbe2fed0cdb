"""Who may call: application entity titles, each of a sender, and from where.

A title is a name that anybody can give, so it should be bound to an address, here or by the sender's networks.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange import senders
from xinglin.exchange.dicom import rules
from xinglin.exchange.doors import Door
from xinglin.kernel.errors import Fault, invalid, not_found
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

_REMEMBERED_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Title:
    """An application entity that may call. ``address``: from there alone; empty: from wherever its sender may."""

    title: str
    sender: str
    address: str = ""


def add(connection: Connection, title: Title) -> None:
    """Let an application entity call, or change for whom and from where; the sender has to be registered."""
    if not rules.is_title(title.title):
        raise invalid(
            gettext_noop("%(title)s can be no AE title: 1 to 16 signs of ASCII without backslash."),
            code="value", title=repr(title.title),
        )  # fmt: skip
    address = title.address
    if address:
        try:
            address = str(ip_address(address))
        except ValueError:
            raise invalid(
                gettext_noop("%(address)s is no network address."), code="value", address=repr(address)
            ) from None
    senders.by_code(connection, title.sender)
    connection.execute(
        "INSERT INTO exchange_dicom_title (title, sender, address) VALUES (%s, %s, %s)"
        " ON CONFLICT (title) DO UPDATE SET sender = excluded.sender, address = excluded.address",
        [title.title.strip(), title.sender, address],
    )
    forget()


def remove(connection: Connection, title: str) -> None:
    """Let it call no more."""
    gone = connection.execute("DELETE FROM exchange_dicom_title WHERE title = %s", [title.strip()])
    if not gone.rowcount:
        raise not_found(gettext_noop("There is no AE title %(title)s."), title=repr(title))
    forget()


def every(connection: Connection) -> list[Title]:
    """All of them, in order."""
    rows = connection.execute("SELECT title, sender, address FROM exchange_dicom_title ORDER BY title")
    return [Title(*row) for row in rows]


_lock = threading.Lock()
_known: dict[str, Title] = {}
_until = 0.0


def known() -> dict[str, Title]:
    """Those that may call, as the table had it a moment ago."""
    global _known, _until  # noqa: PLW0603 -- one memory a process
    if time.monotonic() > _until:
        with _lock:
            _known = {title.title: title for title in every(database.connection())}
            _until = time.monotonic() + _REMEMBERED_SECONDS
    return _known


def forget() -> None:
    """Ask the table anew, in this process."""
    global _until  # noqa: PLW0603 -- as above
    _until = 0.0


def sender_of(title: str, address: str) -> Sender | None:
    """For whom the application entity that calls from there sends; None where it may not."""
    found = known().get(title.strip())
    if found is None or (found.address and found.address != _plain(address)):
        return None
    try:
        registered = senders.by_code(database.connection(), found.sender)
    except Fault:
        return None
    may = registered.active and Door.DICOM.value in registered.doors and registered.admits(address)
    return registered.sender if may else None


def _plain(address: str) -> str:
    try:
        given = ip_address(address)
    except ValueError:
        return address
    return str(getattr(given, "ipv4_mapped", None) or given)
