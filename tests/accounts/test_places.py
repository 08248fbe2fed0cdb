"""Department and practitioner of an account: who sets them, what they become, what is kept of it."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from tests import make
from xinglin.accounts import queries
from xinglin.accounts.models import Account, Event
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as


@pytest.fixture
def doctor(emptied, make_account) -> Account:
    return make_account("wang", "doctor", institution_id="hosp-a")


@pytest.fixture
def head(make_account, client, settings) -> Account:
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, demo=True)  # no second factor
    account = make_account("chief", "administrator", institution_id="hosp-a")
    client.force_login(account)
    return account


def place_of(account: Account) -> tuple[str | None, str | None]:
    actor = queries.actor_of(Account.objects.get(pk=account.pk))
    return actor.department, actor.practitioner


def test_an_administrator_says_where_an_account_works_and_who_it_is(doctor, head, client) -> None:
    answer = client.post(f"/accounts/{doctor.pk}/place/", {"department_id": "ward", "practitioner_id": "p-1"})

    assert answer.status_code == 302
    assert place_of(doctor) == ("ward", "p-1")
    event = Event.objects.get(kind="place")
    assert (event.account, event.actor, event.detail) == (doctor.pk, f"account/{head.pk}", "- -> ward p-1")
    page = client.get(f"/accounts/{doctor.pk}/").content.decode()
    assert 'value="ward"' in page


def test_what_is_no_id_is_refused(doctor, head, client) -> None:
    answer = client.post(f"/accounts/{doctor.pk}/place/", {"department_id": "内科", "practitioner_id": "p 1"})

    assert answer.status_code == 422
    assert answer.content.decode().count("请填写名录中的编号") == 2
    assert place_of(doctor) == (None, None)


def test_nobody_without_the_power_places_an_account(doctor, make_account, client) -> None:
    client.force_login(make_account("other", "doctor", institution_id="hosp-a"))

    assert client.post(f"/accounts/{doctor.pk}/place/", {"department_id": "ward"}).status_code == 403
    assert place_of(doctor) == (None, None)


def test_the_command_places_an_account(doctor) -> None:
    call_command(
        "account", "place", "wang", "--department", "Location/icu", "--practitioner", "p-1", stdout=StringIO()
    )

    assert place_of(doctor) == ("Location/icu", "p-1")


def test_the_page_leads_to_what_the_account_sees(doctor, head, client) -> None:
    open_as(SYSTEM).update(make.patient("王", "桂兰", id="p1"))

    page = client.get(f"/accounts/{doctor.pk}/").content.decode()
    answer = client.get("/policy/?account=wang&patient=Patient/p1")

    assert 'action="/policy/"' in page
    assert (answer.status_code, answer["Location"]) == (302, "/residents/p1/policy/?account=wang")
    assert client.get("/policy/?account=wang&patient=nobody").status_code == 404


def test_a_lapsed_registration_is_said_on_the_page(doctor, head, client, settings) -> None:
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, policy="region")
    open_as(SYSTEM).update({"resourceType": "Practitioner", "id": "p-1", "active": False})

    client.post(f"/accounts/{doctor.pk}/place/", {"practitioner_id": "p-1"})

    assert "该人员的执业注册已到期或被暂停" in client.get(f"/accounts/{doctor.pk}/").content.decode()
