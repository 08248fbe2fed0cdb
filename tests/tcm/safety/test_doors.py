"""The interface, the desk and the signatures beside findings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.test import Client

from tests.healthcard import make
from xinglin.accounts.actions import issue_token
from xinglin.accounts.models import Account
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import self_number
from xinglin.record import access, database
from xinglin.tcm.safety import actions, queries
from xinglin.tcm.safety.queries import Signing
from xinglin.tcm.safety.rules import Reason
from xinglin.tcm.safety.values import Level, Line, Person, Prescription

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DOCTOR = Actor("account/1", "黄志远", frozenset({"doctor"}), institution="hospital")
SECOND = Actor("account/2", "覃美玲", frozenset({"nurse"}), institution="hospital")
NOBODY = Actor("account/3", "陆文清", frozenset({"steward"}))
NEED = Reason("need")
CHECK = "/tcm/safety/check"


@pytest.fixture
def connection(emptied: None):
    found = database.connection()
    yield found
    found.execute("TRUNCATE tcm_safety_overruling, tcm_safety_review")


@pytest.fixture
def sign_in(db: None):
    def signing(*roles: str, **more: Any) -> Client:
        account = Account.objects.create_user(
            "safety-" + "-".join(roles), display_name="某人", roles=list(roles)
        )
        client = Client(**more)
        client.force_login(account)
        return client

    return signing


def ask(client: Client, said: Any, **more: Any):
    return client.post(CHECK, json.dumps(said), content_type="application/json", **more)


def test_the_clash_is_stopped_and_the_herb_above_its_limit_needs_a_signature(sign_in) -> None:
    lines = [{"name": "甘草", "grams": 6}, {"name": "细辛", "grams": 6}, {"name": "甘遂", "grams": 1}]
    answer = ask(sign_in("doctor"), {"lines": lines, "person": {"sex": "male", "age": 40}})

    said = answer.json()
    assert answer.status_code == 200
    assert said["level"] == "stop"
    found = [(one["level"], one["kind"], one["lines"]) for one in said["findings"]]
    assert found == [("stop", "clash", [0, 2]), ("second", "limit", [1]), ("second", "route", [2])]
    assert said["findings"][0]["text"]["zh"] == "十八反：甘草反甘遂"


def test_a_program_names_itself_by_a_token(db: None) -> None:
    account = Account.objects.create_user("his", display_name="HIS", roles=["client"])
    token = issue_token(account=account, label="test")
    answer = ask(
        Client(enforce_csrf_checks=True),
        {"lines": [{"name": "甘草"}]},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code == 200
    assert answer.json()["level"] is None


def test_who_is_not_known_or_may_not_is_refused(sign_in) -> None:
    assert ask(Client(), {"lines": []}).status_code == 401
    assert ask(Client(), {"lines": []}, headers={"Authorization": "Bearer none"}).status_code == 401
    assert ask(sign_in("steward"), {"lines": []}).status_code == 403


def test_a_session_alone_is_not_enough_without_its_token(sign_in) -> None:
    assert ask(sign_in("doctor", enforce_csrf_checks=True), {"lines": []}).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        [], {}, {"lines": "甘草"}, {"lines": ["甘草"]}, {"lines": [{"name": ""}]},
        {"lines": [{"name": "甘草", "grams": -1}]},
        {"lines": [{"name": "甘草", "grams": True}]}, {"lines": [{"name": "甘草", "route": "nose"}]},
        {"lines": [{"name": "甘草", "preparation": ["fried"]}]}, {"lines": [{"name": "甘草"}] * 201},
        {"lines": [], "person": []}, {"lines": [], "person": {"pregnancy": "maybe"}},
        {"lines": [], "person": {"allergies": "半夏"}},
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused_in_words(sign_in, said: Any) -> None:
    answer = ask(sign_in("doctor"), said)

    assert answer.status_code == 400
    assert answer.json()["error"]["text"]


def concept(code: str, system: str = "http://hl7.org/fhir/sid/icd-10") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def test_of_a_patient_the_record_is_read_and_the_look_is_noted(emptied: None, sign_in) -> None:
    person = {"reference": "Patient/p"}
    condition = {"resourceType": "Condition", "subject": person}
    active = concept("active", "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical")
    make.store(
        {"resourceType": "Organization", "id": "hospital", "name": "第一人民医院"},
        make.patient("p", name=[{"text": "韦小花"}], gender="female", birthDate="1998-05-01"),
        {**condition, "id": "c1", "code": concept("Z34.9"), "recordedDate": "2026-10-01"},
        {**condition, "id": "c2", "code": concept("N18.3"), "recordedDate": "2020-10-01"},
        {"resourceType": "AllergyIntolerance", "id": "a1", "patient": person, "code": {"text": "半夏"},
         "clinicalStatus": active},
        {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": person,
         "authoredOn": "2026-11-20", "medicationCodeableConcept": {"text": "华法林钠片"}},
    )  # fmt: skip
    account = Account.objects.create_user("its-doctor", display_name="某医生", roles=["client"])
    client = Client()
    client.force_login(account)
    lines = [{"name": name, "grams": 6} for name in ("莪术", "姜半夏", "细辛", "丹参")]
    answer = ask(client, {"lines": lines, "patient": "p"})

    kinds = {(one["kind"], one["level"], one["lines"][0]) for one in answer.json()["findings"]}
    assert {
        ("pregnancy", "stop", 0),
        ("allergy", "stop", 1),
        ("kidney", "note", 2),
        ("western", "second", 3),
    } <= kinds
    access.flush()
    looks = access.latest_of(database.connection(), f"account/{account.pk}", limit=9)
    assert {placed.line.patient for placed in looks} == {self_number("Patient", "p")}


def test_a_patient_that_is_not_there_is_not_found(emptied: None, sign_in) -> None:
    assert ask(sign_in("client"), {"lines": [], "patient": "nobody"}).status_code == 404


def test_the_desk_answers_what_is_typed(sign_in) -> None:
    client = sign_in("doctor")
    assert client.get("/tcm/safety/").status_code == 200
    assert "附子" in client.get("/tcm/safety/rules/").content.decode()
    said = {"text": "附子9 先煎\n法半夏6\n某草3", "route": "decoction", "doses": "7", "sex": "male"}

    answer = client.post("/tcm/safety/findings/", said, headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "十八反：附子反法半夏" in text
    assert "某草" in text
    assert "<html" not in text
    assert sign_in("steward").get("/tcm/safety/").status_code == 403


# -- signing


def reviewed(*lines: Line):
    return actions.review(Prescription(lines), Person(sex="male"), actor=DOCTOR)


def overrule(connection, report, actor: Actor = DOCTOR, part: str = "author", **more: Any):
    key = more.pop("key", report.findings[0].key)
    return actions.overrule(
        connection, signing=more.pop("signing", Signing("rx-1")), report=report, key=key,
        reason=more.pop("reason", NEED), part=part, actor=actor, now=NOW,
    )  # fmt: skip


def test_what_needs_a_second_signature_goes_on_when_the_prescriber_signs_again(connection) -> None:
    report = reviewed(Line("细辛", 6), Line("甘草", 6))
    signing = Signing("rx-1")
    with pytest.raises(Fault) as refused:
        actions.require_settled(connection, signing=signing, report=report)
    assert refused.value.kind is Kind.CONFLICT

    overrule(connection, report)

    actions.require_settled(connection, signing=signing, report=report)
    assert queries.outstanding(connection, Signing("rx-2"), report) == [report.findings[0]]


def test_what_is_stopped_needs_two_people(connection) -> None:
    report = reviewed(Line("甘草", 6), Line("海藻", 9))
    signing = Signing("rx-1")

    with pytest.raises(Fault, match="First who prescribes"):
        overrule(connection, report, SECOND, "second")
    overrule(connection, report)
    assert queries.outstanding(connection, signing, report) == [report.findings[0]]
    with pytest.raises(Fault, match="First who prescribes"):
        overrule(connection, report, DOCTOR, "second")
    overrule(connection, report, SECOND, "second")

    assert queries.outstanding(connection, signing, report) == []
    counted = queries.overruled(connection, "hospital", NOW.replace(day=1), NOW.replace(day=28))
    assert [(one.rule, one.times, one.people) for one in counted] == [("clash-liquorice", 2, 2)]
    assert queries.overruled(connection, "elsewhere", NOW.replace(day=1), NOW.replace(day=28)) == []


def test_reviews_are_counted_by_their_last_at_each_stage(connection, sign_in) -> None:
    grave, light = reviewed(Line("甘草", 6), Line("海藻", 9), Line("细辛", 6)), reviewed(Line("石膏", 30))

    def settle(report, name: str, stage: str = "signing") -> list:
        return actions.settle(
            connection, signing=Signing(name), report=report, stage=stage, actor=DOCTOR, now=NOW
        )

    assert [one.rule for one in settle(grave, "rx-1")] == ["clash-liquorice", "over-limit"]
    assert settle(light, "rx-2") == []
    assert settle(light, "rx-2", "dispensing") == []
    for key in (finding.key for finding in grave.findings[:2]):
        overrule(connection, grave, key=key)
    overrule(connection, grave, SECOND, "second")
    assert settle(grave, "rx-1") == []

    month = (NOW.replace(day=1), NOW.replace(day=28))
    assert queries.figures(connection, "hospital", *month) == [
        queries.Figures("signing", 2, 1, 1, 1, 2), queries.Figures("dispensing", 1, 0, 0, 1, 1),
    ]  # fmt: skip
    assert queries.figures(connection, "elsewhere", *month) == []
    client = sign_in("steward")
    shown = client.get("/tcm/safety/figures/?month=2026-11").content.decode()
    assert "clash-liquorice" in shown
    assert "clash-liquorice" not in client.get("/tcm/safety/figures/?month=2026-10").content.decode()
    assert client.get("/tcm/safety/figures/?month=x").status_code == 200
    assert sign_in("auditor").get("/tcm/safety/figures/").status_code == 403


def test_what_is_final_nobody_overrules(connection) -> None:
    report = reviewed(Line("关木通", 3))

    with pytest.raises(Fault) as refused:
        overrule(connection, report)

    assert refused.value.kind is Kind.FORBIDDEN
    assert queries.given(connection, Signing("rx-1")) == []


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"reason": Reason("whim")}, Kind.INVALID),
        ({"reason": Reason("other", " ")}, Kind.INVALID),
        ({"key": "nothing"}, Kind.NOT_FOUND),
        ({"actor": NOBODY}, Kind.FORBIDDEN),
        ({"actor": SECOND}, Kind.FORBIDDEN),
    ],
)
def test_overruling_without_reason_or_right_is_refused_and_leaves_nothing(connection, more, kind) -> None:
    report = reviewed(Line("细辛", 6))

    with pytest.raises(Fault) as refused:
        overrule(connection, report, **more)

    assert refused.value.kind is kind
    assert queries.given(connection, Signing("rx-1")) == []


def test_a_note_is_no_hindrance_and_cannot_be_overruled(connection) -> None:
    report = reviewed(Line("石膏", 30))
    assert report.level is Level.NOTE

    actions.require_settled(connection, signing=Signing("rx-1"), report=report)
    with pytest.raises(Fault):
        overrule(connection, report)


def test_nobody_signs_twice_and_what_was_signed_is_never_changed(connection) -> None:
    report = reviewed(Line("细辛", 6))
    overrule(connection, report)

    with pytest.raises(Fault) as refused:
        overrule(connection, report)
    assert refused.value.kind is Kind.CONFLICT
    for change in ("UPDATE tcm_safety_overruling SET reason = 'x'", "DELETE FROM tcm_safety_overruling"):
        with pytest.raises(psycopg.errors.RestrictViolation), connection.transaction():
            connection.execute(change)
    assert len(queries.given(connection, Signing("rx-1"))) == 1


def test_who_may_not_check_is_refused() -> None:
    with pytest.raises(Fault) as refused:
        actions.review(Prescription(()), Person(), actor=replace(DOCTOR, roles=frozenset({"steward"})))

    assert refused.value.kind is Kind.FORBIDDEN
