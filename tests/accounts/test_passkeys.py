"""Security keys: an authenticator in software registers and signs in."""

from __future__ import annotations

import hashlib
import json
import os
import struct

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

from tests.accounts.conftest import PASSWORD
from xinglin.accounts.models import Event, Passkey

pytestmark = pytest.mark.django_db
ORIGIN = "http://testserver"


class Authenticator:
    """The part of a security key that the protocol sees: one ES256 key and a counter."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.counter = 0

    def _data(self, site: str, more: bytes = b"") -> bytes:
        self.counter += 1
        flags = 0x41 if more else 0x01
        return hashlib.sha256(site.encode()).digest() + struct.pack(">BI", flags, self.counter) + more

    def _client(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
        ).encode()

    def create(self, options: dict, origin: str = ORIGIN) -> str:
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], attested)
        answer = {
            "clientDataJSON": self._client("webauthn.create", options["challenge"], origin),
            "attestationObject": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}),
        }
        return self._packed(answer)

    def get(self, options: dict, origin: str = ORIGIN) -> str:
        data, client = self._data(options["rpId"]), self._client("webauthn.get", options["challenge"], origin)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._packed({"clientDataJSON": client, "authenticatorData": data, "signature": signed})

    def _packed(self, answer: dict[str, bytes]) -> str:
        response = {name: bytes_to_base64url(value) for name, value in answer.items()}
        identifier = bytes_to_base64url(self.id)
        return json.dumps({"id": identifier, "rawId": identifier, "type": "public-key", "response": response})


def register(client, key: Authenticator, **changes):
    options = client.get("/account/key/options/").json()
    answer = key.create(options, changes.pop("origin", ORIGIN))
    return client.post(
        "/account/key/", {"current": PASSWORD, "label": "蓝色钥匙", "answer": answer} | changes
    )


@pytest.fixture
def key(make_account, client) -> Authenticator:
    make_account()
    made = Authenticator()
    client.post("/sign-in/", {"username": "tang", "password": PASSWORD})
    assert register(client, made).status_code == 200
    client.post("/sign-out/")
    return made


def test_key_registers_and_signs_in(client, key):
    first = client.post("/sign-in/", {"username": "tang", "password": PASSWORD, "next": "/account/"})
    answer = key.get(client.get("/sign-in/second/key/").json())
    second = client.post("/sign-in/second/", {"answer": answer})

    assert (first["Location"], second["Location"]) == ("/sign-in/second/", "/account/")
    assert client.get("/account/").status_code == 200
    assert Passkey.objects.get().counter == key.counter


@pytest.mark.parametrize("wrong", ["origin", "challenge", "key", "counter", "twice", "text"])
def test_wrong_answer_does_not_sign_in(client, key, wrong):
    client.post("/sign-in/", {"username": "tang", "password": PASSWORD})
    options = client.get("/sign-in/second/key/").json()
    if wrong == "challenge":
        options["challenge"] = bytes_to_base64url(os.urandom(64))
    if wrong == "counter":
        Passkey.objects.update(counter=1000)
    signer = Authenticator() if wrong == "key" else key
    signer.id = key.id
    answer = signer.get(options, "https://elsewhere.example" if wrong == "origin" else ORIGIN)
    if wrong == "twice":
        client.get("/sign-in/second/key/")
    if wrong == "text":
        answer = "{}"

    refused = client.post("/sign-in/second/", {"answer": answer})

    assert refused.status_code == 422
    assert "_auth_user_id" not in client.session
    assert Event.objects.order_by("-place").first().kind == "refused-second"


@pytest.mark.parametrize(
    "changes", [{"origin": "https://elsewhere.example"}, {"current": "wrong"}, {"answer": "x"}]
)
def test_registration_that_is_not_right_keeps_nothing(make_account, client, changes):
    client.force_login(make_account())

    assert register(client, Authenticator(), **changes).status_code == 302
    assert Passkey.objects.count() == 0


def test_last_factor_stays_where_the_role_needs_one(make_account, client):
    client.force_login(make_account("chief", "security"))
    register(client, Authenticator())
    kept = Passkey.objects.get()

    client.post(f"/account/key/{kept.pk}/remove/", {"current": PASSWORD})

    assert Passkey.objects.get() == kept
