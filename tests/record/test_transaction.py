from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import make
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database, drafts, steps

if TYPE_CHECKING:
    from xinglin.record.door import Door
    from xinglin.record.steps import Outcome

JOE = "urn:uuid:8a6f0f0c-3b9c-4f9a-9a59-0d2b6a1f7a11"


def counts() -> tuple[int, int, int]:
    """Rows of the record: living, past, announced."""
    row = (
        database.connection()
        .execute(
            "SELECT (SELECT count(*) FROM record_resource), (SELECT count(*) FROM record_history),"
            " (SELECT coalesce(sum(cardinality(vids)), 0) FROM record_change)"
        )
        .fetchone()
    )
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def run(door: Door, bundle: dict[str, Any]) -> list[Outcome]:
    return door.transaction(steps.read_bundle(bundle, lambda _: lambda old: old))


def refused(door: Door, bundle: dict[str, Any]) -> Fault:
    before = counts()
    with pytest.raises(Fault) as caught:
        run(door, bundle)
    assert counts() == before
    return caught.value


def test_a_created_resource_is_read_back_as_it_was_sent(door: Door) -> None:
    sent = make.observation(value=6.5, note=[{"text": "空腹"}])

    outcome = door.create(dict(sent))

    assert outcome.status == 201
    assert outcome.draft is not None
    stored = door.read("Observation", outcome.draft.id)
    assert stored.resource == {
        **sent,
        "id": outcome.draft.id,
        "meta": {"versionId": "1", "lastUpdated": stored.resource["meta"]["lastUpdated"]},
    }
    assert counts() == (1, 0, 1)


def test_references_inside_a_transaction_become_local(door: Door) -> None:
    outcomes = run(
        door,
        make.transaction(
            make.entry(make.observation(JOE), "POST", "Observation"),
            make.entry(make.patient(), "POST", "Patient", name=JOE),
        ),
    )

    result, person = (outcome.draft for outcome in outcomes)
    assert result is not None
    assert person is not None
    assert door.read("Observation", result.id).resource["subject"] == {"reference": f"Patient/{person.id}"}
    assert result.shard == person.shard


def test_a_dangling_reference_is_refused_by_its_element(door: Door) -> None:
    fault = refused(
        door, make.transaction(make.entry(make.observation("Patient/nobody"), "POST", "Observation"))
    )

    assert [(i.code, i.expression) for i in fault.issues] == [
        ("not-found", "Bundle.entry[0].resource.subject.reference")
    ]


def test_a_urn_that_no_entry_bears_is_refused(door: Door) -> None:
    fault = refused(door, make.transaction(make.entry(make.observation(JOE), "POST", "Observation")))

    assert [i.expression for i in fault.issues] == ["Bundle.entry[0].resource.subject.reference"]


def test_one_bad_entry_stores_nothing_of_its_transaction(door: Door) -> None:
    fault = refused(
        door,
        make.transaction(
            make.entry(make.patient(), "POST", "Patient"),
            make.entry({**make.observation(), "status": "nonsense"}, "POST", "Observation"),
        ),
    )

    assert [(i.code, i.expression) for i in fault.issues] == [
        ("code-invalid", "Bundle.entry[1].resource.status")
    ]


def test_a_repeated_full_url_is_refused(door: Door) -> None:
    entries = [make.entry(make.patient(), "POST", "Patient", name=JOE) for _ in range(2)]

    fault = refused(door, make.transaction(*entries))

    assert [i.expression for i in fault.issues] == ["Bundle.entry[1].fullUrl"]


def test_an_update_makes_a_version_and_keeps_the_old_one(door: Door) -> None:
    door.update(make.patient(id="p1", gender="male"))

    outcome = door.update(make.patient(id="p1", gender="female"))

    assert outcome.status == 200
    assert door.read("Patient", "p1").version == 2
    assert door.read("Patient", "p1", version="1").resource["gender"] == "male"
    assert counts() == (1, 1, 2)


def test_an_update_that_changes_nothing_makes_no_version(door: Door) -> None:
    door.update(make.patient(id="p1", gender="male", active=True))

    outcome = door.update(make.patient(active=True, gender="male", id="p1"))

    assert (outcome.status, outcome.no_op) == (200, True)
    assert counts() == (1, 0, 1)


def test_a_changed_decimal_is_a_change(door: Door) -> None:
    from xinglin.fhir import json

    door.update(
        json.parse(
            b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":5.4}}'
        )
    )

    door.update(
        json.parse(
            b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":5.40}}'
        )
    )

    assert b'"value":5.40}' in door.read("Observation", "o").text
    assert door.read("Observation", "o").version == 2


def test_a_version_that_has_moved_on_is_not_overwritten(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.patient(id="p1", active=True))
    before = counts()

    with pytest.raises(Fault) as caught:
        door.update(make.patient(id="p1", active=False), if_match=1)

    assert (caught.value.kind, caught.value.precondition) == (Kind.CONFLICT, True)
    assert counts() == before


def test_a_deleted_resource_is_gone_and_can_come_back(door: Door) -> None:
    door.update(make.patient(id="p1"))

    assert door.delete("Patient", "p1").status == 204
    with pytest.raises(Fault) as caught:
        door.read("Patient", "p1")
    assert caught.value.kind is Kind.GONE

    assert door.update(make.patient(id="p1")).status == 201
    assert door.read("Patient", "p1").version == 3
    assert counts() == (1, 2, 3)


def test_deleting_what_is_not_there_does_nothing(door: Door) -> None:
    outcome = door.delete("Patient", "nobody")

    assert (outcome.status, outcome.no_op) == (204, True)
    assert counts() == (0, 0, 0)


def test_what_others_refer_to_is_not_deleted(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.observation("Patient/p1", id="o1"))
    before = counts()

    with pytest.raises(Fault, match="Observation/o1"):
        door.delete("Patient", "p1")

    assert counts() == before


def test_what_is_referred_to_may_go_together_with_what_refers(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.observation("Patient/p1", id="o1"))

    outcomes = run(
        door,
        make.transaction(
            make.entry(None, "DELETE", "Patient/p1"), make.entry(None, "DELETE", "Observation/o1")
        ),
    )

    assert [o.status for o in outcomes] == [204, 204]
    assert counts() == (0, 4, 4)


def test_a_conditional_create_finds_what_is_there(door: Door) -> None:
    person = make.patient(identifier=[{"system": "urn:a", "value": "1"}])

    first = door.create(dict(person), if_none_exist="identifier=urn:a|1")
    second = door.create(dict(person), if_none_exist="identifier=urn:a|1")

    assert (first.status, second.status) == (201, 200)
    assert first.draft is not None
    assert second.draft is not None
    assert second.draft.id == first.draft.id
    assert counts() == (1, 0, 1)


def test_references_follow_a_conditional_create_to_what_it_found(door: Door) -> None:
    door.update(make.patient(id="p1", identifier=[{"system": "urn:a", "value": "1"}]))

    outcomes = run(
        door,
        make.transaction(
            make.entry(make.patient(), "POST", "Patient", name=JOE, ifNoneExist="identifier=urn:a|1"),
            make.entry(make.observation(JOE), "POST", "Observation"),
        ),
    )

    assert outcomes[1].draft is not None
    assert door.read("Observation", outcomes[1].draft.id).resource["subject"] == {"reference": "Patient/p1"}


def test_a_condition_that_fits_two_is_refused(door: Door) -> None:
    for id_ in ("p1", "p2"):
        door.update(make.patient(id=id_, identifier=[{"system": "urn:a", "value": "1"}]))
    before = counts()

    with pytest.raises(Fault) as caught:
        door.update(make.patient(), criteria="identifier=urn:a|1")

    assert (caught.value.precondition, caught.value.issues[0].code) == (True, "multiple-matches")
    assert counts() == before


def test_a_conditional_reference_is_resolved(door: Door) -> None:
    door.update(make.patient(id="p1", identifier=[{"system": "urn:a", "value": "1"}]))

    run(
        door,
        make.transaction(
            make.entry(make.observation("Patient?identifier=urn:a|1", id="o1"), "PUT", "Observation/o1")
        ),
    )

    assert door.read("Observation", "o1").resource["subject"] == {"reference": "Patient/p1"}


def test_the_same_resource_twice_in_a_transaction_is_refused(door: Door) -> None:
    fault = refused(
        door,
        make.transaction(
            make.entry(make.patient(id="p1"), "PUT", "Patient/p1"), make.entry(None, "DELETE", "Patient/p1")
        ),
    )

    assert fault.issues[0].code == "duplicate"


def test_a_patch_is_a_change_of_the_current_version(door: Door) -> None:
    door.update(make.patient(id="p1", active=True))

    outcome = door.patch("Patient", "p1", lambda old: {**old, "active": False})

    assert outcome.status == 200
    assert door.read("Patient", "p1").resource["active"] is False


def test_a_batch_keeps_what_can_be_kept(door: Door) -> None:
    outcomes = door.batch(
        steps.read_bundle(
            make.transaction(
                make.entry(make.patient(), "POST", "Patient"),
                make.entry(make.observation("Patient/nobody"), "POST", "Observation"),
            ),
            lambda _: lambda old: old,
        )
    )

    assert [(o.status, o.fault is None) for o in outcomes] == [(201, True), (0, False)]
    assert counts() == (1, 0, 1)


class Repeating:
    """Gives a number that is taken first, as another process with the same luck would."""

    def __init__(self, taken: int) -> None:
        self.taken: int | None = taken
        self.real = drafts.numbers

    def take(self, count: int, *, after: int = 0) -> range:
        taken, self.taken = self.taken, None
        return range(taken, taken + count) if taken is not None else self.real.take(count, after=after)


@pytest.mark.parametrize("name", [JOE, "https://hospital.example/fhir/Patient/joe"])
@pytest.mark.parametrize("mixed", [False, True])
def test_a_transaction_that_must_be_tried_again_keeps_its_references(
    door: Door, monkeypatch: pytest.MonkeyPatch, name: str, mixed: bool
) -> None:
    taken = door.create(make.patient()).draft
    assert taken is not None
    entries = [
        make.entry(make.patient("李"), "POST", "Patient", name=name),
        make.entry(make.observation(name), "POST", "Observation"),
    ]
    if mixed:
        entries.append(make.entry(make.observation(name, id="put"), "PUT", "Observation/put"))
    monkeypatch.setattr(drafts, "numbers", Repeating(taken.vid))

    made = [outcome.draft for outcome in run(door, make.transaction(*entries))]

    assert all(draft is not None for draft in made)
    patient, *others = [draft for draft in made if draft is not None]
    assert patient.id != taken.id
    for draft in others:
        stored = door.read("Observation", draft.id).resource
        assert stored["subject"] == {"reference": f"Patient/{patient.id}"}
    assert counts()[0] == 1 + len(made)
