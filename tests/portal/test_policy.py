"""The pages of a record that the policy closes: what they say, and how an emergency opens them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings

from tests.portal import region
from tests.portal.test_views import HTMX, SECTIONS, text
from xinglin.accounts.models import Account
from xinglin.record import access, database, sealing

ONE_THING = ("results/trend/?test=4548-4~%25", "documents/DiagnosticReport/r2/")
SECRETS = ("4548-4", "糖化", "高血压")


@pytest.fixture
def closed(emptied, db, monkeypatch, client):
    """A browser of a doctor from elsewhere, in a region with the policy ``region``."""
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, policy="region"))
    region.store()
    client.force_login(
        Account.objects.create_user(
            "stranger", display_name="黄志远", roles=["doctor"], institution_id="elsewhere"
        )
    )
    return client


@pytest.mark.parametrize("section", [s for s in SECTIONS if s not in ONE_THING])
def test_a_closed_record_says_so_and_nothing_else(closed, section):
    answer = closed.get(f"/residents/a/{section}")

    said = text(answer)
    assert answer.status_code == 200
    assert "此档案尚未对您开放" in said
    assert "过敏史暂不可用" in said
    assert [secret for secret in SECRETS if secret in said] == []


def test_a_piece_of_a_closed_record_is_the_same_alone(closed):
    answer = closed.get("/residents/a/results/", headers=HTMX)

    assert "此档案尚未对您开放" in text(answer)
    assert b"<html" not in answer.content


@pytest.mark.parametrize("section", ONE_THING)
def test_one_thing_of_a_closed_record_is_not_found(closed, section):
    assert closed.get(f"/residents/a/{section}").status_code == 404


def test_an_emergency_opens_the_record(closed):
    answer = closed.post("/residents/a/open/", {"reason": "昏迷，救护车上，需要了解用药史"})

    assert (answer.status_code, answer["Location"]) == (302, "/residents/a/")
    assert "此档案尚未对您开放" not in text(closed.get("/residents/a/"))
    access.flush()
    noted = database.connection().execute(
        "SELECT purpose, outcome, query FROM record_access WHERE action = 'break-glass'"
    )
    assert [(purpose, outcome, sealing.open_text(query)) for purpose, outcome, query in noted] == [
        ("ETREAT", "permit", "昏迷，救护车上，需要了解用药史")
    ]


def test_an_emergency_needs_a_reason(closed):
    answer = closed.post("/residents/a/open/", {"reason": "急"})

    assert answer.status_code == 400
    assert "请用至少 8 个字说明" in text(answer)
    assert ">急</textarea>" in answer.content.decode()
    assert "此档案尚未对您开放" in text(closed.get("/residents/a/"))


def test_an_administrator_previews_what_an_account_sees(closed):
    closed.force_login(Account.objects.create_user("head", display_name="主任", roles=["administrator"]))

    seen = text(closed.get("/residents/a/policy/?account=stranger"))
    unknown = text(closed.get("/residents/a/policy/?account=nobody-of-this-name"))

    assert "黄志远" in seen
    assert "查找居民" in seen
    assert "没有此名称的账号。" in unknown


def test_a_doctor_previews_nothing(closed):
    assert closed.get("/residents/a/policy/?account=head").status_code == 403


CONSENT = {
    "resourceType": "Consent", "id": "wish", "status": "active", "patient": {"reference": "Patient/a"},
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}], "policy": [{"uri": "urn:x"}],
    "provision": {"type": "deny", "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]},
}  # fmt: skip


@pytest.fixture
def in_part(stored, client):
    """A browser of a doctor under the open policy; the resident has closed the results of tests."""
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    open_as(SYSTEM).update(CONSENT)
    client.force_login(Account.objects.create_user("reader", display_name="黄志远", roles=["doctor"]))
    return client


def test_a_record_of_which_a_part_is_closed_says_so_and_opens_in_an_emergency(in_part):
    before = text(in_part.get("/residents/a/results/"))

    assert "您看到的档案可能不完整" in before
    assert "糖化" not in before
    assert "高血压" in text(in_part.get("/residents/a/problems/"))

    in_part.post("/residents/a/open/", {"reason": "昏迷，救护车上，需要了解检验结果"})

    after = text(in_part.get("/residents/a/results/"))
    assert "糖化" in after
    assert "您看到的档案可能不完整" not in after


def test_a_record_that_is_closed_by_the_resident_says_that(in_part):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    open_as(SYSTEM).update({**CONSENT, "provision": {"type": "deny"}})

    said = text(in_part.get("/residents/a/"))

    assert "居民决定不对您开放此档案" in said
    assert "打开" in said
    assert [secret for secret in SECRETS if secret in said] == []


def test_a_doctor_whose_registration_has_ended_is_told_and_may_not_break_the_glass(closed):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    open_as(SYSTEM).update({"resourceType": "Practitioner", "id": "p-1", "active": False})
    Account.objects.filter(username="stranger").update(practitioner_id="p-1")

    said = text(closed.get("/residents/a/"))

    assert "您的执业注册已到期或被暂停" in said
    assert "紧急开放" not in said
    assert closed.post("/residents/a/open/", {"reason": "昏迷，救护车上，需要了解用药史"}).status_code == 403
