"""``$export`` and ``$import`` as a client uses them."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from tests import make
from xinglin.record import database, jobs, parameters, reindex
from xinglin.record.bulk import export, importing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.caller import Caller, Reply

pytestmark = pytest.mark.django_db(transaction=True)
NDJSON = "application/fhir+ndjson"


@pytest.fixture(autouse=True)
def _files_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exports and imports of a test lie apart from those that another process makes at the same time."""
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, home=tmp_path))


def settled(caller: Caller, begun: Reply) -> Reply:
    """The answer when the job that ``begun`` answers has ended."""
    assert begun.status == 202, begun.body
    deadline = time.monotonic() + 60
    while (reply := caller.get(begun.headers["content-location"])).status == 202:
        assert time.monotonic() < deadline
        assert reply.headers["retry-after"] == "1"
        assert reply.headers["x-progress"]
        time.sleep(0.05)
    return reply


def exported(caller: Caller, url: str) -> dict[str, list[dict[str, Any]]]:
    """An export's resources by type."""
    reply = settled(caller, caller.get(url, prefer="respond-async"))
    assert reply.status == 200, reply.body
    found: dict[str, list[dict[str, Any]]] = {}
    for output in reply.json["output"]:
        lines = caller.get(output["url"]).body.splitlines()
        assert len(lines) == output["count"]
        found.setdefault(output["type"], []).extend(json.loads(line) for line in lines)
    return found


def ids(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {name: [resource["id"] for resource in resources] for name, resources in found.items()}


def put(caller: Caller, resource: dict[str, Any]) -> dict[str, Any]:
    reply = caller("PUT", f"{resource['resourceType']}/{resource['id']}", resource)
    assert reply.status in (200, 201), reply.body
    return reply.json


@pytest.fixture
def region(caller: Caller) -> Caller:
    """Two patients with an observation each, an organization, and a group of the first patient."""
    put(caller, {"resourceType": "Organization", "id": "o", "name": "中心医院"})
    for name in ("a", "b"):
        put(caller, make.patient(id=name))
        put(
            caller,
            make.observation(
                f"Patient/{name}", id=f"of-{name}", status="final" if name == "a" else "amended"
            ),
        )
    inner = {"resourceType": "Group", "id": "inner", "type": "person", "actual": True}
    put(caller, inner | {"member": [{"entity": {"reference": "Patient/a"}}]})
    members = [
        {"entity": {"reference": "Group/inner"}},
        {"entity": {"reference": "Patient/b"}, "inactive": True},
    ]
    put(caller, inner | {"id": "g", "member": members})
    return caller


def test_a_system_export_gives_every_resource_as_it_is_read(region: Caller) -> None:
    found = exported(region, "$export")

    assert ids(found) == {
        "Group": ["inner", "g"], "Observation": ["of-a", "of-b"], "Organization": ["o"], "Patient": ["a", "b"],
    }  # fmt: skip
    for resources in found.values():
        for resource in resources:
            assert resource == region.get(f"{resource['resourceType']}/{resource['id']}").json


def test_a_patient_export_leaves_out_what_belongs_to_no_patient(region: Caller) -> None:
    assert ids(exported(region, "Patient/$export")) == {
        "Group": ["inner", "g"],
        "Observation": ["of-a", "of-b"],
        "Patient": ["a", "b"],
    }


def test_a_group_export_gives_the_records_of_its_active_members_and_of_groups_in_it(region: Caller) -> None:
    assert ids(exported(region, "Group/g/$export")) == {
        "Group": ["inner"],
        "Observation": ["of-a"],
        "Patient": ["a"],
    }


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("_type=Patient,Organization", {"Organization": ["o"], "Patient": ["a", "b"]}),
        ("_type=Observation&_typeFilter=Observation%3Fstatus%3Damended", {"Observation": ["of-b"]}),
        (
            "_type=Observation&_typeFilter=Observation%3Fstatus%3Damended&_typeFilter=Observation%3Fsubject%3DPatient/a",
            {"Observation": ["of-a", "of-b"]},
        ),
        ("_since=2199-01-01T00:00:00Z", {}),
        ("_since=2000-01-01T00:00:00Z&_type=Patient", {"Patient": ["a", "b"]}),
    ],
)
def test_parameters_narrow_an_export(region: Caller, query: str, wanted: dict[str, list[str]]) -> None:
    assert ids(exported(region, f"$export?{query}")) == wanted


def test_elements_are_kept_and_the_resource_is_marked_as_a_part(region: Caller) -> None:
    (first, _) = exported(region, "$export?_type=Patient&_elements=Patient.id,Observation.status")["Patient"]

    assert "name" not in first
    assert first["meta"]["tag"][-1]["code"] == "SUBSETTED"


def test_parameters_of_an_export_may_be_sent_with_post(region: Caller) -> None:
    body = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Organization"}]}

    reply = settled(region, region("POST", "$export", body))

    assert [output["type"] for output in reply.json["output"]] == ["Organization"]


def test_what_was_deleted_since_is_listed_as_deletions(region: Caller) -> None:
    assert region("DELETE", "Observation/of-a").status == 204

    reply = settled(region, region.get("$export?_since=2020-01-01T00:00:00Z&_type=Observation"))

    (deleted,) = reply.json["deleted"]
    (bundle,) = [json.loads(line) for line in region.get(deleted["url"]).body.splitlines()]
    assert bundle["entry"] == [{"request": {"method": "DELETE", "url": "Observation/of-a"}}]
    assert reply.json["output"][0]["count"] == 1


def test_a_file_goes_out_as_gzip_to_whoever_takes_that(region: Caller) -> None:
    url = settled(region, region.get("$export?_type=Organization")).json["output"][0]["url"]

    packed = region.get(url, accept_encoding="gzip")

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == region.get(url).body
    assert packed.headers["content-type"] == NDJSON


@pytest.mark.parametrize(
    "query",
    ["_type=Patent", "_since=yesterday", "_typeFilter=Observation", "_typeFilter=Observation%3Fnonsense%3D1",
     "_outputFormat=text/csv", "_typeFilter=Patient%3F_sort%3Dname", "depth=3"],
)  # fmt: skip
def test_wrong_parameters_begin_no_export(caller: Caller, query: str) -> None:
    assert caller.get(f"$export?{query}").status == 400
    assert jobs.latest(export.KIND) == []


def test_an_export_of_no_group_is_refused(caller: Caller) -> None:
    assert caller.get("Group/none/$export").status == 404
    assert jobs.latest(export.KIND) == []


def test_an_export_needs_the_right_and_is_its_owners_alone(region: Caller, steward: Caller) -> None:
    assert steward.get("$export").status == 403
    begun = region.get("$export?_type=Organization")
    url = settled(region, begun).json["output"][0]["url"]

    assert [steward.get(begun.headers["content-location"]).status, steward.get(url).status] == [404, 404]
    assert steward("DELETE", begun.headers["content-location"]).status == 404
    assert region.get(url).status == 200


def test_a_deleted_export_is_gone_with_its_files(region: Caller) -> None:
    begun = region.get("$export?_type=Organization")
    url = settled(region, begun).json["output"][0]["url"]
    (job,) = jobs.latest(export.KIND)

    assert region("DELETE", begun.headers["content-location"]).status == 202

    assert [region.get(begun.headers["content-location"]).status, region.get(url).status] == [404, 404]
    assert not export.directory(job).exists()


def test_a_file_outside_the_export_is_not_to_be_had(region: Caller) -> None:
    settled(region, region.get("$export?_type=Organization"))
    (job,) = jobs.latest(export.KIND)

    assert region.get(f"$export-file/{job.id}...secret_key").status == 404
    assert region.get(f"$export-file/{job.id}.Patient.0001.ndjson").status == 404


def test_an_export_whose_process_died_is_begun_anew_by_whoever_asks(region: Caller) -> None:
    begun = region.get("$export?_type=Organization")
    first = settled(region, begun).json
    (job,) = jobs.latest(export.KIND)
    database.connection().execute("UPDATE record_job SET state = 'running', result = NULL")
    (export.directory(job) / "Patient.0001.ndjson.gz").write_bytes(b"half of a file")

    again = settled(region, begun).json

    assert again["output"] == first["output"]
    assert [path.name for path in export.directory(job).iterdir()] == ["Organization.0001.ndjson.gz"]


# -- import


def lines(*resources: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


def told(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    return {
        p["name"]: p.get("valueInteger", p.get("valueUrl", p.get("part"))) for p in reply.json["parameter"]
    }


def test_lines_sent_are_stored_and_what_is_refused_can_be_fetched(caller: Caller) -> None:
    body = lines(
        make.observation("Patient/p"), make.patient(id="p"), {"resourceType": "Patient", "gender": "x"}
    )

    result = told(caller("POST", "$import", body, content_type=NDJSON))

    assert result["stored"] == [
        {"name": "Observation", "valueInteger": 1},
        {"name": "Patient", "valueInteger": 1},
    ]
    assert (result["unchanged"], result["refused"]) == (0, 1)
    refused = [json.loads(line) for line in caller.get(result["refusedFile"]).body.splitlines()]
    assert [(one["line"], one["resource"]["gender"], one["issue"][0]["expression"]) for one in refused] == [
        (3, "x", "Patient.gender")
    ]
    assert caller.get("Patient/p").status == 200


def test_a_packed_and_chunked_body_is_taken(caller: Caller) -> None:
    body = gzip.compress(lines(*(make.patient(id=f"p{n}") for n in range(1200))))

    reply = caller("POST", "$import", body, content_type=NDJSON, chunked=True, content_encoding="gzip")

    assert told(reply) == {
        "stored": [{"name": "Patient", "valueInteger": 1200}], "unchanged": 0, "refused": 0,
    }  # fmt: skip


def test_an_import_needs_the_right_and_stores_nothing_without(steward: Caller, stored: Any) -> None:
    before = stored()

    assert steward("POST", "$import", lines(make.patient()), content_type=NDJSON).status == 403

    assert stored() == before


def files(*names: str) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "input", "valueUrl": name} for name in names],
    }


def test_files_in_the_platforms_home_are_imported_in_the_background(caller: Caller) -> None:
    importing.directory().mkdir(parents=True)
    (importing.directory() / "a.ndjson").write_bytes(
        lines(make.patient(id="p"), {"resourceType": "Patient", "x": 1})
    )
    (importing.directory() / "b.json").write_text(json.dumps(make.observation("Patient/p")))

    begun = caller("POST", "$import", files("a.ndjson", "b.json"))
    result = told(settled(caller, begun))

    assert result["stored"] == [
        {"name": "Observation", "valueInteger": 1},
        {"name": "Patient", "valueInteger": 1},
    ]
    assert json.loads(caller.get(result["refusedFile"]).body)["resource"] == {
        "resourceType": "Patient",
        "x": 1,
    }
    assert caller("DELETE", begun.headers["content-location"]).status == 202
    assert caller.get(result["refusedFile"]).status == 404


@pytest.mark.parametrize(
    "name", ["../secret_key", "/etc/passwd", "none.ndjson", "https://example.org/a.ndjson"]
)
def test_files_elsewhere_are_not_imported(caller: Caller, name: str) -> None:
    assert caller("POST", "$import", files(name)).status == 404
    assert jobs.latest(importing.KIND) == []


def test_an_import_without_input_is_refused(caller: Caller) -> None:
    assert caller("POST", "$import", {"resourceType": "Parameters"}).status == 400


# -- reindex


def test_a_reindex_is_begun_and_asked_about_by_its_address(
    region: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "_GRACE_SECONDS", 0.0)
    parameter = {
        "resourceType": "SearchParameter", "id": "note", "url": "https://example.org/SearchParameter/note",
        "name": "note", "status": "active", "description": "note", "code": "note", "base": ["Observation"],
        "type": "string", "expression": "Observation.note.text",
    }  # fmt: skip
    put(region, parameter)
    parameters.look_again()
    assert region.get("SearchParameter/$reindex").status == 405

    begun = region("POST", "SearchParameter/note/$reindex")
    reply = begun
    while reply.status == 202:
        reply = region.get(begun.headers["content-location"])
        time.sleep(0.05)

    told_ = {p["name"]: p.get("valueCode", p.get("valueInteger")) for p in reply.json["parameter"]}
    assert (told_["state"], told_["done"], told_["total"]) == ("done", 2, 2)
    assert region("POST", "SearchParameter/none/$reindex").status == 404
