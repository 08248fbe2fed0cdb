"""Apps, accounts that allow them, and two residents; really committed, since two connections look at them."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from tests.api.caller import Caller
from tests.record.policy.conftest import filled, region  # noqa: F401 -- a fixture
from xinglin.accounts.events import NOWHERE
from xinglin.accounts.models import Account
from xinglin.kernel import clock
from xinglin.smart import queries, registering
from xinglin.smart.models import App, Assertion, Binding
from xinglin.smart.registering import Deed, Draft

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "Kiefer-Wald 7 Uhr"
BASE = "http://testserver"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "https://app.example/back"
SCOPES = ("openid", "fhirUser", "profile", "launch", "launch/patient", "offline_access", "online_access",
          "patient/*.rs", "user/*.cruds")  # fmt: skip


def deed() -> Deed:
    return Deed("test", NOWHERE, clock.now())


@pytest.fixture
def stored(emptied: None, django_db_blocker: Any) -> Iterator[None]:
    """Two residents in the record; what is made beside them goes again."""
    filled()
    with django_db_blocker.unblock():
        queries.forget_origins()
        yield
        App.objects.all().delete()
        Assertion.objects.all().delete()
        Binding.objects.all().delete()
        Account.objects.filter(username__startswith="app-").delete()
        Account.objects.filter(username__startswith="t-").delete()


def make_account(name: str = "t-doctor", *roles: str, **more: Any) -> Account:
    given = {
        "display_name": f"账号 {name}",
        "roles": list(roles or ("doctor",)),
        "institution_id": "hosp-a",
    } | more
    return Account.objects.create_user(name, PASSWORD, **given)


def make_app(**more: Any) -> App:
    """A public app of a browser, unless more is said."""
    given = {"name": "Growth chart", "kind": "public", "redirects": (BACK,), "scopes": SCOPES} | more
    return registering.register(draft=Draft(**given), deed=deed())[0]


@dataclass
class Person:
    """Somebody at a browser."""

    account: Account
    browser: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.browser.post("/sign-in/", {"username": self.account.username, "password": PASSWORD})

    def asks(self, app: App, **more: Any) -> str:
        """The address of an app's question."""
        given = question(app) | more
        return "/oauth/authorize?" + urlencode({k: v for k, v in given.items() if v is not None})

    def decides(
        self, app: App, *scopes: str, decision: str = "allow", patient: str = "pat-a", **more: Any
    ) -> Any:
        asked = self.asks(app, **({"scope": " ".join(scopes)} if scopes else {}) | more)
        ticked = list(scopes) or question(app)["scope"].split()
        return self.browser.post(asked, {"decision": decision, "scope": ticked, "patient": patient})

    def code(self, app: App, *scopes: str, **more: Any) -> str:
        return back(self.decides(app, *scopes, **more))["code"]

    def tokens(self, app: App, *scopes: str, **more: Any) -> dict[str, Any]:
        return exchange(app, code=self.code(app, *scopes, **more)).json()


def question(app: App) -> dict[str, str]:
    return {
        "response_type": "code", "client_id": app.client_id, "redirect_uri": BACK, "state": "a-state",
        "scope": "openid fhirUser launch/patient patient/*.rs", "aud": f"{BASE}/fhir", "code_challenge": CHALLENGE,
        "code_challenge_method": "S256", "nonce": "a-nonce",
    }  # fmt: skip


def back(response: Any, address: str = BACK) -> dict[str, str]:
    """What the app is sent."""
    assert response.status_code in (302, 303), response.content
    assert response["Location"].partition("?")[0] == address
    return dict(parse_qsl(urlsplit(response["Location"]).query))


def post(path: str, form: dict[str, Any], **headers: str) -> Any:
    return Client().post(
        path, urlencode(form), content_type="application/x-www-form-urlencoded", headers=headers
    )


def exchange(app: App, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
    form = {
        "grant_type": "authorization_code", "redirect_uri": BACK, "client_id": app.client_id,
        "code_verifier": VERIFIER,
    } | more  # fmt: skip
    return post("/oauth/token", {k: v for k, v in form.items() if v is not None}, **(headers or {}))


def refresh(app: App, token: str, **more: Any) -> Any:
    return post(
        "/oauth/token",
        {"grant_type": "refresh_token", "refresh_token": token, "client_id": app.client_id} | more,
    )


def caller(token: str) -> Caller:
    return Caller(f"Bearer {token}")


@pytest.fixture
def doctor(stored: None) -> Person:
    return Person(make_account())


@pytest.fixture
def app(stored: None) -> App:
    return make_app()


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says, without looking at its signature."""
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
