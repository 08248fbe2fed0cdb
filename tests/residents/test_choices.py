"""A resident's own page about who may see the record: the same decisions as the desk's, in plain words."""

from __future__ import annotations

import re

import pytest

from tests.residents import make
from tests.residents.entering import client_of, plain, text
from xinglin.consent import forms as consent_forms
from xinglin.record.policy.consents import data_kinds
from xinglin.residents import choosing

CLOSE = {"act": "deny", "kinds": ["medicines"], "whom": "everybody"}


@pytest.fixture
def client(region, outbox):
    return client_of(make.wang())


def decided(client) -> list[str]:
    return re.findall(r'action="/my/choices/([^"/]+)/"', text(client.get("/my/choices/")))


def test_nothing_is_chosen_beforehand(client):
    page = text(client.get("/my/choices/"))

    assert re.search(r'name="act"[^>]*checked', page) is None
    assert re.search(r'name="kinds"[^>]*checked', page) is None
    assert "不让看" in page
    assert "您没有作过限制" in page


def test_every_kind_of_data_is_explained_in_both_languages():
    codes = {kind.code for kind in data_kinds()}

    assert {kind["code"] for kind in choosing.table()["kind"]} == codes
    assert all(choosing.about(code, language) for code in codes for language in ("zh", "en"))


def test_what_is_closed_is_taken_back_and_closed_again(client):
    assert client.post("/my/choices/", CLOSE).url == "/my/choices/"
    (consent,) = decided(client)
    page = plain(client.get("/my/choices/"))
    assert "处方与用药" in page
    assert "您没有作过限制" not in page

    client.post(f"/my/choices/{consent}/", {"act": "withdraw"})
    assert "您没有作过限制" in plain(client.get("/my/choices/"))
    client.post(f"/my/choices/{consent}/", {"act": "restore"})

    assert "您没有作过限制" not in plain(client.get("/my/choices/"))


def test_the_staff_see_on_their_page_what_the_resident_decided(client):
    from xinglin.consent import queries
    from xinglin.kernel import clock
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    client.post("/my/choices/", CLOSE)
    door = open_as(SYSTEM)

    (found,), _ = queries.decisions(door, queries.resident(door, "a"), clock.now())

    assert found.in_force
    assert [consent_forms.kind_name(kind) for kind in found.lines[0].kinds] == ["处方与用药"]
    assert found.witness == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"act": ""},
        {"kinds": []},
        {"whom": "these"},
        {"until": "2020-01-01"},
        {"whom": "these", "institutions": ["Organization/unknown"]},
    ],
)
def test_a_decision_that_is_not_whole_changes_nothing(client, wrong):
    answer = client.post("/my/choices/", CLOSE | wrong)

    assert answer.status_code == 422
    assert decided(client) == []


def test_a_decision_of_another_is_not_there(client):
    lin = client_of(make.lin())
    lin.post("/my/choices/", CLOSE)
    (consent,) = decided(lin)

    answer = client.post(f"/my/choices/{consent}/", {"act": "withdraw"})

    assert answer.status_code == 404
    assert decided(lin) == [consent]


def test_who_acts_by_a_mandate_decides_nothing(region, outbox):
    lin = make.lin()
    held = make.given(lin, name="王桂兰", document=make.WANG, relation="child")
    client = client_of(lin)
    client.post("/my/family/switch/", {"authority": held.id})

    assert client.get("/my/choices/").status_code == 403
    assert client.post("/my/choices/", CLOSE).status_code == 403


def test_institutions_that_keep_a_patient_are_offered_once_and_by_name():
    patients = [
        {"managingOrganization": {"reference": "Organization/b"}},
        {"managingOrganization": {"reference": "Organization/a", "display": "甲医院"}},
        {"managingOrganization": {"reference": "Organization/a", "display": "甲医院"}},
        {},
    ]

    found = choosing.institutions(patients, {"Organization/b": "乙医院"})

    assert [(one.reference, one.name) for one in found] == [
        ("Organization/b", "乙医院"),
        ("Organization/a", "甲医院"),
    ]
