"""Scopes: their forms, what two have in common, and what they leave of the record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.policy.conftest import actor, everything, filled
from xinglin.kernel.errors import Fault, Kind
from xinglin.record.door import open_as
from xinglin.record.policy import scopes
from xinglin.record.queries import Span
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door

FORMS = [
    ("patient/Observation.rs", "patient/Observation.rs"),
    ("user/*.cruds", "user/*.cruds"),
    ("system/Patient.r", "system/Patient.r"),
    ("patient/Observation.read", "patient/Observation.rs"),
    ("user/Patient.write", "user/Patient.cud"),
    ("patient/*.*", "patient/*.cruds"),
    ("patient/Observation.rs?category=laboratory", "patient/Observation.rs?category=laboratory"),
]
NO_FORMS = [
    "", "patient/Observation.", "patient/Observation.sr", "patient/observation.rs", "nobody/Patient.r",
    "patient/Observation",
    "patient/Nothing.rs", "patient/Observation.rs?", "patient/Observation.rs?subject.name=x", "patient/*.rs?_id=1",
    "patient/Observation.rs?code:text=x", "patient/Observation.rs?_count=1", "launch/patient", "openid",
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), FORMS)
def test_both_versions_of_scopes_are_read(text, meant):
    assert str(scopes.read(text)) == meant


@pytest.mark.parametrize("text", NO_FORMS)
def test_what_is_no_scope_for_resources_is_none(text):
    assert scopes.read(text) is None


GRANTS = st.builds(
    scopes.Grant,
    st.sampled_from(["patient", "user", "system"]),
    st.sampled_from(["*", "Patient", "Observation"]),
    st.sets(st.sampled_from(scopes.LETTERS), min_size=1).map(
        lambda letters: "".join(letter for letter in scopes.LETTERS if letter in letters)
    ),
)


@given(GRANTS, GRANTS)
def test_what_two_scopes_have_in_common_is_in_both(one, other):
    met = scopes.meet(one, other)

    for type_name in ("Patient", "Observation", "Condition"):
        for letter in scopes.LETTERS:
            both = (
                one.context == other.context
                and one.gives(letter, type_name)
                and other.gives(letter, type_name)
            )
            assert (met is not None and met.gives(letter, type_name)) is both


def app(who: Actor, *given_: str, patient: str | None = None) -> Door:
    return open_as(replace(who, app="app", scopes=given_, patient=patient))


@pytest.fixture
def full(emptied) -> None:
    """Two residents, and no policy."""
    filled()


def seen(door: Door) -> set[str]:
    return {f"{e.stored.type}/{e.stored.id}" for e in door.search(None, [("_count", "500")]).entries}


DOCTOR = actor("doctor", "hosp-a")


def test_an_app_with_one_patient_sees_that_record_alone(full):
    door = app(DOCTOR, "patient/*.rs", patient="pat-a")

    assert seen(door) == {
        "Patient/pat-a", "Encounter/enc-a", "Condition/cold-a", "Condition/mind-a", "Condition/virus-a",
        "Observation/obs-a", "DocumentReference/doc-a", "Organization/hosp-a", "Organization/hosp-b",
    }  # fmt: skip


def test_without_a_patient_a_scope_of_one_shows_nothing(full):
    assert seen(app(DOCTOR, "patient/*.rs")) == set()


def test_an_app_sees_the_types_it_was_granted(full):
    door = app(DOCTOR, "patient/Observation.rs", "patient/Patient.r", patient="pat-a")

    assert seen(door) == {"Patient/pat-a", "Observation/obs-a"}


def test_a_scope_with_a_search_shows_what_fits_it(full):
    icd = "http://hl7.org/fhir/sid/icd-10"
    door = app(DOCTOR, f"patient/Condition.rs?code={icd}|J00", patient="pat-a")

    assert seen(door) == {"Condition/cold-a"}


def test_one_limit_of_two_types_limits_both(full):
    limit = "_tag=made-up"
    door = app(
        DOCTOR, f"patient/Condition.rs?{limit}", f"patient/Observation.rs?{limit}", "patient/Encounter.rs",
        "patient/Patient.rs", patient="pat-a",
    )  # fmt: skip
    tagged = {"meta": {"tag": [{"code": "made-up"}]}}
    whole = open_as(actor("client"))
    for kind, id_ in (("Condition", "cold-a"), ("Observation", "obs-a"), ("Condition", "cold-b")):
        whole.update({**whole.read(kind, id_).resource, **tagged})

    assert seen(door) == {"Condition/cold-a", "Observation/obs-a", "Encounter/enc-a", "Patient/pat-a"}


@pytest.mark.parametrize("type_name", sorted({r["resourceType"] for r in everything()} - {"Organization"}))
def test_no_door_shows_an_app_another_record(full, type_name):
    (theirs,) = [r["id"] for r in everything() if r["resourceType"] == type_name and r["id"].endswith("-b")][
        :1
    ]
    door = app(DOCTOR, "patient/*.cruds", patient="pat-a")
    asks = [
        lambda: door.read(type_name, theirs),
        lambda: door.read(type_name, theirs, version="1"),
        lambda: door.history(type_name, theirs, Span()),
        lambda: door.everything("Patient", "pat-b", []),
    ]

    for ask in asks:
        with pytest.raises(Fault) as refused:
            ask()
        assert refused.value.kind is Kind.NOT_FOUND
    assert all("-b" not in s.id for s in door.history(type_name, None, Span()))
    for pairs in (
        [],
        [("_include", "*")],
        [("_revinclude", "*")],
        [("_id", theirs)],
        [("_has:Condition:subject:code", "J00")],
    ):
        if type_name == "Patient" or not pairs or not pairs[0][0].startswith("_has"):
            page = door.search(type_name, [*pairs, ("_total", "accurate")])
            assert [
                e.stored.id
                for e in page.entries
                if e.stored.id.endswith("-b") and e.stored.type != "Organization"
            ] == []


def test_a_chain_does_not_tell_of_what_was_not_granted(full):
    door = app(DOCTOR, "patient/Observation.rs", patient="pat-a")

    assert door.search("Observation", [("patient.gender", "female")]).entries == ()


REFUSED = [
    ("read", "patient/Observation.s", lambda d: d.read("Observation", "obs-a")),
    ("search", "patient/Observation.r", lambda d: d.search("Observation", [])),
    ("search everywhere", "patient/Observation.r", lambda d: d.search(None, [])),
    ("another type", "patient/Observation.rs", lambda d: d.read("Condition", "cold-a")),
    ("history", "patient/Observation.s", lambda d: d.history("Observation", "obs-a", Span())),
    ("history of a type", "patient/Observation.r", lambda d: d.history("Observation", None, Span())),
    ("everything", "patient/Observation.rs", lambda d: d.everything("Patient", "pat-a", [])),
    ("create", "patient/*.ruds", lambda d: d.create(observation())),
    ("update", "patient/*.crds", lambda d: d.update(observation("obs-a"))),
    ("update that creates", "patient/*.ruds", lambda d: d.update(observation("obs-new"))),
    ("patch", "patient/*.cuds", lambda d: d.patch("Observation", "obs-a", lambda r: {**r, "status": "amended"})),
    ("delete", "patient/*.crus", lambda d: d.delete("Observation", "obs-a")),
    ("transaction", "patient/*.rs", lambda d: d.transaction([Step(Verb.CREATE, "Observation", None, observation())])),
    ("condition", "patient/*.crud", lambda d: d.create(observation(), if_none_exist="status=final")),
    ("create of another", "patient/*.cruds", lambda d: d.create(observation(letter="b"))),
    ("moving to another", "patient/*.cruds", lambda d: d.update(observation("obs-a", letter="b"))),
    ("changing of another", "patient/*.cruds", lambda d: d.update(observation("obs-b"))),
    ("new patient", "patient/*.cruds", lambda d: d.create({"resourceType": "Patient", "gender": "male"})),
    ("outside of the limit", "patient/Observation.cruds?status=final",
     lambda d: d.create({**observation(), "status": "preliminary"})),
    ("break the glass", "patient/*.cruds", lambda d: d.break_glass("pat-b", "unconscious, brought in")),
    ("explain", "user/*.cruds", lambda d: d.explain("Patient", [])),
]  # fmt: skip


def observation(id_: str | None = None, letter: str = "a") -> dict:
    made = {
        "resourceType": "Observation", "status": "final", "code": {"text": "Weight"},
        "subject": {"reference": f"Patient/pat-{letter}"},
    }  # fmt: skip
    return {**made, "id": id_} if id_ else made


@pytest.mark.parametrize(("scope", "ask"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_was_not_granted_is_refused_and_nothing_changes(full, scope, ask):
    whole = open_as(actor("client"))
    before = {(s.type, s.id, s.version) for s in whole.history(None, None, Span(count=1000))}

    with pytest.raises(Fault) as refused:
        ask(app(replace(DOCTOR, roles=frozenset({"doctor", "administrator"})), scope, patient="pat-a"))

    assert refused.value.kind is Kind.FORBIDDEN
    assert {(s.type, s.id, s.version) for s in whole.history(None, None, Span(count=1000))} == before


def test_an_app_writes_what_it_was_granted(full):
    door = app(DOCTOR, "patient/Observation.cruds?status=final", patient="pat-a")

    made = door.create(observation())
    changed = door.update(observation("obs-a"))
    door.delete("Observation", "obs-a")

    assert (made.status, changed.status) == (201, 200)


@pytest.mark.usefixtures("region")
def test_a_grant_never_adds_to_what_the_account_may():
    filled()
    door = app(DOCTOR, "user/*.cruds")

    assert seen(door) == seen(open_as(DOCTOR))
