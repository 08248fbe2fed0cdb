"""fhirpy, from PyPI, as a client over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

fhirpy = pytest.importorskip("fhirpy", reason="fhirpy is not installed")

from fhirpy.base.exceptions import (  # noqa: E402 -- only where it is installed
    MultipleResourcesFound,
    OperationOutcome,
    ResourceNotFound,
)

if TYPE_CHECKING:
    from tests.conformance.conftest import Server

pytestmark = pytest.mark.clients


@pytest.fixture
def client(server: Server) -> Any:
    # its count() sends a parameter that is not FHIR's: a lenient search passes it over
    lenient = {"Prefer": "handling=lenient"}
    return fhirpy.SyncFHIRClient(server.base, authorization=f"Bearer {server.token}", extra_headers=lenient)


def patient(client: Any, family: str, **more: Any) -> Any:
    made = client.resource("Patient", name=[{"family": family, "given": ["小明"]}], **more)
    made.save()
    return made


def test_resource_is_created_read_updated_and_deleted(client: Any) -> None:
    made = patient(client, "欧阳", gender="male")

    read = client.reference("Patient", made.id).to_resource()
    read["gender"] = "female"
    read.save()
    made.refresh()
    made.delete()

    assert made["gender"] == "female"
    assert made["meta"]["versionId"] == "2"
    with pytest.raises(ResourceNotFound):
        client.reference("Patient", made.id).to_resource()


def test_search_is_followed_through_its_pages(client: Any) -> None:
    made = {patient(client, "王").id for _ in range(7)}
    patient(client, "李")

    pages = client.resources("Patient").search(family="王").limit(3)

    assert {one.id for one in pages.fetch_all()} == made
    assert pages.count() == 7
    assert len(pages.fetch()) == 3
    assert (
        client.resources("Patient")
        .search(name="wangxiaoming")
        .sort("-_lastUpdated")
        .first()["name"][0]["family"]
        == "王"
    )


def test_transaction_links_its_entries(client: Any) -> None:
    urn = "urn:uuid:3f2b8a60-6b1e-4f5e-9a68-0c7a6e2f9d11"
    bundle = client.resource(
        "Bundle",
        type="transaction",
        entry=[
            {
                "fullUrl": urn,
                "resource": {"resourceType": "Patient", "name": [{"family": "王"}]},
                "request": {"method": "POST", "url": "Patient"},
            },
            {
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"text": "心率"},
                    "subject": {"reference": urn},
                },
                "request": {"method": "POST", "url": "Observation"},
            },
        ],
    )

    answer = client.execute("", method="post", data=bundle)

    places = [entry["response"]["location"] for entry in answer["entry"]]
    found = client.resources("Observation").include("Observation", "subject").fetch_raw()
    assert [entry["response"]["status"] for entry in answer["entry"]] == ["201 Created", "201 Created"]
    assert [place.split("/")[0] for place in places] == ["Patient", "Observation"]
    assert {entry["resource"]["resourceType"] for entry in found["entry"]} == {"Patient", "Observation"}


def test_history_lists_every_version(client: Any) -> None:
    made = patient(client, "王")
    made["gender"] = "male"
    made.save()

    past = client.execute(f"Patient/{made.id}/_history", method="get")

    assert past["type"] == "history"
    assert [entry["resource"]["meta"]["versionId"] for entry in past["entry"]] == ["2", "1"]


def test_patch_changes_only_what_it_names(client: Any) -> None:
    made = patient(client, "王", gender="male")

    made.patch(gender="female", active=True)

    read = client.reference("Patient", made.id).to_resource()
    assert (read["gender"], read["active"], read["name"][0]["family"]) == ("female", True, "王")


def test_conditional_create_and_its_failure(client: Any) -> None:
    identifier = [{"system": "urn:x", "value": "1"}]
    first, created = (
        client.resources("Patient")
        .search(identifier="urn:x|1")
        .get_or_create(client.resource("Patient", identifier=identifier))
    )
    second, again = (
        client.resources("Patient")
        .search(identifier="urn:x|1")
        .get_or_create(client.resource("Patient", identifier=identifier))
    )
    client.resource("Patient", identifier=identifier).save()

    assert (created, again) == (1, 0)
    assert first.id == second.id
    with pytest.raises(MultipleResourcesFound):
        client.resources("Patient").search(identifier="urn:x|1").get_or_create(client.resource("Patient"))


def test_refusal_reaches_the_client_as_an_outcome(client: Any) -> None:
    with pytest.raises(OperationOutcome) as caught:
        client.resource("Patient", gender="blue").save()

    assert "Patient.gender" in str(caught.value)
    assert client.resources("Patient").count() == 0
