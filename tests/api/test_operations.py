"""Operations as a client sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.make import observation, parameters, patient, wait_for_another_millisecond

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller

TAG = {"system": "urn:tags", "code": "a"}


NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">王</div>'}


def told(**more: Any) -> dict[str, Any]:
    """A patient that leaves nothing to wish: the standard warns where there is no narrative."""
    return patient(text=NARRATIVE, **more)


def severities(reply: Any) -> list[str]:
    return [issue["severity"] for issue in reply.issues]


def test_missing_narrative_is_warned_of(caller: Caller) -> None:
    reply = caller("POST", "Patient/$validate", patient())

    assert severities(reply) == ["warning"]
    assert "dom-6" in reply.text


@pytest.mark.parametrize("url", ["$validate", "Patient/$validate"])
def test_valid_resource_is_found_valid_and_not_stored(
    caller: Caller, stored: Callable[[], Any], url: str
) -> None:
    before = stored()

    replies = [
        caller("POST", url, told()),
        caller("POST", url, parameters(resource=told(), mode={"valueCode": "create"})),
    ]

    assert [reply.status for reply in replies] == [200, 200]
    assert [severities(reply) for reply in replies] == [["information"], ["information"]]
    assert stored() == before


def test_invalid_resource_is_told_what_is_wrong(caller: Caller) -> None:
    reply = caller("POST", "Patient/$validate", patient(gender="blue"))

    assert reply.status == 200
    assert "error" in severities(reply)
    assert "Patient.gender" in {place for issue in reply.issues for place in issue["expression"]}


def test_mode_tries_the_interaction_and_takes_it_back(caller: Caller, stored: Callable[[], Any]) -> None:
    made = caller.create(told())
    caller.create(observation(f"Patient/{made['id']}"))
    free = caller.create(told())
    before = stored()

    dangling = caller(
        "POST", "Observation/$validate?mode=create", observation("Patient/nobody", text=NARRATIVE)
    )
    update = caller("POST", f"Patient/{made['id']}/$validate?mode=update", {**made, "gender": "male"})
    held = caller.get(f"Patient/{made['id']}/$validate?mode=delete")
    not_held = caller.get(f"Patient/{free['id']}/$validate?mode=delete")

    assert severities(dangling) == ["error"]
    assert "Patient/nobody" in dangling.text
    assert severities(update) == ["information"]
    assert severities(held) == ["error"]
    assert severities(not_held) == ["information"]
    assert stored() == before


def test_stored_resource_is_validated_where_it_is(caller: Caller) -> None:
    made = caller.create(told())

    assert severities(caller.get(f"Patient/{made['id']}/$validate")) == ["information"]
    assert caller.get("Patient/nobody/$validate").status == 404


def test_unknown_profile_is_warned_of(caller: Caller) -> None:
    own = caller("POST", "Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient", told())
    other = caller("POST", "Patient/$validate?profile=urn:other", told())

    assert severities(own) == ["information"]
    assert severities(other) == ["warning"]
    assert "urn:other" in other.text


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("Patient/$validate?mode=guess", patient()),
        ("Patient/$validate", None),
        ("Patient/$validate?colour=blue", patient()),
        ("Patient/$validate", {"resourceType": "Parameters", "parameter": [{"name": "mode"}]}),
        ("Patient/$validate", {"resourceType": "Parameters", "parameter": {}}),
        ("Patient/1/$meta-add", parameters()),
        ("Patient/1/$meta-add", parameters(meta={"valueMeta": {"tag": {}}})),
        ("Observation/$lastn?max=0", None),
        ("Observation/$lastn?max=x", None),
        ("Patient/1/$everything?_count=0", None),
        ("Patient/1/$everything?_count=many", None),
        ("Patient/1/$everything?start=soon", None),
        ("Patient/1/$everything?_since=2024-13", None),
        ("Patient/1/$everything?colour=blue", None),
    ],
)
def test_wrongly_asked_operation_is_refused(caller: Caller, url: str, body: Any) -> None:
    assert caller("POST", url, body).status == 400


def test_unknown_operation_is_told_which_there_are(caller: Caller) -> None:
    replies = [caller.get("$colour"), caller.get("Patient/$lastn"), caller.get("Observation/1/$everything")]

    assert [reply.status for reply in replies] == [404] * 3
    assert "$lastn" in replies[0].text


def test_tags_are_added_and_taken_away(caller: Caller) -> None:
    made = caller.create(patient(meta={"profile": ["urn:p"]}))
    url = f"Patient/{made['id']}"
    asked = parameters(meta={"valueMeta": {"tag": [TAG]}})

    added = caller("POST", f"{url}/$meta-add", asked)
    again = caller("POST", f"{url}/$meta-add", asked)
    seen = caller.get(f"{url}/$meta")
    removed = caller(
        "POST", f"{url}/$meta-delete", parameters(meta={"valueMeta": {"tag": [TAG], "profile": ["urn:p"]}})
    )

    metas = [reply.json["parameter"][0]["valueMeta"] for reply in (added, again, seen, removed)]
    assert [meta.get("tag") for meta in metas] == [[TAG], [TAG], [TAG], None]
    assert [meta.get("profile") for meta in metas] == [["urn:p"], ["urn:p"], ["urn:p"], None]
    assert [meta["versionId"] for meta in metas] == ["2", "2", "2", "3"]
    assert caller.get(f"{url}/$meta-add").status == 405


def test_the_labels_in_use_are_told_by_type_and_for_everything(caller: Caller) -> None:
    empty = caller.get("$meta")
    caller.create(patient(meta={"profile": ["urn:p"], "tag": [TAG]}))
    caller.create(patient(meta={"profile": ["urn:q"], "tag": [TAG]}))
    caller.create(
        {"resourceType": "Organization", "name": "医院", "meta": {"profile": ["urn:o"], "source": "urn:s"}}
    )

    of_patients = caller.get("Patient/$meta").json["parameter"][0]["valueMeta"]
    of_all = caller.get("$meta").json["parameter"][0]["valueMeta"]

    assert empty.json == {"resourceType": "Parameters"}
    assert of_patients == {"profile": ["urn:p", "urn:q"], "tag": [TAG]}
    assert of_all == {"profile": ["urn:o", "urn:p", "urn:q"], "tag": [TAG]}


def test_everything_is_the_patient_and_what_belongs_to_it(caller: Caller) -> None:
    hospital = caller.create({"resourceType": "Organization", "name": "医院"})
    mine, other = caller.create(patient()), caller.create(patient())
    about = f"Patient/{mine['id']}"
    ours = caller.create(observation(about, performer=[{"reference": f"Organization/{hospital['id']}"}]))
    caller.create(observation(f"Patient/{other['id']}"))

    reply = caller.get(f"{about}/$everything")

    assert reply.status == 200
    assert reply.json["type"] == "searchset"
    assert sorted(reply.ids) == sorted([mine["id"], ours["id"], hospital["id"]])
    assert caller.get("Patient/nobody/$everything").status == 404


def test_everything_of_some_time(caller: Caller) -> None:
    mine = caller.create(patient())
    about = f"Patient/{mine['id']}"
    days = {}
    for day in ("01", "02", "03"):
        wait_for_another_millisecond()  # _since has no finer grain
        made = caller.create(observation(about, effectiveDateTime=f"2024-05-{day}T08:00:00+08:00"))
        days[day] = made["id"]
    since = caller.get(f"Observation/{days['03']}").json["meta"]["lastUpdated"]

    of_care = caller.get(f"{about}/$everything?start=2024-05-02&end=2024-05-02").ids
    changed = caller.get(f"{about}/$everything?_since={since}").ids

    assert [one for one in of_care if one != mine["id"]] == [days["02"]]
    assert changed == [days["03"]]


def test_everything_of_a_type_and_page_by_page(caller: Caller) -> None:
    mine = caller.create(patient())
    about = f"Patient/{mine['id']}"
    made = {caller.create(observation(about))["id"] for _ in range(3)}

    of_type = caller.get(f"{about}/$everything?_type=Observation")
    url: str | None = f"{about}/$everything?_count=2"
    seen: list[str] = []
    while url:
        page = caller.get(url)
        seen += page.ids
        url = page.link("next")

    assert set(of_type.ids) - {mine["id"]} == made
    assert set(seen) == {mine["id"], *made}


def test_lastn_gives_the_latest_of_each_code(caller: Caller) -> None:
    mine = caller.create(patient())
    about = f"Patient/{mine['id']}"
    for code, day in (("8867-4", 1), ("8867-4", 3), ("8867-4", 2), ("8480-6", 1)):
        caller.create(observation(about, code, effectiveDateTime=f"2024-05-0{day}T08:00:00+08:00"))

    one = caller.get(f"Observation/$lastn?patient={mine['id']}")
    two = caller.get(f"Observation/$lastn?patient={mine['id']}&max=2")

    def days(reply: Any) -> list[tuple[str, str]]:
        return sorted((r["code"]["coding"][0]["code"], r["effectiveDateTime"][8:10]) for r in reply.resources)

    assert days(one) == [("8480-6", "01"), ("8867-4", "03")]
    assert days(two) == [("8480-6", "01"), ("8867-4", "02"), ("8867-4", "03")]
