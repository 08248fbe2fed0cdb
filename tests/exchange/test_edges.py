"""Front machines tell how they stand, and the platform raises an alarm when they fall silent or behind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.exchange.make import STEWARD
from xinglin.exchange import senders
from xinglin.exchange.edges import actions, queries, rules
from xinglin.exchange.edges.models import Count, Edge
from xinglin.exchange.edges.rules import Alarm, Counted, Limits
from xinglin.exchange.rights import Scope
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.doors import Sender

NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
LIMIT = Limits(3, 180, 3600, 0.8, 0.95)


def told(**more: Any) -> dict[str, Any]:
    return {
        "sender": "h01",
        "version": "0.1.0",
        "started": "2026-11-26T00:00:00+00:00",
        "heartbeat": 60,
        "line": {"up": True, "error": {"message": "", "params": {}}, "error_at": None},
        "queue": {
            "waiting": 3,
            "refused": 0,
            "bytes": 100,
            "limit": 1000,
            "oldest": NOW.timestamp(),
            "rate": 1.5,
        },
        "sources": [
            {"name": "lab", "kind": "database", "door": "table", "captured": 5, "waiting": 3, "error": None}
        ],
        "counts": [
            {"source": "lab", "day": "2026-11-25", "expected": 100, "captured": 99, "sent": 98, "refused": 1}
        ],
        **more,
    }


def queue(**more: Any) -> dict[str, Any]:
    return {"queue": {**told()["queue"], **more}}


@pytest.mark.parametrize(
    ("more", "silent", "alarms"),
    [
        ({}, 0, []),
        ({}, 180, []),
        ({}, 181, [Alarm.SILENT]),
        ({"heartbeat": 300}, 900, []),
        ({"heartbeat": 300}, 901, [Alarm.SILENT]),
        (queue(bytes=801), 0, [Alarm.FULL]),
        (queue(oldest=NOW.timestamp() - 3601), 0, [Alarm.BEHIND]),
        (queue(oldest=None), 0, []),
        (queue(refused=1), 0, [Alarm.REFUSED]),
        ({"sources": [{"name": "lab", "error": {"message": "The disk is full."}}]}, 0, [Alarm.SOURCE]),
    ],
)
def test_an_alarm_is_raised_where_something_is_the_matter(
    more: dict[str, Any], silent: int, alarms: list[Alarm]
) -> None:
    kept = rules.state(told(**more))

    assert rules.alarms(kept, NOW - timedelta(seconds=silent), [], now=NOW, limit=LIMIT) == alarms


def test_a_day_of_which_too_little_has_arrived_is_an_alarm_when_it_is_over() -> None:
    kept = rules.state(told())
    today = Counted("lab", NOW.astimezone().date(), 100, 50, 50, 0)
    low = Counted("lab", today.day - timedelta(days=1), 100, 94, 94, 0)

    assert rules.alarms(kept, NOW, [today], now=NOW, limit=LIMIT) == []
    assert rules.alarms(kept, NOW, [today, low], now=NOW, limit=LIMIT) == [Alarm.RATE]


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue": None},
        {"sources": "many"},
        {"sources": [{"name": 5}]},
        queue(waiting=-1),
        queue(bytes=True),
        {"counts": [5]},
        {"counts": [{"source": "lab", "day": "yesterday"}]},
        {"counts": [{"source": "lab", "day": "2026-11-25", "captured": "1", "sent": 1, "refused": 0}]},
        {"counts": [{"source": "", "day": "2026-11-25"}]},
    ],
)
@pytest.mark.django_db
def test_what_is_no_state_is_refused_and_nothing_is_kept(wrong: dict[str, Any]) -> None:
    with pytest.raises(Fault):
        actions.hear(sender="h01", told=told(**wrong), address="", now=NOW)

    assert (Edge.objects.count(), Count.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_the_last_state_is_kept_and_sealed(sender: Sender) -> None:
    error = {
        "name": "lab",
        "error": {"message": "The database refuses the query: %(why)s", "params": {"why": "张三"}},
    }
    actions.hear(sender="h01", told=told(), address="10.0.0.7", now=NOW)
    actions.hear(sender="h01", told=told(sources=[error]), address="10.0.0.7", now=NOW + timedelta(minutes=1))

    (edge,) = Edge.objects.all()
    assert (edge.first, edge.heard, "张三" in edge.state) == (NOW, NOW + timedelta(minutes=1), False)
    (shown,) = queries.every(Scope(), NOW + timedelta(minutes=2))
    assert (shown.name, shown.alarms, shown.state["sources"]) == ("人民医院", [Alarm.SOURCE], [error])
    assert [(one.sent, one.rate) for one in shown.counts] == [(98, 0.98)]


@pytest.fixture
def key(db: None, sender: Sender) -> str:
    return senders.renew_key(database.connection(), code="h01", actor=STEWARD, now=clock.now())


def post(key: str, body: object, sender: str = "h01") -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Authorization": f"Bearer {key}"}
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/exchange/edges/{sender}/state", text, "application/json", headers=headers)


def test_a_machine_is_heard_with_its_own_key_alone(key: str) -> None:
    answers = [
        post(key, told()),
        post("xls_wrong", told()),
        post(key, told(), "h02"),
        post(key, "[]"),
        post(key, "{"),
    ]

    assert [answer.status_code for answer in answers] == [200, 401, 403, 400, 400]
    assert [edge.sender for edge in Edge.objects.all()] == ["h01"]


def test_a_check_is_answered_and_not_kept(key: str) -> None:
    assert (post(key, {"check": True}).status_code, Edge.objects.count()) == (200, 0)


def test_the_pages_show_machines_to_who_watches(browser: Callable[..., Client], key: str) -> None:
    now = clock.now()
    actions.hear(sender="h01", told=told(), address="", now=now - timedelta(hours=1))
    steward, doctor = browser("steward"), browser("doctor")

    listing = steward.get("/exchange/edges/").content.decode()
    one = steward.get("/exchange/edges/h01/").content.decode()

    assert ("人民医院" in listing, "失联" in listing) == (True, True)
    assert ("98.0 %" in one, "lab" in one) == (True, True)
    assert steward.get("/exchange/edges/h99/").status_code == 404
    assert doctor.get("/exchange/edges/").status_code == 403


def test_an_empty_list_says_what_to_expect(browser: Callable[..., Client], sender: Sender) -> None:
    assert "还没有收到任何前置机的消息" in browser("steward").get("/exchange/edges/").content.decode()


def test_those_of_another_institution_see_nothing(browser: Callable[..., Client], key: str) -> None:
    actions.hear(sender="h01", told=told(), address="", now=clock.now())
    other = browser("steward", "elsewhere")

    assert "人民医院" not in other.get("/exchange/edges/").content.decode()
    assert other.get("/exchange/edges/h01/").status_code == 404
