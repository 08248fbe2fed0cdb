"""The bench: a rule is asked of last month's encounters before it goes live. Nothing is shown or counted as fired.

Each encounter is asked as it would have been: with what was in the record before it began, and for rules of orders
with what was ordered in it as drafts. Records are read through the door, with the purpose and the access entries of
who tries.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.reminders import charting, firing, queries, reading, rules
from xinglin.reminders.asking import Case
from xinglin.reminders.values import Drafts, Hook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from xinglin.record.door import Door
    from xinglin.reminders.queries import Replayed
    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Chart

DAYS = 30
MOST = 200
"""How many encounters are tried at most: reading a record has its price, and a share is known well enough by then."""
_ORDERS = (Hook.ORDER_SIGN, Hook.ORDER_SELECT)


@dataclass(frozen=True, slots=True)
class _Met:
    """An encounter of the last month."""

    id: str
    patient: str
    day: date
    ended: bool


def replay(door: Door, rule: Rule, *, now: datetime) -> Replayed:
    """Try a rule, keep how it went, and tell it; ``forbidden`` for who may not decide on rules."""
    rules.require(door.actor, "ruling")
    since = now - timedelta(days=DAYS)
    met, of = _encounters(door, since, now)
    fired = findings = 0
    asked = firing.compiled(rule)
    for patient, some in _by_patient(met):
        try:
            resources = reading.read(door, patient, now.astimezone(LOCAL_ZONE).date(), whole=True)
        except Fault as fault:
            if fault.kind not in {Kind.NOT_FOUND, Kind.GONE, Kind.FORBIDDEN}:
                raise
            continue
        for one in some:
            found = [each for case in _cases(rule, resources, one) for each in asked(case)]
            fired, findings = fired + bool(found), findings + len(found)
    with database.using(None) as connection:
        connection.execute(
            "INSERT INTO reminders_replay (rule, version, moment, actor, name, since, until, encounters, of, fired,"
            " findings) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                rule.id, rule.version, now, door.actor.id, door.actor.name, since, now, len(met), of, fired, findings,
            ],
        )  # fmt: skip
        return queries.replays(connection, rule)[0]


def _encounters(door: Door, since: datetime, now: datetime) -> tuple[list[_Met], int]:
    """The encounters that are tried, the latest first, and how many there were."""
    page = door.search(
        "Encounter",
        [
            ("date", f"ge{since.astimezone(LOCAL_ZONE).date()}"), ("date", f"le{now.astimezone(LOCAL_ZONE).date()}"),
            ("_sort", "-date"), ("_count", str(MOST)), ("_total", "accurate"),
        ],
    )  # fmt: skip
    met = []
    for entry in page.entries:
        found = entry.stored.resource
        patient = str((found.get("subject") or {}).get("reference", "")).removeprefix("Patient/")
        period = found.get("period") or {}
        begun = charting.moment(str(period.get("start", "")))
        if patient and begun is not None:
            met.append(_Met(entry.stored.id, patient, begun[0], bool(period.get("end"))))
    return met, page.total if page.total is not None else len(met)


def _by_patient(met: list[_Met]) -> Iterator[tuple[str, list[_Met]]]:
    found: dict[str, list[_Met]] = {}
    for one in met:
        found.setdefault(one.patient, []).append(one)
    yield from found.items()


def _cases(rule: Rule, resources: list[dict[str, Any]], met: _Met) -> Iterator[Case]:
    """What the rule would have been asked at an encounter: at its orders, or at its beginning or end."""
    reference = f"Encounter/{met.id}"
    earlier = (
        one for one in resources if one["resourceType"] == "Condition" or not _is_of(one, reference)
    )  # what is diagnosed in the encounter is known when orders are signed, or when it ends
    chart = charting.chart_of(earlier, met.patient)
    own = [one for one in resources if _is_of(one, reference)]
    before = _before(chart, met.day)
    if rule.hooks & set(_ORDERS):
        drafts = charting.drafts_of(own)
        reports = [
            charting.drafts_of([_ordered(one)]) for one in own if one["resourceType"] == "DiagnosticReport"
        ]
        drafts.examinations += [one for each in reports for one in each.examinations]
        if drafts.medicines or drafts.examinations:
            yield Case(before, Hook.ORDER_SIGN, met.day, drafts, encounter=reference)
        return
    for hook in sorted(rule.hooks):
        if hook is Hook.ENCOUNTER_DISCHARGE and not met.ended:
            continue
        yield Case(before, hook, met.day, Drafts(), encounter=reference)
        return  # one question at an encounter, whatever the hooks


def _is_of(resource: dict[str, Any], encounter: str) -> bool:
    found = resource.get("encounter")
    return isinstance(found, dict) and found.get("reference") == encounter


def _ordered(report: dict[str, Any]) -> dict[str, Any]:
    """The order that a report answers, where the order itself is not in the record."""
    return {**report, "resourceType": "ServiceRequest", "effectiveDateTime": None, "issued": None}


def _before(chart: Chart, day: date) -> Chart:
    """The chart as it was when the day began."""
    return replace(
        chart,
        medicines=[one for one in chart.medicines if one.since is None or one.since < day],
        results={
            code: kept
            for code, found in chart.results.items()
            if (kept := [one for one in found if one.day < day])
        },
        problems=[one for one in chart.problems if one.day is None or one.day <= day],
        examinations=[one for one in chart.examinations if one.day is None or one.day < day],
        stays=[one for one in chart.stays if one.start < day],
        evaluations=[one for one in chart.evaluations if one.day < day],
    )
