"""A hospital's own SMART server, small and honest unless it is told to lie: codes once, PKCE, signed tokens.

What it says can be changed: ``claims`` of identity tokens, ``more`` of the token's answer, its ``configuration``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from tests.portal import make

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENT_ID = "xinglin-at-the-hospital"
KEY, OTHER = (ECKey.generate_key("P-256", {"kid": "ehr-1", "use": "sig"}) for _ in range(2))


class Ehr(ThreadingHTTPServer):
    """``jwks`` are the platform's public keys, ``subject`` the doctor who is signed in."""

    daemon_threads = True

    def __init__(self, jwks: Callable[[], dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.jwks = jwks
        self.subject = "ehr-doctor-7"
        self.secret = ""
        self.key: Any = KEY
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "ehr-1"}
        self.claims: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self.configuration: dict[str, Any] = {}
        self.error = ""
        self.openid = False  # whether there is OpenID's own description
        self.back: dict[str, Any] = {}
        self.patients: dict[str, dict[str, Any]] = {
            "h-1": {"resourceType": "Patient", "id": "h-1", "identifier": make.identified(make.WANG)}
        }
        self.launches = {"launch-1": "h-1"}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []  # path and parameters of what was asked
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def at(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def issuer(self) -> str:
        return f"{self.at}/fhir"

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def described(self) -> dict[str, Any]:
        described: dict[str, Any] = {
            "issuer": self.at, "jwks_uri": f"{self.at}/jwks", "authorization_endpoint": f"{self.at}/authorize",
            "token_endpoint": f"{self.at}/token", "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
            "capabilities": [
                "launch-ehr", "client-confidential-asymmetric", "sso-openid-connect", "context-ehr-patient",
                "permission-patient", "permission-v2",
            ],
        } | self.configuration  # fmt: skip
        return _without_none(described)

    def authorize(self, given: dict[str, str]) -> str:
        """Where the browser is sent after the doctor, who is signed in, has been recognised."""
        assert (given["response_type"], given["client_id"], given["aud"]) == ("code", CLIENT_ID, self.issuer)
        assert given["code_challenge_method"] == "S256"
        answer = {"state": given["state"]}
        if self.error:
            answer["error"] = self.error
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = given
            answer["code"] = code
        answer |= self.back
        return f"{given['redirect_uri']}?{urlencode(_without_none(answer))}"

    def token(self, form: dict[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        if not self._knows(form, authorization):
            return 401, {"error": "invalid_client"}
        given = self.codes.pop(form["code"], None)
        made = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            given is None
            or given["code_challenge"] != made.rstrip(b"=").decode()
            or given["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        patient = self.launches.get(given.get("launch", ""), "h-1")
        access = secrets.token_urlsafe(16)
        self.tokens[access] = patient
        now = int(time.time())
        claims = {
            "iss": self.at, "aud": CLIENT_ID, "sub": self.subject, "nonce": given["nonce"], "iat": now,
            "exp": now + 300, "fhirUser": f"{self.issuer}/Practitioner/p-7", "name": "王医生",
        } | self.claims  # fmt: skip
        answer = {
            "access_token": access, "token_type": "Bearer", "expires_in": 300, "scope": given["scope"],
            "patient": patient, "id_token": self._signed(_without_none(claims)),
        } | self.more  # fmt: skip
        return 200, _without_none(answer)

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.header["alg"] == "none":
            parts = (json.dumps(one).encode() for one in (self.header, claims))
            return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    def _knows(self, form: dict[str, str], authorization: str | None) -> bool:
        """Whether it is the platform that asks, as SMART's asymmetric authentication has it, or by the secret."""
        if self.secret:
            pair = base64.b64encode(f"{CLIENT_ID}:{quote(self.secret, safe='')}".encode()).decode()
            return authorization == f"Basic {pair}"
        keys = KeySet.import_key_set(self.jwks())  # type: ignore[arg-type]  # a JWK set
        try:
            said = jwt.decode(form["client_assertion"], keys, algorithms=["ES384"]).claims
        except (JoseError, ValueError, KeyError):
            return False
        soon = time.time() < said["exp"] <= time.time() + 300
        return (said["iss"], said["sub"], said["aud"]) == (CLIENT_ID, CLIENT_ID, f"{self.at}/token") and soon


def _without_none(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


class _Answers(BaseHTTPRequestHandler):
    server: Ehr

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        given = dict(parse_qsl(parts.query))
        self.server.asked.append((parts.path, given))
        match parts.path:
            case "/fhir/.well-known/smart-configuration":
                self._say(200, self.server.described())
            case "/.well-known/openid-configuration" if self.server.openid:
                self._say(200, {"issuer": self.server.at, "jwks_uri": f"{self.server.at}/jwks"})
            case "/jwks":
                self._say(200, {"keys": [KEY.as_dict(private=False)]})
            case "/authorize":
                self._send(self.server.authorize(given))
            case "/desk":
                self._show(given["platform"])
            case path:
                self._patient(path.removeprefix("/fhir/Patient/"))

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.server.asked.append((self.path, form))
        self._say(*self.server.token(form, self.headers.get("Authorization")))

    def _patient(self, id_: str) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.server.tokens.get(token) != id_ or id_ not in self.server.patients:
            return self._say(403, {"resourceType": "OperationOutcome"})
        return self._say(200, self.server.patients[id_], "application/fhir+json")

    def _show(self, platform: str) -> None:
        """The doctor's page at the hospital, with the patient at hand."""
        address = f"{platform}/record/launch?{urlencode({'iss': self.server.issuer, 'launch': 'launch-1'})}"
        page = (
            '<!doctype html><html lang="zh"><meta charset="utf-8"><title>EHR</title><link rel="icon" href="data:,">'
            f'<h1>王桂兰</h1><a id="open" href="{address.replace("&", "&amp;")}">区域健康档案</a>'
        )
        self._answer(200, page.encode(), "text/html; charset=utf-8")

    def _send(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _say(self, status: int, said: dict[str, Any], type_: str = "application/json") -> None:
        self._answer(status, json.dumps(said).encode(), type_)

    def _answer(self, status: int, body: bytes, type_: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
