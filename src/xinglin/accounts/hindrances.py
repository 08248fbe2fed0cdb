"""Failures to sign in, counted by the name typed and by the address they come from; too many of them lock it.

A name that nobody has is counted and locked like any other, so that a lock tells nothing about it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection

from xinglin.accounts import policy, rules
from xinglin.accounts.models import Hindrance

if TYPE_CHECKING:
    from datetime import datetime

_COUNT = """
INSERT INTO accounts_hindrance AS h (subject, failures, first) VALUES (%(subject)s, 1, %(now)s)
ON CONFLICT (subject) DO UPDATE SET
    failures = CASE WHEN h.first < %(since)s OR h.locked <= %(now)s THEN 1 ELSE h.failures + 1 END,
    first = CASE WHEN h.first < %(since)s OR h.locked <= %(now)s THEN %(now)s ELSE h.first END,
    locked = CASE WHEN h.locked <= %(now)s THEN NULL ELSE h.locked END
RETURNING failures
"""
_FORGET = "DELETE FROM accounts_hindrance WHERE first < %s AND (locked IS NULL OR locked < %s)"


def of_name(username: str) -> str:
    """The subject of an account's name. It is hashed: people type passwords into the wrong field."""
    return f"account:{rules.digest(username.strip().casefold())}"


def of_address(address: str) -> str:
    return f"address:{address}"


def locked_until(subjects: list[str], *, now: datetime) -> datetime | None:
    """The end of the longest lock among these; None when none is locked."""
    found = Hindrance.objects.filter(subject__in=subjects, locked__gt=now).order_by("-locked").first()
    return found.locked if found else None


def locked_among(usernames: list[str], *, now: datetime) -> set[str]:
    """Those of these names that are locked."""
    names = {of_name(name): name for name in usernames}
    found = Hindrance.objects.filter(subject__in=list(names), locked__gt=now).values_list(
        "subject", flat=True
    )
    return {names[subject] for subject in found}


def count(subject: str, *, now: datetime) -> bool:
    """Count one failure; tell whether it has locked the subject."""
    rule = policy.locking()
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT, {"subject": subject, "now": now, "since": now - timedelta(minutes=rule.minutes)}
        )
        failures = cursor.fetchone()[0]
    most = rule.address_failures if subject.startswith("address:") else rule.account_failures
    if failures < most:
        return False
    until = now + timedelta(minutes=rule.locked_minutes)
    return bool(Hindrance.objects.filter(subject=subject, locked=None).update(locked=until))


def clear(username: str) -> bool:
    """Forget the failures of a name; tell whether it was locked."""
    found = Hindrance.objects.filter(subject=of_name(username))
    locked = found.exclude(locked=None).exists()
    found.delete()
    return locked


def forget(*, now: datetime) -> int:
    """Drop what no longer counts; tell how many rows."""
    rule = policy.locking()
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [now - timedelta(minutes=rule.minutes), now])
        return int(cursor.rowcount)
