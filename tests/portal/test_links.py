"""A record opened by a signed link from an institution's own system."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.portal import make
from tests.portal.test_views import text
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account, Event
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import access, database
from xinglin.smart import registering
from xinglin.smart.models import App
from xinglin.smart.registering import Deed, Draft

KEY, OTHER = (ECKey.generate_key("P-384", {"kid": "one", "use": "sig"}) for _ in range(2))
PUBLIC = json.dumps({"keys": [KEY.as_dict(private=False)]})


def register(**more: Any) -> App:
    given: dict[str, Any] = {
        "name": "工作站", "kind": "asymmetric", "scopes": ("record_link",), "jwks": PUBLIC,
        "institution_id": "hospital", "institution_name": "第一人民医院",
    }  # fmt: skip
    return registering.register(draft=Draft(**(given | more)), deed=Deed("test", NOWHERE, clock.now()))[0]


@pytest.fixture
def app(stored: None, db: None) -> App:
    """The app of the hospital, and two of its people with accounts."""
    Account.objects.create_user("wang", display_name="王医生", roles=["doctor"], institution_id="hospital",
                                practitioner_id="dr-wang")  # fmt: skip
    Account.objects.create_user("clerk", display_name="办事员", roles=["steward"], institution_id="hospital")
    Account.objects.create_user("afar", display_name="外院医生", roles=["doctor"], institution_id="centre")
    return register()


def token(app: App, *, key: Any = KEY, **more: Any) -> str:
    given = {
        "iss": app.client_id, "sub": app.client_id, "aud": "http://testserver/link/", "exp": int(time.time()) + 200,
        "jti": str(time.time_ns()), "patient": "Patient/a", "doctor": "wang", "purpose": "TREAT",
    } | more  # fmt: skip
    said = {name: value for name, value in given.items() if value is not None}
    return jwt.encode({"alg": "ES384", "kid": "one"}, said, key, algorithms=["ES384"])


def follow(app: App, browser: Client | None = None, **more: Any) -> tuple[Client, Any]:
    browser = browser or Client(headers={"Accept-Language": "zh-Hans"})
    return browser, browser.get("/link/", {"token": token(app, **more)})


# -- what holds


def test_link_opens_the_record_of_one_resident(app: App) -> None:
    browser, answer = follow(app)
    page = browser.get("/residents/a/")

    assert (answer.status_code, answer["Location"]) == (302, "/residents/a/")
    assert "王桂兰" in text(page)
    assert "由第一人民医院打开，仅限此份档案" in text(page)
    assert "糖化血红蛋白" in text(browser.get("/residents/a/results/", headers={"HX-Request": "true"}))


def test_link_may_be_posted_and_name_practitioner_and_number(app: App) -> None:
    browser = Client()
    given = token(app, doctor="Practitioner/dr-wang", patient=f"{make.IDENTITY}|{make.WANG}")

    answer = browser.post("/link/", {"token": given})

    assert answer.status_code == 302
    assert answer["Location"] in {"/residents/a/", "/residents/b/", "/residents/c/"}
    assert browser.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["/", "/residents/", "/residents/d/", "/account/", "/exchange/studies/", "/apps/", "/persons/find/"],
)
def test_session_of_a_link_opens_nothing_else(app: App, elsewhere: str) -> None:
    browser, _ = follow(app)

    answer = browser.get(elsewhere)
    piece = browser.get(elsewhere, headers={"HX-Request": "true"})

    assert (answer.status_code, answer["Location"]) == (302, "/residents/a/")
    assert (piece.status_code, piece["HX-Redirect"]) == (403, "/residents/a/")


def test_rights_end_at_the_record_even_where_an_address_would_lead_further(app: App) -> None:
    browser, _ = follow(app)
    session = browser.session
    session["signon_within"] = ["/"]
    session.save()

    answer = browser.get("/residents/d/problems/")

    assert "1980-05-05" not in text(answer)
    assert answer.status_code == 404


def test_purpose_stays_what_the_link_said(app: App) -> None:
    browser, _ = follow(app, purpose="PUBHLTH")

    answer = browser.post("/residents/a/purpose/", {"purpose": "TREAT"})

    assert answer.status_code == 403
    assert browser.session["purpose"] == "PUBHLTH"


def test_every_look_names_the_doctor_the_purpose_and_the_app(app: App) -> None:
    browser, _ = follow(app)
    access.flush()
    with database.connect() as connection:
        connection.execute("TRUNCATE record_access")

    browser.get("/residents/a/problems/")

    access.flush()
    with database.connect() as connection:
        rows = connection.execute("SELECT DISTINCT actor, purpose, device FROM record_access").fetchall()
    account = Account.objects.get(username="wang")
    assert [(actor, purpose) for actor, purpose, _ in rows] == [(f"account/{account.pk}", "TREAT")]
    assert rows[0][2].startswith(f"{app.client_id} · ")
    assert Event.objects.filter(kind="link-opened", account=account.pk).count() == 1


def test_link_signs_out_whoever_was_there(app: App) -> None:
    browser = Client(headers={"Accept-Language": "zh-Hans"})
    browser.force_login(Account.objects.create_user("other", display_name="别人", roles=["administrator"]))

    follow(app, browser)

    assert browser.get("/accounts/").status_code == 302
    assert "王医生" in text(browser.get("/residents/a/"))


# -- what does not


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": int(time.time()) - 3600},
        {"exp": int(time.time()) + 86_400},
        {"aud": "http://elsewhere.example/link/"},
        {"iss": "nobody", "sub": "nobody"},
        {"jti": None},
        {"key": OTHER},
        {"doctor": "nobody"},
        {"doctor": "afar"},
        {"doctor": "clerk"},
    ],
    ids=["old", "far", "audience", "unknown", "without-id", "key", "no-account", "of-another-place", "not-a-doctor"],
)  # fmt: skip
def test_link_that_does_not_hold_opens_nothing(app: App, wrong: dict[str, Any]) -> None:
    browser, answer = follow(app, **wrong)

    assert answer.status_code == 403
    assert "王桂兰" not in text(answer)
    assert "sessionid" not in browser.cookies or "_auth_user_id" not in browser.session
    assert Event.objects.filter(kind="link-refused").count() == 1


@pytest.mark.parametrize(
    "wrong", [{"patient": None}, {"doctor": None}, {"purpose": None}, {"purpose": "HMARKT"}]
)
def test_link_that_says_too_little_is_refused(app: App, wrong: dict[str, Any]) -> None:
    assert follow(app, **wrong)[1].status_code == 400


@pytest.mark.parametrize("patient", ["Patient/nobody", "urn:x|0", "|", f"{make.IDENTITY}|"])
def test_link_to_nobody_is_refused(app: App, patient: str) -> None:
    assert follow(app, patient=patient)[1].status_code == 404


def test_link_is_good_once(app: App) -> None:
    given = token(app)

    first = Client().get("/link/", {"token": given})
    second = Client().get("/link/", {"token": given})

    assert (first.status_code, second.status_code) == (302, 403)


def test_app_that_was_not_let_do_so_or_is_disabled_opens_nothing(app: App) -> None:
    other = register(scopes=("system/*.rs",))
    App.objects.filter(pk=app.pk).update(active=False)

    assert follow(other)[1].status_code == 403
    assert follow(app)[1].status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [{"institution_id": ""}, {"kind": "confidential", "jwks": "", "redirects": ("https://a.example/",)}],
)
def test_links_need_an_institution_and_a_key_of_its_own(app: App, wrong: dict[str, Any]) -> None:
    before = App.objects.count()

    with pytest.raises(Fault):
        register(**wrong)

    assert App.objects.count() == before


def test_text_that_is_no_token_is_refused(app: App) -> None:
    for given in ("", "x.y.z", "x" * 20_000):
        assert Client().get("/link/", {"token": given}).status_code == 403
