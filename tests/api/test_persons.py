"""PDQm, PIXm and PMIR, asked through the FHIR face; subscribers are told over real HTTP."""

from __future__ import annotations

import http.server
import json
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.persons import STEWARD, state
from tests.identity.residents import HOME, ID_SYSTEM, PHONE, number, resident
from xinglin.identity import actions, queries, tasks
from xinglin.kernel import clock
from xinglin.record import access, database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.caller import Caller, Reply
    from xinglin.record.database import Connection


@pytest.fixture
def index(record: None) -> Iterator[Connection]:
    """A connection beside the face's own."""
    with database.connect() as connection:
        yield connection


EVENT = "urn:ihe:iti:pmir:2019:patient-feed"
A, B = "urn:xinglin:institution:A:patient", "urn:xinglin:institution:B:patient"


def store(caller: Caller, resource: dict[str, Any]) -> str:
    reply = caller("POST", "/Patient", resource)
    assert reply.status == 201, reply.body
    return str(reply.json["id"])


def two(caller: Caller) -> tuple[str, str]:
    """One resident, known to two institutions."""
    return (
        store(caller, resident(identity=number(), phone=PHONE, institution="A", record="a-1")),
        store(caller, resident(identity=number(), address=HOME, institution="B", record="b-1")),
    )


def graded(reply: Reply) -> list[tuple[str, str]]:
    return [
        (entry["resource"]["id"], entry["search"]["extension"][0]["valueCode"])
        for entry in reply.json.get("entry", [])
    ]


# -- $match


def test_match_gives_all_patients_of_the_person_with_grade_and_score(
    caller: Caller, index: Connection
) -> None:
    one, other = two(caller)

    reply = caller("POST", "/Patient/$match", resident(identity=number()))

    assert reply.status == 200
    assert reply.json["type"] == "searchset"
    assert sorted(graded(reply)) == sorted([(one, "certain"), (other, "certain")])
    assert all(0.99 < entry["search"]["score"] <= 1 for entry in reply.json["entry"])
    assert all(entry["search"]["mode"] == "match" for entry in reply.json["entry"])


def test_match_gives_nothing_for_a_stranger(caller: Caller, index: Connection) -> None:
    two(caller)

    reply = caller("POST", "/Patient/$match", resident("司徒远", birth="1955-07-30", sex="male"))

    assert (reply.status, reply.json["total"], graded(reply)) == (200, 0, [])


def test_match_counts_and_wants_to_be_certain(caller: Caller, index: Connection) -> None:
    one, _ = two(caller)
    doubtful = resident(birth="1980-04-12", phone=PHONE, address=HOME)

    def asked(patient: dict[str, Any], **given: Any) -> Reply:
        values = [
            {"name": name, ("valueBoolean" if isinstance(value, bool) else "valueInteger"): value}
            for name, value in given.items()
        ]
        parameters = [{"name": "resource", "resource": patient}, *values]
        return caller("POST", "/Patient/$match", {"resourceType": "Parameters", "parameter": parameters})

    assert graded(asked(resident(identity=number()), count=1)) == [(one, "certain")]
    assert [grade for _, grade in graded(asked(doubtful))] == ["probable", "probable"]
    assert graded(asked(doubtful, onlyCertainMatches=True)) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "Send the Patient"),
        ({"resourceType": "Group", "type": "person", "actual": True}, "Send the Patient"),
    ],
)
def test_match_needs_a_patient(caller: Caller, body: Any, says: str) -> None:
    reply = caller("POST", "/Patient/$match", body, accept_language="en")

    assert reply.status == 400
    assert says in reply.text


@pytest.mark.parametrize(
    "query", ["count=0", "count=x", "count=101", "onlyCertainMatches=perhaps", "colour=red"]
)
def test_match_refuses_parameters_that_say_nothing(caller: Caller, query: str) -> None:
    assert caller("POST", f"/Patient/$match?{query}", resident()).status == 400


def test_match_notes_each_patient_that_was_shown(caller: Caller, index: Connection) -> None:
    one, other = two(caller)
    caller("POST", "/Patient/$match", resident(identity=number()))
    access.flush()

    rows = index.execute("SELECT action, id FROM record_access ORDER BY action, id").fetchall()

    assert rows == [("match", None), *sorted([("read", one), ("read", other)])]


# -- $ihe-pix


def parameters(reply: Reply) -> list[Any]:
    return [one.get("valueIdentifier", one.get("valueReference")) for one in reply.json.get("parameter", [])]


def test_pix_gives_the_identifiers_of_the_others(caller: Caller, index: Connection) -> None:
    _, other = two(caller)

    reply = caller("GET", f"/Patient/$ihe-pix?sourceIdentifier={A}|a-1&targetSystem={B}")

    assert reply.status == 200
    assert parameters(reply) == [{"system": B, "value": "b-1"}, {"reference": f"Patient/{other}"}]


def test_pix_gives_all_without_a_target(caller: Caller, index: Connection) -> None:
    one, other = two(caller)

    reply = caller("GET", f"/Patient/$ihe-pix?sourceIdentifier={A}|a-1")

    assert parameters(reply) == [
        {"system": ID_SYSTEM, "value": number()},
        {"system": B, "value": "b-1"},
        {"reference": f"Patient/{one}"},
        {"reference": f"Patient/{other}"},
    ]


def test_pix_takes_parameters_in_the_body(caller: Caller, index: Connection) -> None:
    two(caller)
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "sourceIdentifier", "valueIdentifier": {"system": A, "value": "a-1"}},
            {"name": "targetSystem", "valueUri": B},
        ],
    }

    reply = caller("POST", "/Patient/$ihe-pix", asked)

    assert parameters(reply)[0] == {"system": B, "value": "b-1"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (f"sourceIdentifier={A}|nobody", 404, "not-found"),
        ("sourceIdentifier=urn:unknown|a-1", 400, "code-invalid"),
        (f"sourceIdentifier={A}|a-1&targetSystem=urn:unknown", 403, "code-invalid"),
        ("sourceIdentifier=a-1", 400, "required"),
        (f"targetSystem={B}", 400, "required"),
    ],
)
def test_pix_says_what_is_not_known(
    caller: Caller, index: Connection, query: str, status: int, code: str
) -> None:
    two(caller)

    reply = caller("GET", f"/Patient/$ihe-pix?{query}")

    assert (reply.status, reply.issues[0]["code"]) == (status, code)


# -- $person


def test_person_gives_the_golden_view_for_patient_person_and_former_person(
    caller: Caller, index: Connection
) -> None:
    one, other = two(caller)
    third = store(caller, resident("欧阳海堂", birth="1980-02-13"))
    person, former = str(queries.person_of(index, one)), str(queries.person_of(index, third))
    with index.transaction():
        actions.merge(index, survivor=person, other=former, actor=STEWARD, reason="resident")

    replies = [caller("GET", f"/Patient/{id_}/$person").json for id_ in (one, third, person, former)]

    assert replies == [replies[0]] * 4
    shown = replies[0]
    assert (shown["id"], shown["name"], shown["birthDate"]) == (person, [{"text": "欧阳海棠"}], "1980-02-14")
    assert shown["identifier"] == [
        {"system": ID_SYSTEM, "value": number()},
        {"system": A, "value": "a-1"},
        {"system": B, "value": "b-1"},
    ]
    assert [link["other"]["reference"] for link in shown["link"]] == [
        f"Patient/{id_}" for id_ in (one, other, third)
    ]


def test_person_is_noted_for_every_patient(caller: Caller, index: Connection) -> None:
    one, other = two(caller)
    caller("GET", f"/Patient/{one}/$person")
    access.flush()

    rows = index.execute(
        "SELECT action, id FROM record_access WHERE action = 'person' ORDER BY id"
    ).fetchall()

    assert rows == sorted([("person", one), ("person", other)])


def test_nobody_has_no_person(caller: Caller, index: Connection) -> None:
    assert caller("GET", "/Patient/nobody/$person").status == 404


def test_the_operations_are_in_the_capability_statement(caller: Caller) -> None:
    rest = caller("GET", "/metadata").json["rest"][0]
    (patient,) = [one for one in rest["resource"] if one["type"] == "Patient"]

    assert {"match", "ihe-pix", "person"} <= {one["name"] for one in patient["operation"]}
    assert "process-message" in {one["name"] for one in rest["operation"]}


# -- $process-message


def feed(*entries: tuple[str, str, dict[str, Any] | None], event: str = EVENT) -> dict[str, Any]:
    """A message of ITI-93: method, url and Patient of each entry."""
    history = [
        {"request": {"method": method, "url": url}, **({"resource": patient} if patient else {})}
        for method, url, patient in entries
    ]
    return {
        "resourceType": "Bundle",
        "type": "message",
        "entry": [
            {
                "fullUrl": "urn:uuid:1",
                "resource": {
                    "resourceType": "MessageHeader",
                    "id": "m1",
                    "eventUri": event,
                    "source": {"endpoint": "http://his.example"},
                    "focus": [{"reference": "urn:uuid:2"}],
                },
            },
            {
                "fullUrl": "urn:uuid:2",
                "resource": {"resourceType": "Bundle", "type": "history", "entry": history},
            },
        ],
    }


def test_a_feed_creates_changes_merges_and_deletes(caller: Caller, index: Connection) -> None:
    first = {**resident(institution="A", record="a-1"), "id": "a-1"}
    second = {**resident("欧阳海堂", birth="1981-03-15", institution="A", record="a-2"), "id": "a-2"}

    reply = caller("POST", "/$process-message", feed(("POST", "Patient", first), ("POST", "Patient", second)))
    assert reply.status == 200
    header = reply.json["entry"][0]["resource"]
    assert (header["eventUri"], header["response"]) == (EVENT, {"identifier": "m1", "code": "ok"})
    assert queries.person_of(index, "a-1") != queries.person_of(index, "a-2")

    changed = {**first, "telecom": [{"system": "phone", "value": PHONE}]}
    assert caller("POST", "/$process-message", feed(("PUT", "Patient/a-1", changed))).status == 200
    assert caller("GET", "/Patient/a-1").json["telecom"][0]["value"] == PHONE

    merged = {
        "resourceType": "Patient",
        "id": "a-2",
        "active": False,
        "link": [{"other": {"reference": "Patient/a-1"}, "type": "replaced-by"}],
    }
    assert caller("POST", "/$process-message", feed(("PUT", "Patient/a-2", merged))).status == 200
    assert queries.person_of(index, "a-1") == queries.person_of(index, "a-2")
    kept = caller("GET", "/Patient/a-2").json
    assert (kept["active"], kept["name"]) == (False, second["name"])

    assert caller("POST", "/$process-message", feed(("DELETE", "Patient/a-2", None))).status == 200
    assert queries.together(index, "a-1") == ("a-1",)


def test_a_feed_does_not_overwrite_somebody_else(caller: Caller, index: Connection) -> None:
    first = {**resident(institution="A", record="1"), "id": "1"}
    other = {**resident("司徒远", birth="1955-07-30", sex="male", institution="B", record="1"), "id": "1"}
    caller("POST", "/$process-message", feed(("POST", "Patient", first)))

    reply = caller("POST", "/$process-message", feed(("POST", "Patient", other)))

    assert (reply.status, reply.issues[0]["code"]) == (409, "conflict")
    assert caller("GET", "/Patient/1").json["name"] == first["name"]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (resident(), 400),
        ({"resourceType": "Bundle", "type": "message"}, 400),
        ({"resourceType": "Bundle", "type": "message", "entry": [{"resource": resident()}]}, 400),
        (feed(event="urn:something:else"), 400),
        ({**feed(), "entry": feed()["entry"][:1]}, 400),
        (feed(("GET", "Patient/1", None)), 400),
        (feed(("PUT", "Observation/1", None)), 400),
        (feed(("PUT", "Patient/1", None)), 400),
        (feed(("DELETE", "Patient", None)), 400),
        (feed(("POST", "Patient", resident()), ("PUT", "Patient/1", resident(birth="yesterday"))), 400),
    ],
)
def test_a_message_that_cannot_be_understood_changes_nothing(
    caller: Caller, index: Connection, message: dict[str, Any], status: int
) -> None:
    reply = caller("POST", "/$process-message", message)

    assert reply.status == status, reply.body
    assert state(index).persons == {}
    assert index.execute("SELECT count(*) FROM record_resource").fetchone() == (0,)


# -- subscriptions


@dataclass
class Listener:
    """A subscriber's server: what it got, and what it answers."""

    url: str
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def entries(self, n: int = -1) -> list[tuple[str, str]]:
        history = self.got[n]["entry"][1]["resource"]
        return [(one["request"]["method"], one["request"]["url"]) for one in history["entry"]]


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    from dataclasses import replace

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            heard.headers.append(dict(self.headers))
            status = heard.answers.pop(0) if heard.answers else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", heard.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Listener(f"http://127.0.0.1:{server.server_port}/pmir")
    settings.SETTINGS = replace(settings.SETTINGS, notify=f"https://elsewhere.example {heard.url}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


def subscription(endpoint: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "links",
        "criteria": "Patient",
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "header": ["Authorization: Bearer secret"],
        },
        **more,
    }


def subscribe(caller: Caller, listener: Listener) -> str:
    reply = caller("POST", "/Subscription", subscription(listener.url))
    assert reply.status == 201, reply.body
    return str(reply.json["id"])


def test_a_subscriber_is_told_of_persons_as_they_change(
    caller: Caller, index: Connection, listener: Listener
) -> None:
    subscribe(caller, listener)
    one, other = two(caller)
    third = store(caller, resident("司徒远", birth="1955-07-30", sex="male"))
    person, stranger = str(queries.person_of(index, one)), str(queries.person_of(index, third))
    with index.transaction():
        done = actions.merge(index, survivor=person, other=stranger, actor=STEWARD, reason="resident")
        actions.unmerge(index, event=done.number, actor=STEWARD, reason="undo")

    told = tasks.deliver(now=clock.now() + timedelta(seconds=1))

    assert (told.told, told.failed) == (5, 0)
    assert [listener.entries(n) for n in range(5)] == [
        [("PUT", f"Patient/{person}")],
        [("PUT", f"Patient/{person}")],
        [("PUT", f"Patient/{stranger}")],
        [("PUT", f"Patient/{stranger}"), ("PUT", f"Patient/{person}")],
        [("PUT", f"Patient/{stranger}"), ("PUT", f"Patient/{person}")],
    ]
    header = listener.got[0]["entry"][0]["resource"]
    assert (header["resourceType"], header["eventUri"]) == ("MessageHeader", EVENT)
    merged = listener.got[3]["entry"][1]["resource"]["entry"][0]["resource"]
    assert merged["link"] == [{"other": {"reference": f"Patient/{person}"}, "type": "replaced-by"}]
    assert listener.headers[0]["Authorization"] == "Bearer secret"
    access.flush()
    noted = index.execute(
        "SELECT count(*) FROM record_access WHERE action = 'notify' AND id = %s", [one]
    ).fetchone()
    assert noted == (4,)
    shown = listener.got[0]["entry"][1]["resource"]["entry"][0]["resource"]
    assert other in [link["other"]["reference"][8:] for link in shown["link"]]


def test_what_fails_is_told_again_and_in_order(caller: Caller, index: Connection, listener: Listener) -> None:
    subscribe(caller, listener)
    two(caller)
    listener.answers = [500, 302, 200]
    now = clock.now() + timedelta(seconds=1)

    assert tasks.deliver(now=now).failed == 1
    assert tasks.deliver(now=now).failed == 0  # it is not due yet
    assert tasks.deliver(now=now + timedelta(seconds=5)).failed == 1  # a redirection is not followed
    assert tasks.deliver(now=now + timedelta(seconds=20)).told == 2
    assert tasks.deliver(now=now + timedelta(seconds=30)).told == 0
    assert len(listener.got) == 4


def test_one_who_never_answers_is_told_so(
    caller: Caller, index: Connection, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_MOST_TRIES", 2)
    asked = subscribe(caller, listener)
    two(caller)
    now = clock.now() + timedelta(seconds=1)
    listener.answers = [500, 500]

    tasks.deliver(now=now)
    assert tasks.deliver(now=now + timedelta(hours=1)).given_up == 1

    reported = caller("GET", f"/Subscription/{asked}").json
    assert (reported["status"], reported["error"]) == ("error", "HTTP 500")
    assert tasks.deliver(now=now + timedelta(hours=2)).told == 0
    again = {**reported, "status": "requested"}
    again.pop("error")
    caller("PUT", f"/Subscription/{asked}", again)
    assert tasks.deliver(now=now + timedelta(hours=3)).told == 2


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:1/pmir",
        "https://elsewhere.example.evil.test/x",
        "ftp://elsewhere.example/x",
        "https://elsewhere.example@evil.test/",
        "",
    ],
)
def test_only_registered_addresses_are_told(
    caller: Caller, index: Connection, listener: Listener, endpoint: str
) -> None:
    reply = caller("POST", "/Subscription", subscription(endpoint or "x"))

    assert reply.status == 400
    assert index.execute("SELECT count(*) FROM identity_subscriber").fetchone() == (0,)
    assert index.execute("SELECT count(*) FROM record_resource").fetchone() == (0,)


def test_a_subscription_that_ends_is_no_longer_told(
    caller: Caller, index: Connection, listener: Listener
) -> None:
    asked = subscribe(caller, listener)
    two(caller)
    caller("PUT", f"/Subscription/{asked}", {**subscription(listener.url, status="off"), "id": asked})

    assert tasks.deliver(now=clock.now() + timedelta(seconds=1)).told == 0

    ended = subscription(listener.url, end="2026-01-01T00:00:00Z")
    assert caller("POST", "/Subscription", ended).status == 201
    store(caller, resident("司徒远", birth="1955-07-30", sex="male"))
    assert tasks.deliver(now=clock.now() + timedelta(seconds=1)).told == 0
    assert listener.got == []


def test_other_subscriptions_are_left_alone(caller: Caller, index: Connection) -> None:
    reply = caller("POST", "/Subscription", subscription("https://x.example/", criteria="Observation?code=1"))

    assert reply.status == 201
    assert index.execute("SELECT count(*) FROM identity_subscriber").fetchone() == (0,)
