from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.make import bundle, observation, patient
from xinglin.exchange import naming
from xinglin.exchange.bundles import Bundles
from xinglin.exchange.doors import Envelope, Sender, Translated

if TYPE_CHECKING:
    from pathlib import Path

DOOR = Bundles()
SENDER = Sender(1, "h01", "人民医院", organization="org1")


def _made(body: bytes, sender: Sender = SENDER) -> Translated:
    return DOOR.translate(body, "application/fhir+json", sender)


def _id(type_name: str, *parts: str) -> str:
    return naming.id_of("h01", type_name, *parts)


def _entries(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}).encode()


def test_the_envelope_says_kind_number_patient_and_time() -> None:
    body = json.loads(bundle(patient(), observation(), control="c1", kind="message"))
    body["timestamp"] = "2026-11-26T10:00:00+08:00"

    told = DOOR.open(json.dumps(body).encode(), "", SENDER)

    assert told == Envelope("Bundle/message", "c1", "p1", told.sent_at)
    assert told.sent_at is not None
    assert told.sent_at.isoformat() == "2026-11-26T10:00:00+08:00"


def test_a_bundle_about_several_patients_is_about_none() -> None:
    assert DOOR.open(bundle(patient("p1"), patient("p2")), "", SENDER).patient == ""


def test_a_single_resource_is_a_message_too() -> None:
    told = _made(json.dumps(patient()).encode())

    assert [resource["id"] for resource in told.resources] == [_id("Patient", "p1")]


def test_references_follow_by_address_and_by_number() -> None:
    told = _made(
        _entries(
            {
                "fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
                "resource": {
                    k: v
                    for k, v in patient(identifier=[{"system": "urn:a", "value": "7"}]).items()
                    if k != "id"
                },
            },
            {
                "resource": observation(subject="x")
                | {
                    "subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
                    "performer": [{"reference": "Practitioner/d1"}, {"reference": "Organization/org1"}],
                }
            },
        )
    )

    assert told.reasons == ()
    assert told.resources[0]["id"] == _id("Patient", "urn:a|7")
    assert told.resources[1]["subject"]["reference"] == f"Patient/{_id('Patient', 'urn:a|7')}"
    assert [p["reference"] for p in told.resources[1]["performer"]] == [
        f"Practitioner/{_id('Practitioner', 'd1')}",
        "Organization/org1",
    ]


def test_a_name_that_no_entry_bears_is_an_error_at_its_entry() -> None:
    told = _made(
        _entries(
            {
                "resource": observation()
                | {"subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}}
            }
        )
    )

    assert [(r.code, r.place) for r in told.reasons] == [("not-found", "Bundle.entry[0].resource")]


def test_the_institution_itself_is_the_directorys_to_change() -> None:
    told = _made(bundle({"resourceType": "Organization", "id": "org1", "name": "别名"}, patient()))

    assert [resource["resourceType"] for resource in told.resources] == ["Patient"]


def test_several_that_share_a_number_stay_several() -> None:
    same = {"identifier": [{"system": "urn:r", "value": "R1"}]}
    one, two = (observation(str(n), value=n, **same) for n in (1, 2))
    for each in (one, two):
        del each["id"]

    told = _made(bundle(one, two))

    assert [r["id"] for r in told.resources] == [
        _id("Observation", "urn:r|R1"),
        _id("Observation", "urn:r|R1", "2"),
    ]


def test_deletes_are_told_patches_refused_and_reads_left_out() -> None:
    told = _made(
        _entries(
            {"request": {"method": "DELETE", "url": "Observation/o1"}},
            {
                "request": {"method": "PATCH", "url": "Observation/o2"},
                "resource": {"resourceType": "Parameters"},
            },
            {"request": {"method": "GET", "url": "Observation/o3"}},
            {"request": {"method": "DELETE", "url": "Observation?code=1"}},
        )
    )

    assert told.deletes == (("Observation", _id("Observation", "o1")),)
    assert [(r.code, r.place) for r in told.reasons] == [
        ("not-supported", "Bundle.entry[1].request.method"),
        ("value", "Bundle.entry[3].request.url"),
    ]


def test_version_and_source_of_others_are_left_out() -> None:
    told = _made(bundle(patient(meta={"versionId": "7", "source": "elsewhere", "tag": [{"code": "a"}]})))

    assert told.resources[0]["meta"] == {"tag": [{"code": "a"}]}


def test_a_profile_asks_for_more_and_says_where(settings: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, home=tmp_path)
    told = _made(bundle(patient(), observation()), replace(SENDER, profile="example"))

    assert [(r.severity, r.code, r.place, r.words) for r in told.reasons] == [
        (
            "error",
            "required",
            "Bundle.entry[0].resource.identifier",
            "The institution's profile asks for more: a Patient has an identifier",
        ),
        (
            "warning",
            "required",
            "Bundle.entry[1].resource.effective",
            "The institution's profile asks for more: an Observation says when it was made",
        ),
    ]


def test_a_regions_own_profile_goes_first_and_a_broken_one_is_said(settings: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, home=tmp_path)
    folder = tmp_path / "exchange" / "profiles"
    folder.mkdir(parents=True)
    (folder / "example.toml").write_text('[[constraint]]\nholds = "id ="\n')

    told = _made(bundle(patient()), replace(SENDER, profile="example"))

    assert [reason.code for reason in told.reasons] == ["exception"]
    assert "example.toml: constraint 1" in told.reasons[0].words


@pytest.mark.parametrize("type_", ["Nonsense", 7, None])
def test_what_is_no_resource_is_said_at_its_entry(type_: Any) -> None:
    told = _made(_entries({"resource": {"resourceType": type_}}))

    assert [(r.code, r.place) for r in told.reasons] == [("value", "Bundle.entry[0].resource.resourceType")]
