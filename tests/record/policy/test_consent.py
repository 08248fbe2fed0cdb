"""Residents' own decisions: a tree of provisions comes to the same in SQL and in plain Python; at once; everywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.policy.conftest import ICD, actor, filled
from xinglin.fhir import dates, definitions
from xinglin.fhir.index import keys
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import self_number
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.record.policy import compiling, consents, relations
from xinglin.record.policy.relations import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.record.door import Door

TERMS = "http://terminology.hl7.org/CodeSystem/"
LOINC = "http://loinc.org"
DOCTOR = replace(actor("doctor", "hosp-a"), practitioner="wang")


def consent(**provision: Any) -> dict[str, Any]:
    """A resident's decision in force."""
    return {
        "resourceType": "Consent", "id": "wish", "status": "active",
        "scope": {"coding": [{"system": f"{TERMS}consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": LOINC, "code": "59284-0"}]}], "patient": {"reference": "Patient/pat-a"},
        "policy": [{"uri": "urn:oid:2.16.840.1.113883.3.18"}], "provision": {"type": "deny", **provision},
    }  # fmt: skip


def label(code: str) -> dict[str, str]:
    return {"system": f"{TERMS}v3-ActCode", "code": code}


def reader(reference: str, role: str = "IRCP") -> dict[str, Any]:
    part = {"coding": [{"system": f"{TERMS}v3-ParticipationType", "code": role}]}
    return {"role": part, "reference": {"reference": reference}}


# -- the law: SQL and a plain evaluation agree


@dataclass(frozen=True)
class Row:
    """What a provision can ask of a row."""

    type: str
    id: str
    labels: frozenset[str]
    code: str
    day: str | None
    maker: str | None

    @property
    def values(self) -> tuple[Any, ...]:
        made = (
            [keys.reference_hash("Encounter.serviceProvider", "Organization", self.maker)]
            if self.maker
            else []
        )
        code = [keys.token_hash("Condition.code", ICD, self.code)]
        return (
            self_number("Patient", "pat-a"), definitions.type_number(self.type), self_number(self.type, self.id),
            [*map(compiling.label_hash, sorted(self.labels)), *made, *code],
            float(dates.interval(self.day)[0]) if self.day else None,
        )  # fmt: skip


def fits(given_: dict[str, Any], row: Row, who: Actor, now: int) -> bool:
    """Whether one provision, alone, is about the row and the reader."""

    def within(period: dict[str, str] | None, moment: float) -> bool:
        if period is None:
            return True
        after = "start" not in period or dates.interval(period["start"])[0] <= moment
        return after and ("end" not in period or moment < dates.interval(period["end"])[1])

    def one_of(name: str, test: Callable[[Any], bool]) -> bool:
        return not given_.get(name) or any(test(each) for each in given_[name])

    actors = given_.get("actor", [])
    readers = [a["reference"]["reference"] for a in actors if a["role"]["coding"][0]["code"] != "CST"]
    holders = [a["reference"]["reference"] for a in actors if a["role"]["coding"][0]["code"] == "CST"]
    me = {f"Organization/{who.institution}", f"Practitioner/{who.practitioner}"}
    period = given_.get("dataPeriod")
    dated = (
        within(period, dates.interval(row.day)[0]) if row.day else period is None or given_["type"] == "deny"
    )
    return (
        within(given_.get("period"), now)
        and dated
        and (not readers or bool(me & set(readers)))
        and (not holders or f"Organization/{row.maker}" in holders)
        and one_of("purpose", lambda c: c["code"] == who.purpose)
        and one_of("class", lambda c: c["code"] == row.type)
        and one_of("securityLabel", lambda c: c["code"] in row.labels)
        and one_of("code", lambda c: c["coding"][0]["code"] == row.code)
        and one_of("data", lambda d: d["reference"]["reference"] == f"{row.type}/{row.id}")
    )


def decide(given_: dict[str, Any], row: Row, who: Actor, now: int) -> str | None:
    """What the provision says of the row: the innermost that fit decide, and deny is stronger."""
    if not fits(given_, row, who, now):
        return None
    said = {decide(child, row, who, now) for child in given_.get("provision", ())} - {None}
    if said:
        return "deny" if "deny" in said else "permit"
    return str(given_["type"])


ROWS = [
    Row("Condition", "1", frozenset(), "J00", "2024-05-01", "hosp-a"),
    Row("Condition", "2", frozenset({"PSY"}), "F20", "2026-01-01", "hosp-b"),
    Row("Condition", "3", frozenset({"PSY", "HIV"}), "B24", None, None),
    Row("Observation", "4", frozenset(), "J00", "2025-06-30", None),
    Row("Observation", "5", frozenset({"HIV"}), "J00", None, "hosp-b"),
]
WHO = [
    DOCTOR, actor("doctor", "hosp-b"), actor("nurse", "hosp-a", "HOPERAT"), actor("doctor", "hosp-b", "ETREAT"),
    replace(actor("doctor", None), practitioner="li"),
]  # fmt: skip


def some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2)


PERIODS = st.sampled_from(
    [{"start": "2025-01-01"}, {"end": "2025-06-30"}, {"start": "2025-06", "end": "2030"}]
)
CONSTRAINTS: dict[str, st.SearchStrategy[Any]] = {
    "period": st.sampled_from([{"end": "2020"}, {"start": "2020"}, {"start": "2090-01-01"}]),
    "dataPeriod": PERIODS,
    "actor": some([
        reader("Organization/hosp-a"), reader("Organization/hosp-b", "PRCP"), reader("Practitioner/wang"),
        reader("Organization/hosp-b", "CST"),
    ]),
    "purpose": some([{"system": f"{TERMS}v3-ActReason", "code": "TREAT"}]),
    "class": some([
        {"system": "http://hl7.org/fhir/resource-types", "code": t} for t in ("Condition", "Observation", "Procedure")
    ]),
    "securityLabel": some([label("PSY"), label("HIV")]),
    "code": some([{"coding": [{"system": ICD, "code": code}]} for code in ("J00", "F20")]),
    "data": some([{"meaning": "instance", "reference": {"reference": f"Condition/{n}"}} for n in "12"]),
}  # fmt: skip


@st.composite
def provisions(draw: st.DrawFn, depth: int = 3) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(sorted(CONSTRAINTS)), max_size=2, unique=True))
    made = {
        "type": draw(st.sampled_from(["deny", "permit"])),
        **{name: draw(CONSTRAINTS[name]) for name in names},
    }
    if depth:
        children = draw(st.lists(provisions(depth - 1), max_size=2))
        if children:
            made["provision"] = children
    return made


@pytest.mark.usefixtures("_record_database")
@given(tree=provisions())
def test_a_tree_of_provisions_denies_in_sql_what_a_plain_evaluation_denies(tree: dict[str, Any]) -> None:
    connection, now = database.connection(), clock.milliseconds() * 1000
    with connection.transaction(force_rollback=True):
        consents.follow(connection, [Said("Consent", "wish", consent(**tree))], SYSTEM)
        denied = {(who, row) for who in WHO for row in found_by(who, denies=True)}
        permitted = {(who, row) for who in WHO for row in found_by(who, denies=False)}

    said = {
        (who, row): decide(tree, row, replace(who, purpose=treat(who)), now) for who in WHO for row in ROWS
    }
    assert denied == {pair for pair, decision in said.items() if decision == "deny"}
    # a permission is not taken away by a sibling that denies: of both, the denial is asked first
    assert permitted >= {pair for pair, decision in said.items() if decision == "permit"}
    assert permitted - denied == {pair for pair, decision in said.items() if decision == "permit"}


def treat(who: Actor) -> str:
    """The one purpose of the trees includes emergencies."""
    return "TREAT" if who.purpose == "ETREAT" else who.purpose


def found_by(who: Actor, *, denies: bool) -> Iterator[Row]:
    places = ", ".join(["(%s, %s::bigint, %s::smallint, %s::bigint, %s::bigint[], %s::float8)"] * len(ROWS))
    decided = consents._decided(who, "r", (), denies=denies)
    rows = database.connection().execute(
        f"SELECT n FROM (VALUES {places}) r (n, patient, type, self, tokens, date) WHERE {decided.sql}",
        [*(value for n, row in enumerate(ROWS) for value in (n, *row.values)), *decided.values],
    )
    for (n,) in rows.fetchall():
        yield ROWS[n]


# -- in every door, at once


@pytest.fixture
def plain(emptied: None) -> Door:
    """Both residents under the open policy."""
    door = filled()
    for id_ in ("wang", "li"):
        door.update({"resourceType": "Practitioner", "id": id_})
    return door


def conditions(who: Actor, letter: str = "a") -> set[str]:
    page = open_as(who).search("Condition", [("patient", f"pat-{letter}"), ("_total", "accurate")])
    assert page.total == len(page.entries)
    return {entry.stored.id for entry in page.entries}


WHOLE = {"cold-a", "mind-a", "virus-a"}


def test_a_decision_holds_under_the_open_policy_until_it_is_withdrawn(plain: Door) -> None:
    assert conditions(DOCTOR) == WHOLE

    plain.update(consent(securityLabel=[label("PSY")]))
    assert conditions(DOCTOR) == {"cold-a", "virus-a"}
    with pytest.raises(Fault) as refused:
        open_as(DOCTOR).read("Condition", "mind-a")
    assert refused.value.kind is Kind.NOT_FOUND

    plain.update({**consent(securityLabel=[label("PSY")]), "status": "inactive"})
    assert conditions(DOCTOR) == WHOLE


def test_a_decision_that_is_deleted_closes_nothing(plain: Door) -> None:
    plain.update(consent())
    assert conditions(DOCTOR) == set()
    assert open_as(DOCTOR).read("Patient", "pat-a").id == "pat-a"
    assert not open_as(DOCTOR).is_open("pat-a")
    assert open_as(DOCTOR).is_open("pat-b")

    plain.delete("Consent", "wish")

    assert conditions(DOCTOR) == WHOLE
    assert open_as(DOCTOR).is_open("pat-a")


def test_a_part_that_is_closed_leaves_the_record_open(plain: Door) -> None:
    plain.update(
        consent(**{"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]})
    )

    door = open_as(DOCTOR)
    assert door.is_open("pat-a")
    assert conditions(DOCTOR) == WHOLE
    assert door.search("Observation", [("patient", "pat-a")]).entries == ()


def test_all_is_closed_but_for_one_practitioner(plain: Door) -> None:
    plain.update(consent(provision=[{"type": "permit", "actor": [reader("Practitioner/wang")]}]))

    assert conditions(DOCTOR) == WHOLE
    assert conditions(replace(DOCTOR, practitioner="li")) == set()
    assert conditions(actor("nurse", "hosp-a")) == set()


def test_a_decision_is_about_all_patients_of_the_person(plain: Door) -> None:
    connection = database.connection()
    connection.execute("DELETE FROM identity_patient")
    for id_ in ("pat-a", "pat-b"):
        connection.execute(
            "INSERT INTO identity_patient (number, person, source, shard, home, held, active, id, keys, traits)"
            " VALUES (%s, 77, 0, 0, 0, 0, true, %s, '{}', '')",
            [self_number("Patient", id_), id_],
        )

    plain.update(consent())

    assert (conditions(DOCTOR, "a"), conditions(DOCTOR, "b")) == (set(), set())


def test_what_is_about_two_residents_is_closed_by_either(plain: Door) -> None:
    plain.update({**consent(), "patient": {"reference": "Patient/pat-b"}})

    found = {e.stored.id for e in open_as(DOCTOR).search("Group", []).entries}

    assert found == {"group-a"}


def test_an_opt_out_with_an_exception(plain: Door) -> None:
    out = consent()
    del out["provision"], out["policy"]
    out["policyRule"] = {"coding": [{"system": f"{TERMS}v3-ActCode", "code": "OPTOUT"}]}
    plain.update(out)
    assert conditions(DOCTOR) == set()

    plain.update({**out, "provision": {"type": "permit", "actor": [reader("Organization/hosp-a")]}})

    assert conditions(DOCTOR) == WHOLE
    assert conditions(actor("doctor", "hosp-b")) == set()


def test_a_broken_glass_goes_before_a_denial(plain: Door) -> None:
    plain.update(consent())

    open_as(DOCTOR).break_glass("pat-a", "Unconscious, in the ambulance")

    assert conditions(DOCTOR) == WHOLE
    assert conditions(actor("doctor", "hosp-b")) == set()


def test_the_resident_sees_what_is_closed_to_others(plain: Door) -> None:
    me = actor("client", None, "PATRQT")
    plain.update(consent())
    assert conditions(me) == set()

    relations.open_by_hand(database.connection(), patient="pat-a", kind="own", since=clock.now(), actor=me.id)

    assert conditions(me) == WHOLE


def test_a_decision_whose_time_is_over_or_has_not_come_closes_nothing(plain: Door) -> None:
    now = clock.now()
    plain.update(consent(period={"end": (now - timedelta(days=2)).date().isoformat()}))
    assert conditions(DOCTOR) == WHOLE

    plain.update(consent(period={"start": (now + timedelta(days=2)).date().isoformat()}))
    assert conditions(DOCTOR) == WHOLE


# -- what a region keeps closed until the resident permits it


def test_a_region_keeps_data_to_their_institution_until_the_resident_permits_more(world: Door) -> None:
    relations.open_by_hand(
        database.connection(), patient="pat-a", kind="admitted", since=clock.now(), institution="hosp-b"
    )
    away = actor("doctor", "hosp-b")
    assert conditions(actor("doctor", "hosp-a")) == WHOLE
    assert conditions(away) == WHOLE - {"virus-a"}

    world.update(consent(type="permit", securityLabel=[label("HIV")], actor=[reader("Organization/hosp-b")]))
    assert conditions(away) == WHOLE

    world.update(consent(type="permit", securityLabel=[label("HIV")], actor=[reader("Organization/hosp-a")]))
    assert conditions(away) == WHOLE - {"virus-a"}


# -- who may decide, and what cannot be kept


@pytest.mark.parametrize("role", ["doctor", "nurse"])
def test_nobody_who_treats_decides_for_the_resident(plain: Door, role: str) -> None:
    plain.update(consent())
    door = open_as(actor(role, "hosp-a"))

    for act in (
        lambda: door.update({**consent(), "status": "inactive"}),
        lambda: door.delete("Consent", "wish"),
        lambda: door.create({k: v for k, v in consent(type="permit").items() if k != "id"}),
    ):
        with pytest.raises(Fault) as refused:
            act()
        assert refused.value.kind is Kind.FORBIDDEN

    assert conditions(DOCTOR) == set()
    assert plain.read("Consent", "wish").version == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown class": ({"class": [{"system": "urn:x", "code": "y"}]}, "Consent.provision.class[0]"),
    "an unknown label": ({"securityLabel": [label("XYZ")]}, "Consent.provision.securityLabel[0]"),
    "a related person": ({"actor": [reader("RelatedPerson/x")]}, "Consent.provision.actor[0].reference"),
    "another role": ({"actor": [reader("Organization/hosp-a", "AUT")]}, "Consent.provision.actor[0].role"),
    "an action": (
        {"action": [{"coding": [{"system": f"{TERMS}consentaction", "code": "correct"}]}]},
        "Consent.provision.action",
    ),
    "a purpose": ({"purpose": [{"system": "urn:x", "code": "TREAT"}]}, "Consent.provision.purpose[0]"),
    "related data": (
        {"data": [{"meaning": "related", "reference": {"reference": "Condition/cold-a"}}]},
        "Consent.provision.data[0]",
    ),
    "a text for a code": ({"code": [{"text": "colds"}]}, "Consent.provision.code[0]"),
    "an exception without a type": (
        {"provision": [{"securityLabel": [label("HIV")]}]},
        "Consent.provision.provision[0].type",
    ),
    "a modifier": (
        {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
        "Consent.provision.modifierExtension",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_kept_is_refused_with_its_place(plain: Door, name: str) -> None:
    provision, place = REFUSED[name]
    plain.update({"resourceType": "RelatedPerson", "id": "x", "patient": {"reference": "Patient/pat-a"}})

    with pytest.raises(Fault) as refused:
        plain.update(consent(**provision))

    assert {issue.expression for issue in refused.value.issues} >= {place}
    assert {issue.code for issue in refused.value.issues if issue.expression == place} == {"business-rule"}
    assert database.connection().execute("SELECT count(*) FROM record_consent").fetchone() == (0,)
    assert conditions(DOCTOR) == WHOLE


def test_a_consent_that_decides_nothing_is_refused(plain: Door) -> None:
    nothing = consent()
    del nothing["provision"]

    with pytest.raises(Fault, match="decides nothing"):
        plain.update(nothing)


def test_a_consent_to_a_study_is_kept_and_closes_nothing(plain: Door) -> None:
    study = consent()
    study["scope"] = {"coding": [{"system": f"{TERMS}consentscope", "code": "research"}]}

    plain.update(study)

    assert conditions(DOCTOR) == WHOLE
