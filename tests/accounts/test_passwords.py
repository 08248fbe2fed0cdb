"""What a password must be, and where the old ones go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from tests.accounts.conftest import PASSWORD
from xinglin.accounts import events, passwords, policy
from xinglin.accounts.models import Account
from xinglin.kernel import clock

TANG = Account(username="tang", display_name="唐小娟")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Kiefer-Wald 7", 0),
        ("短Kiefer7", 1),
        ("kieferwaldsieben", 1),
        ("Admin12345!", 1),
        ("Woaini1314!!", 1),
        ("Ich-heisse-tang-9", 1),
        ("Hier ist 唐小娟 9", 1),
        ("123", 3),
        ("Aa1" * 50, 1),
    ],
)
def test_password_is_measured_against_the_policy(text, wrong):
    with translation.override("en"):
        assert len(passwords.problems(text, TANG)) == wrong


def test_temporary_passwords_satisfy_the_policy_and_differ():
    made = [passwords.temporary() for _ in range(300)]

    assert [passwords.problems(one, TANG) for one in made] == [[]] * 300
    assert len(set(made)) == 300


@pytest.mark.django_db
def test_the_last_passwords_do_not_come_back(make_account):
    account, now = make_account(), clock.now()
    given_ones = [
        PASSWORD,
        *(f"Nummer-{'abcdefgh'[n]}-Baum {n}" for n in range(policy.password().history + 1)),
    ]

    for n, text in enumerate(given_ones[1:]):
        passwords.change(
            account=account,
            password=text,
            session_key=None,
            origin=events.NOWHERE,
            now=now + timedelta(days=n),
        )

    refused = [bool(passwords.problems(text, account)) for text in given_ones]
    assert refused == [False] + [True] * (policy.password().history + 1)


@pytest.mark.django_db
def test_old_password_must_be_changed_at_sign_in(make_account, sign_in, client):
    make_account(password_since=clock.now() - timedelta(days=policy.password().days + 1))

    assert sign_in()["Location"] == "/account/"
    assert client.get("/residents/")["Location"] == "/account/"

    new = "Fichten 9 am Hang"
    client.post("/account/password/", {"current": PASSWORD, "new": new, "again": new})

    assert client.session["signon_must"] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("current", "new", "again"),
    [
        ("wrong", "Fichten 9 am Hang", "Fichten 9 am Hang"),
        (PASSWORD, "Fichten 9 am Hang", "Fichten 8 am Hang"),
        (PASSWORD, "kurz", "kurz"),
        (PASSWORD, PASSWORD, PASSWORD),
    ],
)
def test_refused_change_changes_nothing(make_account, sign_in, client, current, new, again):
    before = make_account().password
    sign_in()

    answer = client.post("/account/password/", {"current": current, "new": new, "again": again})

    assert answer.status_code == 422
    assert Account.objects.get().password == before
    assert client.get("/account/").status_code == 200
