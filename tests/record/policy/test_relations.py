"""Care relations open records and close them again; breaking the glass; what may be written; page tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.record.policy.conftest import ICD, actor
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import self_number
from xinglin.record import access, database, policy
from xinglin.record.door import open_as
from xinglin.record.policy import compiling, relations
from xinglin.record.search.fragments import Fragment

if TYPE_CHECKING:
    from xinglin.record.door import Door

AT_A = actor("doctor", "hosp-a")


def opened(door: Door, *, letter: str = "b") -> bool:
    shown = [
        e.stored.id for e in door.search("Condition", [("patient", f"pat-{letter}"), ("code", "J00")]).entries
    ]
    assert door.is_open(f"pat-{letter}") is bool(shown)
    return shown == [f"cold-{letter}"]


def by_hand(**given: object) -> None:
    now = clock.now()
    relations.open_by_hand(
        database.connection(), **{"patient": "pat-b", "kind": "contracted", "since": now, **given}  # type: ignore[arg-type]
    )  # fmt: skip


def encounter(status: str, code: str = "AMB", **more: object) -> dict[str, object]:
    return {
        "resourceType": "Encounter", "id": "visit", "status": status, "subject": {"reference": "Patient/pat-b"},
        "serviceProvider": {"reference": "Organization/hosp-a"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code}, **more,
    }  # fmt: skip


def test_a_visit_opens_the_record_until_it_is_cancelled(world: Door) -> None:
    door = open_as(AT_A)
    assert not opened(door)

    world.update(encounter("in-progress"))
    assert opened(door)

    world.update(encounter("cancelled"))
    assert not opened(door)


def test_a_visit_that_was_deleted_opens_nothing(world: Door) -> None:
    world.update(encounter("in-progress"))
    world.delete("Encounter", "visit")

    assert not opened(open_as(AT_A))


def test_a_visit_of_long_ago_opens_nothing(world: Door) -> None:
    world.update(encounter("finished", period={"start": "2020-01-01", "end": "2020-01-02"}))

    assert not opened(open_as(AT_A))


@pytest.mark.parametrize(("code", "shown"), [("AMB", False), ("IMP", True)])
def test_a_nurse_sees_who_is_admitted_not_who_comes_for_a_visit(
    world: Door, code: str, *, shown: bool
) -> None:
    world.update(encounter("in-progress", code))

    assert opened(open_as(actor("nurse", "hosp-a"))) is shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"institution": "hosp-a"}, True),
        ({"institution": "hosp-c"}, False),
        ({"actor": AT_A.id}, True),
        ({"actor": "test/another"}, False),
        ({"institution": "hosp-a", "since": clock.now() + timedelta(days=1)}, False),
        ({"institution": "hosp-a", "until": clock.now() - timedelta(seconds=1)}, False),
        ({"institution": "hosp-a", "kind": "neighbour"}, False),
    ],
    ids=["institution", "other institution", "actor", "other actor", "not yet", "over", "unknown kind"],
)
def test_a_relation_said_by_hand(world: Door, given: dict[str, object], *, shown: bool) -> None:
    by_hand(**given)

    assert opened(open_as(AT_A)) is shown


def test_a_relation_opens_all_patients_of_the_person(world: Door) -> None:
    connection = database.connection()
    connection.execute("DELETE FROM identity_patient")
    for id_ in ("pat-a", "pat-b"):
        connection.execute(
            "INSERT INTO identity_patient (number, person, source, shard, home, held, active, id, keys, traits)"
            " VALUES (%s, 77, 0, 0, 0, 0, true, %s, '{}', '')",
            [self_number("Patient", id_), id_],
        )

    assert opened(open_as(AT_A))


def test_a_consortium_sees_what_its_members_keep(world: Door, tmp_path, settings) -> None:
    text = (
        (compiling._DATA / "region.toml")
        .read_text(encoding="utf-8")
        .replace('scope = "institution"', 'scope = "consortium"')
    )
    (tmp_path / "union.toml").write_text(text, encoding="utf-8")
    door = open_as(actor("client", "hosp-a"))
    from dataclasses import replace

    settings.SETTINGS = replace(settings.SETTINGS, policy=str(tmp_path / "union.toml"))
    assert not opened(door)

    world.update({
        "resourceType": "OrganizationAffiliation", "id": "union", "organization": {"reference": "Organization/hosp-a"},
        "participatingOrganization": {"reference": "Organization/hosp-b"},
    })  # fmt: skip

    assert opened(door)
    assert {e.stored.id for e in door.search("Encounter", []).entries} == {"enc-a", "enc-b"}


# -- in an emergency


def test_breaking_the_glass_opens_sensitive_parts_too_and_is_noted(world: Door) -> None:
    door = open_as(AT_A)
    access.flush()
    database.connection().execute("TRUNCATE record_access")

    made = door.break_glass("pat-b", "Unconscious, in the ambulance")

    assert opened(door)
    assert door.read("Condition", "virus-b").id == "virus-b"
    assert not opened(open_as(actor("doctor", "hosp-c")))
    assert timedelta(minutes=59) < made.until - clock.now() <= timedelta(minutes=60)
    access.flush()
    line = (
        database.connection()
        .execute(
            "SELECT actor, purpose, outcome, patient, query FROM record_access WHERE action = 'break-glass'"
        )
        .fetchall()
    )
    assert line == [
        (AT_A.id, "ETREAT", "permit", self_number("Patient", "pat-b"), "Unconscious, in the ambulance")
    ]


def test_a_broken_glass_closes_by_itself(world: Door) -> None:
    door = open_as(AT_A)
    door.break_glass("pat-b", "Unconscious, in the ambulance")
    database.connection().execute(
        "UPDATE record_relation SET until = %s WHERE kind = 'emergency'", [clock.now()]
    )

    assert not opened(door)


@pytest.mark.parametrize(
    ("role", "patient", "reason", "kind"),
    [
        ("doctor", "pat-b", " short ", Kind.INVALID),
        ("steward", "pat-b", "I would like to look", Kind.FORBIDDEN),
        ("doctor", "pat-z", "There is nobody of this id", Kind.NOT_FOUND),
    ],
)
def test_the_glass_stays_whole(world: Door, role: str, patient: str, reason: str, kind: Kind) -> None:
    with pytest.raises(Fault) as refused:
        open_as(actor(role, "hosp-a")).break_glass(patient, reason)

    assert refused.value.kind is kind
    kept = (
        database.connection()
        .execute("SELECT count(*) FROM record_relation WHERE kind = 'emergency'")
        .fetchone()
    )
    assert kept == (0,)


# -- consent has its place


def test_a_denial_is_stronger_than_every_rule(world: Door) -> None:
    number = self_number("Patient", "pat-a")
    policy.deny("test", lambda _, alias, __: Fragment(f"{alias}.patient = %s", (number,)))
    try:
        assert not opened(open_as(AT_A), letter="a")
    finally:
        compiling._denials.pop("test")
    assert opened(open_as(AT_A), letter="a")


# -- writing


@pytest.mark.parametrize("verb", ["update", "delete", "patch"])
def test_nobody_changes_what_is_hidden(world: Door, verb: str) -> None:
    door = open_as(actor("client", "hosp-a"))
    before = world.read("Condition", "cold-b")
    acts = {
        "update": lambda: door.update({**before.resource, "language": "fr"}),
        "delete": lambda: door.delete("Condition", "cold-b"),
        "patch": lambda: door.patch("Condition", "cold-b", lambda old: {**old, "language": "fr"}),
    }

    with pytest.raises(Fault) as refused:
        acts[verb]()

    assert refused.value.kind is Kind.FORBIDDEN
    assert world.read("Condition", "cold-b") == before


def test_a_condition_finds_nothing_hidden(world: Door) -> None:
    door = open_as(actor("client", "hosp-a"))
    mine = {"resourceType": "Condition", "subject": {"reference": "Patient/pat-a"}, "code": {"text": "New"}}

    made = door.create(mine, if_none_exist="_id=cold-b")
    gone = door.delete("Condition", criteria="_id=cold-b")

    assert (made.status, gone.status) == (201, 204)
    assert world.read("Condition", "cold-b").id == "cold-b"


# -- looking for others


def test_a_page_of_one_is_none_of_another(world: Door) -> None:
    pairs = [("_count", "1")]
    following = open_as(AT_A).search("Condition", pairs).next
    assert following is not None

    with pytest.raises(Fault) as refused:
        open_as(actor("doctor", "hosp-b")).search("Condition", [*pairs, ("_page", following)])

    assert refused.value.kind is Kind.INVALID


def test_plans_are_only_for_who_sees_everything(world: Door) -> None:
    assert open_as(SYSTEM).explain("Condition", [])["rows"] >= 0

    with pytest.raises(Fault) as refused:
        open_as(actor("administrator", "hosp-a")).explain("Condition", [])

    assert refused.value.kind is Kind.FORBIDDEN


def test_a_preview_says_what_is_shown_and_by_which_rules(world: Door) -> None:
    sights = {s.type: (s.total, s.shown, s.rules) for s in world.preview(AT_A, "pat-b")}
    own = {s.type: (s.total, s.shown, s.rules) for s in world.preview(actor("nurse", "hosp-a"), "pat-a")}

    assert sights["Condition"] == (3, 0, ())
    assert sights["Patient"] == (1, 1, ("Finding residents",))
    assert own["Condition"] == (3, 1, ("Care relation, nurse",))


def _document(world: Door, **more: object) -> None:
    guard = {"reference": "DocumentReference/doc-b"}
    world.update({"resourceType": "Binary", "id": "bin", "contentType": "text/xml", "securityContext": guard})
    world.update({"resourceType": "Binary", "id": "loose", "contentType": "text/xml"})
    world.update(
        {
            "resourceType": "DocumentReference", "id": "doc-b", "status": "current",
            "subject": {"reference": "Patient/pat-b"}, "content": [{"attachment": {"url": "Binary/bin"}}], **more,
        }
    )  # fmt: skip


def test_a_binary_is_seen_by_whoever_may_see_what_it_is_guarded_like(world: Door) -> None:
    _document(world)
    door = open_as(AT_A)
    with pytest.raises(Fault) as refused:
        door.read("Binary", "bin")
    assert refused.value.kind is Kind.NOT_FOUND

    world.update(encounter("in-progress"))

    assert door.read("Binary", "bin").resource["contentType"] == "text/xml"
    with pytest.raises(Fault):
        door.read("Binary", "loose")


def test_a_binary_whose_content_is_withheld_stays_closed(world: Door) -> None:
    composition: dict[str, object] = {
        "resourceType": "Composition", "id": "of-doc", "status": "final", "date": "2026-10-01", "title": "病历",
        "type": {"text": "病历"}, "subject": {"reference": "Patient/pat-b"}, "author": [{"display": "医生"}],
        "section": [
            {
                "title": "诊断", "code": {"coding": [{"system": ICD, "code": "B24.x00"}]},
                "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">诊断</div>'},
            }
        ],
    }  # fmt: skip
    world.update(composition)
    _document(world, context={"related": [{"reference": "Composition/of-doc"}]})
    nurse = open_as(actor("nurse", "hosp-a"))
    world.update(encounter("in-progress", "IMP"))
    assert nurse.read("DocumentReference", "doc-b").id == "doc-b"

    with pytest.raises(Fault) as refused:
        nurse.read("Binary", "bin")

    assert refused.value.kind is Kind.NOT_FOUND
    del composition["section"]
    world.update(composition)
    assert nurse.read("Binary", "bin").id == "bin"
