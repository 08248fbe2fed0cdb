"""Who an ``Authorization`` header lets in, and for how long."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.accounts import actions, queries, rules
from xinglin.accounts.models import Account, Role, Token
from xinglin.kernel import clock


@pytest.fixture(autouse=True)
def _forgotten():
    queries.forget_authorizations()
    yield
    queries.forget_authorizations()


@pytest.fixture
def account(db) -> Account:
    return Account.objects.create_user(
        "loader",
        "a good password",
        display_name="装载程序",
        roles=[Role.CLIENT.value],
        institution_id="xc-h01",
    )


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@given(st.text(min_size=1).filter(lambda t: ":" not in t), st.text())
def test_basic_header_gives_back_name_and_password(username, password):
    assert rules.credentials(basic(username, password)) == rules.Basic(username, password)


@given(st.text())
def test_header_of_any_text_never_fails(text):
    assert rules.credentials(text) is None or text.strip().lower().startswith(("bearer ", "basic "))


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic !!!", "Basic bm9jb2xvbg==", "Digest x", basic("", "x")]
)
def test_broken_header_is_nobody(db, header):
    assert queries.actor_for_authorization(header) is None


def test_token_is_its_account(account):
    token = actions.issue_token(account=account, label="test")

    actor = queries.actor_for_authorization(f"Bearer {token}")

    assert actor == queries.actor_of(account)
    assert (actor.name, actor.roles, actor.institution) == ("装载程序", frozenset({"client"}), "xc-h01")


def test_token_itself_is_not_kept(account):
    token = actions.issue_token(account=account, label="test")

    kept = account.tokens.get()

    assert kept.digest == rules.digest(token)
    assert token not in str(vars(kept))


def test_token_that_was_revoked_is_nobody(account):
    token = actions.issue_token(account=account, label="test")
    assert queries.actor_for_authorization(f"Bearer {token}") is not None

    actions.revoke_token(token=account.tokens.get(), now=clock.now())

    assert queries.actor_for_authorization(f"Bearer {token}") is None


def test_token_revoked_elsewhere_works_until_it_is_forgotten(account):
    token = actions.issue_token(account=account, label="test")
    queries.actor_for_authorization(f"Bearer {token}")

    account.tokens.update(revoked=clock.now())

    assert queries.actor_for_authorization(f"Bearer {token}") is not None
    queries.forget_authorizations()
    assert queries.actor_for_authorization(f"Bearer {token}") is None


@pytest.mark.parametrize("password", ["a good password ", "A good password", ""])
def test_wrong_password_is_nobody(account, password):
    assert queries.actor_for_authorization(basic("loader", password)) is None


def test_right_password_is_its_account_and_is_checked_once(account, django_assert_num_queries):
    header = basic("loader", "a good password")
    assert queries.actor_for_authorization(header) == queries.actor_of(account)

    with django_assert_num_queries(0):
        assert queries.actor_for_authorization(header) == queries.actor_of(account)


@pytest.mark.parametrize("header", ["token", "password"])
def test_account_that_is_closed_is_nobody(account, header):
    token = actions.issue_token(account=account, label="test")

    Account.objects.update(is_active=False)

    given_header = f"Bearer {token}" if header == "token" else basic("loader", "a good password")
    assert queries.actor_for_authorization(given_header) is None


def test_memory_is_bounded_and_forgets_the_oldest():
    memory = queries._Memory(2, 60.0)
    actor = queries.Actor(id="x", name="x")

    for key in ("a", "b", "c"):
        memory.keep(key, actor)

    assert [memory.recall(key) for key in ("a", "b", "c")] == [None, actor, actor]


def test_memory_that_is_too_old_is_forgotten():
    memory = queries._Memory(2, -1.0)
    memory.keep("a", queries.Actor(id="x", name="x"))

    assert memory.recall("a") is None


def test_demo_accounts_are_made_once(db):
    actions.create_demo_accounts(institution_name="演示医院")
    Account.objects.filter(username="doctor").update(display_name="另一位")

    actions.create_demo_accounts()

    names = [demo.username for demo in actions.DEMO_ACCOUNTS]
    assert sorted(Account.objects.filter(username__in=names).values_list("username", flat=True)) == sorted(
        names
    )
    assert Token.objects.filter(digest=rules.digest(actions.DEMO_TOKEN)).count() == 1
    assert Account.objects.get(username="doctor").display_name == "另一位"
    client = queries.actor_for_authorization(f"Bearer {actions.DEMO_TOKEN}")
    assert client is not None
    assert client.roles == frozenset({"client"})
