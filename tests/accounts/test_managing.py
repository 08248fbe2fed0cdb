"""Who may do what to whose account."""

from __future__ import annotations

import itertools

import pytest
from django.core.management import CommandError, call_command

from tests.accounts.conftest import PASSWORD
from xinglin.accounts import events, hindrances, managing, policy
from xinglin.accounts.managing import Draft, Hand
from xinglin.accounts.models import Account, Event
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault

pytestmark = pytest.mark.django_db
HERE, THERE = (
    {"institution_id": "h1", "institution_name": "一院"},
    {"institution_id": "h2", "institution_name": "二院"},
)


def hand_of(account: Account) -> Hand:
    return Hand(account, events.NOWHERE, clock.now())


def state() -> list[tuple]:
    return list(Account.objects.order_by("pk").values_list("username", "roles", "is_active", "password"))


@pytest.mark.parametrize("code", list(policy.roles()))
def test_every_role_of_the_data_is_a_role_of_accounts(code):
    from xinglin.accounts.models import Role

    rule = policy.roles()[code]
    assert code in Role.values
    assert (rule.over | rule.grants | rule.excludes) <= set(Role.values)
    assert rule.powers <= {"see", "create", "disable", "reset", "unlock", "roles", "factor", "events"}


def test_no_two_of_the_three_powers_go_together():
    for pair in itertools.combinations(("operator", "security", "auditor"), 2):
        assert policy.excluded(pair) is not None
    assert not policy.powers(["operator"]) & {"roles", "factor", "unlock", "events"}
    assert not policy.powers(["security"]) & {"create", "reset", "disable", "events"}
    assert policy.powers(["auditor"]) == {"see", "events"}


def test_administrator_of_an_institution_sees_and_manages_its_accounts_alone(make_account):
    chief = make_account("chief", "administrator", **HERE)
    own, other, regional = (
        make_account("own", **HERE),
        make_account("other", **THERE),
        make_account("regional"),
    )
    hand = hand_of(chief)

    assert set(managing.reach(chief)) == {chief, own}
    assert [managing.may(hand, "reset", one) for one in (own, other, regional, chief)] == [
        True,
        False,
        False,
        False,
    ]
    with pytest.raises(Fault, match="no account"):
        managing.seen(hand, other.pk)


def test_region_gives_an_institution_its_administrator_who_gives_the_next(make_account):
    region = hand_of(make_account("region", "administrator"))
    first, _ = managing.create(hand=region, draft=Draft("first", "甲", roles=("administrator",), **HERE))

    second, password = managing.create(
        hand=hand_of(first), draft=Draft("second", "乙", roles=("doctor",), **HERE)
    )

    assert (second.roles, second.must_change, second.check_password(password)) == (["doctor"], True, True)
    with pytest.raises(Fault, match="own institution"):
        managing.create(hand=hand_of(first), draft=Draft("third", "丙", **THERE))
    assert Account.objects.count() == 3


@pytest.mark.parametrize(
    ("manager", "roles", "institution"),
    [
        ("administrator", ("security",), ""),
        ("administrator", ("auditor",), ""),
        ("operator", ("doctor",), ""),
        ("auditor", (), ""),
        ("doctor", (), ""),
        ("administrator", ("client",), ""),
    ],
)
def test_role_that_one_may_not_give_is_refused_and_nothing_is_made(make_account, manager, roles, institution):
    hand, before = hand_of(make_account("chief", manager)), state()

    with pytest.raises(Fault):
        managing.create(hand=hand, draft=Draft("new", "新", roles=roles, institution_id=institution))

    assert state() == before


@pytest.mark.parametrize("roles", [{"operator", "security"}, {"security", "auditor"}, {"doctor", "auditor"}])
def test_roles_that_exclude_each_other_are_refused(make_account, roles):
    hand, account = hand_of(make_account("chief", "security")), make_account("new")

    with pytest.raises(Fault, match="exclude each other"):
        managing.set_roles(hand=hand, account=account, roles=roles)

    assert Account.objects.get(username="new").roles == []


def test_regional_role_is_not_given_in_an_institution(make_account):
    hand, account = hand_of(make_account("chief", "security")), make_account("new", **HERE)

    with pytest.raises(Fault, match="not for one institution"):
        managing.set_roles(hand=hand, account=account, roles={"operator"})

    assert Account.objects.get(username="new").roles == []


@pytest.mark.parametrize("manager", ["administrator", "security", "operator"])
def test_nobody_manages_themselves(make_account, manager):
    chief = make_account("chief", manager)
    before = state()

    for act in (
        lambda hand: managing.set_roles(hand=hand, account=chief, roles={"doctor"}),
        lambda hand: managing.reset_password(hand=hand, account=chief),
        lambda hand: managing.set_active(hand=hand, account=chief, active=False),
        lambda hand: managing.reset_factor(hand=hand, account=chief),
    ):
        with pytest.raises(Fault):
            act(hand_of(chief))

    assert state() == before


def test_administrator_does_not_reach_the_security_administrator(make_account):
    hand, target = hand_of(make_account("chief", "administrator")), make_account("guard", "security")
    before = state()

    with pytest.raises(Fault, match="may not do this"):
        managing.reset_password(hand=hand, account=target)

    assert state() == before


def test_unlocking_lets_in_before_the_time(make_account, sign_in):
    chief, _ = make_account("chief", "administrator"), make_account()
    for _ in range(policy.locking().account_failures):
        sign_in(password="Wrong-Password 1")
    assert sign_in().status_code == 422

    managing.unlock(hand=hand_of(chief), account=Account.objects.get(username="tang"))

    assert sign_in().status_code == 302
    assert hindrances.locked_until([hindrances.of_name("tang")], now=clock.now()) is None


@pytest.mark.parametrize("role", ["", "doctor", "nurse", "steward", "client"])
@pytest.mark.parametrize("address", ["/accounts/", "/accounts/new/", "/accounts/events/", "/accounts/{}/"])
def test_pages_are_closed_to_roles_without_powers(make_account, client, role, address):
    account = make_account("somebody", *([role] if role else []))
    client.force_login(account)

    assert client.get(address.format(account.pk)).status_code == 403


@pytest.mark.parametrize("verb", ["disable", "enable", "unlock", "factor", "reset", "roles"])
@pytest.mark.parametrize("role", ["doctor", "auditor"])
def test_verbs_are_closed_to_roles_without_powers(make_account, client, role, verb):
    client.force_login(make_account("somebody", role))
    target, before = make_account(), state()
    noted = Event.objects.count()

    assert client.post(f"/accounts/{target.pk}/{verb}/", {"roles": "doctor"}).status_code == 403
    assert state() == before
    assert Event.objects.count() == noted


def test_accounts_of_another_institution_are_not_found_by_number(make_account, client):
    client.force_login(make_account("chief", "administrator", **HERE))
    other = make_account("other", **THERE)
    before = state()

    assert client.get(f"/accounts/{other.pk}/").status_code == 404
    assert client.post(f"/accounts/{other.pk}/reset/").status_code == 404
    assert "账号 other" not in client.get("/accounts/?q=other").content.decode()
    assert state() == before


def test_account_is_made_on_the_page_and_changes_its_password_first(make_account, client):
    import re

    client.force_login(make_account("chief", "administrator", **HERE))
    shown = client.post(
        "/accounts/new/", {"username": "new.one", "display_name": "新人", "roles": ["doctor"]}
    )
    password = re.search(r"<code>([^<]+)</code></p></div>", shown.content.decode())[1]
    client.logout()

    answer = client.post("/sign-in/", {"username": "new.one", "password": password})

    made = Account.objects.get(username="new.one")
    assert (made.institution_id, made.roles) == ("h1", ["doctor"])
    assert answer["Location"] == "/account/"
    assert client.session["signon_must"] == ["password"]


def test_roles_page_keeps_the_roles_that_one_may_not_give(make_account, client):
    client.force_login(make_account("chief", "administrator"))
    account = make_account("both", "doctor", "client")

    client.post(f"/accounts/{account.pk}/roles/", {"roles": ["nurse"]})

    account.refresh_from_db()
    assert sorted(account.roles) == ["client", "nurse"]


def test_history_shows_an_institutions_own_events_alone(make_account, client, sign_in):
    make_account("own", **HERE)
    make_account("other", **THERE)
    for name in ("own", "other"):
        sign_in(name, "Wrong-Password 1")
    client.force_login(make_account("chief", "administrator", **HERE))

    text = client.get("/accounts/events/?kind=refused").content.decode()

    assert "账号 own" in text
    assert "账号 other" not in text


@pytest.mark.parametrize(
    "path", ["/accounts/", "/accounts/new/", "/accounts/events/", "/account/", "/account/app/"]
)
def test_pages_speak_both_languages(make_account, client, path):
    client.force_login(make_account("chief", "administrator"))

    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        assert client.get(path).status_code == 200


def test_list_asks_for_as_much_with_three_accounts_as_with_twenty(
    make_account, client, django_assert_num_queries
):
    client.force_login(make_account("chief", "administrator"))
    for n in range(2):
        make_account(f"a{n}")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get("/accounts/")
    for n in range(2, 20):
        make_account(f"a{n}")
    with django_assert_num_queries(len(few)):
        client.get("/accounts/")


def test_command_makes_the_first_account_and_refuses_roles_that_exclude_each_other(db, capsys):
    call_command("account", "create", "root", "--name", "管理员", "--role", "security")
    with pytest.raises(CommandError, match="exclude each other"):
        call_command("account", "create", "x", "--name", "x", "--role", "security", "--role", "auditor")

    password = capsys.readouterr().out.split("temporary password ")[1].split(",")[0]
    assert [one.username for one in Account.objects.all()] == ["root"]
    assert Account.objects.get().check_password(password)
    assert password != PASSWORD
