"""Signing in: locks, what is told, second factor, sessions."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

import pyotp
import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError, transaction
from django.test import Client

from tests.accounts.conftest import PASSWORD
from xinglin.accounts import events, factors, hindrances, managing, policy, queries, sessions
from xinglin.accounts.models import Account, Event, SignedIn
from xinglin.kernel import clock

pytestmark = pytest.mark.django_db
WRONG = "Wrong-Password 1"


def kinds() -> list[str]:
    return list(Event.objects.order_by("place").values_list("kind", flat=True))


def words_of(response) -> str:
    found = re.search(r'role="alert">.*?<span>(.*?)</span>', response.content.decode(), re.DOTALL)
    return found[1] if found else ""


def with_app(account: Account) -> str:
    secret = factors.new_secret()
    now = clock.now() - timedelta(minutes=5)
    code = pyotp.TOTP(secret).at(int(now.timestamp()))
    assert factors.set_up(account=account, secret=secret, code=code, origin=events.NOWHERE, now=now)
    return secret


def test_password_hashes_are_argon2_and_older_ones_are_replaced_at_sign_in(settings, make_account, sign_in):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    account = make_account()
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]  # fmt: skip

    assert sign_in().status_code == 302

    account.refresh_from_db()
    assert account.password.startswith("argon2$argon2id$")
    assert sign_in().status_code == 302


def test_failures_lock_the_account_even_for_the_right_password(make_account, sign_in, client):
    make_account()

    for _ in range(policy.locking().account_failures):
        assert sign_in(password=WRONG).status_code == 422
    refused = sign_in()

    assert refused.status_code == 422
    assert "锁定" in words_of(refused)
    assert "_auth_user_id" not in client.session
    assert kinds() == ["refused"] * 4 + ["locked", "refused", "refused-locked"]


def test_lock_is_over_after_its_time_and_failures_count_anew(make_account):
    make_account()
    subject, now = hindrances.of_name("tang"), clock.now()
    rule = policy.locking()
    locked = [hindrances.count(subject, now=now) for _ in range(rule.account_failures)]

    later = now + timedelta(minutes=rule.locked_minutes)

    assert locked == [False] * (rule.account_failures - 1) + [True]
    assert hindrances.locked_until([subject], now=now) == later
    assert hindrances.locked_until([subject], now=later) is None
    assert hindrances.count(subject, now=later) is False


def test_failures_far_apart_do_not_lock(make_account):
    subject, now = hindrances.of_name("tang"), clock.now()
    apart = timedelta(minutes=policy.locking().minutes + 1)

    assert not any(hindrances.count(subject, now=now + n * apart) for n in range(20))


def test_failures_with_many_names_lock_the_address_alone(make_account, sign_in, client):
    make_account()
    for n in range(policy.locking().address_failures):
        sign_in(f"name{n}", WRONG, REMOTE_ADDR="203.0.113.9")

    here = sign_in(REMOTE_ADDR="203.0.113.9")
    elsewhere = sign_in(REMOTE_ADDR="203.0.113.10")

    assert (here.status_code, elsewhere.status_code) == (422, 302)
    assert "锁定" in words_of(here)


def test_forwarded_address_is_believed_only_from_the_proxies_that_are_set(rf, settings):
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.9")
    alone = sessions.origin_of(request).address

    settings.SETTINGS = dataclasses.replace(django_settings.SETTINGS, proxies=1)

    assert (alone, sessions.origin_of(request).address) == ("10.0.0.1", "203.0.113.9")


def test_unknown_name_is_answered_and_locked_like_a_known_one(make_account):
    make_account()

    def answers(name: str) -> list[tuple[int, str]]:
        browser = Client()
        given = [
            browser.post(
                "/sign-in/", {"username": name, "password": WRONG}, REMOTE_ADDR=f"203.0.113.{len(name)}"
            )
            for _ in range(policy.locking().account_failures + 1)
        ]
        return [(one.status_code, re.sub(r"\d\d:\d\d", "(time)", words_of(one))) for one in given]

    assert answers("tang") == answers("nobody")


def test_unknown_name_hashes_as_often_as_a_known_one(make_account, sign_in, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    make_account()
    encode, counted = MD5PasswordHasher.encode, []
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a, **k: counted.append(1) or encode(*a, **k))

    sign_in("tang", WRONG)
    known = len(counted)
    sign_in("nobody", WRONG)

    assert len(counted) - known == known


def test_name_that_nobody_has_is_not_written_down(sign_in):
    sign_in("my-secret-password", WRONG)

    noted = Event.objects.get()
    assert "my-secret" not in str(vars(noted))
    assert (noted.account, noted.kind) == (None, "refused")


def test_basic_header_is_locked_too(make_account):
    import base64

    make_account("loader", "client")

    def header(password: str) -> str:
        return "Basic " + base64.b64encode(f"loader:{password}".encode()).decode()

    for _ in range(policy.locking().account_failures):
        assert queries.actor_for_authorization(header(WRONG)) is None
    assert queries.actor_for_authorization(header(PASSWORD)) is None


def test_basic_headers_of_many_names_lock_the_address(make_account):
    import base64

    make_account("loader", "client")

    def asked(name: str, password: str, address: str):
        header = "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
        return queries.actor_for_authorization(header, {"REMOTE_ADDR": address})

    for n in range(policy.locking().address_failures):
        assert asked(f"name{n}", WRONG, "203.0.113.9") is None

    assert asked("loader", PASSWORD, "203.0.113.9") is None
    assert asked("loader", PASSWORD, "203.0.113.10") is not None


def test_basic_header_does_not_go_around_the_second_factor(make_account):
    import base64

    make_account("chief", "security")
    header = "Basic " + base64.b64encode(f"chief:{PASSWORD}".encode()).decode()

    assert queries.actor_for_authorization(header) is None


def test_sign_in_without_the_token_of_the_form_is_refused(make_account):
    make_account()
    strict = Client(enforce_csrf_checks=True)

    answer = strict.post("/sign-in/", {"username": "tang", "password": PASSWORD})

    assert answer.status_code == 403
    assert Event.objects.count() == 0


@pytest.mark.parametrize(
    "address", ["/account/password/", "/account/sessions/end/", "/account/codes/", "/accounts/new/"]
)
def test_changes_without_the_token_of_the_form_are_refused(make_account, address):
    account = make_account("chief", "administrator")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(account)

    assert strict.post(address).status_code == 403


def test_session_id_is_new_after_signing_in(make_account, sign_in, client):
    make_account()
    session = client.session
    session["planted"] = "x"
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted

    sign_in()

    assert client.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"]
)
def test_second_factor_never_leads_elsewhere(make_account, client, wanted):
    secret = with_app(make_account())
    client.post("/sign-in/", {"username": "tang", "password": PASSWORD, "next": wanted})

    answer = client.post("/sign-in/second/", {"code": pyotp.TOTP(secret).now()})

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_right_password_alone_does_not_let_in_who_has_a_second_factor(make_account, sign_in, client):
    secret = with_app(make_account())

    first = sign_in()
    between = client.get("/account/")
    second = client.post("/sign-in/second/", {"code": pyotp.TOTP(secret).now()})

    assert (first["Location"], between.status_code, second.status_code) == ("/sign-in/second/", 302, 302)
    assert between["Location"].startswith("/sign-in/")
    assert client.get("/account/").status_code == 200
    assert kinds() == ["totp", "signed-in"]


def test_second_step_needs_the_first(client):
    assert client.get("/sign-in/second/")["Location"] == "/sign-in/"
    assert client.get("/sign-in/second/key/").status_code == 403


def test_second_step_is_refused_when_the_first_is_long_ago(make_account, sign_in, client):
    with_app(make_account())
    sign_in()
    session = client.session
    session["signon_pending"] = [session["signon_pending"][0], session["signon_pending"][1] - 600, "/"]
    session.save()

    assert client.get("/sign-in/second/")["Location"] == "/sign-in/"


def test_code_works_once(make_account):
    account = make_account()
    secret = with_app(account)
    now = clock.now()
    code = pyotp.TOTP(secret).at(int(now.timestamp()))

    used = [factors.check(account=account, text=code, origin=events.NOWHERE, now=now) for _ in range(2)]

    assert used == [True, False]


def test_codes_are_those_of_rfc_6238():
    import base64
    from datetime import UTC, datetime

    secret = base64.b32encode(b"12345678901234567890").decode()

    assert factors.step_of(secret, "287082", now=datetime.fromtimestamp(59, UTC)) == 1
    assert factors.step_of(secret, "081804", now=datetime.fromtimestamp(1111111109, UTC)) == 1111111109 // 30
    assert factors.step_of(secret, "287082", now=datetime.fromtimestamp(59 + 61, UTC)) is None


def test_secret_is_sealed_for_its_account_alone(make_account):
    one, other = make_account("tang"), make_account("luo")
    secret = with_app(one)
    other.totp = one.totp
    other.save()

    assert secret not in one.totp
    with pytest.raises(Exception, match="altered, or belongs to another place"):
        factors.check(account=other, text=pyotp.TOTP(secret).now(), origin=events.NOWHERE, now=clock.now())


def test_wrong_codes_lock_the_account(make_account, sign_in, client):
    secret = with_app(make_account())
    sign_in()

    for _ in range(policy.locking().account_failures):
        assert client.post("/sign-in/second/", {"code": "no"}).status_code == 422
    refused = client.post("/sign-in/second/", {"code": pyotp.TOTP(secret).now()})

    assert refused.status_code == 422
    assert "锁定" in words_of(refused)
    assert "_auth_user_id" not in client.session


def test_recovery_code_works_once_and_new_ones_end_the_old(make_account):
    account, now = make_account(), clock.now()
    first = factors.new_codes(account=account, origin=events.NOWHERE, now=now)

    def used(code: str) -> bool:
        return factors.check(account=account, text=code, origin=events.NOWHERE, now=now)

    assert len(set(first)) == policy.second_factor().codes
    assert [used(first[0].upper()), used(first[0])] == [True, False]
    again = factors.new_codes(account=account, origin=events.NOWHERE, now=now)
    assert [used(first[1]), used(again[1])] == [False, True]


def test_role_that_needs_a_second_factor_may_do_nothing_before_it_is_set_up(make_account, sign_in, client):
    make_account("chief", "security")

    assert sign_in("chief")["Location"] == "/account/"
    assert client.get("/accounts/")["Location"] == "/account/"
    assert client.get("/accounts/", headers={"HX-Request": "true"}).status_code == 401

    client.get("/account/app/")
    code = pyotp.TOTP(client.session["signon_secret"]).now()
    codes = client.post("/account/app/", {"code": code})

    assert codes.status_code == 200
    assert client.get("/accounts/").status_code == 200


@pytest.mark.parametrize(("current", "replaced"), [("", False), (PASSWORD, True)])
def test_app_is_replaced_only_with_the_password(make_account, client, current, replaced):
    account = make_account()
    with_app(account)
    before = account.totp
    client.force_login(account)
    client.get("/account/app/")
    code = pyotp.TOTP(client.session["signon_secret"]).now()

    client.post("/account/app/", {"code": code, "current": current})

    account.refresh_from_db()
    assert (account.totp != before) is replaced


def test_demonstration_asks_for_no_second_factor(make_account, sign_in, client, settings):
    make_account("chief", "security")
    settings.SETTINGS = dataclasses.replace(django_settings.SETTINGS, demo=True)

    assert sign_in("chief")["Location"] == "/"
    assert client.get("/accounts/").status_code == 200


@pytest.mark.parametrize(("field", "minutes"), [(1, "idle"), (0, "hours")])
def test_session_ends_by_time(make_account, sign_in, client, field, minutes):
    make_account()
    sign_in()
    session = client.session
    rule = policy.session()
    session["signon"][field] -= {"idle": rule.idle_minutes * 60, "hours": rule.hours * 3600}[minutes] + 1
    session.save()

    answer = client.get("/account/")

    assert answer["Location"] == "/sign-in/?next=/account/"
    assert answer.cookies[sessions.ENDED_COOKIE].value == minutes
    assert SignedIn.objects.get().why == minutes
    assert kinds() == ["signed-in", "session-ended"]
    assert "会话" in client.get("/sign-in/").content.decode()


def test_session_without_a_mark_is_ended(make_account, client):
    client.force_login(make_account())
    session = client.session
    del session["signon"]
    session.save()

    assert client.get("/account/").status_code == 302


def test_new_password_ends_the_other_sessions_and_keeps_this_one(make_account, sign_in, client):
    make_account()
    other = Client()
    other.post("/sign-in/", {"username": "tang", "password": PASSWORD})
    sign_in()
    new = "Fichten 9 am Hang"

    answer = client.post("/account/password/", {"current": PASSWORD, "new": new, "again": new})

    assert answer.status_code == 302
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert SignedIn.objects.filter(ended=None).count() == 1
    assert [kind for kind in kinds() if kind != "signed-in"] == ["session-ended", "password"]


def test_owner_ends_one_session_or_all_others(make_account, sign_in, client):
    account = make_account()
    others = [Client(), Client(), Client()]
    for other in others:
        other.post("/sign-in/", {"username": "tang", "password": PASSWORD}, headers={"User-Agent": "其他"})
    sign_in()
    first = account.sessions.order_by("pk").first()

    client.post(f"/account/sessions/{first.pk}/end/")
    after_one = [other.get("/account/").status_code for other in others]
    client.post("/account/sessions/end/")
    after_all = [other.get("/account/").status_code for other in others]

    assert (after_one, after_all) == ([302, 200, 200], [302, 302, 302])
    assert client.get("/account/").status_code == 200


def test_nobody_ends_the_session_of_another(make_account, sign_in, client):
    other = Client()
    make_account("luo")
    make_account("tang")
    other.post("/sign-in/", {"username": "luo", "password": PASSWORD})
    sign_in()

    client.post(f"/account/sessions/{SignedIn.objects.get(account__username='luo').pk}/end/")

    assert other.get("/account/").status_code == 200


def test_disabled_account_is_out_at_once(make_account, sign_in, client):
    account = make_account()
    chief = make_account("chief", "administrator")
    sign_in()

    managing.set_active(hand=managing.Hand(chief, events.NOWHERE, clock.now()), account=account, active=False)

    assert client.get("/account/").status_code == 302
    assert sign_in().status_code == 422


@pytest.mark.parametrize("statement", ["UPDATE accounts_event SET kind = 'x'", "DELETE FROM accounts_event"])
def test_events_are_only_added_to(sign_in, statement):
    from django.db import connection

    sign_in("nobody", WRONG)

    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert Event.objects.get().kind == "refused"


def test_every_event_is_in_the_ledgers_source(make_account, sign_in):
    from xinglin.ledger.signons import SignOns, signon_event

    make_account()
    sign_in(password=WRONG)
    sign_in()
    rows = [
        events.Row(*values) for values in Event.objects.order_by("place").values_list(*events.Row._fields)
    ]

    assert [row.kind for row in rows] == ["refused", "signed-in"]
    assert all(b'"kind":"' + row.kind.encode() in signon_event(row) for row in rows)
    assert SignOns.name == "signon"
