"""The interface for institutions' systems."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client

from tests.healthcard import make
from tests.healthcard.make import issue
from xinglin.accounts import actions as accounts
from xinglin.accounts import queries as known
from xinglin.accounts.models import Account
from xinglin.crypto import signatures, tokens
from xinglin.crypto.algorithms import Algorithm
from xinglin.healthcard import keys
from xinglin.kernel import clock

ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


@pytest.fixture
def call(db, cards):
    """A function that calls as a system of the centre, or as whoever is given."""
    account = Account.objects.create_user(
        "centre-his", "a password", display_name="东门中心", roles=["client"], institution_id="centre"
    )
    token = accounts.issue_token(account=account, label="test")
    known.forget_authorizations()

    def calling(
        body=None,
        *,
        authorization: str | None = f"Bearer {token}",
        language: str = "en",
        path: str = "/cards/verify",
    ):
        headers = {"Accept-Language": language, **({"Authorization": authorization} if authorization else {})}
        client = Client(enforce_csrf_checks=True)
        if body is None:
            return client.get(path, headers=headers)
        sent = body if isinstance(body, bytes | str) else json.dumps(body)
        return client.post(path, sent, content_type="application/json", headers=headers)

    return calling


@pytest.fixture
def card(wang):
    return issue(wang, now=clock.now())


def fresh(card):
    return make.show(card, now=clock.now())


def test_accepted_card_tells_the_holder_and_the_patient_at_that_institution(call, card):
    answer = call({"code": fresh(card), "operation": "registration", "counter": "3", "request": "R-1"})

    said = answer.json()
    use = said.pop("use")
    assert answer.status_code == 200
    assert said == {
        "outcome": "accepted",
        "way": "shown",
        "card": {"number": card.short, "kind": "virtual", "state": "active"},
        "holder": {
            "name": "王桂兰", "sex": "female", "birth": "1949-12-31", "document_masked": "110105 ******** 002X",
            "phone_masked": "154 **** 5678", "age": said["holder"]["age"],
        },
        "patients": ["Patient/b"],
        "warnings": [],
    }  # fmt: skip
    assert said["holder"]["age"]["years"] >= 76
    assert make.rows("healthcard_use", "id, counter, institution") == [(int(use), "3", "centre")]


def test_refused_card_is_an_answer_with_reason_and_advice(call, card):
    text = fresh(card)
    call({"code": text})

    answer = call({"code": text}, language="zh-CN")

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ("outcome", "why", "text")} == {
        "outcome": "refused", "why": "replayed", "text": "该码已使用过",
    }  # fmt: skip
    assert "holder" not in answer.json()


def test_late_report_of_a_counter_without_network(call, card):
    shown = clock.now() - timedelta(seconds=120)
    body = {"code": make.show(card, now=shown), "scanned": (shown + timedelta(seconds=5)).isoformat()}

    assert [w["code"] for w in call(body).json()["warnings"]] == ["offline"]
    assert call({"code": make.show(card, now=shown)}).json()["why"] == "expired"


def test_purpose_is_written_down(call, card):
    call({"code": fresh(card), "purpose": "PUBHLTH"})

    assert make.rows("healthcard_use", "purpose") == [("PUBHLTH",)]


def test_emergency_data_come_when_they_are_asked_for(call, card):
    make.store(
        {"resourceType": "AllergyIntolerance", "id": "al", "patient": {"reference": "Patient/a"}, "criticality": "high",
         "clinicalStatus": {"coding": [{"system": ALLERGY, "code": "active"}]},
         "code": {"text": "青霉素"}, "reaction": [{"manifestation": [{"text": "皮疹"}]}]},
        {"resourceType": "Observation", "id": "o1", "status": "final", "subject": {"reference": "Patient/b"},
         "code": {"coding": [{"system": "http://loinc.org", "code": "883-9"}]},
         "valueCodeableConcept": {"text": "A型"}},
        {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/a"}, "code": {"text": "癫痫"}},
        {"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/a"}, "code": {"text": "感冒"},
         "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "resolved"}]}},
        {"resourceType": "Device", "id": "d1", "status": "active", "patient": {"reference": "Patient/b"},
         "type": {"text": "心脏起搏器"}},
    )  # fmt: skip

    assert call({"code": fresh(card), "emergency": True}).json()["emergency"] == {
        "blood": ["A型"],
        "allergies": [{"substance": "青霉素", "dangerous": True, "reactions": ["皮疹"]}],
        "noKnownAllergy": False,
        "conditions": ["癫痫"],
        "implants": ["心脏起搏器"],
    }
    assert "emergency" not in call({"code": fresh(card)}).json()


def test_nobody_may_call(call, card):
    for authorization in (None, "Bearer wrong", "Basic bm9ib2R5Ong=", "Digest x"):
        answer = call({"code": fresh(card)}, authorization=authorization)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert make.rows("healthcard_use") == []


def test_session_of_the_pages_is_no_authorization(call, card):
    client = Client()
    client.force_login(Account.objects.get(username="centre-his"))

    answer = client.post("/cards/verify", json.dumps({"code": fresh(card)}), content_type="application/json")

    assert answer.status_code == 401
    assert make.rows("healthcard_use") == []


def test_name_and_password_will_do(call, card):
    basic = base64.b64encode(b"centre-his:a password").decode()

    assert call({"code": fresh(card)}, authorization=f"Basic {basic}").json()["outcome"] == "accepted"


def test_account_that_may_not_verify_is_refused_and_logged(call, card):
    account = Account.objects.create_user("data", display_name="数据", roles=["steward"])
    token = accounts.issue_token(account=account, label="test")

    answer = call({"code": fresh(card)}, authorization=f"Bearer {token}")

    assert (answer.status_code, answer.json()["why"]) == (403, "forbidden")
    assert make.rows("healthcard_use", "outcome, why") == [("refused", "forbidden")]


WRONG = [
    (b"", "JSON"),
    (b"{", "JSON"),
    ([], "JSON object"),
    ({}, "code is missing"),
    ({"code": 7}, "code is to be a string"),
    ({"code": "x", "emergency": "yes"}, "emergency is to be a boolean"),
    ({"code": "x", "scan": "y"}, "no member 'scan'"),
    ({"code": "x", "scanned": "today"}, "time with its zone"),
    ({"code": "x", "scanned": "2026-11-20T10:00:00"}, "time with its zone"),
    ({"code": "x", "purpose": "FUN"}, "purpose is one of"),
    ({"code": "x", "counter": "a\0"}, "NUL"),
    ({"code": "x", "operation": "o" * 41}, "too long"),
    ({"code": "x" * 9000}, "more than 8192 bytes"),
]


def test_wrong_body_is_told_and_nothing_is_logged(call, cards):
    answers = [call(body) for body, _ in WRONG]

    assert {answer.status_code for answer in answers} == {400}
    told = [answer.json()["error"]["text"] for answer in answers]
    assert [(text, said) for text, (_, said) in zip(told, WRONG, strict=True) if said not in text] == []
    assert make.rows("healthcard_use") == []


def test_only_posting_verifies(call, card):
    assert call(path="/cards/verify").status_code == 405


def test_public_keys_verify_a_shown_code(call, card):
    said = call(path="/cards/keys").json()

    assert (said["purpose"], said["audience"]) == ("card-code", "card")
    [key] = [k for k in said["keys"] if k["version"] == keys.ring(keys.CODE).current.version]
    verifier = signatures.verifier(Algorithm(key["algorithm"]), base64.b64decode(key["public"]))
    raw = tokens.decode(fresh(card).removeprefix("XL1"))
    assert verifier.verify(b"xinglin-token-1\0card-code\0" + raw[:-64], raw[-64:])


def test_public_keys_are_for_who_may_verify(call, cards):
    assert call(path="/cards/keys", authorization=None).status_code == 401
