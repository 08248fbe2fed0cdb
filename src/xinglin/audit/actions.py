"""What can be done: open alerts and decide them, take a complaint, state whose account this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.audit import queries, rules
from xinglin.audit.rules import COMPLAINT, Level, State
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import invalid
from xinglin.ledger import actions as ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.audit.looks import Hit
    from xinglin.audit.rules import Scopes
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

LONGEST = 2000  # letters of a reason or complaint


def open_alert(connection: Connection, *, hit: Hit, version: str, now: datetime) -> bool:
    """Open an alert, or add to the one of the same hour or day; tell whether it is new.

    One that was decided opens again when it has grown to twice what it was then.
    """
    held = connection.execute(
        "SELECT number, state, decided_count, count FROM audit_alert WHERE rule = %s AND actor = %s AND patient = %s"
        " AND bucket = %s",
        [hit.rule, hit.actor, hit.patient, hit.bucket],
    ).fetchone()
    if held is None:
        number = _insert(connection, hit, version, now)
        _rest_on(connection, number, hit.places)
        event = {"alert": number, "rule": hit.rule, "version": version, "actor": hit.actor, "moment": now}
        ledger.enter(connection, kind="audit.alert", event=event, now=now)
        return True
    number, state, decided, count = held
    if hit.count != count:
        connection.execute(
            "UPDATE audit_alert SET latest = %s, count = %s, level = %s, usual = %s WHERE number = %s",
            [now, hit.count, hit.level.value, hit.usual, number],
        )
    _rest_on(connection, number, hit.places)
    if state != State.OPEN and hit.count >= 2 * (decided or 1):
        _step(connection, number, State.OPEN, f"{decided} → {hit.count}", SYSTEM, now)
    return False


def _insert(connection: Connection, hit: Hit, version: str, now: datetime) -> int:
    row = connection.execute(
        "INSERT INTO audit_alert (rule, version, level, actor, patient, bucket, found, latest, count, usual,"
        " institution) VALUES (%(rule)s, %(version)s, %(level)s, %(actor)s, %(patient)s, %(bucket)s, %(now)s, %(now)s,"
        " %(count)s, %(usual)s, (SELECT institution FROM record_access WHERE place = %(first)s AND %(actor)s <> ''"
        " LIMIT 1)) RETURNING number",
        {
            "rule": hit.rule, "version": version, "level": hit.level.value, "actor": hit.actor,
            "first": hit.places[0] if hit.places else None, "patient": hit.patient, "bucket": hit.bucket,
            "now": now, "count": hit.count, "usual": hit.usual,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def _rest_on(connection: Connection, number: int, places: Sequence[int]) -> None:
    connection.execute(
        "INSERT INTO audit_basis (alert, place) SELECT %s, unnest(%s::bigint[]) ON CONFLICT DO NOTHING",
        [number, list(places)],
    )


def _step(
    connection: Connection, number: int, state: State, reason: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    connection.execute(
        "UPDATE audit_alert SET state = %s, decided_count = count WHERE number = %s", [state.value, number]
    )
    connection.execute(
        "INSERT INTO audit_step (alert, moment, actor, name, state, reason) VALUES (%s, %s, %s, %s, %s, %s)",
        [number, now, actor.id, actor.name, state.value, reason],
    )


def decide(  # noqa: PLR0913 -- what, how, why, who
    connection: Connection,
    *,
    number: int,
    state: State,
    reason: str,
    actor: Actor,
    scopes: Scopes,
    now: datetime,
) -> None:
    """Say what became of an alert; it goes into the ledger.

    Raises ``forbidden`` for who may not, or whom the alert is about.
    """
    reach = rules.scope(actor, scopes)
    connection.execute("SELECT FROM audit_alert WHERE number = %s FOR UPDATE", [number])
    alert = queries.alert(connection, number, reach)
    rules.require_deciding(actor, scopes, alert.actor)
    rules.require_step(alert.state, state, reason)
    said = reason.strip()[:LONGEST]
    _step(connection, number, state, said, actor, now)
    event = {"alert": number, "state": state.value, "reason": said, "actor": actor.id, "moment": now}
    ledger.enter(connection, kind="audit.decide", event=event, now=now)


def complain(
    connection: Connection,
    *,
    patients: Sequence[int],
    place: int | None,
    words: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Take a resident's complaint: a case for the auditor, as an alert is; its number.

    ``patients`` are the numbers of the resident; ``place`` the line complained about, which must be about them.
    """
    if not words.strip():
        raise invalid(gettext_noop("Write down what the complaint is about."))
    about = ""
    if place is not None:
        found = queries.lines(connection, queries.Wanted(places=(place,), patients=tuple(patients)), limit=1)
        if not found:
            raise invalid(gettext_noop("Line %(place)s is not about this resident."), place=place)
        about = found[0].line.actor
    row = connection.execute(
        "INSERT INTO audit_alert (rule, version, level, actor, patient, bucket, found, latest, count, words,"
        " institution) VALUES (%(rule)s, '', %(level)s, %(about)s, %(patient)s, %(now)s, %(now)s, %(now)s, 1,"
        " %(words)s, (SELECT institution FROM record_access WHERE place = %(place)s LIMIT 1))"
        " RETURNING number",
        {
            "rule": COMPLAINT, "level": Level.MEDIUM.value, "about": about, "patient": patients[0], "now": now,
            "words": words.strip()[:LONGEST], "place": place,
        },
    ).fetchone()  # fmt: skip
    assert row is not None
    if place is not None:
        _rest_on(connection, row[0], [place])
    event = {
        "alert": row[0],
        "about": about,
        "words": words.strip()[:LONGEST],
        "actor": actor.id,
        "moment": now,
    }
    ledger.enter(connection, kind="audit.complaint", event=event, now=now)
    return int(row[0])


def know(connection: Connection, *, account: str, patient: str, actor: Actor, now: datetime) -> None:
    """State which Patient an account's own person is; an empty one forgets it."""
    if not patient:
        connection.execute("DELETE FROM audit_own WHERE actor = %s", [account])
        return
    connection.execute(
        "INSERT INTO audit_own (actor, patient, stater, moment) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (actor) DO UPDATE SET patient = EXCLUDED.patient, stater = EXCLUDED.stater,"
        " moment = EXCLUDED.moment",
        [account, patient, actor.id, now],
    )
