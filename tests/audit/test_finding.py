"""Each rule finds what it is for, and nothing else."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import make as resources
from tests.audit import make
from tests.audit.make import NOW, account, find, line, reads, write
from xinglin.audit import actions, finding, queries
from xinglin.audit.rules import Level, Rule
from xinglin.identity import queries as identity
from xinglin.identity.population import households
from xinglin.identity.population.households import Entrance, Home
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NIGHT = NOW.replace(hour=16)  # midnight in China
ADDRESS = "广西壮族自治区河池市大化县大化镇光明路8号302室"
NEXT_DOOR = "广西壮族自治区河池市大化县大化镇光明路8号303室"


def test_a_quiet_day_makes_no_alert(audit: Connection) -> None:
    doctor = account("one")
    write(*reads(doctor, 12), line(doctor, action="search"), line(SYSTEM, patient=5))

    assert find() == []
    assert audit.execute("SELECT actor, permitted, patients FROM audit_hour ORDER BY permitted").fetchall() == [
        ("system", 1, 1), (doctor.id, 13, 12),
    ]  # fmt: skip


def test_many_residents_in_an_hour_are_found_against_ones_own_past(audit: Connection) -> None:
    usual, busy, new, client = (account(n) for n in ("usual", "busy", "new", "machine"))
    client = account("client", "client")
    for day in range(1, 8):
        for hour in range(3):
            at = NOW - day * DAY + hour * HOUR
            write(*reads(usual, 5, at), *reads(busy, 30, at))
    find()
    write(*reads(usual, 40), *reads(busy, 60), *reads(new, 39), *reads(client, 500))

    assert find() == [("bulk", "medium", usual.id, 40)]
    (alert,) = make.alerts()
    assert (alert.usual, len(queries.basis(audit, alert.number))) == (5.0, 40)
    write(*reads(usual, 45, NOW + timedelta(minutes=2), first=2000))
    assert find() == [("bulk", "high", usual.id, 85)]
    assert len(queries.basis(audit, alert.number)) == 85


def test_the_same_resident_again_and_again_is_not_many(audit: Connection) -> None:
    write(*[line(account("one"), patient=7)] * 200)

    assert find() == []


def test_writes_are_no_bulk_reading(audit: Connection) -> None:
    write(*reads(account("one"), 90, action="create"))

    assert find() == []


def test_many_refusals_are_found(audit: Connection) -> None:
    one, other = account("one"), account("two")
    write(*reads(one, 10, outcome="deny"), *reads(other, 9, outcome="deny"))

    assert find() == [("refusals", "medium", one.id, 10)]


def test_night_work_is_found_for_who_has_no_night_duty(audit: Connection) -> None:
    day, duty = account("day"), account("duty")
    for night in range(1, 5):
        write(*reads(duty, 3, NIGHT - night * DAY))
    write(*reads(day, 8, NIGHT), *reads(duty, 8, NIGHT), *reads(account("morning"), 8, NOW))

    assert find() == [("night", "low", day.id, 8)]


@pytest.mark.parametrize("count", [4, 5])
def test_glass_broken_often_is_found(audit: Connection, count: int) -> None:
    one = account("one")
    write(*reads(one, count, purpose="ETREAT"), *reads(one, 3, purpose="TREAT"))

    assert find() == ([("emergency", "medium", one.id, 5)] if count == 5 else [])


def test_glass_broken_by_several_for_one_resident_is_found(audit: Connection) -> None:
    write(*[line(account(str(n)), patient=7, purpose="ETREAT") for n in range(2)])
    assert find() == []

    write(line(account("third"), patient=7, purpose="ETREAT"))

    assert find() == [("emergency-crowd", "high", "", 3)]
    assert make.alerts()[0].patient == 7


def test_a_crowd_around_one_record_is_found(audit: Connection) -> None:
    write(*[line(account(str(n)), patient=7) for n in range(14)])
    write(line(account("machine", "client"), patient=7), line(SYSTEM, patient=7))
    assert find() == []

    write(line(account("last"), patient=7))

    assert find() == [("crowd", "low", "", 15)]


def test_often_exported_is_found(audit: Connection) -> None:
    one, other = account("one"), account("two")
    write(*[line(one, action="export")] * 5, *[line(other, action="export")] * 4)

    assert find() == [("export", "medium", one.id, 5)]


def test_new_addresses_and_devices_are_found_after_some_time(audit: Connection) -> None:
    one, new = account("one"), account("two")
    write(line(one, NOW - 20 * DAY, address="10.1.1.1", device="Chrome / Windows"))
    assert find() == []
    write(
        line(one, address="10.1.1.1", device="Chrome / Windows"),
        line(new, NOW, address="203.0.113.9", device="curl"),
        line(new, NOW + HOUR, address="203.0.113.10", device="curl"),  # still learning
        line(one, NOW + HOUR, address="203.0.113.9", device="Chrome / Windows"),
        line(one, NOW + HOUR, address="10.1.1.1", device="Firefox / Linux"),
    )

    assert sorted(find()) == [("new-address", "low", one.id, 1), ("new-device", "low", one.id, 1)]
    write(line(one, NOW + 2 * HOUR, address="203.0.113.9", device="Firefox / Linux"))
    assert len(find()) == 2  # known by now


def test_a_new_address_is_found_also_where_all_is_looked_through_at_once(audit: Connection) -> None:
    one = account("one")
    write(line(one, NOW - 20 * DAY, address="10.1.1.1"), line(one, NOW - 13 * DAY, address="10.1.1.2"))
    write(line(one, address="10.1.1.2"), line(one, address="203.0.113.9"), line(one, address="203.0.113.9"))

    assert find() == [("new-address", "low", one.id, 2)]


def test_a_namesake_is_one_alert_a_month(audit: Connection, people: dict[str, str]) -> None:
    one = account("one", name="黄志远")
    opened(one, "namesake", at=NOW - 2 * DAY)
    opened(one, "namesake")
    assert find() == [("namesake", "low", one.id, 2)]
    opened(one, "namesake", at=NOW - 30 * DAY)

    assert len(find()) == 2


@pytest.fixture
def people(audit: Connection) -> dict[str, str]:
    """Residents as the index has them: id of the Patient to person."""
    make.store(
        resources.patient("黄", "志远", id="namesake", birthDate="1980-01-01"),
        resources.patient("王", "桂兰", id="me", birthDate="1979-05-05", address=[{"text": ADDRESS}]),
        resources.patient("李", "大山", id="spouse", birthDate="1978-03-03", address=[{"text": ADDRESS}]),
        resources.patient("赵", "六", id="colleague", birthDate="1990-09-09"),
        resources.patient("钱", "七", id="stranger", birthDate="1991-10-10", address=[{"text": NEXT_DOOR}]),
    )
    return identity.persons_of(audit, ["namesake", "me", "spouse", "colleague", "stranger"])


def opened(actor: Actor, *patients: str, at: datetime = NOW) -> None:
    write(*[line(actor, at, patient=make.number(one), id=one) for one in patients])


def test_a_namesakes_record_is_found(audit: Connection, people: dict[str, str]) -> None:
    one = account("one", name="黄志远")
    opened(one, "namesake", "stranger")

    assert find() == [("namesake", "low", one.id, 1)]
    opened(account("two", name="黄志"), "namesake")
    assert len(find()) == 1


def test_ones_own_record_is_found_where_it_is_known(audit: Connection, people: dict[str, str]) -> None:
    one = account("one", name="王桂兰")
    actions.know(audit, account=one.id, patient="me", actor=SYSTEM, now=NOW)
    opened(one, "me", "stranger")

    assert find() == [("own", "medium", one.id, 1)]


def test_a_housemates_record_is_found(audit: Connection, people: dict[str, str]) -> None:
    one, other = account("one", name="王桂兰"), account("two", name="周八")
    actions.know(audit, account=one.id, patient="me", actor=SYSTEM, now=NOW)
    households.form(
        audit, home=Home("451229100001", ADDRESS), actor=SYSTEM, now=NOW,
        entrances=[
            Entrance(people["me"], "02", NOW.date() - 400 * DAY),
            Entrance(people["spouse"], "10", NOW.date() - 400 * DAY),
        ],
    )  # fmt: skip
    opened(one, "spouse", "stranger")
    opened(other, "spouse")

    assert find() == [("household", "high", one.id, 1)]


def test_a_neighbours_record_is_found(audit: Connection, people: dict[str, str]) -> None:
    one = account("one", name="王桂兰")
    actions.know(audit, account=one.id, patient="me", actor=SYSTEM, now=NOW)
    opened(one, "spouse", "stranger", "colleague")

    assert find() == [("neighbour", "medium", one.id, 1)]


def test_a_colleagues_record_is_found(audit: Connection, people: dict[str, str]) -> None:
    one, colleague = account("one", name="周八"), account("two", name="赵六")
    elsewhere = account("three", name="吴九", institution="centre")
    actions.know(audit, account=colleague.id, patient="colleague", actor=SYSTEM, now=NOW)
    opened(one, "colleague", "stranger")
    opened(elsewhere, "colleague")

    assert find() == [("colleague", "medium", one.id, 1)]


def test_a_search_goes_on_where_the_last_one_ended(audit: Connection) -> None:
    one = account("one")
    write(*reads(one, 30))
    assert finding.turn(audit, make.RULES, now=NOW, limit=20) == finding.Turn(20, 0, full=True)
    assert finding.turn(audit, make.RULES, now=NOW, limit=20) == finding.Turn(10, 0, full=False)
    write(*reads(one, 15, NOW + timedelta(minutes=5), first=5000))

    assert finding.turn(audit, make.RULES, now=NOW) == finding.Turn(15, 1, full=False)
    assert finding.turn(audit, make.RULES, now=NOW) == finding.Turn(0, 0, full=False)
    assert audit.execute("SELECT patients FROM audit_hour").fetchall() == [(45,)]


def test_an_alert_goes_into_the_ledger(audit: Connection) -> None:
    write(*reads(account("one"), 10, outcome="deny"))
    find()

    assert audit.execute("SELECT kind FROM ledger_queue").fetchall() == [("audit.alert",)]


def test_of_two_searches_the_second_goes_on_where_the_first_ends(audit: Connection) -> None:
    write(*reads(account("one"), 10, outcome="deny"))
    turns: list[finding.Turn] = []

    def second() -> None:
        with database.connect() as other:
            turns.append(finding.turn(other, make.RULES, now=NOW))

    with audit.transaction():
        first = finding.turn(audit, make.RULES, now=NOW)
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join()

    assert (first.lines, turns) == (10, [finding.Turn(0, 0, full=False)])
    assert len(make.alerts()) == 1


def test_a_search_that_fails_leaves_nothing_and_is_tried_again(audit: Connection) -> None:
    write(*reads(account("one"), 10, outcome="deny"))
    broken = replace(make.RULES, rules=(*make.RULES.rules, Rule("unknown", Level.LOW, "low")))

    with pytest.raises(KeyError):
        finding.turn(audit, broken, now=NOW)

    assert make.alerts() == []
    assert audit.execute("SELECT count(*) FROM audit_hour").fetchone() == (0,)
    assert finding.turn(audit, make.RULES, now=NOW) == finding.Turn(10, 1, full=False)
