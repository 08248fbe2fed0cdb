"""Signing in, signing out, and the language."""

from __future__ import annotations

import dataclasses

import pytest
from django.conf import settings as django_settings

from xinglin.accounts import actions


@pytest.fixture
def demo(db) -> None:
    actions.create_demo_accounts()


def test_sign_in_page_speaks_chinese_first(db, client):
    page = client.get("/sign-in/")

    assert page.status_code == 200
    assert '<html lang="zh-Hans"' in page.content.decode()
    assert "登录" in page.content.decode()


def test_sign_in_page_shows_demo_accounts_only_in_a_demonstration(db, client, settings):
    before = client.get("/sign-in/").content.decode()

    settings.SETTINGS = dataclasses.replace(django_settings.SETTINGS, demo=True)
    after = client.get("/sign-in/").content.decode()

    assert actions.DEMO_PASSWORD not in before
    assert actions.DEMO_PASSWORD in after


def test_sign_in_leads_to_where_one_was_going(demo, client):
    answer = client.post(
        "/sign-in/", {"username": "doctor", "password": actions.DEMO_PASSWORD, "next": "/residents/?q=x"}
    )

    assert (answer.status_code, answer["Location"]) == (302, "/residents/?q=x")
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_elsewhere(demo, client, wanted):
    answer = client.post(
        "/sign-in/", {"username": "doctor", "password": actions.DEMO_PASSWORD, "next": wanted}
    )

    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.parametrize(("username", "password"), [("doctor", "wrong"), ("nobody", actions.DEMO_PASSWORD)])
def test_wrong_sign_in_is_told_without_saying_what_is_wrong(demo, client, username, password):
    answer = client.post("/sign-in/", {"username": username, "password": password})

    assert answer.status_code == 422
    assert "账号或密码不正确" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_sign_out_ends_the_session(demo, client):
    client.login(username="doctor", password=actions.DEMO_PASSWORD)

    answer = client.post("/sign-out/")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in client.session


def test_sign_out_needs_a_form(demo, client):
    client.login(username="doctor", password=actions.DEMO_PASSWORD)

    assert client.get("/sign-out/").status_code == 405
    assert "_auth_user_id" in client.session


def test_language_is_remembered(db, client):
    answer = client.post("/language/", {"language": "en", "next": "/sign-in/"})

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert '<html lang="en"' in client.get("/sign-in/").content.decode()


def test_language_that_is_not_spoken_is_ignored(db, client):
    client.post("/language/", {"language": "xx"})

    assert '<html lang="zh-Hans"' in client.get("/sign-in/").content.decode()


def test_appearance_comes_with_the_page(db, client):
    client.cookies["xl-theme"] = "dark"
    client.cookies["xl-size"] = "large"

    assert (
        '<html lang="zh-Hans" data-bs-theme="dark" data-xl-size="large">'
        in client.get("/sign-in/").content.decode()
    )


def test_appearance_is_never_taken_from_a_cookie_as_it_is(db, client):
    client.cookies["xl-theme"] = '"><script>'

    assert "data-bs-theme" not in client.get("/sign-in/").content.decode().split("<head>")[0]
