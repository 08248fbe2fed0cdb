"""The interface for institutions' systems."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.recognition import make
from xinglin.accounts import queries as accounts
from xinglin.accounts import rules as accounts_rules
from xinglin.accounts.models import Account, Token
from xinglin.kernel import clock

TOKEN = "a-token-of-the-tests"
DOCTOR = {"id": "D01", "name": "李医生"}
ORDER = {"patient": "p1", "order": "o-77", "item": "glucose", "result": "Observation/o1", "doctor": DOCTOR}


@pytest.fixture
def caller(db, connection):
    """A hospital's system with a token, and a result of the other hospital."""
    account = Account.objects.create_user(
        "his",
        "x",
        display_name="一院系统",
        roles=["client"],
        institution_id="h1",
        institution_name="第一人民医院",
    )
    Token.objects.create(account=account, digest=accounts_rules.digest(TOKEN), label="t")
    accounts.forget_authorizations()
    now = clock.now()
    make.store(make.observation("o1", 3, now=now), make.observation("o2", 40, now=now))
    make.marked(connection, since=(now - timedelta(days=300)).date())
    yield account
    accounts.forget_authorizations()


def post(path: str, body: Any, token: str = TOKEN) -> tuple[int, dict[str, Any]]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = Client().post(
        f"/recognition/{path}", json.dumps(body), content_type="application/json", headers=headers
    )
    return answer.status_code, answer.json()


def test_candidates_are_told_with_value_source_mark_and_reasons(caller) -> None:
    status, said = post("candidates", {"patient": "p1", "items": ["14771-0", "没有"]})

    assert (status, said["unknown"], said["catalogue"]["number"]) == (200, ["没有"], 0)
    (item,) = said["items"]
    (valid,) = item["valid"]
    (other,) = item["others"]
    assert (item["item"], item["price"], item["days"]) == ("glucose", 6.0, 30)
    assert (valid["result"], valid["value"], valid["mark"]["scope"], valid["own"]) == (
        "Observation/o1", "6.8 mmol/L", "city", False,
    )  # fmt: skip
    assert valid["institution"] == {"id": "h2", "name": "城东人民医院"}
    assert [one["code"] for one in other["reasons"]] == ["old"]


def test_a_decision_is_kept_and_told(caller, connection) -> None:
    status, said = post("decisions", {**ORDER, "verdict": "recognise"})
    again, _ = post("decisions", {**ORDER, "verdict": "recognise"})
    other, replaced = post("decisions", {**ORDER, "verdict": "decline", "reason": "fast"})

    assert (status, said["verdict"], said["saved"], said["replaces"]) == (201, "recognised", 6.0, None)
    assert again == 409
    assert (other, replaced["replaces"], replaced["saved"]) == (201, said["decision"], 0)
    kept = connection.execute("SELECT doctor, doctor_name, institution FROM recognition_decision").fetchall()
    assert kept == [("D01", "李医生", "h1")] * 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("candidates", [], 400),
        ("candidates", {"patient": "p1"}, 400),
        ("candidates", {"patient": "p1", "items": []}, 400),
        ("candidates", {"patient": "p1", "items": ["x"] * 101}, 400),
        ("candidates", {"patient": "p1", "items": [7]}, 400),
        ("candidates", {"patient": "p1", "items": ["glucose"], "more": 1}, 400),
        ("candidates", {"patient": "p1", "items": ["glucose"], "purpose": "FUN"}, 400),
        ("candidates", {"patient": "nobody", "items": ["glucose"]}, 404),
        ("decisions", {**ORDER, "verdict": "perhaps"}, 400),
        ("decisions", {**ORDER, "verdict": "decline"}, 400),
        ("decisions", {**ORDER, "verdict": "decline", "reason": "other"}, 400),
        ("decisions", {**ORDER, "verdict": "recognise", "doctor": {"id": "D01"}}, 400),
        ("decisions", {**ORDER, "verdict": "recognise", "order": ""}, 400),
        ("decisions", {**ORDER, "verdict": "recognise", "result": "Observation/o2"}, 409),
        ("decisions", {**ORDER, "verdict": "recognise", "result": "Observation/o9"}, 404),
    ],
)
def test_what_is_wrong_is_refused_with_words_and_leaves_no_trace(
    caller, connection, path, body, status
) -> None:
    got, said = post(path, body)

    assert got == status
    assert said["error"]["text"]
    assert connection.execute("SELECT count(*) FROM recognition_decision").fetchone() == (0,)


def test_who_does_not_name_itself_is_asked_to(caller) -> None:
    for token in ("", "wrong"):
        assert post("candidates", {"patient": "p1", "items": ["glucose"]}, token)[0] == 401


def test_a_session_counts_for_nothing_here(caller) -> None:
    client = Client()
    client.force_login(caller)

    answer = client.post("/recognition/candidates", "{}", content_type="application/json")

    assert answer.status_code == 401


def test_an_account_of_the_region_may_look_and_not_decide(caller) -> None:
    Account.objects.filter(pk=caller.pk).update(institution_id="")
    accounts.forget_authorizations()

    assert post("candidates", {"patient": "p1", "items": ["glucose"]})[0] == 200
    assert post("decisions", {**ORDER, "verdict": "recognise"})[0] == 403
