"""The record browser opened by a SMART launch from a hospital's own server."""

from __future__ import annotations

import time
import urllib.error
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from tests.portal import make
from tests.portal.ehr import CLIENT_ID, OTHER, Ehr
from tests.portal.test_views import text
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account, Event
from xinglin.kernel import clock, outgoing
from xinglin.record import access, database
from xinglin.smart import allowing, ehrs, keys
from xinglin.smart.ehrs import Draft
from xinglin.smart.models import Binding, Opening
from xinglin.smart.models import Ehr as Registered
from xinglin.smart.registering import Deed

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "http://testserver"
PASSWORD = "Kiefer-Wald 7 Uhr"


def deed() -> Deed:
    return Deed("test", NOWHERE, clock.now())


@pytest.fixture
def ehr(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ehr]:
    """The hospital's server, registered, and people with accounts; one doctor is linked."""
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, ehrs="127.0.0.1", demo=True))
    server = Ehr(lambda: keys.public(keys.CLIENT))
    wang = Account.objects.create_user(
        "wang", PASSWORD, display_name="王医生", roles=["doctor"], institution_id="hospital"
    )
    Account.objects.create_user(
        "clerk", PASSWORD, display_name="办事员", roles=["client"], institution_id="hospital"
    )
    Account.objects.create_user(
        "afar", PASSWORD, display_name="外院医生", roles=["doctor"], institution_id="centre"
    )
    ehrs.bind(ehr=register(server), account=wang, subject="ehr-doctor-7", deed=deed())
    yield server
    server.close()


def register(server: Ehr, **more: Any) -> Registered:
    given: dict[str, Any] = {
        "key": "first", "name": "医院电子病历", "issuer": server.issuer, "client_id": CLIENT_ID,
        "institution_id": "hospital", "institution_name": "第一人民医院",
    }  # fmt: skip
    return ehrs.register(draft=Draft(**(given | more)), base=BASE, deed=deed())


def browser_of(language: str = "zh-Hans") -> Client:
    return Client(headers={"Accept-Language": language})


def begin(ehr: Ehr, browser: Client, **more: str | None) -> Any:
    """Open us, as the hospital's page does."""
    given = {"iss": ehr.issuer, "launch": "launch-1"} | more
    return browser.get("/record/launch", {name: value for name, value in given.items() if value is not None})


def at_the_hospital(address: str) -> str:
    """What a browser does that is sent to the hospital: where it is sent back to."""
    try:
        outgoing.opener.open(address, timeout=10)
    except urllib.error.HTTPError as sent:
        with sent:
            return str(sent.headers["Location"])
    raise AssertionError(address)


def come_back(browser: Client, address: str) -> Any:
    assert address.startswith(f"{BASE}/record/launch/")
    return browser.get(address.removeprefix(BASE))


def launch(ehr: Ehr, browser: Client | None = None, **more: str | None) -> tuple[Client, Any]:
    """All of it."""
    browser = browser or browser_of()
    return browser, come_back(browser, at_the_hospital(begin(ehr, browser, **more)["Location"]))


def assert_nothing_opened(browser: Client, answer: Any, status: int, why: str) -> None:
    """A page that says what to do; no session, no name of the resident, one event that says why."""
    assert (answer.status_code, answer.context["why"]) == (status, why)
    assert str(answer.context["advice"]) in text(answer)
    assert "王桂兰" not in text(answer)
    assert "_auth_user_id" not in browser.session
    assert [why in event.detail.split() for event in Event.objects.filter(kind="link-refused")] == [True]
    assert Event.objects.filter(kind__in=["link-opened", "signed-in"]).count() == 0


# -- what holds


def test_launch_opens_the_record_of_the_patient_at_hand(stored: None, ehr: Ehr) -> None:
    browser, answer = launch(ehr)

    assert (answer.status_code, answer["Location"] in {"/residents/a/", "/residents/c/"}) == (302, True)
    page = browser.get(answer["Location"])
    assert "王桂" in text(page)
    assert "由第一人民医院打开，仅限此份档案" in text(page)


def test_what_is_asked_of_the_hospital(ehr: Ehr) -> None:
    sent = begin(ehr, browser_of())

    address, _, query = sent["Location"].partition("?")
    asked = dict(parse_qsl(query))
    assert address == f"{ehr.at}/authorize"
    assert {name: asked[name] for name in ("client_id", "redirect_uri", "scope", "aud", "launch")} == {
        "client_id": CLIENT_ID, "redirect_uri": f"{BASE}/record/launch/first/", "aud": ehr.issuer,
        "scope": "launch openid fhirUser patient/Patient.rs", "launch": "launch-1",
    }  # fmt: skip
    cookie = sent.cookies["xl-launch"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/record/launch")


def test_server_of_version_1_is_asked_for_its_scopes(ehr: Ehr) -> None:
    ehr.configuration = {"capabilities": ["launch-ehr", "permission-v1"]}

    assert "patient%2FPatient.read" in begin(ehr, browser_of())["Location"]


def test_without_a_launch_the_patient_is_chosen_there(stored: None, ehr: Ehr) -> None:
    browser, answer = launch(ehr, launch=None)

    assert answer.status_code == 302
    assert [given["scope"].split()[0] for path, given in ehr.asked if path == "/authorize"] == [
        "launch/patient"
    ]
    assert browser.get(answer["Location"]).status_code == 200


def test_session_opens_nothing_else_and_every_look_is_noted(stored: None, ehr: Ehr) -> None:
    browser, answer = launch(ehr)
    access.flush()
    with database.connect() as connection:
        connection.execute("TRUNCATE record_access")

    browser.get(f"{answer['Location']}problems/")

    access.flush()
    with database.connect() as connection:
        rows = connection.execute("SELECT DISTINCT actor, purpose, device FROM record_access").fetchall()
    account = Account.objects.get(username="wang")
    assert [(actor, purpose) for actor, purpose, _ in rows] == [(f"account/{account.pk}", "TREAT")]
    assert rows[0][2].startswith("first · ")
    assert browser.get("/residents/d/")["Location"] == answer["Location"]
    assert browser.post(f"{answer['Location']}purpose/", {"purpose": "PUBHLTH"}).status_code == 403
    event = Event.objects.get(kind="link-opened", account=account.pk)
    assert event.detail.startswith("first Patient/")


def test_launch_signs_out_whoever_was_there_and_a_second_one_opens_too(stored: None, ehr: Ehr) -> None:
    browser = browser_of()
    browser.force_login(Account.objects.create_user("other", display_name="别人", roles=["administrator"]))

    launch(ehr, browser)
    _, again = launch(ehr, browser)

    assert browser.get("/accounts/").status_code == 302
    assert "王医生" in text(browser.get(again["Location"]))


def test_two_launches_at_once_in_one_browser_both_hold(stored: None, ehr: Ehr) -> None:
    browser = browser_of()

    backs = [at_the_hospital(begin(ehr, browser)["Location"]) for _ in range(2)]

    assert [come_back(browser, back).status_code for back in backs] == [302, 302]


def test_secret_of_the_hospital_is_used_and_kept_sealed(stored: None, ehr: Ehr) -> None:
    ehr.secret = "s3cret of the hospital"
    one = Registered.objects.get()
    ehrs.change(ehr=one, draft=draft_of(one, secret=ehr.secret), base=BASE, deed=deed())

    _, answer = launch(ehr)

    assert answer.status_code == 302
    assert "client_assertion" not in ehr.asked[-2][1]
    assert ehr.secret not in Registered.objects.get().secret


def draft_of(one: Registered, **more: Any) -> Draft:
    given: dict[str, Any] = {
        "key": one.key, "name": one.name, "issuer": one.issuer, "client_id": one.client_id,
        "institution_id": one.institution_id, "institution_name": one.institution_name, "matching": one.matching,
        "linking": one.linking,
    } | more  # fmt: skip
    return Draft(**given)


def test_doctors_may_be_matched_by_name(stored: None, ehr: Ehr) -> None:
    one = Registered.objects.get()
    ehrs.change(ehr=one, draft=draft_of(one, matching="name"), base=BASE, deed=deed())
    ehr.subject, ehr.claims = "ehr-doctor-8", {"preferred_username": "wang"}

    browser, answer = launch(ehr)

    assert answer.status_code == 302
    assert browser.session["_auth_user_id"] == str(Account.objects.get(username="wang").pk)
    ehr.claims = {"preferred_username": "afar"}
    assert launch(ehr)[1].context["why"] == "launch-unlinked"


def test_name_that_the_hospital_says_is_nothing_where_each_is_linked(ehr: Ehr) -> None:
    ehr.subject, ehr.claims = "ehr-doctor-8", {"preferred_username": "wang"}

    assert_nothing_opened(*launch(ehr), 403, "launch-unlinked")


# -- what does not


TIMES = [{"exp": int(time.time()) - 3600}, {"iat": int(time.time()) + 3600}]
LIES = {
    "iss": {"iss": "https://evil.example"},
    "aud": {"aud": "somebody"},
    "azp": {"aud": [CLIENT_ID, "x"], "azp": "x"},
    "nonce": {"nonce": "made-up"},
    "no-nonce": {"nonce": None},
    "empty-sub": {"sub": ""},
    "no-sub": {"sub": None},
    "no-exp": {"exp": None},
    "no-iat": {"iat": None},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_identity_token_with_wrong_claims_opens_nothing(ehr: Ehr, lie: dict[str, Any]) -> None:
    ehr.claims = lie

    assert_nothing_opened(*launch(ehr), 403, "launch-token")


@pytest.mark.parametrize("lie", TIMES, ids=["old", "future"])
def test_clocks_that_differ_are_said(ehr: Ehr, lie: dict[str, Any]) -> None:
    ehr.claims = lie

    assert_nothing_opened(*launch(ehr), 403, "launch-clock")


@pytest.mark.parametrize(
    "how",
    [
        {"key": OTHER},
        {"header": {"alg": "none"}},
        {"header": {"alg": "ES256", "kid": "another"}},
        {"more": {"id_token": None}},
        {"more": {"id_token": "x.y.z"}},
    ],
    ids=["key", "none", "kid", "missing", "rubbish"],
)
def test_identity_token_that_no_key_of_the_hospital_signed_opens_nothing(
    ehr: Ehr, how: dict[str, Any]
) -> None:
    for name, value in how.items():
        setattr(ehr, name, value)

    assert_nothing_opened(*launch(ehr), 403, "launch-token")


@pytest.mark.parametrize("issuer", ["", "https://nobody.example/fhir", "javascript:alert(1)", "x" * 3000])
def test_system_that_is_not_registered_is_sent_nowhere(ehr: Ehr, issuer: str) -> None:
    browser = browser_of()

    answer = begin(ehr, browser, iss=issuer)

    assert "Location" not in answer
    assert (Opening.objects.count(), ehr.asked) == (0, [])
    assert_nothing_opened(browser, answer, 403, "launch-unknown")


def test_disabled_system_opens_nothing_even_midway(ehr: Ehr) -> None:
    browser = browser_of()
    back = at_the_hospital(begin(ehr, browser)["Location"])
    ehrs.set_active(ehr=Registered.objects.get(), active=False, deed=deed())

    assert come_back(browser, back).status_code == 403
    assert begin(ehr, browser).status_code == 403
    assert "_auth_user_id" not in browser.session


def test_system_without_a_client_id_is_not_ready(ehr: Ehr) -> None:
    Registered.objects.update(client_id="")
    browser = browser_of()

    assert_nothing_opened(browser, begin(ehr, browser), 409, "launch-not-ready")


def test_refusal_of_the_hospital_is_said(ehr: Ehr) -> None:
    ehr.error = "access_denied"

    assert_nothing_opened(*launch(ehr), 403, "launch-denied")


def test_other_errors_are_named_and_never_shown_as_they_came(ehr: Ehr) -> None:
    ehr.error = "<script>alert(1)</script>"

    browser, answer = launch(ehr)

    assert "<script>alert" not in answer.content.decode()
    assert_nothing_opened(browser, answer, 403, "launch-answer")


def test_answer_is_good_once(stored: None, ehr: Ehr) -> None:
    browser = browser_of()
    back = at_the_hospital(begin(ehr, browser)["Location"])
    come_back(browser, back)
    browser.post("/sign-out/")

    again = come_back(browser, back)

    assert (again.status_code, again.context["why"]) == (403, "launch-used")
    assert "_auth_user_id" not in browser.session
    assert [path for path, _ in ehr.asked].count("/token") == 1


def test_answer_is_good_in_its_own_browser_alone(ehr: Ehr) -> None:
    browser, other = browser_of(), browser_of()
    begin(ehr, other)
    back = at_the_hospital(begin(ehr, browser)["Location"])

    assert_nothing_opened(other, come_back(other, back), 403, "launch-state")
    assert come_back(Client(), back).status_code == 403
    assert [path for path, _ in ehr.asked].count("/token") == 0


def test_answer_that_comes_late_or_with_another_state_is_refused(ehr: Ehr) -> None:
    browser = browser_of()
    back = at_the_hospital(begin(ehr, browser)["Location"])
    made_up = come_back(browser, f"{BASE}/record/launch/first/?code=x&state=made-up")
    Opening.objects.update(expires=clock.now())

    late = come_back(browser, back)

    assert [answer.context["why"] for answer in (made_up, late)] == ["launch-state", "launch-state"]
    assert "_auth_user_id" not in browser.session


def test_code_of_somebody_elses_launch_is_refused(ehr: Ehr) -> None:
    mine, thief = browser_of(), browser_of()
    stolen = dict(parse_qsl(urlsplit(at_the_hospital(begin(ehr, mine)["Location"])).query))["code"]
    own = dict(parse_qsl(urlsplit(at_the_hospital(begin(ehr, thief)["Location"])).query))["state"]

    answer = thief.get("/record/launch/first/", {"code": stolen, "state": own})

    assert_nothing_opened(thief, answer, 403, "launch-answer")


@pytest.mark.parametrize("how", ["address", "iss", "no-iss"])
def test_answers_of_two_systems_cannot_be_mixed_up(ehr: Ehr, how: str) -> None:
    second = Ehr(lambda: keys.public(keys.CLIENT))
    try:
        register(second, key="second", name="另一家")
        if how == "iss":
            ehr.back = {"iss": second.at}
        if how == "no-iss":
            ehr.configuration = {"authorization_response_iss_parameter_supported": True}
        browser = browser_of()
        back = at_the_hospital(begin(ehr, browser)["Location"])
        if how == "address":
            back = back.replace("/first/", "/second/")

        assert_nothing_opened(browser, come_back(browser, back), 403, "launch-mixed")
        assert [path for path, _ in (*ehr.asked, *second.asked)].count("/token") == 0
    finally:
        second.close()


def test_doctor_of_another_system_is_not_the_one_of_the_same_name(ehr: Ehr) -> None:
    """A server that calls itself like the first and says its doctor's subject does not get its doctor."""
    second = Ehr(lambda: keys.public(keys.CLIENT))
    try:
        register(second, key="second", name="冒名")
        second.configuration, second.claims = {"issuer": ehr.at}, {"iss": ehr.at}

        assert_nothing_opened(*launch(second), 403, "launch-unlinked")
    finally:
        second.close()


def test_hospital_that_does_not_know_us_is_named(ehr: Ehr) -> None:
    ehr.jwks = lambda: {"keys": [OTHER.as_dict(private=False)]}

    assert_nothing_opened(*launch(ehr), 403, "launch-client")


@pytest.mark.parametrize(
    "lacking", [{"token_endpoint": None}, {"jwks_uri": None}, {"issuer": None}, {"authorization_endpoint": "http://evil.example/"}]
)  # fmt: skip
def test_hospital_that_says_too_little_is_not_asked(ehr: Ehr, lacking: dict[str, Any]) -> None:
    ehr.configuration = lacking
    browser = browser_of()

    assert_nothing_opened(browser, begin(ehr, browser), 503, "launch-unreached")


def test_hospital_that_is_down_is_said(ehr: Ehr) -> None:
    browser = browser_of()
    back = at_the_hospital(begin(ehr, browser)["Location"])
    ehr.close()

    assert_nothing_opened(browser, come_back(browser, back), 503, "launch-unreached")


@pytest.mark.parametrize(
    ("more", "patients", "status", "why"),
    [
        ({"patient": None}, None, 400, "launch-no-patient"),
        ({"patient": "../Observation"}, None, 400, "launch-no-patient"),
        ({"patient": "h-2"}, None, 400, "launch-no-patient"),
        ({}, {}, 400, "launch-no-patient"),
        ({}, {"identifier": []}, 400, "launch-no-number"),
        (
            {},
            {"identifier": [{"system": make.IDENTITY, "value": make.WANG[:-1] + "1"}]},
            400,
            "launch-no-number",
        ),
        (
            {},
            {"identifier": [{"system": "urn:oid:2.16.156.10011.1.12", "value": "88"}]},
            400,
            "launch-no-number",
        ),
        ({}, {"identifier": make.identified("110101199003077213")}, 404, "launch-nobody"),
    ],
    ids=["none", "path", "not-granted", "gone", "no-number", "wrong-digit", "own-number", "unknown"],
)
def test_patient_that_cannot_be_found_opens_nothing(
    stored: None, ehr: Ehr, more: dict[str, Any], patients: dict[str, Any] | None, status: int, why: str
) -> None:
    ehr.more = more
    if patients is not None:
        ehr.patients = {"h-1": {"resourceType": "Patient", "id": "h-1", **patients}} if patients else {}

    assert_nothing_opened(*launch(ehr), status, why)


def test_numbers_of_two_residents_open_neither(stored: None, ehr: Ehr) -> None:
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    other = make.patient("z", identifier=make.identified("110101199003077213"))
    open_as(SYSTEM).update({**other, "managingOrganization": {"reference": "Organization/clinic"}})
    ehr.patients["h-1"]["identifier"] = [*make.identified(make.WANG), *make.identified("110101199003077213")]

    assert_nothing_opened(*launch(ehr), 409, "launch-several")


@pytest.mark.parametrize(
    "change", [{"roles": ["steward"]}, {"is_active": False}, {"institution_id": "centre"}]
)
def test_account_that_may_not_come_opens_nothing(ehr: Ehr, change: dict[str, Any]) -> None:
    Account.objects.filter(username="wang").update(**change)

    assert_nothing_opened(*launch(ehr), 403, "launch-role" if "roles" in change else "launch-unlinked")


# -- linking oneself


def unlinked(ehr: Ehr) -> tuple[Client, Any]:
    ehr.subject = "ehr-doctor-9"
    Binding.objects.all().delete()
    return launch(ehr)


def sign_in(browser: Client, name: str, onward: str = "/") -> None:
    browser.post("/sign-in/", {"username": name, "password": PASSWORD, "next": onward})
    assert browser.session["_auth_user_id"] == str(Account.objects.get(username=name).pk)


def test_doctor_links_the_account_by_signing_in_once(stored: None, ehr: Ehr) -> None:
    browser, answer = unlinked(ehr)
    where = answer.context["link"]
    to_sign_in = browser.get(where)
    sign_in(browser, "wang", where)
    asked = browser.get(where)

    done = browser.post(where)

    assert to_sign_in["Location"] == f"/sign-in/?next={where}"
    assert "王医生" in text(asked)
    assert "医院电子病历" in text(done)
    account = Account.objects.get(username="wang")
    assert (Binding.objects.get().subject, Binding.objects.get().account) == ("ehr-doctor-9", account.pk)
    bound = Event.objects.filter(kind="ehr-bound", account=account.pk).order_by("place")
    assert [event.detail for event in bound] == ["ehr-doctor-7", "ehr-doctor-9"]
    assert launch(ehr)[1].status_code == 302
    assert browser.post(where).status_code == 410


@pytest.mark.parametrize(("name", "status"), [("afar", 403), ("clerk", 403)])
def test_account_of_another_place_or_role_is_not_linked(ehr: Ehr, name: str, status: int) -> None:
    browser, answer = unlinked(ehr)
    sign_in(browser, name)

    assert browser.post(answer.context["link"]).status_code == status
    assert Binding.objects.count() == 0


def test_nobody_links_who_came_at_another_browser(ehr: Ehr) -> None:
    """Else a doctor could be made to link their account to somebody else at the hospital."""
    _, answer = unlinked(ehr)
    victim = browser_of()
    begin(ehr, victim)
    sign_in(victim, "wang")

    assert victim.post(answer.context["link"]).status_code == 410
    assert Client().post(answer.context["link"]).status_code == 302
    assert Binding.objects.count() == 0


def test_session_that_a_launch_has_opened_links_nothing(stored: None, ehr: Ehr) -> None:
    browser, _ = launch(ehr)
    _, answer = unlinked(ehr)
    launch_of_wang = browser_of()
    launch_of_wang.cookies = browser.cookies
    opening = Opening.objects.latest("pk")
    Opening.objects.filter(pk=opening.pk).update(
        browser=Opening.objects.earliest("pk").browser
    )  # as if both came at one browser

    answer = launch_of_wang.post(answer.context["link"])

    assert answer.status_code == 302
    assert Binding.objects.count() == 0
    assert "_auth_user_id" not in launch_of_wang.session


def test_where_doctors_may_not_link_themselves_none_is_offered(ehr: Ehr) -> None:
    Registered.objects.update(linking=False)

    browser, answer = unlinked(ehr)

    assert answer.context["link"] == ""
    sign_in(browser, "wang")
    assert browser.post(f"/record/launch/link/{Opening.objects.get().pk}/").status_code == 410
    assert Binding.objects.count() == 0


def test_pages_of_refusal_are_said_in_both_languages(ehr: Ehr) -> None:
    ehr.error = "access_denied"

    english = text(launch(ehr, browser_of("en"))[1])
    chinese = text(launch(ehr, browser_of())[1])

    assert "Open the record again from your own system." in english
    assert "请从本院系统重新打开档案" in chinese


# -- keeping


def test_old_openings_are_dropped(ehr: Ehr) -> None:
    begin(ehr, browser_of())
    Opening.objects.update(expires=clock.now().replace(year=2020))
    begin(ehr, browser_of())

    allowing.forget(now=clock.now())

    assert Opening.objects.count() == 1


def test_keys_are_published_and_private_parts_are_not(ehr: Ehr) -> None:
    shown = Client().get("/record/launch/jwks.json").json()

    assert [(key["kty"], key["crv"], key["alg"], "d" in key) for key in shown["keys"]] == [
        ("EC", "P-384", "ES384", False)
    ]


# -- looking after systems


FORM = {
    "key": "second", "name": "中医院电子病历", "issuer": "https://his.example/fhir/", "client_id": "", "way": "key",
    "secret": "", "matching": "bound", "linking": "yes", "institution_id": "tcm", "institution_name": "中医院",
}  # fmt: skip


def manager(monkeypatch: pytest.MonkeyPatch, role: str = "administrator", place: str = "") -> Client:
    hosts = "127.0.0.1 his.example"
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, ehrs=hosts, demo=True))
    browser = browser_of()
    browser.force_login(
        Account.objects.create_user("boss", display_name="管理员", roles=[role], institution_id=place)
    )
    return browser


def test_administrator_registers_a_system_and_sees_what_it_has_to_be_told(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = manager(monkeypatch)

    sent = boss.post("/apps/ehrs/new/", FORM)

    made = Registered.objects.get(key="second")
    shown = text(boss.get(sent["Location"]))
    assert (made.issuer, made.institution_id, made.linking) == ("https://his.example/fhir", "tcm", True)
    for told in (f"{BASE}/record/launch/second/", f"{BASE}/record/launch/jwks.json", "patient/Patient.rs"):
        assert told in shown
    assert "缺少客户端标识" in text(boss.get("/apps/ehrs/"))
    assert Event.objects.filter(kind="ehr-registered", detail__startswith="second ").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://his.example/fhir"},
        {"issuer": "https://elsewhere.example/fhir"},
        {"issuer": "ftp://his.example/"},
        {"issuer": "https://user@his.example/fhir"},
        {"issuer": "https://his.example:x/fhir"},
        {"issuer": "https://his.example/fhir?x=1"},
        {"key": "link"},
        {"key": "first"},
        {"key": "Ä"},
        {"institution_id": ""},
        {"way": "secret"},
        {"matching": "guess"},
    ],
    ids=lambda wrong: "-".join(f"{name}-{value}" for name, value in wrong.items()),
)
def test_system_that_cannot_be_right_is_not_registered(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    answer = manager(monkeypatch).post("/apps/ehrs/new/", FORM | wrong)

    assert answer.status_code == 422
    assert Registered.objects.count() == 1


def test_address_is_registered_once(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = manager(monkeypatch).post("/apps/ehrs/new/", FORM | {"issuer": ehr.issuer})

    assert (answer.status_code, Registered.objects.count()) == (422, 1)


def test_administrator_of_an_institution_looks_after_its_own(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = manager(monkeypatch, place="centre")
    number = Registered.objects.get().pk

    boss.post("/apps/ehrs/new/", FORM | {"institution_id": "hospital"})

    assert Registered.objects.get(key="second").institution_id == "centre"
    assert "医院电子病历" not in text(boss.get("/apps/ehrs/")).replace("中医院电子病历", "")
    assert boss.get(f"/apps/ehrs/{number}/").status_code == 404
    assert boss.post(f"/apps/ehrs/{number}/disable/").status_code == 404
    assert Registered.objects.get(pk=number).active


@pytest.mark.parametrize("path", ["/apps/ehrs/", "/apps/ehrs/new/", "/apps/ehrs/1/"])
def test_who_registers_no_apps_sees_no_systems(ehr: Ehr, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    assert manager(monkeypatch, "doctor").get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_system_is_changed_and_its_secret_kept_until_another_comes(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, one = manager(monkeypatch), Registered.objects.get()
    form = FORM | {"issuer": ehr.issuer, "client_id": CLIENT_ID, "institution_id": "hospital"}
    page = f"/apps/ehrs/{one.pk}/"

    boss.post(page, form | {"way": "secret", "secret": "s3cret"})
    boss.post(page, form | {"way": "secret", "name": "新名称"})
    changed = Registered.objects.get()
    boss.post(page, form | {"way": "key"})

    assert (changed.key, changed.name, ehrs.secret_of(changed)) == ("first", "新名称", "s3cret")
    assert Registered.objects.get().secret == ""
    assert "s3cret" not in text(boss.get(page))


def test_look_says_that_all_is_there(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = manager(monkeypatch).post(f"/apps/ehrs/{Registered.objects.get().pk}/look/")

    assert (answer.context["look"].is_enough, answer.context["lacks"]) == (True, [])
    assert "启动所需的内容齐全" in text(answer)


@pytest.mark.parametrize(
    ("configuration", "enough", "missing"),
    [
        ({"token_endpoint": None}, False, ["token_endpoint"]),
        ({"token_endpoint": "https://169.254.169.254/"}, False, ["token_endpoint"]),
        ({"jwks_uri": "http://127.0.0.1:9/"}, False, ["jwks_uri"]),
        (
            {"capabilities": ["launch-ehr"]},
            True,
            ["sso-openid-connect", "context-ehr-patient", "permission-patient"],
        ),
        ({"code_challenge_methods_supported": []}, True, ["code_challenge_methods_supported"]),
        (
            {"token_endpoint_auth_signing_alg_values_supported": ["RS384"]},
            True,
            ["token_endpoint_auth_signing_alg_values_supported"],
        ),
    ],
    ids=["no-token", "inside", "no-keys", "capabilities", "pkce", "algorithm"],
)
def test_look_says_what_is_missing(
    ehr: Ehr,
    monkeypatch: pytest.MonkeyPatch,
    configuration: dict[str, Any],
    enough: bool,
    missing: list[str],
) -> None:
    ehr.configuration = configuration

    answer = manager(monkeypatch).post(f"/apps/ehrs/{Registered.objects.get().pk}/look/")

    assert answer.context["look"].is_enough is enough
    assert [lack.value for lack, _ in answer.context["lacks"]] == missing


def test_look_at_a_system_that_is_down_says_so(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    ehr.close()

    answer = manager(monkeypatch).post(f"/apps/ehrs/{Registered.objects.get().pk}/look/")

    assert answer.context["look"].reached is False
    assert f"{ehr.issuer}/.well-known/smart-configuration 没有返回" in text(answer)


def test_keys_that_openid_alone_names_are_found(stored: None, ehr: Ehr) -> None:
    ehr.configuration, ehr.openid = {"jwks_uri": None}, True

    assert launch(ehr)[1].status_code == 302


def test_host_that_the_operator_takes_away_is_asked_nothing_more(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, ehrs=""))
    browser = browser_of()

    assert_nothing_opened(browser, begin(ehr, browser), 503, "launch-unreached")
    assert ehr.asked == []


def test_administrator_links_and_unlinks_accounts_of_the_institution(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, page = manager(monkeypatch), f"/apps/ehrs/{Registered.objects.get().pk}/"

    taken = boss.post(f"{page}unbind/", {"username": "wang"})
    afar = boss.post(f"{page}bind/", {"username": "afar", "subject": "ehr-doctor-7"})
    none = Binding.objects.count()
    boss.post(f"{page}bind/", {"username": "wang", "subject": "ehr-doctor-10"})

    assert (taken.status_code, afar.status_code, none) == (302, 422, 0)
    assert Binding.objects.get().subject == "ehr-doctor-10"
    assert "ehr-doctor-10" in text(boss.get(page))


def test_disabled_and_enabled_again(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    boss, page = manager(monkeypatch), f"/apps/ehrs/{Registered.objects.get().pk}/"

    boss.post(f"{page}disable/")
    before = launch_status(ehr)
    boss.post(f"{page}enable/")

    assert (before, launch_status(ehr)) == (403, 302)
    assert boss.post(f"{page}nonsense/").status_code == 404


def launch_status(ehr: Ehr) -> int:
    return int(begin(ehr, browser_of()).status_code)
