"""Backend services: signed assertions, and what is not one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.smart.conftest import BASE, caller, deed, make_app, post
from xinglin.kernel.errors import Fault
from xinglin.smart import fetching, registering
from xinglin.smart.assertions import TYPE
from xinglin.smart.models import App, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = ECKey.generate_key("P-384", {"kid": "one", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "two"})
OTHER = ECKey.generate_key("P-384", {"kid": "one"})
AUDIENCE = f"{BASE}/oauth/token"


def public(*keys: Any) -> str:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


@pytest.fixture
def service(stored: None) -> App:
    return make_app(
        name="Warehouse", kind="asymmetric", redirects=(), scopes=("system/*.rs",), jwks=public(KEY, RSA)
    )


def claims(app: App, **more: Any) -> dict[str, Any]:
    given = {
        "iss": app.client_id, "sub": app.client_id, "aud": AUDIENCE, "exp": int(time.time()) + 200,
        "jti": str(time.time_ns()),
    }  # fmt: skip
    return {k: v for k, v in (given | more).items() if v is not None}


def signed(
    app: App, *, key: Any = KEY, alg: str = "ES384", header: dict[str, Any] | None = None, **more: Any
) -> str:
    return jwt.encode(
        {"alg": alg, "kid": "one", **(header or {})}, claims(app, **more), key, algorithms=[alg]
    )


def ask(assertion: str, **more: Any) -> Any:
    form = {
        "grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion_type": TYPE,
        "client_assertion": assertion,
    }  # fmt: skip
    return post("/oauth/token", {k: v for k, v in (form | more).items() if v is not None})


def test_a_service_is_granted_what_it_was_registered_for(service):
    answer = ask(signed(service), scope="system/*.cruds system/Patient.r").json()

    assert answer["scope"] == "system/*.rs system/Patient.r"
    assert answer["expires_in"] == 300
    assert "refresh_token" not in answer
    assert sorted(caller(answer["access_token"]).get("Patient").ids) == ["pat-a", "pat-b"]
    assert caller(answer["access_token"])("DELETE", "Condition/cold-a").status == 403


def test_either_kind_of_key_signs(service):
    assert ask(signed(service, key=RSA, alg="RS384", header={"kid": "two"})).status_code == 200


def test_an_assertion_is_worth_something_once(service):
    assertion = signed(service)

    assert ask(assertion).status_code == 200
    assert ask(assertion).status_code == 401


WRONG = [
    ("wrong audience", {"aud": "https://evil.example/token"}),
    ("the interface as audience", {"aud": f"{BASE}/fhir"}),
    ("no audience", {"aud": None}),
    ("another issuer", {"iss": "somebody"}),
    ("another subject", {"sub": "somebody"}),
    ("expired", {"exp": int(time.time()) - 3600}),
    ("no end", {"exp": None}),
    ("an end that is no time", {"exp": "later"}),
    ("far ahead", {"exp": int(time.time()) + 86400}),
    ("not yet", {"nbf": int(time.time()) + 3600}),
    ("no id", {"jti": None}),
]


@pytest.mark.parametrize("more", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_an_assertion_with_wrong_claims_is_refused(service, more):
    answer = ask(signed(service, **more))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert Token.objects.count() == 0


def _raw(header: dict[str, Any], body: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(body).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _unsigned(app: App) -> str:
    return _raw({"alg": "none", "kid": "one"}, claims(app))


def _by_public_key(app: App) -> str:
    """HS256 with the public key as the secret."""
    text = _raw({"alg": "HS256", "kid": "two"}, claims(app)).rstrip(".")
    mac = hmac.new(RSA.as_pem(private=False), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


CONFUSED = [
    ("no signature", _unsigned),
    ("a public key as secret", _by_public_key),
    ("a foreign key", lambda app: signed(app, key=OTHER)),
    ("an unknown kid", lambda app: signed(app, header={"kid": "three"})),
    ("no kid", lambda app: jwt.encode({"alg": "ES384"}, claims(app), KEY, algorithms=["ES384"])),
    ("another key's kid", lambda app: signed(app, header={"kid": "two"})),
    ("a foreign key set", lambda app: signed(app, header={"jku": "https://evil.example/jwks"})),
    ("another algorithm", lambda app: signed(app, key=RSA, alg="RS512", header={"kid": "two"})),
    ("a changed body", lambda app: _swapped(signed(app), claims(app))),
    ("no JWT", lambda app: app.client_id),
]  # fmt: skip


def _swapped(token: str, body: dict[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_raw(body, {}).split('.')[0]}.{signature}"


@pytest.mark.parametrize("make", [row[1] for row in CONFUSED], ids=[row[0] for row in CONFUSED])
def test_what_is_not_signed_by_the_apps_key_is_refused(service, make):
    answer = ask(make(service))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert Token.objects.count() == 0


def test_an_identity_token_is_no_assertion(service, doctor):
    token = doctor.tokens(make_app())["id_token"]

    assert ask(token).status_code == 401


def test_another_apps_assertion_is_not_taken_for_this_one(service):
    other = make_app(
        name="Other", kind="asymmetric", redirects=(), scopes=("system/*.rs",), jwks=public(OTHER)
    )

    assert ask(signed(other, key=OTHER), client_id=service.client_id).status_code == 401
    assert ask(signed(service, key=OTHER)).status_code == 401


@pytest.mark.parametrize("scope", ["patient/*.rs", "system/Patient.d", "openid", ""])
def test_a_service_gets_no_other_scopes(service, scope):
    answer = ask(signed(service), scope=scope or None)

    assert answer.json()["error"] == ("invalid_scope" if scope else "invalid_request")
    assert Token.objects.count() == 0


def test_an_app_with_a_user_is_no_service(app):
    answer = post(
        "/oauth/token",
        {"grant_type": "client_credentials", "scope": "system/*.rs", "client_id": app.client_id},
    )

    assert answer.json()["error"] == "unauthorized_client"


def test_a_service_exports_in_bulk(service):
    asking = caller(ask(signed(service)).json()["access_token"])

    begun = asking.get(
        "$export?_type=Patient,Observation", accept="application/fhir+json", prefer="respond-async"
    )
    assert begun.status == 202
    place = begun.headers["content-location"]
    manifest = asking.get(place)
    for _ in range(200):
        if manifest.status != 202:
            break
        time.sleep(0.05)
        manifest = asking.get(place)
    files = {each["type"]: asking.get(each["url"]).body for each in manifest.json["output"]}

    found = {
        type_: sorted(json.loads(line)["id"] for line in body.splitlines()) for type_, body in files.items()
    }
    assert found == {"Patient": ["pat-a", "pat-b"], "Observation": ["obs-a", "obs-b"]}


def test_an_export_has_no_more_than_was_granted(service):
    asking = caller(ask(signed(service), scope="system/Patient.rs").json()["access_token"])

    place = asking.get("$export").headers["content-location"]
    manifest = asking.get(place)
    for _ in range(200):
        if manifest.status != 202:
            break
        time.sleep(0.05)
        manifest = asking.get(place)

    assert [each["type"] for each in manifest.json["output"]] == ["Patient"]


def test_an_app_with_one_record_exports_nothing(doctor, app):
    asking = caller(doctor.tokens(app)["access_token"])

    assert asking.get("$export").status == 403


def test_keys_are_fetched_from_allowed_addresses_alone(stored):
    with pytest.raises(Fault) as refused:
        make_app(
            kind="asymmetric", redirects=(), scopes=("system/*.rs",), jwks_url="http://169.254.169.254/keys"
        )

    assert "XINGLIN_JWKS" in refused.value.issues[0].text
    assert App.objects.count() == 0


@pytest.mark.parametrize(
    "keys",
    [
        "no JSON",
        "[]",
        '{"keys": []}',
        '{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}]}',
        json.dumps({"keys": [KEY.as_dict(private=True)]}),
        json.dumps({"keys": [{k: v for k, v in KEY.as_dict(private=False).items() if k != "kid"}]}),
    ],
    ids=["text", "list", "empty", "shared secret", "private key", "no kid"],
)
def test_a_key_set_has_public_keys_with_names(stored, keys):
    with pytest.raises(Fault):
        make_app(kind="asymmetric", redirects=(), scopes=("system/*.rs",), jwks=keys)

    assert App.objects.count() == 0


def test_the_events_of_an_app_are_kept(service):
    from xinglin.accounts.models import Event

    registering.set_active(app=service, active=False, deed=deed())

    kinds = (
        Event.objects.filter(detail__startswith=service.client_id)
        .order_by("place")
        .values_list("kind", flat=True)
    )
    assert list(kinds) == ["app-registered", "app-disabled"]


class _Keys(BaseHTTPRequestHandler):
    """Serves the key set that its server has at the moment; elsewhere it leads on to it."""

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path != "/keys":
            self.send_response(302)
            self.send_header("Location", "/keys")
            self.end_headers()
            return
        body = self.server.keys.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def at_home(stored: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ThreadingHTTPServer, Any]]:
    """A server with an app's keys, and a function that registers the app with an address there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Keys)
    server.keys, server.asked = public(KEY), 0
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, jwks=base))

    def register(path: str) -> App:
        return make_app(kind="asymmetric", redirects=(), scopes=("system/*.rs",), jwks_url=base + path)

    yield server, register
    server.shutdown()
    server.server_close()


def test_keys_at_an_address_are_asked_seldom(at_home):
    server, register = at_home
    app = register("keys")

    assert [ask(signed(app)).status_code for _ in range(3)] == [200, 200, 200]
    assert server.asked == 1


def test_a_key_that_is_not_known_yet_is_asked_for_after_a_while(at_home, monkeypatch):
    server, register = at_home
    app = register("keys")
    ask(signed(app))
    server.keys = public(RSA)
    fresh = {"key": RSA, "alg": "RS384", "header": {"kid": "two"}}

    assert ask(signed(app, **fresh)).status_code == 401  # asked a moment ago
    monkeypatch.setattr(fetching, "_AGAIN", 0.0)
    assert ask(signed(app, **fresh)).status_code == 200
    assert ask(signed(app)).status_code == 401  # the old one is no longer there


def test_an_address_that_leads_elsewhere_is_not_followed(at_home):
    server, register = at_home

    assert ask(signed(register("elsewhere"))).status_code == 401
    assert server.asked == 1
