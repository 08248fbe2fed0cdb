"""Reading as a client sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.make import patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller


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


def test_binary_comes_as_itself_or_as_fhir(caller: Caller) -> None:
    made = caller("POST", "Binary", b"%PDF-1.7 \x00\xff", content_type="application/pdf")
    url = f"Binary/{made.json['id']}"

    raw = caller.get(url)
    named = caller.get(url, accept="application/pdf")
    fhir = caller.get(url, accept="application/fhir+json")

    assert made.status == 201
    assert (named.status, named.body) == (200, raw.body)
    assert raw.body == b"%PDF-1.7 \x00\xff"
    assert raw.headers["content-type"] == "application/pdf"
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in raw.headers["content-security-policy"]
    assert fhir.json == made.json
    assert fhir.json["contentType"] == "application/pdf"


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
