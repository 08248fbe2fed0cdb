"""IHE MHD with fhirpy: provide a document (ITI-65), find it (ITI-66, ITI-67), retrieve it (ITI-68)."""

# ruff: noqa: E501 -- resources are easier to read in one line

from __future__ import annotations

import base64
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

fhirpy = pytest.importorskip("fhirpy", reason="fhirpy is not installed")

from tests.exchange.cda import make  # noqa: E402 -- as above
from xinglin.exchange.cda import kinds, writing  # noqa: E402 -- as above

if TYPE_CHECKING:
    from tests.conformance.conftest import Server

pytestmark = pytest.mark.clients

CODES = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"
PROFILE = "https://profiles.ihe.net/ITI/MHD/StructureDefinition/IHE.MHD.{}.ProvideBundle"
KIND = "urn:oid:2.16.156.10011.2.4"


def provide(client: Any, document: bytes) -> tuple[str, str]:
    """Hand in a document with its submission set; the ids of the reference and of the patient."""
    patient = client.resource("Patient", name=[{"text": "杨某"}])
    patient.save()
    subject = {"reference": f"Patient/{patient.id}"}
    binary = {
        "resourceType": "Binary",
        "contentType": "application/xml",
        "data": base64.b64encode(document).decode(),
    }
    reference = {
        "resourceType": "DocumentReference", "status": "current", "subject": subject, "date": "2026-01-02T03:04:05+08:00",
        "masterIdentifier": {"system": "urn:oid:2.16.156.10011.1.1", "value": "C0007-1"},
        "type": {"coding": [{"system": KIND, "code": "C0007"}]},
        "content": [{"attachment": {"contentType": "application/xml", "url": "urn:uuid:00000000-0000-4000-8000-000000000002"}}],
    }  # fmt: skip
    submission = {
        "resourceType": "List", "status": "current", "mode": "working", "subject": subject, "date": "2026-01-02T03:04:05+08:00",
        "code": {"coding": [{"system": CODES, "code": "submissionset"}]}, "identifier": [{"system": "urn:test", "value": "set-1"}],
        "entry": [{"item": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"}}],
    }  # fmt: skip
    entries = [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{n}", "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for n, one in ((3, submission), (1, reference), (2, binary))
    ]  # fmt: skip
    bundle = {"type": "transaction", "meta": {"profile": [PROFILE.format("Minimal")]}, "entry": entries}
    answer = client.resource("Bundle", **bundle)
    answer.save()
    locations = [one["response"]["location"] for one in answer["entry"]]
    return locations[1].split("/")[-3], patient.id


def test_a_document_is_provided_found_and_retrieved(server: Server) -> None:
    client = fhirpy.SyncFHIRClient(server.base, authorization=f"Bearer {server.token}")
    document = writing.write(make.good(kinds.kinds()["C0007"]))

    reference, patient = provide(client, document)

    sets = client.resources("List").search(patient=patient, code="submissionset", status="current").fetch()
    assert [one["identifier"][0]["value"] for one in sets] == ["set-1"]
    found = (
        client.resources("DocumentReference")
        .search(patient=f"Patient/{patient}", status="current", type=f"{KIND}|C0007", date__ge="2026-01-01")
        .fetch()
    )
    assert [one["id"] for one in found] == [reference]
    assert (
        client.resources("DocumentReference").search(identifier="C0007-1", date__lt="2026-01-01").fetch()
        == []
    )
    address = found[0]["content"][0]["attachment"]["url"]
    asked = urllib.request.Request(
        f"{server.base}/{address}",
        headers={"Accept": "application/xml", "Authorization": f"Bearer {server.token}"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "application/xml"
        assert answer.read() == document
