"""The pages: who sees what, what is counted, answers from forms, and the bench."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils.translation import override

from tests.reminders.conftest import encounter, person, potassium, stored
from xinglin.accounts.models import Account
from xinglin.reminders import rulebook, words

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = {
    "board": ("/reminders/", {"doctor", "nurse", "steward", "administrator"}),
    "rules": ("/reminders/rules/", {"doctor", "nurse", "steward", "administrator", "client"}),
    "rule": ("/reminders/rules/critical-result/", {"doctor", "nurse", "steward", "administrator", "client"}),
    "patient": ("/reminders/patients/p1/", {"doctor", "nurse", "client"}),
}
ROLES = ("doctor", "nurse", "steward", "administrator", "client", "auditor", "resident")


@pytest.fixture
def sign_in(connection: Any) -> Callable[..., Client]:
    def signing(role: str, **more: Any) -> Client:
        account = Account.objects.create_user(
            f"reminded-{role}", display_name="黄志远", roles=[role], **({"institution_id": "hospital"} | more)
        )
        client = Client()
        client.force_login(account)
        return client

    return signing


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content.decode()[:500]
    return str(answer.content.decode())


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_to_its_roles_alone(sign_in: Any, role: str) -> None:
    stored(person())
    client = sign_in(role)

    found = {name: client.get(address).status_code for name, (address, _) in PAGES.items()}

    assert found == {name: 200 if role in roles else 403 for name, (_, roles) in PAGES.items()}


@pytest.mark.parametrize("path", ["try/", "state/"])
@pytest.mark.parametrize("role", ["doctor", "nurse", "client"])
def test_rules_are_decided_by_their_roles_alone(sign_in: Any, connection: Any, role: str, path: str) -> None:
    answer = sign_in(role).post(f"/reminders/rules/critical-result/{path}", {"state": "off"})

    assert answer.status_code == 403
    assert connection.execute("SELECT count(*) FROM reminders_decision").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM reminders_replay").fetchone() == (0,)


def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/reminders/").status_code == 302


def test_every_rule_has_a_page_in_both_languages(sign_in: Any) -> None:
    client = sign_in("steward")

    for rule in rulebook.shipped().rules.values():
        chinese = text(client.get(f"/reminders/rules/{rule.id}/"))
        english = text(client.get(f"/reminders/rules/{rule.id}/", headers={"Accept-Language": "en"}))
        assert rule.title.zh in chinese
        assert rule.title.en in english
        assert rule.confidence in words.CONFIDENCES
        with override("zh-hans"):
            assert f"<small>{words.CONFIDENCES[rule.confidence]}</small>" in chinese


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, name
    return found[1]


def card_of(page: str) -> str:
    found = re.search(r"/reminders/cards/([0-9a-f-]{36})/override/", page)
    assert found is not None
    return found[1]


def test_a_card_is_ignored_with_a_reason_from_its_form(sign_in: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    client = sign_in("doctor")
    page = text(client.get("/reminders/patients/p1/?encounter=e1"))
    said = {
        "patient": "p1",
        "hook": "patient-view",
        "encounter": "e1",
        "rule": "critical-result",
        "reason": "informed",
    }

    answer = client.post(f"/reminders/cards/{card_of(page)}/override/", said, follow=True)

    assert "危急值：血钾 6.9 mmol/L" in page
    assert "没有需要提醒的事项" in text(answer)
    assert connection.execute("SELECT outcome, reason FROM reminders_firing").fetchall() == [
        ("overridden", "informed")
    ]


def test_a_suggestion_is_accepted_from_its_form_and_htmx_is_given_what_is_left(
    sign_in: Any, connection: Any
) -> None:
    stored(person(), potassium(6.9))
    client = sign_in("doctor")
    page = text(client.get("/reminders/patients/p1/"))
    said = {
        "patient": "p1",
        "hook": "patient-view",
        "encounter": "",
        "suggestion": hidden(page, "suggestion"),
    }

    answer = client.post(f"/reminders/cards/{card_of(page)}/accept/", said, headers={"HX-Request": "true"})

    assert "<html" not in text(answer)
    assert 'id="reminders"' in text(answer)
    assert connection.execute("SELECT outcome FROM reminders_firing").fetchall() == [("accepted",)]


def test_a_form_without_a_reason_is_refused(sign_in: Any, connection: Any) -> None:
    stored(person(), potassium(6.9))
    client = sign_in("doctor")
    page = text(client.get("/reminders/patients/p1/"))

    answer = client.post(
        f"/reminders/cards/{card_of(page)}/override/",
        {"patient": "p1", "hook": "patient-view", "rule": "critical-result"},
    )

    assert answer.status_code == 400
    assert connection.execute("SELECT outcome FROM reminders_firing").fetchall() == [("",)]


def test_the_board_counts_what_fired_and_why_it_was_ignored(sign_in: Any) -> None:
    stored(person(), potassium(6.9))
    doctor = sign_in("doctor")
    page = text(doctor.get("/reminders/patients/p1/"))
    doctor.post(
        f"/reminders/cards/{card_of(page)}/override/",
        {"patient": "p1", "hook": "patient-view", "rule": "critical-result", "reason": "informed"},
    )

    board = text(sign_in("steward").get("/reminders/", headers={"Accept-Language": "en"}))
    before = text(sign_in("nurse").get("/reminders/?month=2025-01", headers={"Accept-Language": "en"}))

    assert "Critical result without a second look" in board
    assert "Known; not dealt with now × 1" in board
    assert "No reminder fired in this month." in before


def test_the_bench_is_worked_from_the_rule_s_page(sign_in: Any, connection: Any) -> None:
    stored(person(), encounter("e1", 3), potassium(6.9, 4))
    client, address = sign_in("steward"), "/reminders/rules/critical-result/"
    off = client.post(f"{address}state/", {"state": "off", "words": "试停一周"})
    untried = client.post(f"{address}state/", {"state": "live"})
    client.post(f"{address}try/")
    live = client.post(f"{address}state/", {"state": "live"})

    page = text(client.get(address))

    assert (off.status_code, untried.status_code, live.status_code) == (302, 409, 302)
    assert "试停一周" in page
    assert connection.execute("SELECT encounters, fired FROM reminders_replay").fetchall() == [(1, 1)]
