"""What happened with signing on, in order, only ever added to. The ledger reads it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 -- a field of a row
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from xinglin.accounts.models import Event
from xinglin.kernel.origin import of_request
from xinglin.record.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

    from xinglin.record.database import Connection


WORDS = {
    "signed-in": _("Signed in"),
    "refused": _("Password refused"),
    "refused-second": _("Second factor refused"),
    "refused-locked": _("Refused while locked"),
    "locked": _("Locked after failures"),
    "address-locked": _("Address locked after failures"),
    "unlocked": _("Unlocked"),
    "signed-out": _("Signed out"),
    "session-ended": _("Session ended"),
    "created": _("Account created"),
    "disabled": _("Account disabled"),
    "enabled": _("Account enabled"),
    "roles": _("Roles changed"),
    "place": _("Department or practitioner changed"),
    "password": _("Password changed"),
    "password-reset": _("Password reset by an administrator"),
    "totp": _("Authenticator app set up"),
    "totp-removed": _("Authenticator app removed"),
    "codes": _("Recovery codes made"),
    "code-used": _("Recovery code used"),
    "passkey": _("Security key registered"),
    "passkey-removed": _("Security key removed"),
    "factor-reset": _("Second factor reset by an administrator"),
    "resident-bound": _("Account of a resident opened"),
    "resident-phone": _("Phone of the account changed"),
    "resident-closed": _("Account of a resident closed"),
    "kiosk-opened": _("Session at a kiosk opened by a clerk"),
    "authority-asked": _("Acting for another person asked for"),
    "authority-given": _("Acting for another person approved"),
    "authority-refused": _("Acting for another person refused"),
    "authority-withdrawn": _("Acting for another person withdrawn"),
    "acting": _("Person acted for changed"),
}
"""The kinds, and what they are called."""


def offer(words: Mapping[str, _StrPromise]) -> None:
    """Add kinds of events that another package notes; when the applications get ready."""
    WORDS.update(words)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: its address and its browser."""

    address: str = ""
    agent: str = ""


NOWHERE = Origin()


def origin_in(meta: Mapping[str, Any]) -> Origin:
    """Where a request comes from, by WSGI's variables; behind ``XINGLIN_PROXIES`` proxies what the outermost says."""
    address = of_request(meta, settings.SETTINGS.proxies).address or ""
    return Origin(address[:45], str(meta.get("HTTP_USER_AGENT", ""))[:300])


def note(
    kind: str,
    *,
    account: int | None,
    actor: str,
    now: datetime,
    origin: Origin = NOWHERE,
    detail: str = "",
) -> None:
    """Add an event, in the caller's transaction. Call it last: it makes other events wait for the commit."""
    assert kind in WORDS, kind
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.SIGN_ON_ORDER])
        Event.objects.create(
            moment=now, kind=kind, account=account, actor=actor, address=origin.address[:45],
            agent=origin.agent[:300], detail=detail[:300],
        )  # fmt: skip


def of_account(account: int) -> QuerySet[Event]:
    """What happened with an account, the latest first."""
    return Event.objects.filter(account=account).order_by("-place")


def by_place() -> QuerySet[Event]:
    """All events in order."""
    return Event.objects.order_by("place")


class Row(NamedTuple):
    """An event as it stands in its table."""

    place: int
    moment: datetime
    kind: str
    account: int | None
    actor: str
    address: str
    agent: str
    detail: str


def placed(connection: Connection, place: int, *, limit: int, upto: int | None = None) -> list[Row]:
    """Events whose place is higher than ``place``, in order; to ``upto`` where it is given."""
    rows = connection.execute(
        f"SELECT {', '.join(Row._fields)} FROM accounts_event"
        " WHERE place > %s AND place <= coalesce(%s, 9223372036854775807) ORDER BY place LIMIT %s",
        [place, upto, limit],
    )
    return [Row(*row) for row in rows]
