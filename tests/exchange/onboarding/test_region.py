"""The synthetic region's institutions as vendors: what they send rightly is green, and their mistakes are found."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.exchange.onboarding import make
from xinglin.exchange.doors import Door, Sender
from xinglin.exchange.onboarding import checking, coding, points, samples
from xinglin.synth.plan import Plan
from xinglin.synth.sending import messages, mistakes, outings

if TYPE_CHECKING:
    from xinglin.exchange.onboarding.rules import Report
    from xinglin.synth.sending.drafts import Draft
    from xinglin.synth.sending.stations import Station

pytestmark = pytest.mark.usefixtures("_record_database")
PLAN = Plan()
COUNT = 120
DOORS = [Door.HL7V2, Door.CDA, Door.TABLE, Door.FHIR]


def moment(number: int) -> datetime:
    return datetime(2026, 11, 26, 1, 0, tzinfo=UTC) + timedelta(seconds=number)


@pytest.fixture(scope="module")
def sent() -> dict[Door, list[tuple[Station, list[Draft]]]]:
    """What each institution sends of people in whose particulars the clerk made no mistake, by door."""
    found: dict[str, tuple[Station, list[Draft]]] = {}
    for number in range(COUNT):
        outing = outings.outing(PLAN, number, moment(number))
        if not outing.errors:
            station, drafts = found.setdefault(outing.station.code, (outing.station, []))
            drafts += messages.made(PLAN, outing)
    by_door: dict[Door, list[tuple[Station, list[Draft]]]] = defaultdict(list)
    for station, drafts in found.values():
        by_door[station.door].append((station, drafts))
    return by_door


def tried(station: Station, drafts: list[Draft]) -> Report:
    kinds = make.SCHEME.kinds(points.ANY, station.door.value)
    sender = Sender(
        0, station.code, station.institution.name, station.code, frozenset({station.door}), station.charset
    )
    bench = checking.Bench(make.SCHEME, station.door, sender, kinds, coding.NoTerminology())
    given = [samples.Sample(f"{number}", one.body, one.media) for number, one in enumerate(drafts)]
    return checking.check(bench, given, now=moment(COUNT))


@pytest.mark.parametrize("door", DOORS)
def test_what_institutions_send_rightly_is_green(
    sent: dict[Door, list[tuple[Station, list[Draft]]]], door: Door
) -> None:
    reports = {station.code: tried(station, drafts) for station, drafts in sent[door]}

    assert [code for code, report in reports.items() if not report.is_green] == []
    assert {report.level for report in reports.values()} <= {"L4B", "L4A"}


PLANTS = [(door, plant.name) for door in DOORS for plant in mistakes.PLANTS[door]]


@pytest.mark.parametrize(("door", "name"), PLANTS, ids=[f"{door.value}-{name}" for door, name in PLANTS])
def test_a_planted_mistake_is_found_in_its_sample(
    sent: dict[Door, list[tuple[Station, list[Draft]]]], door: Door, name: str
) -> None:
    plant = next(one for one in mistakes.PLANTS[door] if one.name == name)
    for station, drafts in sent[door]:
        for draft in drafts:
            body = plant.make(draft, station)
            if body is None or body == draft.body:
                continue
            before = tried(station, [draft]).samples[0]
            after = tried(station, [type(draft)(draft.kind, draft.control, body, draft.media)]).samples[0]
            assert (after.errors, after.warnings) > (before.errors, before.warnings)
            if plant.meant != mistakes.STORED:
                assert not after.is_green
            return
    pytest.fail("the mistake fits no message")
