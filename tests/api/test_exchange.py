"""What requests and answers have in common: forms, languages, rights, faults of ours."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import django.db
import psycopg
import pytest

from tests.api.make import bundle, entry, patient
from xinglin.record.door import Door

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller


def test_large_answer_is_compressed_if_the_client_can(caller: Caller) -> None:
    made = caller.create(
        patient(
            text={
                "status": "generated",
                "div": f"<div xmlns='http://www.w3.org/1999/xhtml'>{'x' * 3000}</div>",
            }
        )
    )
    url = f"Patient/{made['id']}"

    plain = caller.get(url)
    packed = caller.get(url, accept_encoding="gzip, deflate")

    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-length"] == str(len(packed.body))
    assert len(packed.body) < len(plain.body)
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in plain.headers


def test_body_may_come_compressed_or_in_chunks(caller: Caller) -> None:
    body = json.dumps(patient()).encode()

    packed = caller("POST", "Patient", gzip.compress(body), content_encoding="gzip")
    chunked = caller("POST", "Patient", body, chunked=True)

    assert (packed.status, chunked.status) == (201, 201)
    assert packed.json["name"] == chunked.json["name"] == patient()["name"]


def test_pretty_answer_says_the_same(caller: Caller) -> None:
    made = caller.create(patient())

    reply = caller.get(f"Patient/{made['id']}?_pretty=true&_format=json")

    assert reply.body.startswith(b'{\n  "resourceType": "Patient",\n  "id": ')
    assert reply.json == made


def test_xml_is_refused_both_ways(caller: Caller, stored: Callable[[], Any]) -> None:
    before = stored()

    asked = caller.get("Patient/1", accept="application/fhir+xml")
    sent = caller("POST", "Patient", b"<Patient/>", content_type="application/fhir+xml")

    assert (asked.status, sent.status) == (406, 415)
    assert "application/fhir+json" in asked.text
    assert "application/fhir+json" in sent.text
    assert stored() == before


def test_messages_come_in_the_language_asked_for(caller: Caller) -> None:
    english = caller.get("Patient/nobody", accept_language="en")
    chinese = caller.get("Patient/nobody", accept_language="zh-CN")

    assert english.text == "There is no Patient/nobody."
    assert (
        english.issues[0]["diagnostics"] == chinese.issues[0]["diagnostics"] == "There is no Patient/nobody."
    )


def test_mistake_of_ours_is_told_by_a_number_alone(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Door, "read", broken)

    reply = caller.get("Patient/1")

    assert reply.status == 500
    assert b"secret" not in reply.body
    number = reply.text.rpartition(" ")[2].rstrip(".")
    assert number in caplog.text
    assert "secret" in caplog.text


def test_root_says_where_to_go(caller: Caller) -> None:
    assert "http://test/fhir/metadata" in caller.get("").text
    assert caller.get("/").status == 200


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("example.org", "http://example.org/fhir/"),
        ("example.org:8080", "http://example.org:8080/fhir/"),
        ("[::1]:80", "http://[::1]:80/fhir/"),
        ('x","y":"', "http://test:80/fhir/"),
        ("x/../y", "http://test:80/fhir/"),
        ("", "http://test:80/fhir/"),
    ],
)
def test_addresses_begin_with_the_host_that_was_asked(caller: Caller, host: str, base: str) -> None:
    made = caller("POST", "Patient", patient(), host=host)

    found = caller("POST", "", bundle("transaction", entry("POST", "Patient", patient())), host=host)

    assert made.headers["location"].startswith(base)
    assert found.json["entry"][0]["fullUrl"].startswith(base)


@pytest.mark.parametrize("error", [psycopg.OperationalError("away"), django.db.OperationalError("away")])
def test_database_that_is_away_makes_the_client_try_again(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Door, "read", away)

    reply = caller.get("Patient/1")

    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert reply.issues[0]["code"] == "transient"
