"""Batch and transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.make import bundle, entry, observation, parameters, patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller

URN = "urn:uuid:3f2b8a60-6b1e-4f5e-9a68-0c7a6e2f9d11"


def test_transaction_links_what_it_creates(caller: Caller) -> None:
    reply = caller(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", observation(URN)),
            entry("POST", "Patient", patient(), full_url=URN),
        ),
    )

    answers = [one["response"] for one in reply.json["entry"]]
    places = [one["location"] for one in answers]
    made = caller.get(places[0].partition("/_history")[0]).json
    assert reply.status == 200
    assert reply.json["type"] == "transaction-response"
    assert [one["status"] for one in answers] == ["201 Created", "201 Created"]
    assert [one["etag"] for one in answers] == ['W/"1"', 'W/"1"']
    assert [place.partition("/")[0] for place in places] == ["Observation", "Patient"]
    assert made["subject"]["reference"] == places[1].partition("/_history")[0]
    assert made["meta"]["lastUpdated"] == answers[0]["lastModified"]


def test_transaction_with_one_wrong_entry_stores_nothing(caller: Caller, stored: Callable[[], Any]) -> None:
    before = stored()

    reply = caller(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", patient()),
            entry("POST", "Observation", {"resourceType": "Observation", "status": "nonsense"}),
        ),
    )

    places = [place for issue in reply.issues for place in issue["expression"]]
    assert reply.status in (400, 422)
    assert all(place.startswith("Bundle.entry[1].resource") for place in places)
    assert "Bundle.entry[1].resource.status" in places
    assert stored() == before


def test_transaction_carries_out_every_method(caller: Caller) -> None:
    old, leaving = caller.create(patient()), caller.create(patient())
    change = parameters()
    change["parameter"] = [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "add"},
                {"name": "path", "valueString": "Patient"},
                {"name": "name", "valueString": "gender"},
                {"name": "value", "valueCode": "male"},
            ],
        }
    ]

    reply = caller(
        "POST",
        "",
        bundle(
            "transaction",
            entry("GET", f"Patient/{old['id']}"),
            entry("DELETE", f"Patient/{leaving['id']}"),
            entry("PUT", "Patient/new", patient(id="new")),
            entry("PATCH", f"Patient/{old['id']}", change),
            entry("POST", "Patient", patient(), ifNoneExist="identifier=urn:x|1"),
        ),
    )

    statuses = [one["response"]["status"] for one in reply.json["entry"]]
    assert statuses == ["200 OK", "204 No Content", "201 Created", "200 OK", "201 Created"]
    assert reply.json["entry"][0]["resource"]["gender"] == "male"
    assert caller.get(f"Patient/{leaving['id']}").status == 410


def test_transaction_gives_the_resources_back_if_they_are_wanted(caller: Caller) -> None:
    reply = caller(
        "POST", "", bundle("transaction", entry("POST", "Patient", patient())), prefer="return=representation"
    )

    assert reply.resources[0]["name"] == patient()["name"]


def test_batch_carries_out_each_entry_by_itself(caller: Caller) -> None:
    made = caller.create(patient())

    reply = caller(
        "POST",
        "",
        bundle(
            "batch",
            entry("POST", "Patient", patient()),
            entry("POST", "Observation", observation("Patient/nobody")),
            entry("GET", f"Patient/{made['id']}"),
            entry("GET", "Patient/nobody"),
            entry("GET", "Patient?_id=" + made["id"]),
        ),
    )

    entries = reply.json["entry"]
    assert reply.json["type"] == "batch-response"
    assert entries[0]["response"]["status"] == "201 Created"
    assert entries[1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert entries[2]["resource"] == made
    assert entries[3]["response"]["status"] == "404 Not Found"
    assert entries[4]["resource"]["entry"][0]["resource"] == made


def test_empty_transaction_has_an_empty_answer(caller: Caller) -> None:
    reply = caller("POST", "", bundle("transaction"))

    assert reply.status == 200
    assert "entry" not in reply.json


@pytest.mark.parametrize(
    ("sent", "expression"),
    [
        (patient(), "Bundle.type"),
        (bundle("collection"), "Bundle.type"),
        ({"resourceType": "Bundle"}, "Bundle.type"),
        ({**bundle("transaction"), "entry": {"x": 1}}, "Bundle.entry"),
        (bundle("transaction", {"resource": patient()}), "Bundle.entry[0].request"),
        (bundle("transaction", entry("FETCH", "Patient")), "Bundle.entry[0].request.method"),
        (bundle("transaction", entry("POST", "Nonsense", patient())), "Bundle.entry[0].request.url"),
        (bundle("transaction", entry("POST", "Patient")), "Bundle.entry[0].resource"),
        (bundle("transaction", entry("PUT", "Patient/1", patient(id="2"))), "Bundle.entry[0].resource.id"),
        (
            bundle("transaction", entry("PUT", "Patient/1", patient(id="1"), ifMatch="x")),
            "Bundle.entry[0].request.ifMatch",
        ),
        (
            bundle("transaction", {**entry("POST", "Patient", patient()), "fullUrl": [URN]}),
            "Bundle.entry[0].fullUrl",
        ),
        (
            bundle("transaction", *(entry("POST", "Patient", patient(), full_url=URN) for _ in range(2))),
            "Bundle.entry[1].fullUrl",
        ),
        (bundle("transaction", *(entry("DELETE", "Patient/1") for _ in range(2))), "Bundle.entry[1]"),
    ],
)
def test_wrong_bundle_is_refused_and_names_the_element(
    caller: Caller, stored: Callable[[], Any], sent: dict[str, Any], expression: str
) -> None:
    before = stored()

    reply = caller("POST", "", sent)

    assert 400 <= reply.status < 500
    assert reply.issues[0]["expression"] == [expression]
    assert stored() == before
