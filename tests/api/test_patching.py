"""Patches as a client sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.caller import JSON_PATCH
from tests.api.make import patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller


def test_json_patch_changes_the_resource(caller: Caller) -> None:
    made = caller.create(patient())

    reply = caller(
        "PATCH",
        f"Patient/{made['id']}",
        [
            {"op": "test", "path": "/name/0/family", "value": "王"},
            {"op": "add", "path": "/gender", "value": "male"},
        ],
        content_type=JSON_PATCH,
        if_match='W/"1"',
    )

    assert reply.status == 200
    assert reply.json["gender"] == "male"
    assert reply.json["meta"]["versionId"] == "2"


def test_fhirpath_patch_changes_the_resource(caller: Caller) -> None:
    made = caller.create(patient())
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Patient"},
        {"name": "name", "valueString": "gender"},
        {"name": "value", "valueCode": "male"},
    ]

    reply = caller(
        "PATCH",
        f"Patient/{made['id']}",
        {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]},
    )

    assert reply.status == 200
    assert reply.json["gender"] == "male"


@pytest.mark.parametrize(
    "content_type", ["application/merge-patch+json", "application/json", "application/fhir+json"]
)
def test_members_are_merged_into_the_resource(caller: Caller, content_type: str) -> None:
    made = caller.create(patient(gender="male", active=True))

    reply = caller(
        "PATCH", f"Patient/{made['id']}", {"gender": "female", "active": None}, content_type=content_type
    )

    assert reply.status == 200
    assert {k: v for k, v in reply.json.items() if k not in ("id", "meta")} == patient(gender="female")


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ([{"op": "test", "path": "/name/0/family", "value": "x"}], 422),
        ([{"op": "remove", "path": "/gender"}], 400),
        ([{"op": "add", "path": "/gender", "value": "nonsense"}], None),
        ({"op": "add"}, 400),
    ],
)
def test_patch_that_cannot_be_applied_changes_nothing(
    caller: Caller, stored: Callable[[], Any], operations: Any, status: int | None
) -> None:
    made = caller.create(patient())
    before = stored()

    reply = caller("PATCH", f"Patient/{made['id']}", operations, content_type=JSON_PATCH)

    assert reply.status == status if status else reply.status in (400, 422)
    assert caller.get(f"Patient/{made['id']}").json == made
    assert stored() == before


def test_patch_keeps_the_digits_of_what_it_does_not_name(caller: Caller) -> None:
    text = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":5.40}}'
    )
    made = caller("POST", "Observation", text).json
    url = f"Observation/{made['id']}"
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Observation.status"},
        {"name": "value", "valueCode": "corrected"},
    ]

    caller("PATCH", url, [{"op": "replace", "path": "/status", "value": "amended"}], content_type=JSON_PATCH)
    caller("PATCH", url, {"code": {"text": "y"}})
    caller("PATCH", url, {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]})

    read = caller.get(url)
    assert read.json["meta"]["versionId"] == "4"
    assert b'"value":5.40}' in read.body
