"""Signing in with an identity provider: one of our own here, which says whatever it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.smart.conftest import Person, deed, make_account
from xinglin.accounts.models import Account, Event
from xinglin.kernel.errors import Fault
from xinglin.smart import upstream
from xinglin.smart.models import Binding

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})


class Provider(ThreadingHTTPServer):
    """``claims`` and ``key`` are what the next identity token has; ``asked`` what came to the token endpoint."""

    claims: dict[str, Any]
    key: Any
    algorithm: str
    challenge: str
    asked: dict[str, list[str]]
    authorization: str | None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        at = self.server.issuer
        if self.path == "/.well-known/openid-configuration":
            self._say(
                {
                    "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
                    "jwks_uri": f"{at}/jwks",
                }
            )  # fmt: skip
        else:
            self._say({"keys": [KEY.as_dict(private=False)]})

    def do_POST(self) -> None:
        self.server.asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.authorization = self.headers.get("Authorization")
        verifier = self.server.asked["code_verifier"][0].encode()
        made = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if made != self.server.challenge:
            return self._say({"error": "invalid_grant"}, 400)
        header = {"alg": self.server.algorithm, "kid": "one"}
        token = jwt.encode(header, self.server.claims, self.server.key, algorithms=[self.server.algorithm])
        return self._say({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _say(self, said: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def provider(stored: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Provider]:
    server = Provider(("127.0.0.1", 0), _Answers)
    server.key, server.algorithm = KEY, "RS256"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    (tmp_path / "secret").write_text("s3cret\n")
    given = replace(
        settings.SETTINGS, oidc=server.issuer, oidc_client="xinglin", oidc_secret=str(tmp_path / "secret"),
        oidc_name="全民健康统一认证",
    )  # fmt: skip
    monkeypatch.setattr(settings, "SETTINGS", given)
    yield server
    server.shutdown()
    server.server_close()


def begin(provider: Provider, browser: Client, path: str = "/sign-in/provider/") -> dict[str, str]:
    """Ask; the provider remembers what it needs for a right answer."""
    sent = browser.get(path)
    assert sent.status_code == 302
    asked = {name: values[0] for name, values in parse_qs(urlsplit(sent["Location"]).query).items()}
    provider.challenge = asked["code_challenge"]
    now = int(time.time())
    provider.claims = {
        "iss": provider.issuer, "aud": "xinglin", "sub": "person-7", "nonce": asked["nonce"], "iat": now,
        "exp": now + 300,
    }  # fmt: skip
    return asked


def come_back(browser: Client, state: str, **more: str) -> Any:
    return browser.get("/sign-in/provider/return/", {"state": state, "code": "a-code"} | more)


def bound(**more: Any) -> Account:
    account = make_account(**more)
    upstream.bind(account=account, subject="person-7", deed=deed())
    return account


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_the_sign_in_page_offers_the_provider(provider):
    text = Client().get("/sign-in/").content.decode()

    assert "全民健康统一认证" in text
    assert 'href="/sign-in/provider/' in text


def test_without_a_provider_nothing_is_offered(stored):
    assert "/sign-in/provider/" not in Client().get("/sign-in/").content.decode()
    assert Client().get("/sign-in/provider/")["Location"] == "/sign-in/"


def test_a_bound_account_signs_in_and_goes_on(provider):
    account, browser = bound(), Client()
    asked = begin(provider, browser, "/sign-in/provider/?next=/account/")
    before = browser.session.session_key

    answer = come_back(browser, asked["state"])

    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert browser.session["_auth_user_id"] == str(account.pk)
    assert browser.session.session_key != before
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://testserver/sign-in/provider/return/"
    assert provider.authorization == "Basic " + base64.b64encode(b"xinglin:s3cret").decode()
    assert Event.objects.filter(kind="signed-in", account=account.pk).count() == 1


def test_whom_nobody_has_bound_gets_no_account(provider):
    browser, before = Client(), Account.objects.count()
    asked = begin(provider, browser)

    assert come_back(browser, asked["state"]).status_code == 403
    assert not is_signed_in(browser)
    assert Account.objects.count() == before


def test_a_disabled_account_stays_out(provider):
    bound(is_active=False)
    browser = Client()
    asked = begin(provider, browser)

    assert come_back(browser, asked["state"]).status_code == 403
    assert not is_signed_in(browser)


def test_a_second_factor_is_still_asked(provider):
    bound(totp="sealed")
    browser = Client()
    asked = begin(provider, browser)

    assert come_back(browser, asked["state"])["Location"] == "/sign-in/second/"
    assert not is_signed_in(browser)


WRONG = [
    ("another issuer", {"iss": "https://evil.example"}),
    ("another audience", {"aud": "somebody"}),
    ("another party", {"aud": ["xinglin", "other"], "azp": "other"}),
    ("another nonce", {"nonce": "made-up"}),
    ("no nonce", {"nonce": None}),
    ("expired", {"exp": 1_000_000}),
    ("no end", {"exp": None}),
    ("from the future", {"iat": 9_000_000_000}),
    ("no subject", {"sub": ""}),
]


@pytest.mark.parametrize("more", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_an_identity_token_with_wrong_claims_is_refused(provider, more):
    bound()
    browser = Client()
    asked = begin(provider, browser)
    provider.claims = {k: v for k, v in (provider.claims | more).items() if v is not None}

    assert come_back(browser, asked["state"]).status_code == 403
    assert not is_signed_in(browser)


@pytest.mark.parametrize(("key", "algorithm"), [(OTHER, "RS256"), (KEY, "RS512")], ids=["key", "algorithm"])
def test_an_identity_token_of_another_key_or_algorithm_is_refused(provider, key, algorithm):
    bound()
    browser = Client()
    asked = begin(provider, browser)
    provider.key, provider.algorithm = key, algorithm

    assert come_back(browser, asked["state"]).status_code == 403
    assert not is_signed_in(browser)


def test_an_answer_that_was_not_asked_for_is_refused(provider):
    bound()
    browser = Client()
    asked = begin(provider, browser)

    assert come_back(Client(), asked["state"]).status_code == 403
    assert come_back(browser, "made-up").status_code == 403
    assert come_back(browser, asked["state"]).status_code == 403  # the question was used up
    assert not is_signed_in(browser)


def test_an_error_of_the_provider_is_said(provider):
    browser = Client()
    asked = begin(provider, browser)

    assert (
        browser.get(
            "/sign-in/provider/return/", {"state": asked["state"], "error": "access_denied"}
        ).status_code
        == 403
    )


def test_nobody_is_sent_to_another_site_afterwards(provider):
    bound()
    browser = Client()
    asked = begin(provider, browser, "/sign-in/provider/?next=https://evil.example/")

    assert come_back(browser, asked["state"])["Location"] == "/"


def test_a_subject_is_bound_to_one_account(provider):
    bound()
    other = make_account("t-other")

    with pytest.raises(Fault):
        upstream.bind(account=other, subject="person-7", deed=deed())

    assert Binding.objects.count() == 1


def test_unbinding_closes_the_way(provider):
    account, browser = bound(), Client()
    upstream.unbind(account=account, deed=deed())
    asked = begin(provider, browser)

    assert come_back(browser, asked["state"]).status_code == 403


@pytest.fixture
def boss(provider, monkeypatch) -> Person:
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, demo=True))  # no second factor
    return Person(make_account("t-boss", "administrator", institution_id=""))


def test_an_administrator_binds_and_unbinds_on_a_page(boss):
    account = make_account()

    bound_ = boss.browser.post("/apps/identities/", {"username": "t-doctor", "subject": "person-7"})
    assert bound_.status_code == 302
    assert "person-7" in boss.browser.get("/apps/identities/").content.decode()
    assert Binding.objects.get().account == account.pk
    boss.browser.post("/apps/identities/", {"username": "t-doctor", "act": "unbind"})

    assert Binding.objects.count() == 0
    kinds = [
        event.kind
        for event in Event.objects.filter(account=account.pk, kind__endswith="bound").order_by("place")
    ]
    assert kinds == ["bound", "unbound"]


@pytest.mark.parametrize("username", ["nobody", "t-boss", "t-auditor"])
def test_nobody_binds_accounts_that_they_do_not_manage(boss, username):
    make_account("t-auditor", "auditor", institution_id="")

    assert (
        boss.browser.post("/apps/identities/", {"username": username, "subject": "person-7"}).status_code
        == 422
    )
    assert Binding.objects.count() == 0


def test_who_manages_no_accounts_binds_none(provider):
    assert Person(make_account()).browser.get("/apps/identities/").status_code == 403
