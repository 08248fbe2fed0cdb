"""One-time codes: asked for within limits, kept as keyed digests, right once and for a few minutes.

A code belongs to what it was asked for (a phone, or a card whose account has one), and is asked for alike whether
anybody is known by it, so that asking tells nothing.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_noop

from xinglin.crypto.sealing import search_hash, search_hashes
from xinglin.kernel.errors import busy
from xinglin.record.locks import Lock
from xinglin.residents import gateway, keys, rules

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.database import Connection

_KEPT = timedelta(days=2)


def target_of(kind: str, text: str) -> str:
    """The hash under which a phone or a card is counted; ``kind`` keeps them apart."""
    return search_hash(keys.ring(keys.SEARCH), kind, text)


def ask(connection: Connection, *, target: str, phone: str, address: str, now: datetime) -> int:
    """Make a code for ``target`` and send it to ``phone`` (nobody's where it is empty); the code's number.

    Raises ``busy`` beyond the limits; then nothing is sent.
    """
    rule = rules.code()
    text = f"{secrets.randbelow(10**rule.digits):0{rule.digits}d}"
    with connection.transaction():
        connection.execute(
            "SELECT pg_advisory_xact_lock(%s::int, hashtext(%s))", [Lock.RESIDENT_CODES, target]
        )
        _require_room(connection, target, address, now)
        row = connection.execute(
            "INSERT INTO residents_code (target, address, sent, expires) VALUES (%s, %s, %s, %s) RETURNING id",
            [target, address, now, now + timedelta(minutes=rule.minutes)],
        ).fetchone()
        assert row is not None
        connection.execute(
            "UPDATE residents_code SET digest = %s WHERE id = %s", [_digest(row[0], text), row[0]]
        )
    if phone:
        said = gettext(
            "%(code)s is your code for Xinglin. It holds for %(minutes)s minutes. Tell it to nobody."
        )
        gateway.send(phone, said % {"code": text, "minutes": rule.minutes}, now=now)
    return int(row[0])


def _require_room(connection: Connection, target: str, address: str, now: datetime) -> None:
    rule = rules.code()
    last = connection.execute("SELECT max(sent) FROM residents_code WHERE target = %s", [target]).fetchone()
    assert last is not None
    if last[0] is not None and now - last[0] < timedelta(seconds=rule.pause_seconds):
        raise busy(
            gettext_noop(
                "A code was sent a moment ago. Wait %(seconds)s seconds before you ask for another."
            ),
            seconds=rule.pause_seconds,
        )
    limits = [("target", target, rule.number)] + ([("address", address, rule.address)] if address else [])
    for column, value, windows in limits:
        for minutes, most in windows:
            row = connection.execute(
                f"SELECT count(*) FROM residents_code WHERE {column} = %s AND sent > %s",
                [value, now - timedelta(minutes=minutes)],
            ).fetchone()
            if row and row[0] >= most:
                raise busy(
                    gettext_noop("Too many codes were asked for. Try again later, or go to a desk."),
                )


def check(connection: Connection, *, number: int, target: str, given: str, now: datetime) -> bool:
    """Whether ``given`` is the code of that number for that target; right only once, and counted."""
    row = connection.execute(
        "UPDATE residents_code SET attempts = attempts + 1"
        " WHERE id = %s AND target = %s AND spent IS NULL AND expires > %s AND attempts < %s RETURNING digest",
        [number, target, now, rules.code().attempts],
    ).fetchone()
    plain = "".join(given.split())
    known = search_hashes(keys.ring(keys.SEARCH), f"code/{number}", plain)
    if row is None or not any(hmac.compare_digest(row[0], one) for one in known):
        return False
    spent = connection.execute(
        "UPDATE residents_code SET spent = %s WHERE id = %s AND spent IS NULL", [now, number]
    )
    return spent.rowcount == 1


def _digest(number: int, text: str) -> str:
    return search_hash(keys.ring(keys.SEARCH), f"code/{number}", text)


def forget(connection: Connection, now: datetime) -> int:
    """Drop codes that no longer count for any limit; tell how many."""
    return connection.execute("DELETE FROM residents_code WHERE sent < %s", [now - _KEPT]).rowcount
