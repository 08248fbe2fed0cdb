"""AuditEvents by the patterns of IHE, through the FHIR face, for those who may."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import make as resources
from tests.api.caller import Caller
from tests.audit import make
from tests.audit.make import NOW, line, write
from xinglin.accounts.actions import issue_token
from xinglin.accounts.models import Account
from xinglin.audit.resources import PROFILE
from xinglin.fhir import definitions, validation
from xinglin.kernel.actor import Actor
from xinglin.record import access, database

if TYPE_CHECKING:
    from xinglin.record.database import Connection

PATIENT = definitions.type_number("Patient")
OBSERVATION = definitions.type_number("Observation")
RECIPIENT, ASKING = ["110152", "110153", "IRCP"], ["110153", "110152", "IRCP"]
WRITING = ["110153", "110152", "AUT"]
DATA = [("1", "1"), ("2", "4")]


def caller(actor: Actor) -> Caller:
    account = Account.objects.get(pk=int(actor.id.removeprefix("account/")))
    return Caller(f"Bearer {issue_token(account=account, label='test')}")


@pytest.fixture
def auditor(audit: Connection) -> Caller:
    return caller(make.account("auditor", "auditor", name="韦建平", institution=""))


@pytest.fixture
def doctor(audit: Connection) -> Actor:
    make.store(resources.patient(id="p1"))
    access.flush()
    audit.execute("DELETE FROM record_access")
    return make.account("doctor", name="黄志远")


def codes(event: dict[str, Any]) -> list[str]:
    return [agent["type"]["coding"][0]["code"] for agent in event["agent"]]


def kinds(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["type"]["code"], one["role"]["code"]) for one in event.get("entity", [])]


@pytest.mark.parametrize(
    ("action", "about", "profile", "letter", "agents", "entities"),
    [
        ("read", {"id": "o1", "type": OBSERVATION}, "PatientRead", "R", RECIPIENT, DATA),
        ("vread", {"id": "p1", "type": PATIENT}, "PatientRead", "R", RECIPIENT, DATA),
        ("search", {"query": "code=1", "type": OBSERVATION}, "PatientQuery", "E", ASKING, [("1", "1"), ("2", "24")]),
        ("create", {"id": "o1", "type": OBSERVATION}, "PatientCreate", "C", WRITING, DATA),
        ("update", {"id": "o1", "type": OBSERVATION}, "PatientUpdate", "U", WRITING, DATA),
        ("delete", {"id": "o1", "type": OBSERVATION}, "PatientDelete", "D", ["110150", "custodian", "AUT"], DATA),
    ],
)  # fmt: skip
def test_each_interaction_keeps_its_profile(
    auditor: Caller, doctor: Actor, action: str, about: dict[str, Any], profile: str, letter: str, agents: list[str],
    entities: list[tuple[str, str]],
) -> None:  # fmt: skip
    write(
        line(
            doctor,
            action=action,
            patient=make.number("p1"),
            address="10.1.1.1",
            device="Chrome / Windows",
            **about,
        )
    )

    (event,) = auditor.get("AuditEvent?agent-name=黄志远").resources

    assert [i for i in validation.check_fully(event) if i.severity in ("error", "fatal")] == []
    assert event["meta"]["profile"] == [PROFILE + profile]
    assert event["type"]["code"] == "rest"
    assert (event["action"], event["outcome"], codes(event), kinds(event)) == (letter, "0", agents, entities)
    assert event["entity"][0]["what"] == {"reference": "Patient/p1"}
    assert event["agent"][0]["network"] == {"address": "10.1.1.1", "type": "2"}
    user = event["agent"][2]
    assert (user["name"], user["requestor"], user["who"]["identifier"]["value"]) == (
        "黄志远",
        True,
        doctor.id,
    )
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"


def test_a_query_tells_what_was_asked(auditor: Caller, doctor: Actor) -> None:
    write(line(doctor, action="search", type=OBSERVATION, query="code=4548-4&date=ge2026"))

    (event,) = auditor.get(f"AuditEvent?agent={doctor.id}").resources

    assert event["meta"]["profile"] == [f"{PROFILE}Query"]
    asked = base64.b64decode(event["entity"][0]["query"]).decode()
    assert asked == "http://test/fhir/Observation?code=4548-4&date=ge2026"


def test_a_refusal_says_so_and_claims_no_profile(auditor: Caller, doctor: Actor) -> None:
    write(line(doctor, id="o1", type=OBSERVATION, outcome="deny"), line(doctor, id="o2", type=OBSERVATION))

    (event,) = auditor.get(f"AuditEvent?outcome=4&agent={doctor.id}").resources

    assert (event["outcome"], "meta" in event, event["entity"][0]["what"]) == (
        "4",
        False,
        {"reference": "Observation/o1"},
    )
    assert [i for i in validation.check_fully(event) if i.severity in ("error", "fatal")] == []


def test_what_pages_note_is_valid_too(auditor: Caller, doctor: Actor) -> None:
    actions = ["card.show", "audit-export", "reveal", "everything", "history", "labels", "export", "match"]
    write(
        *[line(doctor, action=one, patient=make.number("p1")) for one in actions],
        line(Actor("system", "Xinglin"), action="read"),
    )

    found = auditor.get("AuditEvent").resources

    assert [
        issue
        for one in found
        for issue in validation.check_fully(one)
        if issue.severity in ("error", "fatal")
    ] == []
    assert {one["subtype"][0]["code"] for one in found} >= {"card.show", "operation", "history-type"} - {
        "history-type"
    }


def test_it_is_searched_by_who_whose_what_when_and_outcome(auditor: Caller, doctor: Actor) -> None:
    other = make.account("other", name="覃美玲")
    write(
        line(doctor, NOW - timedelta(days=2), patient=make.number("p1"), id="p1", type=PATIENT),
        line(doctor, action="create", id="o1", type=OBSERVATION, patient=make.number("p1")),
        line(other, action="search", type=OBSERVATION, query="a=b", address="10.9.9.9"),
        line(other, outcome="deny", id="o1", type=OBSERVATION),
    )
    first, second, third, fourth = [str(row.place) for row in access.after(database.connection(), 0, limit=9)]

    def ids(query: str) -> list[str]:
        return auditor.get(f"AuditEvent?{query}&date=lt2026-11-21").ids  # without those of these searches

    for query, wanted in {
        "patient=Patient/p1": [second, first],
        "patient=p1&action=R": [first],
        "entity=Observation/o1": [fourth, second],
        "entity=Patient/p1": [second, first],
        f"agent=urn:xinglin:account|{other.id}": [fourth, third],
        f"altid={doctor.id}": [second, first],
        "agent-name=覃美玲": [fourth, third],
        "date=2026-11-18": [first],
        "date=ge2026-11-19&date=lt2026-11-21": [fourth, third, second],
        "action=C": [second],
        "action=E&date=eq2026-11-20": [third],
        "subtype=search-type&date=2026-11-20": [third],
        "outcome=4": [fourth],
        "outcome=0&date=2026-11-20": [third, second],
        "address=10.9.9.9": [third],
        f"_id={third}": [third],
        f"agent={doctor.id}&agent={other.id}": [],
    }.items():
        assert ids(query) == wanted, query
    assert auditor.get("Patient/p1/AuditEvent?date=lt2026-11-21").ids == [second, first]
    assert auditor.get(f"AuditEvent/{third}").json["action"] == "E"


def test_pages_follow_each_other_while_the_log_grows(auditor: Caller, doctor: Actor) -> None:
    write(*[line(doctor, id=f"o{n}", type=OBSERVATION) for n in range(5)])
    seen: list[str] = []
    url: str | None = f"AuditEvent?agent={doctor.id}&_count=2"
    while url:
        reply = auditor.get(url)
        seen += [one["entity"][0]["what"]["reference"] for one in reply.resources]
        write(line(doctor, NOW + timedelta(hours=1), id="new", type=OBSERVATION))
        following = reply.link("next")
        url = following.removeprefix("http://test/fhir/") if following else None

    assert seen == [f"Observation/o{n}" for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "date=xx",
        "action=Z",
        "outcome=9",
        "entity=o1",
        "_count=0",
        "_sort=date",
        "_page=1",
        "patient=a/b/c",
    ],
)
def test_what_is_not_understood_is_refused(auditor: Caller, query: str) -> None:
    assert auditor.get(f"AuditEvent?{query}").status == 400


def test_a_doctor_sees_the_own_lines_and_no_others(audit: Connection, doctor: Actor) -> None:
    other = make.account("other", name="覃美玲")
    write(line(doctor, patient=make.number("p1")), line(other, patient=make.number("p1")))
    mine, theirs = [str(row.place) for row in access.after(audit, 0, limit=9)]
    face = caller(doctor)

    assert face.get("AuditEvent?date=2026-11-20").ids == [mine]
    assert face.get("AuditEvent?patient=p1&date=2026-11-20").ids == [mine]
    assert face.get(f"AuditEvent?agent={other.id}").ids == []
    assert face.get(f"AuditEvent/{theirs}").status == 404
    assert face.get(f"AuditEvent?_id={theirs}").ids == []
    access.flush()
    assert audit.execute(
        "SELECT outcome, query FROM record_access WHERE action = 'audit' AND outcome <> 'permit'"
    ).fetchall() == [("deny", f"AuditEvent/{theirs}")]


def test_an_institutions_auditor_sees_its_people_alone(audit: Connection, doctor: Actor) -> None:
    other = make.account("other", name="覃美玲", institution="centre")
    write(line(doctor), line(other))
    face = caller(make.account("auditor", "auditor", institution="centre"))

    assert [one["agent"][2]["name"] for one in face.get("AuditEvent?date=2026-11-20").resources] == ["覃美玲"]


def test_it_can_not_be_written(auditor: Caller, audit: Connection) -> None:
    made = {"resourceType": "AuditEvent"}

    assert auditor("POST", "AuditEvent", made).status == 405
    assert auditor("PUT", "AuditEvent/1", made).status == 405
    assert auditor("DELETE", "AuditEvent/1").status == 405
    assert auditor.get("AuditEvent/1/_history").status == 405
    writer = caller(make.account("client", "client"))
    reply = writer("POST", "", resources.transaction(resources.entry(made, "POST", "AuditEvent")))
    assert (reply.status, audit.execute("SELECT count(*) FROM record_resource").fetchone()) == (400, (0,))


def test_searching_the_audit_is_audited(auditor: Caller, audit: Connection) -> None:
    auditor.get("AuditEvent?outcome=4")
    access.flush()

    assert audit.execute("SELECT action, outcome, query FROM record_access").fetchall() == [
        ("audit", "permit", "AuditEvent?outcome=4")
    ]
