"""The CapabilityStatement says what is there, all of it and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.caller import FHIR, JSON_PATCH
from tests.api.make import patient
from xinglin.api import operations, routes
from xinglin.api.interactions.auditing import GENERATED
from xinglin.fhir import definitions, validation
from xinglin.record import parameters

if TYPE_CHECKING:
    from tests.api.caller import Caller


@pytest.fixture
def statement(stranger: Caller) -> dict[str, Any]:
    return stranger.get("metadata").json


def test_statement_is_valid_fhir(statement: dict[str, Any]) -> None:
    errors = [issue for issue in validation.check(statement) if issue.severity in ("error", "fatal")]

    assert errors == []


def test_statement_says_where_what_and_how(statement: dict[str, Any]) -> None:
    assert statement["kind"] == "instance"
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == "http://test/fhir"
    assert statement["format"] == [FHIR, "json"]
    assert statement["patchFormat"] == [FHIR, JSON_PATCH, "application/merge-patch+json"]


def test_every_interaction_of_the_router_is_listed_and_no_other(statement: dict[str, Any]) -> None:
    rest = statement["rest"][0]
    listed = {one["code"] for one in rest["interaction"]}
    by_type = {
        frozenset(one["code"] for one in resource["interaction"])
        for resource in rest["resource"]
        if resource["type"] not in GENERATED
    }

    offered = {code for route in routes.ROUTES for code in route.interaction.split()} - {"capabilities"}
    assert len(by_type) == 1
    assert listed | next(iter(by_type)) == offered
    assert listed == {"transaction", "batch", "search-system", "history-system"}


def test_every_type_is_listed_with_all_its_search_parameters(statement: dict[str, Any]) -> None:
    listed = {
        one["type"]: {(p["name"], p["type"], p["definition"]) for p in one["searchParam"]}
        for one in statement["rest"][0]["resource"]
        if one["type"] not in GENERATED
    }

    assert listed == {
        name: {(p.code, p.type, p.url) for p in definitions.search_parameters(name).values()}
        for name in definitions.RESOURCE_TYPES
        if name != "Parameters" and name not in GENERATED
    }


def test_operations_are_listed_where_they_can_be_asked(statement: dict[str, Any]) -> None:
    rest = statement["rest"][0]
    at_system = {one["name"] for one in rest["operation"]}
    at_types = {
        resource["type"]: {one["name"] for one in resource["operation"]} for resource in rest["resource"]
    }

    assert at_system == {one.name for one in operations.OPERATIONS if "system" in one.levels}
    assert "everything" in at_types["Patient"]
    assert "everything" not in at_types["Observation"]
    assert "lastn" in at_types["Observation"]
    assert at_types.pop("AuditEvent") == {"validate"}
    assert all({"validate", "meta", "meta-add", "meta-delete"} <= names for names in at_types.values())


def test_what_is_listed_to_include_can_be_included(caller: Caller, statement: dict[str, Any]) -> None:
    listed = {one["type"]: one for one in statement["rest"][0]["resource"]}

    replies = [
        *(caller.get(f"Patient?_include={one}") for one in listed["Patient"]["searchInclude"]),
        *(caller.get(f"Medication?_revinclude={one}") for one in listed["Medication"]["searchRevInclude"]),
    ]

    assert "Patient:general-practitioner" in listed["Patient"]["searchInclude"]
    assert "MedicationRequest:medication" in listed["Medication"]["searchRevInclude"]
    assert {reply.status for reply in replies} == {200}


def test_every_type_can_be_searched(caller: Caller, statement: dict[str, Any]) -> None:
    names = [one["type"] for one in statement["rest"][0]["resource"] if one["type"] not in GENERATED]

    assert {name: caller.get(f"{name}?_count=1").json.get("total") for name in names} == dict.fromkeys(
        names, 0
    )


def test_statement_follows_a_search_parameter_that_is_added(caller: Caller) -> None:
    caller.create(
        {
            "resourceType": "SearchParameter",
            "url": "urn:favourite",
            "name": "favourite",
            "status": "active",
            "description": "A colour.",
            "code": "favourite",
            "base": ["Patient"],
            "type": "string",
            "expression": "Patient.extension('urn:colour').value",
        }
    )
    parameters.look_again()

    listed = {one["type"]: one for one in caller.get("metadata").json["rest"][0]["resource"]}

    assert {"name": "favourite", "definition": "urn:favourite", "type": "string"} in listed["Patient"][
        "searchParam"
    ]


def test_a_type_that_is_made_is_only_read_and_searched(statement: dict[str, Any]) -> None:
    (listed,) = [one for one in statement["rest"][0]["resource"] if one["type"] == "AuditEvent"]

    assert [one["code"] for one in listed["interaction"]] == ["read", "search-type"]
    assert {"date", "patient", "agent", "action", "outcome", "entity"} <= {
        one["name"] for one in listed["searchParam"]
    }


def test_mode_other_than_full_is_refused(stranger: Caller) -> None:
    assert stranger.get("metadata?mode=full").status == 200
    assert stranger.get("metadata?mode=other").status == 400


def test_bundles_and_patients_are_stored_like_any_other(caller: Caller) -> None:
    made = caller.create({"resourceType": "Bundle", "type": "collection"})

    assert caller.get(f"Bundle/{made['id']}").json["type"] == "collection"
    assert caller("POST", "Parameters", patient()).status == 404
