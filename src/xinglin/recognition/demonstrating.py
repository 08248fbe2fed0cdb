"""Marks and past decisions for a demonstration's made-up region. For made-up regions alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.recognition import actions, catalogue, counting, reading, reference, standings, versions
from xinglin.recognition.actions import Choice, Marking
from xinglin.recognition.counting import Wanted
from xinglin.recognition.rules import Verdict
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xinglin.recognition.values import Catalogue
    from xinglin.record.database import Connection

_REGION = Actor("demo", "演示", frozenset({"system"}), purpose="HOPERAT")
_DOCTORS = ("韦明", "覃晓红", "陆建华", "黄丽")
_AT_ONCE = 400


def begin(connection: Connection, *, institutions: tuple[str, ...], now: datetime) -> int:
    """Give the region's institutions marks and let doctors at ``institutions`` decide; tells how many decisions.

    Nothing is done twice: where there is a mark already, the region has begun.
    """
    if standings.held(connection):
        return 0
    given = reference.demo()
    with connection.transaction():
        _mark(connection, given, now)
    made = 0
    for choice, place, moment in _choices(connection, given, institutions, now):
        made += _decided(connection, choice, place, moment, made)
        if made >= given["decisions"]["most"]:
            break
    _dispute(connection, given, now)
    return made


def _dispute(connection: Connection, given: dict[str, Any], now: datetime) -> None:
    """Some institutions object to what was declined."""
    first = (now - timedelta(days=365)).date()
    wanted = Wanted(first, now.date() + timedelta(days=2), verdict=Verdict.DECLINED.value)
    for decision in counting.rows(connection, wanted, limit=given["decisions"]["disputed"]):
        actor = Actor("demo/lab", "检验科", frozenset({"system"}), institution=decision.source)
        with connection.transaction():
            actions.object_to(
                connection, decision=decision, words=given["decisions"]["objection"], actor=actor, now=now
            )


def _mark(connection: Connection, given: dict[str, Any], now: datetime) -> None:
    since = (now - timedelta(days=3 * 365)).astimezone(LOCAL_ZONE).date().replace(month=1, day=1)
    for id_, _ in standings.some_institutions(connection):
        for one in given["mark"]:
            if not id_.startswith(one["prefix"]):
                continue
            for items in one["items"]:
                marking = Marking(id_, items, one["scope"], since, evidence="演示数据")
                actions.give_mark(connection, marking=marking, actor=_REGION, now=now)


def _choices(
    connection: Connection, given: dict[str, Any], institutions: tuple[str, ...], now: datetime
) -> Iterator[tuple[Choice, str, datetime]]:
    """Some days after a result of the last months somebody else orders the same: what is chosen, where and when."""
    door = open_as(_REGION, connection)
    numbers = given["decisions"]
    known = versions.in_force(connection, now.astimezone(LOCAL_ZONE).date())
    for back in range(numbers["months"]):
        last = now - timedelta(days=30 * back + numbers["days_later"] + 1)
        span = [
            ("date", f"ge{last - timedelta(days=27):%Y-%m-%d}"), ("date", f"le{last:%Y-%m-%d}"),
            ("category", "laboratory"), ("_count", str(_AT_ONCE)),
        ]  # fmt: skip
        seen: dict[str, int] = {}
        for entry in door.search("Observation", span).entries:
            found = entry.stored.resource
            patient, item = reading.patient_of(found), _item(known, found)
            moment = reading.moment_of(found)
            own = reading.organization_of(found)
            if item is None or moment is None or not patient or seen.get(patient, 0) > 2:
                continue
            seen[patient] = seen.get(patient, 0) + 1
            at = min(now, moment + timedelta(days=numbers["days_later"], hours=2))
            place = next(each for each in institutions if each != own)
            ordering, named = f"demo-{at:%y%m%d}-{patient[:12]}", f"Observation/{found['id']}"
            yield Choice(patient, ordering, item, named, Verdict.RECOGNISED), place, at
            if sum(seen.values()) > numbers["most"] // numbers["months"]:
                break


def _item(known: Catalogue, found: dict[str, Any]) -> str | None:
    for coding in found.get("code", {}).get("coding", ()):
        item = catalogue.resolve(known, f"{coding.get('system', '')}|{coding.get('code', '')}")
        if item is not None:
            return item.code
    return None


def _decided(connection: Connection, choice: Choice, place: str, moment: datetime, made: int) -> int:
    """One decision, recognised or declined in turn; 0 where the result is not valid after all."""
    numbers = reference.demo()["decisions"]
    declined = made * 37 % 100 >= numbers["recognised"]
    name = _DOCTORS[made % len(_DOCTORS)]
    doctor = Actor(f"demo/{made % len(_DOCTORS)}", name, frozenset({"system"}), "TREAT", place)
    if declined:
        reason = numbers["reasons"][made % len(numbers["reasons"])]
        words = numbers["words"] if reason == "other" else ""
        choice = replace(choice, verdict=Verdict.DECLINED, reason=reason, words=words)
    try:
        with connection.transaction():
            actions.decide(connection, choice=choice, actor=doctor, now=moment)
    except Fault as fault:
        if fault.kind is not Kind.CONFLICT:
            raise
        return 0
    return 1
