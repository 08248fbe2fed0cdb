"""History as a client sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.make import patient

if TYPE_CHECKING:
    from tests.api.caller import Caller


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
