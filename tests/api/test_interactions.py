"""Read, write, patch, delete, history: each interaction as a client sees it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.caller import JSON_PATCH
from tests.api.make import bundle, entry, observation, parameters, patient
from xinglin.record.door import Door

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


def test_head_tells_the_length_without_the_body(caller: Caller) -> None:
    made = caller.create(patient())

    full = caller.get(f"Patient/{made['id']}")
    head = caller("HEAD", f"Patient/{made['id']}")

    assert head.status == 200
    assert head.body == b""
    assert head.headers["content-length"] == str(len(full.body))


def test_what_never_was_is_not_found_and_what_was_deleted_is_gone(caller: Caller) -> None:
    made = caller.create(patient())

    never = caller.get("Patient/nobody")
    deleted = caller("DELETE", f"Patient/{made['id']}")
    gone = caller.get(f"Patient/{made['id']}")

    assert (never.status, never.issues[0]["code"]) == (404, "not-found")
    assert deleted.status == 204
    assert deleted.body == b""
    assert (gone.status, gone.issues[0]["code"]) == (410, "deleted")
    assert caller.get(f"Patient/{made['id']}/_history/1").json == made


def test_version_that_the_client_has_is_not_sent_again(caller: Caller) -> None:
    made = caller.create(patient())
    url = f"Patient/{made['id']}"
    modified = caller.get(url).headers["last-modified"]

    replies = [
        caller.get(url, if_none_match='W/"1"'),
        caller.get(url, if_modified_since=modified),
        caller.get(url, if_none_match='W/"2"'),
    ]

    assert [reply.status for reply in replies] == [304, 304, 200]
    assert replies[0].body == b""
    assert replies[0].headers["etag"] == 'W/"1"'


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


def test_history_tells_what_happened_the_latest_first(caller: Caller) -> None:
    made = caller.create(patient())
    url = f"Patient/{made['id']}"
    caller("PUT", url, {**made, "gender": "male"})
    caller("DELETE", url)

    reply = caller.get(f"{url}/_history")

    entries = reply.json["entry"]
    assert reply.json["type"] == "history"
    assert reply.json["total"] == 3
    assert [entry["request"]["method"] for entry in entries] == ["DELETE", "PUT", "POST"]
    assert [entry["response"]["status"] for entry in entries] == ["204 No Content", "200 OK", "201 Created"]
    assert [entry["response"]["etag"] for entry in entries] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert ["resource" in entry for entry in entries] == [False, True, True]
    assert entries[2]["resource"] == made
    assert {entry["fullUrl"] for entry in entries} == {f"http://test/fhir/{url}"}


def test_history_of_a_type_and_of_everything_is_read_page_by_page(caller: Caller) -> None:
    first = caller.create(patient())
    other = caller.create({"resourceType": "Organization", "name": "医院"})
    second = caller.create(patient())

    of_type = caller.get("Patient/_history")
    page = caller.get("_history?_count=2")
    rest = caller.get(page.link("next") or "")

    assert of_type.ids == [second["id"], first["id"]]
    assert page.ids == [second["id"], other["id"]]
    assert rest.ids == [first["id"]]
    assert rest.link("next") is None


def test_history_since_and_at_a_time(caller: Caller) -> None:
    made = caller.create(patient())
    changed = caller("PUT", f"Patient/{made['id']}", {**made, "gender": "male"}).json
    url = f"Patient/{made['id']}/_history"

    since = caller.get(f"{url}?_since={changed['meta']['lastUpdated']}")
    at = caller.get(f"{url}?_at=2099")
    before = caller.get(f"{url}?_at=2021")

    assert [one["meta"]["versionId"] for one in since.resources][:1] == ["2"]
    assert [one["meta"]["versionId"] for one in at.resources] == ["2"]
    assert before.resources == []


@pytest.mark.parametrize(
    "query", ["_since=yesterday", "_at=2024-13", "_count=x", "_count=-1", "_sort=date", "_page=x"]
)
def test_history_with_a_wrong_parameter_is_refused_and_names_it(caller: Caller, query: str) -> None:
    made = caller.create(patient())

    reply = caller.get(f"Patient/{made['id']}/_history?{query}")

    assert reply.status == 400
    assert query.partition("=")[0] in reply.text


def test_history_of_what_never_was_is_not_found(caller: Caller) -> None:
    assert caller.get("Patient/nobody/_history").status == 404


def test_binary_comes_as_itself_or_as_fhir(caller: Caller) -> None:
    made = caller("POST", "Binary", b"%PDF-1.7 \x00\xff", content_type="application/pdf")
    url = f"Binary/{made.json['id']}"

    raw = caller.get(url)
    fhir = caller.get(url, accept="application/fhir+json")

    assert made.status == 201
    assert raw.body == b"%PDF-1.7 \x00\xff"
    assert raw.headers["content-type"] == "application/pdf"
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in raw.headers["content-security-policy"]
    assert fhir.json == made.json
    assert fhir.json["contentType"] == "application/pdf"


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


def test_part_of_a_resource_can_be_read(caller: Caller) -> None:
    made = caller.create(patient(gender="male", active=True))
    url = f"Patient/{made['id']}"

    elements = caller.get(f"{url}?_elements=gender").json
    summary = caller.get(f"{url}?_summary=text").json

    assert elements["gender"] == "male"
    assert "name" not in elements
    assert "active" in elements  # left out it could mislead: it is a modifier
    assert "gender" not in summary
    assert elements["meta"]["tag"][0]["code"] == summary["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert caller.get(f"{url}?_elements=colour").status == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_parameters_that_mean_nothing_are_refused(
    caller: Caller, stored: Callable[[], Any], method: str
) -> None:
    made = caller.create(patient())
    before = stored()

    reply = caller(method, f"Patient/{made['id']}?name=x", made)

    assert (reply.status, "'name'" in reply.text) == (400, True)
    assert stored() == before


def test_condition_in_the_query_of_a_create_is_kept(caller: Caller, stored: Callable[[], Any]) -> None:
    made = caller.create(patient(identifier=[{"system": "urn:x", "value": "1"}]))
    before = stored()

    found = caller("POST", "Patient?identifier=urn:x|1", patient())
    both = caller("POST", "Patient?identifier=urn:x|1", patient(), if_none_exist="identifier=urn:x|1")

    assert (found.status, found.json) == (200, made)
    assert both.status == 400
    assert stored() == before


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
