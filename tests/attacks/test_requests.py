"""What addresses in resources and requests make the platform do: nothing."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from tests.api.make import parameters, patient
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from django.test import Client

    from tests.api.caller import Caller


def test_addresses_in_resources_are_never_asked(listener: tuple[str, list[str]], caller: Caller) -> None:
    address, calls = listener
    inside = f"{address}/latest/meta-data/"
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "resource": {
                    "resourceType": "DocumentReference",
                    "status": "current",
                    "content": [{"attachment": {"url": inside, "contentType": "text/plain"}}],
                },
                "request": {"method": "POST", "url": "DocumentReference"},
            },
            {
                "resource": {
                    "resourceType": "ValueSet",
                    "status": "active",
                    "url": "urn:test:inside",
                    "compose": {"include": [{"valueSet": [inside]}]},
                },
                "request": {"method": "POST", "url": "ValueSet"},
            },
            {
                "resource": {**patient(), "meta": {"profile": [inside]}, "photo": [{"url": inside}]},
                "request": {"method": "POST", "url": "Patient"},
            },
        ],
    }
    hook = {"type": "rest-hook", "endpoint": inside, "payload": "application/fhir+json"}
    subscription = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "x",
        "criteria": "Patient?",
        "channel": hook,
    }

    assert caller("POST", "", bundle).status == 200
    answers = [
        caller("POST", "/Subscription", subscription),
        caller("GET", f"/ValueSet/$expand?url={inside}"),
        caller("GET", "/ValueSet/$expand?url=urn:test:inside"),
        caller("GET", f"/CodeSystem/$lookup?system={inside}&code=x"),
        caller("POST", f"/Patient/$validate?profile={inside}", patient()),
        caller("GET", f"/Patient?general-practitioner={inside}"),
        caller("POST", "/$import", parameters(url=inside)),
    ]

    assert [answer.status for answer in answers if answer.status >= 500] == []
    assert calls == []


def test_pages_ask_nothing_of_addresses_in_documents(
    listener: tuple[str, list[str]], steward: Client
) -> None:
    address, calls = listener
    open_as(SYSTEM).update(
        {
            "resourceType": "DocumentReference",
            "id": "outside",
            "status": "current",
            "subject": {"reference": "Patient/a"},
            "content": [{"attachment": {"url": f"{address}/inside", "contentType": "image/png"}}],
        }
    )

    page = steward.get("/residents/a/documents/DocumentReference/outside/")

    assert page.status_code == 200
    assert f'src="{address}' not in page.content.decode()
    assert calls == []


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2f..%2f..%2fetc%2fpasswd",
        "/directory/import/..%2f..%2fetc/report.csv",
        "/ledger/log/tile/0/..%2f..%2fetc%2fpasswd",
        "/ledger/log/tile/entries/../../../etc/passwd",
        "/codes/export/?url=..%2f..%2fetc%2fpasswd",
    ],
)
def test_paths_lead_nowhere_else(steward: Client, path: str) -> None:
    answer = steward.get(path)

    assert answer.status_code in {302, 400, 404}
    assert b"root:" not in answer.content


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "..", "file:///etc/passwd", "a\0b"])
def test_imports_stay_in_their_folder(caller: Caller, name: str) -> None:
    reply = caller("POST", "/$import", parameters(url=name))

    assert reply.status == 400
    assert b"root:" not in reply.body


def test_a_body_that_unpacks_to_too_much_is_refused(caller: Caller, settings: object) -> None:
    packed = gzip.compress(b" " * (80 << 20))

    reply = caller("POST", "/Patient", packed, content_encoding="gzip")

    assert (reply.status, len(packed) < 100_000) == (413, True)


@pytest.mark.parametrize(
    "asked",
    [
        "name=' OR 1=1 --",
        "name=%27%3BDROP TABLE record_resource%3B--",
        "identifier=x'||(SELECT 1)||'",
        "_sort=name;DELETE",
        "_id=' UNION SELECT 1 --",
        "birthdate=ge2020-01-01'--",
        "_has:Observation:patient:code=') OR TRUE --",
    ],
)
def test_search_values_are_values(caller: Caller, asked: str) -> None:
    caller.create(patient())

    reply = caller("GET", f"/Patient?{asked.replace(' ', '%20')}")

    assert reply.status in {200, 400}
    assert reply.status == 400 or reply.json["total"] == 0
    assert caller("GET", "/Patient?_summary=count").json["total"] == 1
