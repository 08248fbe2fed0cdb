"""The door: failures close it, sessions end, passwords keep their rules, and everything is written down."""

from __future__ import annotations

import base64
import io
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from xinglin.accounts import guarding, queries, rules
from xinglin.accounts.models import Account, SignInEvent, SignInSession
from xinglin.accounts.reference import sign_in_rules
from xinglin.kernel import clock, origin

RIGHT = "Correct-horse-7"
PAIR = {"username": "li", "password": RIGHT}
WRONG = {"username": "li", "password": "wrong"}


@pytest.fixture
def li(db) -> Account:
    queries.forget_authorizations()
    return Account.objects.create_user("li", RIGHT, display_name="李", roles=["doctor"])


@pytest.fixture
def later(monkeypatch):
    """A function that moves the clock on."""
    moved = timedelta()
    real = clock.now

    def moving(by: timedelta) -> None:
        nonlocal moved
        moved += by

    monkeypatch.setattr(clock, "now", lambda: real() + moved)
    return moving


def kinds(username: str = "li") -> list[str]:
    return list(SignInEvent.objects.filter(username=username).order_by("pk").values_list("kind", flat=True))


def fail(client, times: int, username: str = "li") -> list[int]:
    return [client.post("/sign-in/", {**WRONG, "username": username}).status_code for _ in range(times)]


def test_too_many_failures_close_the_account_even_for_the_right_password(li, client):
    fail(client, sign_in_rules().failures)

    answer = client.post("/sign-in/", PAIR)

    assert answer.status_code == 422
    assert "失败次数过多。请 15 分钟后再试" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert kinds() == ["failed"] * 5 + ["refused"]


def test_account_opens_again_by_itself(li, client, later):
    fail(client, sign_in_rules().failures)
    later(sign_in_rules().lock + timedelta(seconds=1))

    assert client.post("/sign-in/", PAIR).status_code == 302


def test_success_starts_the_count_anew(li, client):
    fail(client, 4)
    client.post("/sign-in/", PAIR)
    client.post("/sign-out/")
    fail(client, 4)

    assert client.post("/sign-in/", PAIR).status_code == 302


def test_names_that_do_not_exist_are_closed_and_told_alike(li, client):
    fail(client, sign_in_rules().failures, "nobody")
    unknown = client.post("/sign-in/", {"username": "nobody", "password": RIGHT}).content.decode()
    fail(client, sign_in_rules().failures)
    known = client.post("/sign-in/", PAIR).content.decode()

    assert "失败次数过多" in unknown
    assert "失败次数过多" in known


def test_one_address_cannot_try_many_names(li, client):
    with origin.coming_from(origin.Origin("192.0.2.7", "Chrome / Windows")):
        for n in range(sign_in_rules().address_failures):
            guarding.note("failed", f"name{n}", now=clock.now())
        there = client.post("/sign-in/", PAIR)
    elsewhere = client.post("/sign-in/", PAIR)

    assert (there.status_code, elsewhere.status_code) == (422, 302)


def test_programs_with_passwords_are_counted_too(li):
    def asked(password: str) -> str:
        return "Basic " + base64.b64encode(f"li:{password}".encode()).decode()

    for n in range(sign_in_rules().failures):
        assert queries.actor_for_authorization(asked(f"wrong{n}")) is None

    assert queries.actor_for_authorization(asked(RIGHT)) is None
    assert kinds() == ["failed"] * 5 + ["refused"]


def test_operator_opens_a_closed_account(li, client):
    fail(client, sign_in_rules().failures)
    call_command("accounts", "unlock", "li", stdout=io.StringIO())

    assert client.post("/sign-in/", PAIR).status_code == 302


def test_signing_in_makes_another_session_than_the_one_before(li, client):
    client.get("/sign-in/")
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.post("/sign-in/", PAIR)

    assert client.session.session_key != before
    assert list(SignInSession.objects.values_list("key", flat=True)) == [client.session.session_key]


def test_forged_sign_in_is_refused(li):
    from django.test import Client

    assert Client(enforce_csrf_checks=True).post("/sign-in/", PAIR).status_code == 403
    assert kinds() == []


@pytest.mark.parametrize("away", [sign_in_rules().idle, sign_in_rules().longest])
def test_session_ends_after_a_while(li, client, later, away):
    client.post("/sign-in/", PAIR)
    assert client.get("/account/").status_code == 200
    later(away + timedelta(seconds=1))

    assert client.get("/account/")["Location"] == "/sign-in/?next=/account/"
    assert kinds() == ["signed-in", "expired"]
    assert SignInSession.objects.count() == 0


def test_session_that_is_used_lasts_until_the_day_s_end(li, client, later):
    client.post("/sign-in/", PAIR)
    step = sign_in_rules().idle - timedelta(minutes=1)
    passed = timedelta()
    while passed + step < sign_in_rules().longest:
        later(step)
        passed += step
        assert client.get("/account/").status_code == 200
    later(step)

    assert client.get("/account/").status_code == 302


def test_password_is_changed_and_other_sessions_end(li, client):
    from django.test import Client

    other = Client()
    other.post("/sign-in/", PAIR)
    client.post("/sign-in/", PAIR)
    new = "Another-horse-8"

    answer = client.post("/account/", {"old": RIGHT, "new": new, "again": new}, follow=True)

    assert "密码已修改" in answer.content.decode()
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert Client().post("/sign-in/", PAIR).status_code == 422
    assert Client().post("/sign-in/", {**PAIR, "password": new}).status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", "Another-horse-8", "Another-horse-8", "当前密码不正确"),
        (RIGHT, "short", "short", "密码太短"),
        (RIGHT, "onlyletters", "onlyletters", "字符种类不足"),
        (RIGHT, RIGHT, RIGHT, "以前用过"),
        (RIGHT, "Another-horse-8", "Another-horse-9", "不一致"),
    ],
)
def test_password_that_will_not_do_is_refused_and_nothing_changes(li, client, old, new, again, said):
    client.post("/sign-in/", PAIR)

    answer = client.post("/account/", {"old": old, "new": new, "again": again})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Account.objects.get(username="li").check_password(RIGHT)


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("Abcdefg1", []),
        ("abcdefgh", ["plain"]),
        ("Ab1", ["short"]),
        ("zhangsan-1", ["name"]),
        ("", ["short", "plain"]),
    ],
)
def test_weaknesses_of_passwords(password, found):
    assert rules.weaknesses(password, "ZhangSan", length=8, kinds=2) == found


def test_one_session_is_ended_by_its_owner_alone(li, client):
    from django.test import Client

    Account.objects.create_user("wang", RIGHT, display_name="王", roles=["doctor"])
    other, stranger = Client(), Client()
    other.post("/sign-in/", PAIR)
    stranger.post("/sign-in/", {**PAIR, "username": "wang"})
    client.post("/sign-in/", PAIR)
    theirs = SignInSession.objects.get(account__username="wang")
    mine = SignInSession.objects.get(key=other.session.session_key)

    client.post("/account/end/", {"session": theirs.pk})
    assert stranger.get("/account/").status_code == 200
    client.post("/account/end/", {"session": mine.pk})

    assert other.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 200


def test_what_happened_is_kept(li, client):
    client.post("/sign-in/", PAIR)

    for change in ("UPDATE accounts_signinevent SET kind = 'failed'", "DELETE FROM accounts_signinevent"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            connection.cursor().execute(change)
    assert kinds() == ["signed-in"]


def test_operators_make_accounts_whose_passwords_keep_the_rules(db, monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO("weak\n"))
    with pytest.raises(CommandError, match="short, plain"):
        call_command("accounts", "create", "chen", "--role", "nurse", stdout=out)
    assert not Account.objects.filter(username="chen").exists()

    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{RIGHT}\n"))
    call_command("accounts", "create", "chen", "--display-name", "陈", "--role", "nurse", stdout=out)
    call_command("accounts", "disable", "chen", stdout=out)
    call_command("accounts", "list", stdout=out)

    assert out.getvalue().splitlines()[-1].split() == ["chen", "陈", "nurse", "disabled"]
    assert guarding.check("chen", RIGHT, now=clock.now()) is None
