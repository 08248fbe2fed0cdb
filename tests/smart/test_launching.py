"""An app is allowed by somebody, and sees what it was granted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from tests.smart.conftest import (
    BACK,
    BASE,
    Person,
    back,
    caller,
    claims_of,
    deed,
    exchange,
    make_account,
    make_app,
    refresh,
)
from xinglin.record import access, database
from xinglin.record.policy.relations import open_by_hand
from xinglin.smart.models import Grant


def test_a_standalone_app_reads_the_chosen_record_alone(doctor, app):
    answer = doctor.tokens(app)

    assert answer["patient"] == "pat-a"
    assert answer["scope"] == "openid fhirUser launch/patient patient/*.rs"
    asking = caller(answer["access_token"])
    assert asking.get("Patient/pat-a").status == 200
    assert asking.get("Patient/pat-b").status == 404
    assert asking.get("Observation").ids == ["obs-a"]
    assert asking("POST", "Observation", {"resourceType": "Observation"}).status == 403


def test_the_page_says_what_is_asked(doctor, app):
    shown = doctor.browser.get(doctor.asks(app), headers={"Accept-Language": "zh-hans"}).content.decode()

    for words in ("Growth chart", "patient/*.rs", "https://app.example"):
        assert words in shown


def test_what_is_not_ticked_is_not_granted(doctor, app):
    asked = doctor.asks(app, scope="launch/patient patient/Observation.rs patient/Condition.rs")
    answer = doctor.browser.post(
        asked,
        {"decision": "allow", "scope": ["launch/patient", "patient/Observation.rs"], "patient": "pat-a"},
    )

    assert exchange(app, code=back(answer)["code"]).json()["scope"] == "launch/patient patient/Observation.rs"


def test_a_resident_is_found_by_name_on_the_page(doctor, app):
    shown = doctor.browser.post(
        doctor.asks(app), {"decision": "find", "find": "Resident a", "scope": ["openid"]}
    )

    text = shown.content.decode()
    assert 'value="pat-a"' in text
    assert 'value="pat-b"' not in text


def test_without_a_resident_it_is_asked_again(doctor, app):
    answer = doctor.decides(app, patient="")

    assert answer.status_code == 422
    assert Grant.objects.count() == 0


def test_an_app_from_the_record_gets_its_patient_once(doctor, app):
    chart = make_app(name="Chart", launch_url="https://app.example/launch", redirects=(BACK,))
    opened = doctor.browser.post(f"/residents/pat-a/apps/{chart.pk}/")
    value = opened["Refresh"].rpartition("launch=")[2]
    asked = ("launch", "patient/*.rs")

    answer = doctor.tokens(chart, *asked, launch=value, patient="pat-b")

    assert answer["patient"] == "pat-a"
    assert back(doctor.decides(chart, *asked, launch=value))["error"] == "invalid_request"


def test_a_launch_is_nobody_elses(doctor, app):
    chart = make_app(name="Chart", launch_url="https://app.example/launch", redirects=(BACK,))
    opened = doctor.browser.post(f"/residents/pat-a/apps/{chart.pk}/")
    value = opened["Refresh"].rpartition("launch=")[2]
    other = Person(make_account("t-nurse", "nurse"))

    assert back(other.decides(chart, "launch", "patient/*.rs", launch=value))["error"] == "invalid_request"


def test_the_identity_token_says_who_it_is(doctor, app):
    answer = doctor.tokens(app)
    claims = claims_of(answer["id_token"])

    assert claims["iss"] == BASE
    assert claims["aud"] == app.client_id
    assert claims["nonce"] == "a-nonce"
    assert claims["sub"] == str(doctor.account.pk)
    assert claims["fhirUser"] == f"{BASE}/fhir/Person/account-{doctor.account.pk}"
    told = (
        Client().get("/oauth/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}).json()
    )
    assert told == {"sub": claims["sub"], "fhirUser": claims["fhirUser"]}


def test_the_identity_token_is_signed_by_a_published_key(doctor, app):
    from joserfc import jwt
    from joserfc.jwk import KeySet

    token = doctor.tokens(app)["id_token"]

    published = KeySet.import_key_set(Client().get("/oauth/jwks").json())
    assert jwt.decode(token, published, algorithms=["ES256"]).header["typ"] == "JWT"


def test_an_application_signs_somebody_on_without_the_record(doctor, app):
    answer = doctor.tokens(app, "openid", "profile", aud=None)

    claims = claims_of(answer["id_token"])
    assert (claims["name"], claims["preferred_username"]) == ("账号 t-doctor", "t-doctor")
    assert "patient" not in answer
    assert caller(answer["access_token"]).get("Patient/pat-a").status == 403
    assert back(doctor.decides(app, "openid", aud="https://evil.example/fhir"))["error"] == "invalid_request"


def test_a_refresh_token_is_worth_something_once(doctor, app):
    first = doctor.tokens(app, "launch/patient", "patient/*.rs", "offline_access")

    second = refresh(app, first["refresh_token"]).json()
    again = refresh(app, first["refresh_token"])

    assert second["patient"] == "pat-a"
    assert again.json()["error"] == "invalid_grant"
    assert (
        refresh(app, second["refresh_token"]).json()["error"] == "invalid_grant"
    )  # nobody gets anything more
    assert caller(second["access_token"]).get("Patient/pat-a").status == 401


def test_a_refresh_token_may_ask_for_less_and_not_for_more(doctor, app):
    first = doctor.tokens(app, "launch/patient", "patient/*.rs", "offline_access")

    more = refresh(app, first["refresh_token"], scope="patient/*.cruds")
    less = refresh(app, first["refresh_token"], scope="patient/*.rs")

    assert more.json()["error"] == "invalid_scope"
    assert less.json()["scope"] == "patient/*.rs"


def test_online_access_ends_with_the_session(doctor, app):
    first = doctor.tokens(app, "launch/patient", "patient/*.rs", "online_access")
    doctor.browser.post("/sign-out/")

    assert refresh(app, first["refresh_token"]).json()["error"] == "invalid_grant"


def test_what_was_allowed_can_be_ended_at_once(doctor, app):
    answer = doctor.tokens(app, "launch/patient", "patient/*.rs", "offline_access")
    grant = Grant.objects.get()
    assert "Growth chart" in doctor.browser.get("/account/apps/").content.decode()

    doctor.browser.post(f"/account/apps/{grant.pk}/end/")

    assert caller(answer["access_token"]).get("Patient/pat-a").status == 401
    assert refresh(app, answer["refresh_token"]).json()["error"] == "invalid_grant"
    assert (
        "Growth chart" in doctor.browser.get("/account/apps/").content.decode()
    )  # the page says what was ended
    assert "Growth chart" not in doctor.browser.get("/account/apps/").content.decode()


def test_nobody_ends_what_somebody_else_allowed(doctor, app):
    answer = doctor.tokens(app)
    other = Person(make_account("t-nurse", "nurse"))

    assert other.browser.post(f"/account/apps/{Grant.objects.get().pk}/end/").status_code == 404
    assert caller(answer["access_token"]).get("Patient/pat-a").status == 200


def test_a_disabled_account_has_no_apps(doctor, app):
    answer = doctor.tokens(app)

    doctor.account.is_active = False
    doctor.account.save()

    assert caller(answer["access_token"]).get("Patient/pat-a").status == 401


def test_a_new_password_ends_what_was_allowed(doctor, app):
    answer = doctor.tokens(app, "openid", "launch/patient", "patient/*.rs", "offline_access")

    doctor.account.password_since = deed().now
    doctor.account.save()

    assert caller(answer["access_token"]).get("Patient/pat-a").status == 401
    assert refresh(app, answer["refresh_token"]).json()["error"] == "invalid_grant"
    header = {"Authorization": f"Bearer {answer['access_token']}"}
    assert Client().get("/oauth/userinfo", headers=header).status_code == 401


@pytest.mark.usefixtures("region")
def test_an_app_sees_no_more_than_the_policy_shows_its_user(stored):
    app = make_app()
    nurse = Person(make_account("t-nurse", "nurse"))
    answer = nurse.tokens(app, "launch/patient", "patient/*.rs")

    asking = caller(answer["access_token"])

    assert asking.get("Observation").ids == ["obs-a"]
    assert sorted(asking.get("Condition").ids) == [
        "cold-a"
    ]  # what needs more secrecy is withheld from nurses


@pytest.fixture
def mother(stored) -> Person:
    """A resident who is pat-a and acts for pat-b."""
    person = Person(make_account("t-mother", "doctor", institution_id=""))
    now = deed().now
    with database.using(None) as connection:
        for patient, kind in (("pat-a", "own"), ("pat-b", "guardian")):
            open_by_hand(
                connection, patient=patient, kind=kind, since=now, actor=f"account/{person.account.pk}"
            )
    return person


def test_a_resident_chooses_among_the_own_records(mother, app):
    text = mother.browser.get(mother.asks(app)).content.decode()

    assert ('value="pat-a"' in text, 'value="pat-b"' in text, 'id="find"' in text) == (True, True, False)
    assert mother.decides(app, patient="somebody").status_code == 422
    child = mother.tokens(app, patient="pat-b")
    assert (child["patient"], Grant.objects.get().purpose) == ("pat-b", "FAMRQT")


def test_a_resident_is_known_by_the_own_patient(mother, app):
    answer = mother.tokens(app)

    assert claims_of(answer["id_token"])["fhirUser"] == f"{BASE}/fhir/Patient/pat-a"
    assert Grant.objects.get().purpose == "PATRQT"


def test_of_two_who_use_a_code_at_once_one_gets_tokens(doctor, app):
    code = doctor.code(app)

    def ask(_: int) -> int:
        try:
            return exchange(app, code=code).status_code
        finally:
            connections.close_all()
            database.close()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(ask, range(4)))

    assert answers == [200, 400, 400, 400]
    assert Grant.objects.get().why == "reuse"


def test_the_access_log_names_the_app(doctor, app):
    token = doctor.tokens(app)["access_token"]
    caller(token).get("Patient/pat-a")
    access.flush()

    with database.using(None) as connection:
        row = connection.execute(
            "SELECT actor, outcome, device FROM record_access WHERE action = 'read' ORDER BY place DESC LIMIT 1"
        ).fetchone()

    assert row == (f"account/{doctor.account.pk}", "permit", f"{app.client_id} · -")
