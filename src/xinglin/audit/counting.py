"""Rules that count: residents an hour, refusals, nights, broken glass, exports, crowds around one record."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xinglin.audit import rules
from xinglin.audit.looks import WRITES, Hit, Look, hit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from xinglin.audit.rules import Rule
    from xinglin.record.access import Placed
    from xinglin.record.database import Connection

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_OPENED = "patient IS NOT NULL AND outcome = 'permit' AND action <> ALL(%(writes)s)"
_BROKEN = "patient IS NOT NULL AND outcome = 'permit' AND purpose = ANY(%(purposes)s)"


def count_hours(
    connection: Connection, hours: Iterable[datetime], *, purposes: Sequence[str], exports: Sequence[str]
) -> None:
    """Count these hours anew, for everybody."""
    for hour in sorted(hours):
        connection.execute(
            """
            INSERT INTO audit_hour (hour, actor, institution, permitted, refused, patients, emergencies, exports)
            SELECT %(hour)s, actor, max(institution), count(*) FILTER (WHERE outcome = 'permit'),
                   count(*) FILTER (WHERE outcome <> 'permit'),
                   count(DISTINCT patient) FILTER (WHERE outcome = 'permit' AND action <> ALL(%(writes)s)),
                   count(DISTINCT patient) FILTER (WHERE outcome = 'permit' AND purpose = ANY(%(purposes)s)),
                   count(*) FILTER (WHERE outcome = 'permit' AND action = ANY(%(exports)s))
            FROM record_access WHERE moment >= %(hour)s AND moment < %(hour)s + interval '1 hour' GROUP BY actor
            ON CONFLICT (hour, actor) DO UPDATE SET (institution, permitted, refused, patients, emergencies, exports) =
                (EXCLUDED.institution, EXCLUDED.permitted, EXCLUDED.refused, EXCLUDED.patients, EXCLUDED.emergencies,
                 EXCLUDED.exports)
            """,
            {"hour": hour, "writes": list(WRITES), "purposes": list(purposes), "exports": list(exports)},
        )
        connection.execute("DELETE FROM audit_total WHERE hour = %s", [hour])
        connection.execute(
            "INSERT INTO audit_total (hour, institution, permitted, refused, patients, emergencies, exports)"
            " SELECT hour, coalesce(institution, ''), sum(permitted), sum(refused), sum(patients), sum(emergencies),"
            " sum(exports) FROM audit_hour WHERE hour = %s GROUP BY 1, 2",
            [hour],
        )


def _counted(look: Look, column: str, least: int) -> Iterator[tuple[datetime, str, int]]:
    """Hours of the new lines in which somebody of theirs has at least so many."""
    for hour, actors in look.hours().items():
        rows = look.connection.execute(
            f"SELECT actor, {column} FROM audit_hour WHERE hour = %s AND actor = ANY(%s) AND {column} >= %s",
            [hour, sorted(actors), least],
        ).fetchall()
        yield from ((hour, actor, count) for actor, count in rows)


def _history(connection: Connection, actor: str, hour: datetime, days: int) -> list[tuple[datetime, int]]:
    """The hours before in which somebody opened records, and of how many residents."""
    return connection.execute(
        "SELECT hour, patients FROM audit_hour WHERE actor = %s AND hour >= %s AND hour < %s AND patients > 0",
        [actor, hour - timedelta(days=days), hour],
    ).fetchall()


def bulk(look: Look, rule: Rule) -> Iterator[Hit]:
    """Unusually many residents within an hour."""
    for hour, actor, count in _counted(look, "patients", rule["least"]):
        past = _history(look.connection, actor, hour, rule["history_days"])
        usual = rules.usual_an_hour([patients for _, patients in past], rule)
        threshold = rules.bulk_threshold(usual, rule)
        if count >= threshold:
            places = look.places(actor, hour, hour + _HOUR, _OPENED, writes=list(WRITES))
            yield hit(rule, hour, places, actor=actor, count=count, threshold=threshold, usual=usual)


def refusals(look: Look, rule: Rule) -> Iterator[Hit]:
    """Refused again and again."""
    for hour, actor, count in _counted(look, "refused", rule["least"]):
        places = look.places(actor, hour, hour + _HOUR, "outcome <> 'permit'")
        yield hit(rule, hour, places, actor=actor, count=count, threshold=rule["least"])


def night(look: Look, rule: Rule) -> Iterator[Hit]:
    """Many residents at night, by somebody who does not work at night."""
    for hour, actor, count in _counted(look, "patients", rule["least"]):
        if not rules.is_night(hour, rule):
            continue
        past = _history(look.connection, actor, hour, rule["history_days"])
        nights = {_night(one, rule) for one, _ in past if rules.is_night(one, rule)} - {_night(hour, rule)}
        if len(nights) < rule["nights"]:
            places = look.places(actor, hour, hour + _HOUR, _OPENED, writes=list(WRITES))
            yield hit(rule, hour, places, actor=actor, count=count, usual=float(len(nights)))


def _night(hour: datetime, rule: Rule) -> date:
    """The day on which the night began."""
    return rules.day_of(hour - timedelta(hours=rule["to_hour"])).date()


def _days(rows: Iterable[Placed]) -> dict[tuple[str, datetime], list[Placed]]:
    found: dict[tuple[str, datetime], list[Placed]] = {}
    for row in rows:
        found.setdefault((row.line.actor, rules.day_of(row.line.moment)), []).append(row)
    return found


def emergency(look: Look, rule: Rule) -> Iterator[Hit]:
    """Glass broken for many residents in a day."""
    purposes = rule["purposes"]
    broken = [row for row in look.opened() if row.line.purpose in purposes]
    for actor, day in _days(broken):
        row = look.connection.execute(
            f"SELECT count(DISTINCT patient) FROM record_access WHERE actor = %(actor)s AND moment >= %(day)s"
            f" AND moment < %(day)s + interval '1 day' AND {_BROKEN}",
            {"actor": actor, "day": day, "purposes": purposes},
        ).fetchone()
        if row and row[0] >= rule["least"]:
            places = look.places(actor, day, day + _DAY, _BROKEN, purposes=purposes)
            yield hit(rule, day, places, actor=actor, count=row[0], threshold=rule["least"])


def export(look: Look, rule: Rule) -> Iterator[Hit]:
    """Lists and files taken away often."""
    actions = rule["actions"]
    for actor, day in _days(r for r in look.lines if r.line.action in actions and r.line.outcome == "permit"):
        where = "outcome = 'permit' AND action = ANY(%(actions)s)"
        places = look.places(actor, day, day + _DAY, where, actions=actions)
        if len(places) >= rule["least"]:
            yield hit(rule, day, places, actor=actor, threshold=rule["least"])


def crowd(look: Look, rule: Rule) -> Iterator[Hit]:
    """Many people look at one resident in a day."""
    return _around(look, rule, look.opened(), _OPENED, {"writes": list(WRITES)})


def emergency_crowd(look: Look, rule: Rule) -> Iterator[Hit]:
    """Several people break the glass for one resident in a day."""
    broken = [row for row in look.opened() if row.line.purpose in rule["purposes"]]
    return _around(look, rule, broken, _BROKEN, {"purposes": rule["purposes"]})


def _around(
    look: Look, rule: Rule, rows: Sequence[Placed], where: str, values: dict[str, list[str]]
) -> Iterator[Hit]:
    by_day: dict[datetime, set[int]] = {}
    for row in rows:
        by_day.setdefault(rules.day_of(row.line.moment), set()).add(row.line.patient or 0)
    for day, patients in by_day.items():
        found = look.connection.execute(
            f"SELECT patient, count(DISTINCT actor), (array_agg(place ORDER BY place))[:1000] FROM record_access"
            f" WHERE patient = ANY(%(patients)s) AND moment >= %(day)s AND moment < %(day)s + interval '1 day'"
            f" AND {where} AND starts_with(actor, 'account/') AND actor <> ALL(%(machines)s)"
            " GROUP BY patient HAVING count(DISTINCT actor) >= %(least)s",
            {
                "patients": sorted(patients), "day": day, "least": rule["least"], "machines": look.machines,
                **values,
            },
        ).fetchall()  # fmt: skip
        for patient, count, places in found:
            yield hit(rule, day, places, patient=patient, count=count, threshold=rule["least"])
