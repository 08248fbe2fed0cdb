"""Whatever is not right is refused as the standards say, and nothing is given."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from tests.smart.conftest import (
    BACK,
    BASE,
    PASSWORD,
    Person,
    back,
    caller,
    deed,
    exchange,
    make_account,
    make_app,
    post,
    question,
    refresh,
)
from xinglin.accounts.models import Event
from xinglin.smart import registering
from xinglin.smart.models import Code, Grant, Token

NOWHERE = [
    ("unknown app", {"client_id": "nobody"}),
    ("no app", {"client_id": None}),
    ("another address", {"redirect_uri": "https://evil.example/back"}),
    ("a longer address", {"redirect_uri": BACK + "/more"}),
    ("an address with a query", {"redirect_uri": BACK + "?x=1"}),
    ("another port", {"redirect_uri": "https://app.example:444/back"}),
    ("no address", {"redirect_uri": None}),
    ("a script", {"redirect_uri": "javascript:alert(1)"}),
]


@pytest.mark.parametrize("more", [row[1] for row in NOWHERE], ids=[row[0] for row in NOWHERE])
def test_a_wrong_app_or_address_is_never_redirected_to(doctor, app, more):
    asked = doctor.asks(app, **more)

    for answer in (
        doctor.browser.get(asked),
        doctor.browser.post(asked, {"decision": "allow", "scope": ["openid"]}),
    ):
        assert answer.status_code == 400
        assert "Location" not in answer
    assert Grant.objects.count() == 0


BACK_TO_THE_APP = [
    ("response type", {"response_type": "token"}, "unsupported_response_type"),
    ("no state", {"state": ""}, "invalid_request"),
    ("no challenge", {"code_challenge": ""}, "invalid_request"),
    ("plain challenge", {"code_challenge_method": "plain"}, "invalid_request"),
    ("short challenge", {"code_challenge": "abc"}, "invalid_request"),
    ("another server", {"aud": "https://evil.example/fhir"}, "invalid_request"),
    ("no audience", {"aud": ""}, "invalid_request"),
    ("unknown scopes", {"scope": "system/*.rs email"}, "invalid_scope"),
    ("launch without launch", {"scope": "launch patient/*.rs"}, "invalid_request"),
    ("an unknown launch", {"launch": "made-up"}, "invalid_request"),
    ("nobody to be asked", {"prompt": "none"}, "consent_required"),
    ("a request object", {"request": "ey"}, "request_not_supported"),
]


@pytest.mark.parametrize(
    ("more", "error"), [r[1:] for r in BACK_TO_THE_APP], ids=[r[0] for r in BACK_TO_THE_APP]
)
def test_other_errors_go_back_to_the_app(doctor, app, more, error):
    told = back(doctor.browser.get(doctor.asks(app, **more)))

    assert told["error"] == error
    assert told.get("state", "") == more.get("state", "a-state")
    assert Grant.objects.count() == 0


def test_a_repeated_parameter_is_refused(doctor, app):
    told = back(doctor.browser.get(doctor.asks(app) + "&scope=openid"))

    assert told["error"] == "invalid_request"


def test_who_is_not_signed_in_signs_in_first(app):
    answer = Client().get("/oauth/authorize", question(app))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=/oauth/authorize")


def test_a_refusal_is_told_to_the_app(doctor, app):
    told = back(doctor.decides(app, decision="refuse"))

    assert told["error"] == "access_denied"
    assert Grant.objects.count() == 0


def test_a_decision_needs_the_forms_token(doctor, app):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = doctor.browser.cookies

    assert strict.post(doctor.asks(app), {"decision": "allow", "scope": ["openid"]}).status_code == 403
    assert Grant.objects.count() == 0


def test_a_resident_that_is_not_there_cannot_be_chosen(doctor, app):
    assert doctor.decides(app, patient="nobody").status_code == 422
    assert Grant.objects.count() == 0


def test_a_code_used_twice_ends_what_came_of_it(doctor, app):
    code = doctor.code(app, "launch/patient", "patient/*.rs", "offline_access")
    first = exchange(app, code=code).json()

    second = exchange(app, code=code)

    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    assert caller(first["access_token"]).get("Patient/pat-a").status == 401
    assert refresh(app, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert Event.objects.filter(kind="app-reuse").count() == 1


WRONG_EXCHANGES = [
    ("another address", {"redirect_uri": BACK + "x"}, "invalid_grant"),
    ("another verifier", {"code_verifier": "w" * 50}, "invalid_grant"),
    ("the challenge as verifier", {"code_verifier": question}, "invalid_grant"),
    ("no verifier", {"code_verifier": None}, "invalid_request"),
    ("no address", {"redirect_uri": None}, "invalid_request"),
    ("another code", {"code": "made-up"}, "invalid_grant"),
    ("no code", {"code": None}, "invalid_request"),
    ("another grant", {"grant_type": "password"}, "unsupported_grant_type"),
    ("no grant", {"grant_type": None}, "invalid_request"),
]


@pytest.mark.parametrize(
    ("more", "error"), [r[1:] for r in WRONG_EXCHANGES], ids=[r[0] for r in WRONG_EXCHANGES]
)
def test_a_code_is_worth_nothing_to_who_does_not_know_the_rest(doctor, app, more, error):
    code = doctor.code(app)
    more = {k: v(app)["code_challenge"] if callable(v) else v for k, v in more.items()}

    answer = exchange(app, **({"code": code} | more))

    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer["Cache-Control"] == "no-store"
    assert Token.objects.count() == 0


def test_a_code_holds_for_a_minute(doctor, app):
    code = doctor.code(app)
    Code.objects.update(expires=deed().now)

    assert exchange(app, code=code).json()["error"] == "invalid_grant"


def test_a_code_is_nobody_elses(doctor, app):
    other = make_app(name="Other")

    answer = exchange(other, code=doctor.code(app))

    assert answer.json()["error"] == "invalid_grant"
    assert Token.objects.count() == 0


def test_parameters_in_the_address_are_not_taken(doctor, app):
    code = doctor.code(app)
    path = f"/oauth/token?grant_type=authorization_code&code={code}&client_id={app.client_id}"

    assert post(path, {"more": "1"}).json()["error"] == "invalid_client"


def test_a_secret_shows_who_an_app_is(doctor, stored):
    import base64

    draft = registering.Draft("Server", "confidential", (BACK,), ("launch/patient", "patient/*.rs"))
    app, secret = registering.register(draft=draft, deed=deed())

    def basic(pair: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def ask(headers: dict[str, str], **more):
        return exchange(app, code=doctor.code(app, "launch/patient", "patient/*.rs"), headers=headers, **more)

    for headers, more in (
        ({}, {}),
        (basic(f"{app.client_id}:wrong"), {}),
        (basic(f"{app.client_id}:"), {}),
        (basic(":"), {}),
        ({"Authorization": "Basic !"}, {}),
        ({}, {"client_secret": secret}),
    ):
        refused = ask(headers, **more)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
        assert "WWW-Authenticate" in refused
    assert Token.objects.count() == 0
    assert ask(basic(f"{app.client_id}:{secret}")).status_code == 200
    newer = registering.rotate(app=app, deed=deed())
    assert ask(basic(f"{app.client_id}:{secret}")).status_code == 401
    assert ask(basic(f"{app.client_id}:{newer}")).status_code == 200


def test_a_disabled_app_is_out_at_once(doctor, app):
    answer = doctor.tokens(app, "launch/patient", "patient/*.rs", "offline_access")

    registering.set_active(app=app, active=False, deed=deed())

    assert caller(answer["access_token"]).get("Patient/pat-a").status == 401
    assert refresh(app, answer["refresh_token"]).status_code == 401
    assert doctor.browser.get(doctor.asks(app)).status_code == 400


def test_a_token_of_an_app_opens_nothing_but_fhir(doctor, app):
    answer = doctor.tokens(app)
    header = {"Authorization": f"Bearer {answer['access_token']}"}

    card = Client().post("/cards/api/verify/", {}, content_type="application/json", headers=header)
    assert card.status_code in (401, 404)
    assert Client().get("/residents/pat-a/", headers=header).status_code == 302


@pytest.mark.parametrize("token", ["id_token", "refresh_token"])
def test_what_is_no_access_token_opens_nothing(doctor, app, token):
    answer = doctor.tokens(app, "openid", "launch/patient", "patient/*.rs", "offline_access")

    assert caller(answer[token]).get("Patient/pat-a").status == 401


@pytest.mark.parametrize(
    "path", ["$reindex", "$import", "Patient/$match", "Patient/pat-a/$person", "AuditEvent", "AuditEvent/1"]
)
def test_apps_do_not_get_at_what_is_not_by_the_door(stored, monkeypatch, path):
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, demo=True))  # no second factor
    person = Person(make_account("t-boss", "administrator", institution_id=""))
    app = make_app()
    asking = caller(person.tokens(app, "launch/patient", "patient/*.rs")["access_token"])

    method = "POST" if "$" in path else "GET"
    assert asking(method, path, {"resourceType": "Parameters"} if method == "POST" else None).status == 403


def test_another_pages_script_may_not_read_answers(doctor, app):
    token = doctor.tokens(app)["access_token"]

    mine = caller(token).get("Patient/pat-a", origin="https://app.example")
    theirs = caller(token).get("Patient/pat-a", origin="https://evil.example")
    before = caller(token)("OPTIONS", "Patient/pat-a", origin="https://app.example")

    assert mine.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in theirs.headers
    assert (before.status, before.headers["access-control-allow-origin"]) == (204, "https://app.example")
    assert (
        post("/oauth/token", {}, Origin="https://app.example")["Access-Control-Allow-Origin"]
        == "https://app.example"
    )
    assert "Access-Control-Allow-Origin" not in post("/oauth/token", {}, Origin="https://evil.example")


def test_a_token_can_be_given_back(doctor, app):
    answer = doctor.tokens(app, "launch/patient", "patient/*.rs", "offline_access")
    other = make_app(name="Other")

    foreign = post("/oauth/revoke", {"token": answer["refresh_token"], "client_id": other.client_id})
    assert foreign.status_code == 200
    assert caller(answer["access_token"]).get("Patient/pat-a").status == 200
    assert (
        post("/oauth/revoke", {"token": answer["access_token"], "client_id": app.client_id}).status_code
        == 200
    )
    assert caller(answer["access_token"]).get("Patient/pat-a").status == 401
    again = refresh(app, answer["refresh_token"]).json()
    assert (
        post("/oauth/revoke", {"token": again["refresh_token"], "client_id": app.client_id}).status_code
        == 200
    )
    assert caller(again["access_token"]).get("Patient/pat-a").status == 401


def test_an_app_asks_what_its_own_tokens_are_worth(doctor, stored):
    import base64

    draft = registering.Draft("Server", "confidential", (BACK,), ("launch/patient", "patient/*.rs"))
    app, secret = registering.register(draft=draft, deed=deed())
    header = {"Authorization": "Basic " + base64.b64encode(f"{app.client_id}:{secret}".encode()).decode()}
    token = exchange(app, code=doctor.code(app, "launch/patient", "patient/*.rs"), headers=header).json()
    public = make_app(name="Other")
    foreign = doctor.tokens(public)

    told = post("/oauth/introspect", {"token": token["access_token"]}, **header).json()

    assert {k: told[k] for k in ("active", "client_id", "scope", "username", "iss", "patient")} == {
        "active": True, "client_id": app.client_id, "scope": "launch/patient patient/*.rs", "username": "t-doctor",
        "iss": BASE, "patient": "pat-a",
    }  # fmt: skip
    assert post("/oauth/introspect", {"token": foreign["access_token"]}, **header).json() == {"active": False}
    assert post("/oauth/introspect", {"token": "made-up"}, **header).json() == {"active": False}
    assert post("/oauth/introspect", {"token": "x", "client_id": public.client_id}).status_code == 401


def test_tokens_of_accounts_keep_working(stored):
    from xinglin.accounts.actions import issue_token

    token = issue_token(account=make_account("t-machine", "client"), label="test")

    assert caller(token).get("Patient/pat-a").status == 200
    assert PASSWORD not in token
