"""Create, update, delete, plain and conditional, as a client sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.caller import JSON_PATCH
from tests.api.make import observation, parameters, patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller


def test_created_resource_is_read_back_as_it_was_sent(caller: Caller) -> None:
    reply = caller("POST", "Patient", patient())

    made = reply.json
    read = caller.get(f"Patient/{made['id']}")
    assert reply.status == 201
    assert reply.headers["location"] == f"http://test/fhir/Patient/{made['id']}/_history/1"
    assert reply.headers["etag"] == 'W/"1"'
    assert read.status == 200
    assert read.headers["etag"] == 'W/"1"'
    assert read.headers["last-modified"] == reply.headers["last-modified"]
    assert read.headers["content-type"] == "application/fhir+json; charset=utf-8"
    assert read.json == made
    assert {k: v for k, v in made.items() if k not in ("id", "meta")} == patient()


def test_decimals_keep_their_digits(caller: Caller) -> None:
    text = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":5.40}}'
    )

    made = caller("POST", "Observation", text)

    read = caller.get(f"Observation/{made.json['id']}")
    assert b'"value":5.40}' in read.body
    assert b'"value":5.40}' in made.body


def test_update_makes_a_version_and_the_old_one_stays(caller: Caller) -> None:
    made = caller.create(patient())
    url = f"Patient/{made['id']}"

    reply = caller("PUT", url, {**made, "gender": "male"})

    assert reply.status == 200
    assert reply.json["meta"]["versionId"] == "2"
    assert reply.headers["content-location"].endswith("/_history/2")
    assert caller.get(url).json["gender"] == "male"
    assert caller.get(f"{url}/_history/1").json == made
    assert caller.get(f"{url}/_history/3").status == 404


def test_update_that_changes_nothing_makes_no_version(caller: Caller) -> None:
    made = caller.create(patient())

    reply = caller("PUT", f"Patient/{made['id']}", made)

    assert reply.status == 200
    assert reply.json == made


def test_update_of_what_is_not_there_creates_it_under_that_id(caller: Caller) -> None:
    reply = caller("PUT", "Patient/mine-1", patient(id="mine-1"))

    assert reply.status == 201
    assert reply.headers["location"] == "http://test/fhir/Patient/mine-1/_history/1"
    assert caller.get("Patient/mine-1").json["id"] == "mine-1"


@pytest.mark.parametrize(
    ("resource", "expression"),
    [
        (patient(id="other"), "Patient.id"),
        (patient(), "Patient.id"),
        ({"resourceType": "Group", "id": "1"}, "resourceType"),
    ],
)
def test_update_that_does_not_fit_its_address_is_refused(
    caller: Caller, stored: Callable[[], Any], resource: dict[str, Any], expression: str
) -> None:
    before = stored()

    reply = caller("PUT", "Patient/1", resource)

    assert reply.status == 400
    assert reply.issues[0]["expression"] == [expression]
    assert stored() == before


def test_if_match_guards_against_lost_updates(caller: Caller, stored: Callable[[], Any]) -> None:
    made = caller.create(patient())
    url = f"Patient/{made['id']}"
    assert caller("PUT", url, {**made, "gender": "male"}, if_match='W/"1"').status == 200
    before = stored()

    late = caller("PUT", url, {**made, "gender": "female"}, if_match='W/"1"')

    assert late.status == 412
    assert "version 1" in late.text
    assert stored() == before


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "Patient"),
        ("return=OperationOutcome", "OperationOutcome"),
    ],
)
def test_preference_says_what_comes_back_of_a_write(caller: Caller, prefer: str, kind: str | None) -> None:
    reply = caller("POST", "Patient", patient(), prefer=prefer)

    assert reply.status == 201
    assert "location" in reply.headers
    assert (reply.json["resourceType"] if reply.body else None) == kind


def test_conditional_create_finds_what_is_there(caller: Caller, stored: Callable[[], Any]) -> None:
    resource = patient(identifier=[{"system": "urn:x", "value": "1"}])
    made = caller("POST", "Patient", resource, if_none_exist="identifier=urn:x|1")
    before = stored()

    again = caller("POST", "Patient", resource, if_none_exist="Patient?identifier=urn:x|1")

    assert (made.status, again.status) == (201, 200)
    assert again.json == made.json
    assert again.headers["location"] == made.headers["location"]
    assert stored() == before


def test_condition_that_fits_several_is_a_failed_precondition(
    caller: Caller, stored: Callable[[], Any]
) -> None:
    for _ in range(2):
        caller.create(patient(identifier=[{"system": "urn:x", "value": "1"}]))
    before = stored()

    replies = [
        caller("POST", "Patient", patient(), if_none_exist="identifier=urn:x|1"),
        caller("PUT", "Patient?identifier=urn:x|1", patient()),
        caller("DELETE", "Patient?identifier=urn:x|1"),
        caller("PATCH", "Patient?identifier=urn:x|1", [], content_type=JSON_PATCH),
    ]

    assert [reply.status for reply in replies] == [412] * 4
    assert {reply.issues[0]["code"] for reply in replies} == {"multiple-matches"}
    assert stored() == before


def test_conditional_update_changes_the_match_and_creates_without_one(caller: Caller) -> None:
    resource = patient(identifier=[{"system": "urn:x", "value": "1"}])

    made = caller("PUT", "Patient?identifier=urn:x|1", resource)
    changed = caller("PUT", "Patient?identifier=urn:x|1", {**resource, "gender": "male"})

    assert (made.status, changed.status) == (201, 200)
    assert changed.json["id"] == made.json["id"]
    assert changed.json["meta"]["versionId"] == "2"


def test_conditional_update_with_an_id_that_is_no_text_is_refused(
    caller: Caller, stored: Callable[[], Any]
) -> None:
    before = stored()

    reply = caller("PUT", "Patient?identifier=urn:x|1", patient(id=["a"]))

    assert (reply.status, reply.issues[0]["expression"]) == (400, ["Patient.id"])
    assert stored() == before


def test_conditional_delete_deletes_the_match(caller: Caller) -> None:
    made = caller.create(patient(identifier=[{"system": "urn:x", "value": "1"}]))

    assert caller("DELETE", "Patient?identifier=urn:x|1").status == 204
    assert caller("DELETE", "Patient?identifier=urn:x|1").status == 204
    assert caller.get(f"Patient/{made['id']}").status == 410


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_conditional_interaction_without_condition_is_refused(
    caller: Caller, stored: Callable[[], Any], method: str
) -> None:
    caller.create(patient())
    before = stored()

    reply = caller(
        method,
        "Patient",
        [] if method == "PATCH" else patient(),
        content_type=JSON_PATCH if method == "PATCH" else None,
    )

    assert reply.status == 400
    assert stored() == before


def test_deleting_what_is_not_there_succeeds(caller: Caller) -> None:
    assert caller("DELETE", "Patient/nobody").status == 204


def test_what_is_referred_to_cannot_be_deleted(caller: Caller, stored: Callable[[], Any]) -> None:
    made = caller.create(patient())
    caller.create(observation(f"Patient/{made['id']}"))
    before = stored()

    reply = caller("DELETE", f"Patient/{made['id']}")

    assert (reply.status, reply.issues[0]["code"]) == (409, "conflict")
    assert stored() == before


def test_condition_in_the_query_of_a_create_is_kept(caller: Caller, stored: Callable[[], Any]) -> None:
    made = caller.create(patient(identifier=[{"system": "urn:x", "value": "1"}]))
    before = stored()

    found = caller("POST", "Patient?identifier=urn:x|1", patient())
    both = caller("POST", "Patient?identifier=urn:x|1", patient(), if_none_exist="identifier=urn:x|1")

    assert (found.status, found.json) == (200, made)
    assert both.status == 400
    assert stored() == before


def test_who_may_not_write_is_forbidden_and_nothing_is_stored(
    steward: Caller, stored: Callable[[], Any]
) -> None:
    before = stored()

    replies = [
        steward("POST", "Patient", patient()),
        steward("PUT", "Patient/1", patient(id="1")),
        steward("DELETE", "Patient/1"),
        steward("PATCH", "Patient/1", [], content_type=JSON_PATCH),
        steward("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": []}),
        steward("POST", "Patient/1/$meta-add", parameters(meta={"valueMeta": {"tag": []}})),
    ]

    assert [reply.status for reply in replies] == [403] * len(replies)
    assert stored() == before
