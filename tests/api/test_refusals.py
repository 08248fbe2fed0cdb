"""Bad input: each kind gets a precise answer that names the element, and nothing is stored."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.make import bundle, entry, observation, patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller

MEGABYTE = 1 << 20


def nested(levels: int) -> bytes:
    return (
        b'{"resourceType":"Patient","extension":' + b'[{"extension":' * levels + b"1" + b"}]" * levels + b"}"
    )


MANAGED = "Patient.managingOrganization"


def managed_by(reference: Any) -> dict[str, Any]:
    return patient(managingOrganization={"reference": reference})


# (what is wrong, body, status, code, what the message must name, the element if it has one)
BODIES = [
    ("empty body", b"", 400, "structure", "resource", None),
    ("no JSON", b"{", 400, "structure", "line 1", None),
    ("broken JSON", b'{"resourceType":"Patient",\n"active":tru}', 400, "structure", "line 2", None),
    ("an array", b"[]", 400, "structure", "resourceType", None),
    ("a string", b'"Patient"', 400, "structure", "resourceType", None),
    ("no type", b"{}", 400, "structure", "resourceType", "resourceType"),
    ("type is a number", b'{"resourceType":1}', 400, "structure", "resourceType", "resourceType"),
    ("another type", {"resourceType": "Group"}, 400, "value", "Group", "resourceType"),
    ("no UTF-8", b'{"resourceType":"Patient","gender":"\xff"}', 400, "structure", "0xFF", None),
    ("NUL", b'{"resourceType":"Patient","gender":"\\u0000"}', 400, "structure", "NUL", None),
    ("raw NUL", b'{"resourceType":"Patient","gender":"\x00"}', 400, "structure", "line 1", None),
    ("nested 65 deep", nested(32), 400, "too-long", "64", None),
    ("nested 20,000 deep", nested(20_000), 400, None, "", None),
    ("number too large", b'{"resourceType":"Patient","multipleBirthInteger":1e999}', 400, None, "", None),
    ("wrong type of a member", patient(active="yes"), None, None, "active", "Patient.active"),
    ("list instead of value", patient(gender=["male"]), None, None, "gender", "Patient.gender"),
    ("value instead of list", patient(telecom={"value": "1"}), None, None, "telecom", "Patient.telecom"),
    ("unknown member", patient(colour="blue"), None, None, "colour", "Patient.colour"),
    ("unknown member further down", patient(contact=[{"colour": "blue"}]), None, None, "colour", None),
    ("code that is none of those required", patient(gender="blue"), None, None, "blue", "Patient.gender"),
    ("impossible date", patient(birthDate="2024-02-30"), None, None, "2024-02-30", "Patient.birthDate"),
    ("meta is no object", patient(meta=True), None, None, "meta", "Patient.meta"),
    ("meta is a list", patient(meta=[{"tag": []}]), None, None, "meta", "Patient.meta"),
    ("id is a number", patient(id=1), None, None, "id", "Patient.id"),
    ("subject is a list", patient(managingOrganization=[{"reference": 1}]), None, None, "managing", MANAGED),
    ("reference is a number", managed_by(1), None, None, "reference", MANAGED),
    ("contained is a text", patient(contained="x"), None, None, "contained", "Patient.contained"),
    ("contained has no type", patient(contained=[{}]), None, None, "contained", "Patient.contained"),
    ("extension is a number", patient(extension=1), None, None, "extension", "Patient.extension"),
    ("empty string", patient(language=""), None, None, "", "Patient.language"),
    ("empty list", patient(telecom=[]), None, None, "", "Patient.telecom"),
    ("empty object", patient(maritalStatus={}), None, None, "", "Patient.maritalStatus"),
    ("null", patient(gender=None), None, None, "", "Patient.gender"),
    ("two values of a choice", patient(deceasedBoolean=True, deceasedDateTime="2024"), None, None, "deceased", None),
    ("dangling reference", managed_by("Organization/none"), None, None, "Organization/none", MANAGED),
    ("reference to a wrong type", managed_by("Patient/none"), None, None, "", MANAGED),
    ("contained that nobody refers to by that id", managed_by("#none"), None, None, "#none", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "body", "status", "code", "named", "element"), BODIES, ids=[b[0] for b in BODIES]
)
def test_bad_body_is_refused_precisely_and_nothing_is_stored(
    caller: Caller,
    stored: Callable[[], Any],
    what: str,
    body: Any,
    status: int | None,
    code: str | None,
    named: str,
    element: str | None,
) -> None:
    before = stored()

    replies = [caller("POST", "Patient", body), caller("POST", "", in_bundle(body))]

    first = replies[0]
    assert first.status == (status or first.status)
    assert 400 <= first.status < 500, what
    assert first.issues[0]["code"] == (code or first.issues[0]["code"])
    assert any(named in issue["diagnostics"] for issue in first.issues)
    places = [place for issue in first.issues for place in issue.get("expression", [])]
    assert element is None or any(place == element or place.startswith(element) for place in places)
    assert 400 <= replies[1].status < 500
    assert stored() == before


def in_bundle(body: Any) -> bytes:
    """The same as an entry of a transaction, behind one that is right."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    whole = json.dumps(
        bundle("transaction", entry("POST", "Patient", patient()), entry("POST", "Patient", {"X": 1}))
    ).encode()
    return whole.replace(b'{"X": 1}', text)


@pytest.mark.parametrize("missing", ["urn:uuid:3f2b8a60-6b1e-4f5e-9a68-0c7a6e2f9d11", "Patient/none"])
def test_dangling_references_in_a_transaction_are_each_named(
    caller: Caller, stored: Callable[[], Any], missing: str
) -> None:
    before = stored()

    reply = caller(
        "POST",
        "",
        bundle("transaction", *(entry("POST", "Observation", observation(missing)) for _ in range(2))),
    )

    places = {place for issue in reply.issues for place in issue["expression"]}
    assert 400 <= reply.status < 500
    assert places == {f"Bundle.entry[{n}].resource.subject.reference" for n in (0, 1)}
    assert missing in reply.text
    assert stored() == before


def test_body_of_50_megabytes_that_is_no_resource_is_refused(
    caller: Caller, stored: Callable[[], Any]
) -> None:
    before = stored()
    text = b'{"resourceType":"Patient","gender":"' + b"x" * (50 * MEGABYTE) + b'"}'

    reply = caller("POST", "Patient", text)

    assert 400 <= reply.status < 500
    assert len(reply.body) < 10_000
    assert stored() == before


def test_body_above_the_limit_is_not_even_read(caller: Caller, stored: Callable[[], Any]) -> None:
    before = stored()
    big = b" " * (65 * MEGABYTE)

    replies = [
        caller("POST", "Patient", big),
        caller("POST", "Patient", big, chunked=True),
        caller("POST", "Patient", gzip.compress(big, 1), content_encoding="gzip"),
    ]

    assert [reply.status for reply in replies] == [413] * 3
    assert "67108864" in replies[0].text
    assert stored() == before


def test_bundle_of_10_000_entries_is_taken_whole_or_refused_whole(
    caller: Caller, stored: Callable[[], Any]
) -> None:
    before = stored()
    entries = [entry("POST", "Patient", patient()) for _ in range(10_000)]
    entries[7_000] = entry("POST", "Patient", patient(gender="blue"))

    reply = caller("POST", "", bundle("transaction", *entries))

    assert 400 <= reply.status < 500
    assert reply.issues[0]["expression"] == ["Bundle.entry[7000].resource.gender"]
    assert stored() == before


def test_bundle_with_too_many_entries_is_refused(caller: Caller, stored: Callable[[], Any]) -> None:
    before = stored()
    one = entry("DELETE", "Patient/1")

    reply = caller("POST", "", bundle("transaction", *[one] * 20_001))

    assert reply.status == 400
    assert reply.issues[0]["expression"] == ["Bundle.entry"]
    assert "20001" in reply.text
    assert stored() == before


@pytest.mark.parametrize(
    ("headers", "status", "named"),
    [
        ({"content_encoding": "gzip"}, 400, "gzip"),
        ({"content_encoding": "br"}, 415, "Content-Encoding"),
        ({"if_none_exist": ""}, 400, "If-None-Exist"),
        ({"if_none_exist": "colour=blue"}, 400, "colour"),
    ],
)
def test_wrong_header_of_a_create_is_refused_and_named(
    caller: Caller, stored: Callable[[], Any], headers: dict[str, str], status: int, named: str
) -> None:
    before = stored()

    reply = caller("POST", "Patient", patient(), **headers)

    assert (reply.status, named in reply.text) == (status, True)
    assert stored() == before


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/fhir+json; charset=gb18030",
        "application/xml",
    ],
)
def test_wrong_content_type_is_refused(caller: Caller, stored: Callable[[], Any], content_type: str) -> None:
    before = stored()

    reply = caller("POST", "Patient", patient(), content_type=content_type)

    assert reply.status == 415
    assert "application/fhir+json" in reply.text
    assert stored() == before


def test_truncated_gzip_and_body_are_refused(caller: Caller, stored: Callable[[], Any]) -> None:
    before = stored()

    reply = caller(
        "POST", "Patient", gzip.compress(json.dumps(patient()).encode())[:-12], content_encoding="gzip"
    )

    assert (reply.status, reply.issues[0]["code"]) == (400, "incomplete")
    assert stored() == before
