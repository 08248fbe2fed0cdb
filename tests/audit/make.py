"""Accounts, residents and lines for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.accounts.models import Account
from xinglin.audit import finding, queries, rules
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.ids import self_number
from xinglin.record import access, database
from xinglin.record.access import Line
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.audit.queries import Alert
    from xinglin.audit.rules import Scopes

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)  # ten thirty in the morning of a Friday in China
SHIPPED = Path("/nowhere")  # a home without files: what is shipped holds
RULES = rules.abnormal(SHIPPED)
PATIENT = 99  # any number


def scopes() -> Scopes:
    return rules.scopes(SHIPPED)


def account(
    username: str, role: str = "doctor", *, name: str = "黄志远", institution: str = "hospital"
) -> Actor:
    """Somebody with an account that is not committed."""
    made = Account.objects.create_user(
        f"audit-{username}",
        display_name=name,
        roles=[role],
        institution_id=institution,
        institution_name="第一人民医院",
    )
    return Actor(f"account/{made.pk}", name, frozenset({role}), institution=institution or None)


def line(actor: Actor, moment: datetime = NOW, **more: Any) -> Line:
    given = {
        "purpose": actor.purpose, "action": "read", "outcome": "permit", "type": None, "id": None, "patient": None,
        "query": None, "institution": actor.institution,
    } | more  # fmt: skip
    return Line(moment=moment, actor=actor.id, **given)


def write(*lines: Line) -> None:
    connection = database.connection()
    with connection.transaction(), connection.cursor() as cursor:
        access.append(cursor, lines)


def reads(actor: Actor, count: int, moment: datetime = NOW, first: int = 1000, **more: Any) -> list[Line]:
    """Reads of that many different residents, a second apart."""
    return [line(actor, moment + timedelta(seconds=n), patient=first + n, **more) for n in range(count)]


def find(moment: datetime = NOW) -> list[tuple[str, str, str, int]]:
    """Search what is new; rule, level, actor and count of all alerts, the oldest first."""
    while finding.turn(database.connection(), RULES, now=moment).full:
        pass
    return [(one.rule, one.level.value, one.actor, one.count) for one in alerts()]


def alerts() -> list[Alert]:
    return queries.alerts(database.connection(), limit=1000)[::-1]


def store(*resources: dict[str, Any]) -> None:
    door = open_as(SYSTEM)
    for resource in resources:
        door.update(resource)


def number(patient: str) -> int:
    return self_number("Patient", patient)
