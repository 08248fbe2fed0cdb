"""Subscriptions: asked for by a system, let work by people, told by HTTP, again until it was heard."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.exchange.make import STEWARD
from xinglin.exchange import senders
from xinglin.exchange.subscriptions import actions, rules
from xinglin.exchange.subscriptions.models import Subscription
from xinglin.exchange.subscriptions.rules import Status
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, busy
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.exchange.doors import Sender

WHERE = "/exchange/subscriptions/fhir/Subscription"
WRITER = Actor("account/9", "写入", frozenset({"system"}))
HOOK = {"type": "rest-hook", "endpoint": "https://a/x"}
CONTENT = f"{rules.BACKPORT}/backport-payload-content"


def wish(endpoint: str = "http://127.0.0.1:1/hear", content: str = "id-only", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Subscription", "status": "requested", "reason": "报告",
        "criteria": "DocumentReference?patient=Patient/p1",
        "channel": {
            "type": "rest-hook", "endpoint": endpoint, "payload": "application/fhir+json", "header": ["X-Key: geheim"],
            "_payload": {"extension": [{"url": CONTENT, "valueCode": content}]},
        },
        **more,
    }  # fmt: skip


def document(id_: str, patient: str = "p1") -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference", "id": id_, "status": "current",
        "subject": {"reference": f"Patient/{patient}"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "YQ=="}}],
    }  # fmt: skip


def write(*resources: dict[str, Any]) -> None:
    door = open_as(WRITER)
    for one in resources:
        door.update(one)


class Ear:
    """A receiver that answers what it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.status = 200
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append((json.loads(body), dict(self.headers)))
                self.send_response(ear.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing on the screen."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/hear"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


@pytest.fixture
def subscribed(sender: Sender, django_db_blocker: Any) -> Iterator[Sender]:
    with django_db_blocker.unblock():
        write({"resourceType": "Patient", "id": "p1"}, {"resourceType": "Patient", "id": "p2"})
        yield sender
        Subscription.objects.all().delete()
        database.connection().execute("DELETE FROM record_consumer WHERE name LIKE 'subscription/%'")


def working(sender: Sender, **given: Any) -> Subscription:
    made = actions.ask(rules.read(wish(**given)), sender=sender)
    return actions.decide(made.number, Status.ACTIVE, actor=STEWARD)


# -- what is asked for


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"resourceType": "Patient"}, ""),
        ({"criteria": "Patient?name=x"}, "Subscription.criteria"),
        ({"criteria": "https://profiles.example/topic"}, "Subscription.criteria"),
        ({"channel": {"type": "email"}}, "Subscription.channel.type"),
        ({"channel": {**HOOK, "endpoint": "http://elsewhere/x"}}, "Subscription.channel.endpoint"),
        ({"channel": {**HOOK, "header": ["a\nb: c"]}}, "Subscription.channel.header"),
        ({"channel": {**HOOK, "payload": "text/plain"}}, "Subscription.channel.payload"),
    ],
)  # fmt: skip
def test_what_cannot_be_promised_is_refused_with_its_element(change: dict[str, Any], element: str) -> None:
    with pytest.raises(Fault) as refused:
        rules.read({**wish(), **change})
    assert (refused.value.issues[0].expression or "") == element


def test_a_topic_with_its_filter_is_a_search() -> None:
    filter_ = {
        "url": f"{rules.BACKPORT}/backport-filter-criteria",
        "valueString": "DocumentReference?patient=Patient/1",
    }
    said = rules.read(
        {**wish(), "criteria": "https://profiles.example/topic", "_criteria": {"extension": [filter_]}}
    )

    assert (*rules.searched(said.criteria), said.content) == (
        "DocumentReference",
        [("patient", "Patient/1")],
        "id-only",
    )
    assert (
        rules.read({**wish(), "channel": {"type": "rest-hook", "endpoint": "https://a/x"}}).content == "empty"
    )


def test_a_search_that_does_not_work_is_refused(subscribed: Sender) -> None:
    with pytest.raises(Fault, match="nonsense"):
        actions.ask(rules.read(wish(criteria="DocumentReference?nonsense=1")), sender=subscribed)


# -- telling


def test_what_fits_is_told_once_and_the_rest_not(subscribed: Sender, ear: Ear) -> None:
    write(document("before"))
    one = working(subscribed, endpoint=ear.address)
    write(document("d1"), document("other", "p2"), {"resourceType": "Patient", "id": "p1", "active": True})
    write(document("d2"))

    while actions.turn_all():
        pass

    told = [entry.get("fullUrl", "") for bundle, _ in ear.heard for entry in bundle["entry"][1:]]
    assert [address.rpartition("/")[2] for address in told] == ["d1", "d2"]
    bundle, headers = ear.heard[-1]
    assert (bundle["type"], headers["X-Key"]) == ("history", "geheim")
    assert all("resource" not in entry for entry in bundle["entry"][1:])
    one.refresh_from_db()
    assert (one.events, one.failures) == (2, 0)
    assert "geheim" not in one.headers


@pytest.mark.parametrize(("content", "entries"), [("empty", 1), ("full-resource", 2)])
def test_the_content_is_what_was_asked_for(subscribed: Sender, ear: Ear, content: str, entries: int) -> None:
    working(subscribed, endpoint=ear.address, content=content)
    write(document("d1"))

    actions.turn_all()

    ((bundle, _),) = ear.heard
    assert len(bundle["entry"]) == entries
    if content == "full-resource":
        assert bundle["entry"][1]["resource"]["id"] == "d1"


def test_it_is_told_again_until_it_was_heard(subscribed: Sender, ear: Ear) -> None:
    one = working(subscribed, endpoint=ear.address)
    write(document("d1"))
    ear.status = 500

    assert actions.turn_all() == 0
    one.refresh_from_db()
    assert (one.failures, one.events, "500" in one.error) == (1, 0, True)
    assert actions.due(clock.now()) == []
    ear.status = 200
    later = clock.now() + timedelta(hours=1)
    assert [actions.turn(each) for each in actions.due(later)] == [True]
    one.refresh_from_db()
    assert (one.failures, one.events, one.error, len(ear.heard)) == (0, 1, "", 2)


def test_after_many_failures_somebody_has_to_look(subscribed: Sender) -> None:
    one = working(subscribed)
    write(document("d1"))

    def refuse(*_: Any) -> None:
        raise busy("away")

    for _ in range(rules.limits()["failures"]):
        actions.turn(one, refuse)
    assert one.status == Status.ERROR
    heard: list[bytes] = []
    again = actions.decide(one.number, Status.ACTIVE, actor=STEWARD)
    actions.turn(again, lambda _, body: heard.append(body))
    assert b"DocumentReference/d1" in heard[0]


def test_who_was_shut_out_or_has_ended_hears_nothing(subscribed: Sender, ear: Ear) -> None:
    one = working(subscribed, endpoint=ear.address)
    Subscription.objects.filter(pk=one.pk).update(end=clock.now() - timedelta(seconds=1))
    assert actions.due(clock.now()) == []
    one.refresh_from_db()
    assert one.status == Status.OFF
    other = working(subscribed, endpoint=ear.address)
    senders.set_active(database.connection(), code="h01", active=False, actor=STEWARD, now=clock.now())
    write(document("d1"))
    actions.turn(other)
    assert ear.heard == []


def test_only_administrators_let_it_work(subscribed: Sender) -> None:
    made = actions.ask(rules.read(wish()), sender=subscribed)
    with pytest.raises(Fault):
        actions.decide(made.number, Status.ACTIVE, actor=Actor("account/2", "数据", frozenset({"steward"})))
    assert actions.due(clock.now()) == []


# -- faces


def test_a_system_asks_reads_and_ends(subscribed: Sender) -> None:
    key = senders.renew_key(database.connection(), code="h01", actor=STEWARD, now=clock.now())
    client = Client(headers={"Authorization": f"Bearer {key}"})

    made = client.post(WHERE, json.dumps(wish()), content_type="application/fhir+json")

    assert made.status_code == 201
    assert made.json()["status"] == "requested"
    assert "geheim" not in made.content.decode()
    assert client.get(made["Location"]).json()["channel"]["endpoint"] == "http://127.0.0.1:1/hear"
    assert client.get(WHERE).json()["total"] == 1
    assert client.delete(made["Location"]).status_code == 204
    assert client.get(made["Location"]).json()["status"] == "off"
    wrong = client.post(WHERE, json.dumps({**wish(), "criteria": "x"}), content_type="application/fhir+json")
    assert wrong.json()["issue"][0]["expression"] == ["Subscription.criteria"]
    assert client.post(WHERE, "{", content_type="application/fhir+json").status_code == 400
    assert client.put(WHERE).status_code == 405
    assert client.get(f"{WHERE}/nothing").status_code == 404
    assert Client().get(WHERE).status_code == 401


def test_the_page_shows_and_decides(browser: Callable[..., Client], subscribed: Sender) -> None:
    client = browser("administrator")
    assert "没有系统申请订阅" in client.get("/exchange/subscriptions/").content.decode()
    made = actions.ask(rules.read(wish()), sender=subscribed)
    assert "待启用" in client.get("/exchange/subscriptions/").content.decode()
    page = client.post(f"/exchange/subscriptions/{made.number}/decide/", {"choice": "active"}, follow=True)
    assert "运行中" in page.content.decode()
    client.post(f"/exchange/subscriptions/{made.number}/decide/", {"choice": "off"})
    made.refresh_from_db()
    assert made.status == Status.OFF
