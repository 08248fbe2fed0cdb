"""Search as a client sees it: the Bundle, its links, its ways in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.make import observation, patient

if TYPE_CHECKING:
    from tests.api.caller import Caller

FORM = "application/x-www-form-urlencoded"


def test_found_resources_come_as_they_are_stored(caller: Caller) -> None:
    made = caller.create(patient("欧阳"))
    caller.create(patient("王"))

    reply = caller.get("Patient?family=欧阳")

    assert reply.json["type"] == "searchset"
    assert reply.json["total"] == 1
    assert reply.json["entry"] == [
        {"fullUrl": f"http://test/fhir/Patient/{made['id']}", "resource": made, "search": {"mode": "match"}}
    ]
    assert (reply.link("self") or "").startswith("http://test/fhir/Patient?family=")


def test_nothing_found_is_a_bundle_without_entries(caller: Caller) -> None:
    reply = caller.get("Patient?family=x")

    assert reply.status == 200
    assert reply.json["total"] == 0
    assert "entry" not in reply.json


def test_pages_follow_each_other_and_lose_nothing(caller: Caller) -> None:
    made = [caller.create(patient())["id"] for _ in range(5)]

    url: str | None = "Patient?_count=2"
    pages = []
    while url:
        reply = caller.get(url)
        assert reply.status == 200
        pages.append(reply.ids)
        url = reply.link("next")

    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(id_ for page in pages for id_ in page) == sorted(made)


def test_search_by_post_is_the_same_search(caller: Caller) -> None:
    made = caller.create(patient("欧阳"))

    replies = [
        caller("POST", "Patient/_search", b"family=%E6%AC%A7%E9%98%B3", content_type=FORM),
        caller("POST", "Patient/_search?family=欧阳", b"", content_type=FORM),
        caller("POST", "_search", b"_type=Patient&_id=" + made["id"].encode(), content_type=FORM),
        caller.get("_search?_type=Patient&_id=" + made["id"]),
        caller.get("?_type=Patient&_id=" + made["id"]),
        caller.get("Patient/_search?family=欧阳"),
    ]

    assert [reply.ids for reply in replies] == [[made["id"]]] * len(replies)


def test_search_in_a_compartment(caller: Caller) -> None:
    mine, other = caller.create(patient()), caller.create(patient())
    ours = caller.create(observation(f"Patient/{mine['id']}"))
    caller.create(observation(f"Patient/{other['id']}"))

    of_type = caller.get(f"Patient/{mine['id']}/Observation")
    of_all = caller.get(f"Patient/{mine['id']}/*")
    by_post = caller("POST", f"Patient/{mine['id']}/Observation/_search", b"code=8867-4", content_type=FORM)

    assert of_type.ids == by_post.ids == [ours["id"]]
    assert ours["id"] in of_all.ids
    assert other["id"] not in of_all.ids
    assert caller.get(f"Organization/{mine['id']}/Observation").status == 404


def test_included_resources_are_marked(caller: Caller) -> None:
    made = caller.create(patient())
    caller.create(observation(f"Patient/{made['id']}"))

    reply = caller.get("Observation?_include=Observation:subject")

    assert [one["search"]["mode"] for one in reply.json["entry"]] == ["match", "include"]
    assert reply.resources[1] == made


def test_summary_and_elements_leave_parts_out(caller: Caller) -> None:
    caller.create(patient(gender="male"))

    elements = caller.get("Patient?_elements=gender").resources[0]
    count = caller.get("Patient?_summary=count").json

    assert "gender" in elements
    assert "name" not in elements
    assert elements["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert count["total"] == 1
    assert "entry" not in count


def test_unknown_parameter_is_an_error_unless_the_client_is_lenient(caller: Caller) -> None:
    made = caller.create(patient())

    strict = caller.get("Patient?colour=blue")
    lenient = caller.get("Patient?colour=blue", prefer="handling=lenient")

    assert strict.status == 400
    assert "colour" in strict.text
    assert [one["search"]["mode"] for one in lenient.json["entry"]] == ["match", "outcome"]
    assert lenient.resources[0] == made
    assert "colour" in lenient.resources[1]["issue"][0]["details"]["text"]
    assert "colour" not in (lenient.link("self") or "")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("birthdate=yesterday", "birthdate"),
        ("birthdate=2024-13-01", "birthdate"),
        ("birthdate=zz2024", "birthdate"),
        ("gender:wrong=male", "wrong"),
        ("_count=-1", "_count"),
        ("_count=many", "_count"),
        ("_sort=colour", "_sort"),
        ("_include=Patient:colour", "_include"),
        ("_include=Nonsense:x", "_include"),
        ("_summary=maybe", "_summary"),
        ("_total=maybe", "_total"),
        ("_elements=colour", "_elements"),
        ("_lastUpdated=soon", "_lastUpdated"),
        ("organization.colour=x", "colour"),
        ("_has:Observation:colour:code=x", "colour"),
        ("_has:Nonsense:subject:code=x", "Nonsense"),
        ("_page=x", "_page"),
        ("name=", "name"),
        ("_id=a%00b", "_id"),
        ("name=%FF", "UTF-8"),
        ("&".join(["name=x"] * 1001), "1000"),
    ],
)
def test_wrong_search_value_is_refused_and_named(caller: Caller, query: str, named: str) -> None:
    caller.create(patient())

    reply = caller.get("Patient?" + query)

    assert reply.status == 400
    assert named in reply.text


def test_form_of_another_type_is_refused(caller: Caller) -> None:
    reply = caller("POST", "Patient/_search", b"{}", content_type="application/json")

    assert reply.status == 415
    assert FORM in reply.text


def test_operator_sees_how_a_search_is_done(caller: Caller) -> None:
    reply = caller.get("Patient?family=x&_explain=true")

    said = {one["name"]: one for one in reply.json["parameter"]}
    assert reply.json["resourceType"] == "Parameters"
    assert said["sql"]["valueString"].lstrip().upper().startswith(("SELECT", "WITH"))
    assert said["cost"]["valueDecimal"] > 0


def test_who_is_no_operator_is_not_shown_how(caller: Caller, nurse: Caller) -> None:
    assert nurse.get("Patient?family=x").status == 200
    assert nurse.get("Patient?family=x&_explain=true").status == 403
    assert caller.get("Patient?family=x&_explain=true&_analyze=true").json["parameter"][-1]["name"] == "plan"
