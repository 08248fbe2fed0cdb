"""Apps are registered, changed and disabled by those who may, and the command line."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.smart.conftest import BACK, Person, caller, make_account, make_app
from xinglin.accounts.models import Event
from xinglin.kernel.errors import Fault
from xinglin.smart import registering
from xinglin.smart.models import App

FORM = {
    "name": "Chart", "about": "", "kind": "public", "redirects": BACK, "launch_url": "", "jwks": "", "jwks_url": "",
    "scopes": "launch/patient\npatient/*.rs", "institution_id": "", "institution_name": "",
}  # fmt: skip


@pytest.fixture
def boss(stored, monkeypatch) -> Person:
    """An administrator of the region, whom nobody asks a second factor."""
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, demo=True))
    return Person(make_account("t-boss", "administrator", institution_id=""))


def test_an_administrator_registers_an_app(boss):
    answer = boss.browser.post("/apps/new/", FORM)

    app = App.objects.get()
    assert answer.status_code == 200
    assert app.client_id in answer.content.decode()
    assert (app.redirects, app.scopes, app.secret) == ([BACK], ["launch/patient", "patient/*.rs"], "")
    event = Event.objects.get(kind="app-registered")
    assert (event.actor, event.detail.split()[0]) == (f"account/{boss.account.pk}", app.client_id)


def test_a_secret_is_shown_once_and_kept_as_a_digest(boss):
    text = boss.browser.post("/apps/new/", FORM | {"kind": "confidential"}).content.decode()

    app = App.objects.get()
    secret = text.partition('id="secret">')[2].partition("<")[0]
    assert len(secret) == 43
    assert app.secret == registering.rules.digest(secret)
    assert secret not in boss.browser.get(f"/apps/{app.pk}/").content.decode()


WRONG = [
    ("http", {"redirects": "http://app.example/back"}),
    ("fragment", {"redirects": BACK + "#x"}),
    ("wildcard", {"redirects": "https://*.example/back"}),
    ("script", {"redirects": "javascript:alert(1)"}),
    ("data", {"redirects": "data:text/html,x"}),
    ("user", {"redirects": "https://app.example@evil.example/back"}),
    ("quote", {"redirects": 'https://app.example/"back'}),
    ("nowhere", {"redirects": ""}),
    ("scope", {"scopes": "patient/Nothing.rs"}),
    ("system without a key", {"scopes": "system/*.rs"}),
    ("keys of a public app", {"jwks": '{"keys": []}'}),
    ("no keys", {"kind": "asymmetric"}),
    ("launch", {"launch_url": "javascript:alert(1)"}),
]


@pytest.mark.parametrize("more", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_app_is_not_registered(boss, more):
    assert boss.browser.post("/apps/new/", FORM | more).status_code == 422
    assert App.objects.count() == 0


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9000/back",
        "http://localhost/back",
        "cn.example.app:/back",
        "https://app.example:8443/a?b=c",
    ],
)
def test_addresses_of_installed_apps_and_of_this_machine_are_taken(boss, address):
    assert boss.browser.post("/apps/new/", FORM | {"redirects": address}).status_code == 200
    assert App.objects.get().redirects == [address]


@pytest.mark.parametrize("path", ["/apps/", "/apps/new/", "/apps/1/"])
def test_who_registers_no_apps_sees_none(stored, path):
    assert Person(make_account()).browser.get(path).status_code == 403


def test_an_institutions_administrator_sees_its_own_apps_alone(stored, monkeypatch):
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, demo=True))
    local = Person(make_account("t-local", "administrator", institution_id="hosp-b"))
    theirs = make_app(institution_id="hosp-a")

    assert local.browser.get(f"/apps/{theirs.pk}/").status_code == 404
    assert local.browser.post(f"/apps/{theirs.pk}/disable/").status_code == 404
    local.browser.post("/apps/new/", FORM | {"institution_id": "hosp-a"})
    assert App.objects.get(name="Chart").institution_id == "hosp-b"
    assert App.objects.get(pk=theirs.pk).active is True


def test_taking_a_scope_away_ends_what_was_granted(boss, doctor):
    app = make_app()
    token = doctor.tokens(app)["access_token"]

    changed = FORM | {"scopes": "launch/patient\nopenid", "name": "Growth chart"}
    assert boss.browser.post(f"/apps/{app.pk}/", changed).status_code == 302

    assert caller(token).get("Patient/pat-a").status == 401


def test_disabling_and_enabling_by_the_page(boss):
    app = make_app()

    boss.browser.post(f"/apps/{app.pk}/disable/")
    assert App.objects.get().active is False
    boss.browser.post(f"/apps/{app.pk}/enable/")

    assert App.objects.get().active is True
    kinds = [event.kind for event in Event.objects.filter(kind__startswith="app-").order_by("place")]
    assert kinds == ["app-registered", "app-disabled", "app-enabled"]


def test_the_command_registers_lists_and_disables(stored):
    out = io.StringIO()
    call_command(
        "client", "register", "Chart", redirect=[BACK], scope=["patient/*.rs launch/patient"], stdout=out
    )
    client_id = out.getvalue().split()[1]
    call_command("client", "disable", client_id)
    out = io.StringIO()
    call_command("client", "list", stdout=out)

    assert out.getvalue() == f"{client_id:<26} {'public':<12} Chart  disabled\n"
    with pytest.raises(CommandError):
        call_command("client", "register", "Chart", redirect=["http://app.example/"], scope=["patient/*.rs"])
    with pytest.raises(CommandError):
        call_command("client", "secret", client_id)


def test_the_kind_of_an_app_stays(stored):
    app = make_app()
    draft = registering.Draft("Chart", "confidential", (BACK,), ("patient/*.rs",))

    with pytest.raises(Fault):
        registering.change(
            app=app, draft=draft, deed=registering.Deed("test", registering.events.NOWHERE, app.made)
        )

    assert App.objects.get().kind == "public"


def test_the_record_offers_the_apps_of_ones_institution(doctor):
    make_app(name="Ours", launch_url="https://app.example/launch", institution_id="hosp-a")
    make_app(name="Theirs", launch_url="https://app.example/launch", institution_id="hosp-b")
    make_app(name="Hidden")

    text = doctor.browser.get("/residents/pat-a/").content.decode()

    assert "Ours" in text
    assert "Theirs" not in text
    assert "Hidden" not in text


def test_the_configuration_is_where_apps_look_for_it(stored):
    from django.test import Client

    from tests.api.caller import Caller

    root = Client().get("/.well-known/smart-configuration").json()
    below = Caller().get(".well-known/smart-configuration").json
    openid = Client().get("/.well-known/openid-configuration").json()
    statement = Caller().get("metadata").json

    assert root["token_endpoint"] == "http://testserver/oauth/token"
    assert below == {
        k: v.replace("//testserver", "//test") if isinstance(v, str) else v for k, v in root.items()
    }
    assert openid["issuer"] == root["issuer"]
    uris = statement["rest"][0]["security"]["extension"][0]["extension"]
    assert {each["url"]: each["valueUri"] for each in uris}["authorize"] == "http://test/oauth/authorize"


def test_the_ledger_can_enter_every_kind_of_event():
    from xinglin.ledger import entries
    from xinglin.smart import words

    assert [kind for kind in words.EVENTS if not entries.is_word(f"signon.{kind}")] == []
