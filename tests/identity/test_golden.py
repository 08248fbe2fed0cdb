"""The golden view, and the rules by which a value wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tests.identity.persons import STEWARD
from tests.identity.residents import HOME, ID_SYSTEM, PHONE, number, resident
from xinglin.identity import actions, clusters, golden, queries, survivorship, traits
from xinglin.identity.survivorship import Rules, Value

if TYPE_CHECKING:
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def said(
    value: str, *, patient: str = "a", days: int = 0, valid: bool = True, institution: str = "A"
) -> Value:
    return Value(value, value, patient, institution, NOW + timedelta(days=days), valid)


def rules(*criteria: str, **trust: int) -> Rules:
    return Rules("test", {"name": criteria}, trust)


def test_the_first_criterion_that_differs_decides() -> None:
    old, new, wrong = (
        said("old", patient="a"),
        said("new", patient="b", days=1),
        said("x", days=2, valid=False),
    )

    choices = survivorship.choose("name", [old, new, wrong], rules("valid", "latest"))

    assert [(one.best.value, one.why) for one in choices] == [
        ("new", "latest"),
        ("old", "only"),
        ("x", "only"),
    ]
    assert survivorship.choose("name", [old, wrong], rules("valid", "latest"))[0].why == "valid"


def test_what_more_patients_say_wins() -> None:
    values = [said("甲", patient="a"), said("乙", patient="b", days=1), said("甲", patient="c")]

    best = survivorship.choose("name", values, rules("agreed", "latest"))[0]

    assert (best.best.value, best.why, len(best.said_by)) == ("甲", "agreed", 2)


def test_a_trusted_institution_wins() -> None:
    values = [said("甲", institution="A", days=3), said("乙", institution="B")]

    best = survivorship.choose("name", values, rules("trust", "latest", B=5))[0]

    assert (best.best.value, best.why) == ("乙", "trust")


def test_without_a_rival_there_is_nothing_to_decide() -> None:
    assert survivorship.choose("name", [said("甲")])[0].why == "only"
    assert survivorship.choose("name", []) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("甲乙丙"), st.integers(0, 3), st.booleans(), st.sampled_from("AB")),
        max_size=6,
    )
)
def test_the_order_in_which_patients_are_read_does_not_matter(
    given_: list[tuple[str, int, bool, str]],
) -> None:
    values = [
        said(value, patient=str(n), days=days, valid=valid, institution=institution)
        for n, (value, days, valid, institution) in enumerate(given_)
    ]

    forward, backward = (
        [(one.best.value, one.why) for one in survivorship.choose("name", some)]
        for some in (values, values[::-1])
    )

    assert forward == backward


def test_every_field_of_the_rules_is_one_that_is_read() -> None:
    assert set(survivorship.rules().fields) == {
        "name", "gender", "birthDate", "document", "phone", "address", "deceased", "maritalStatus", "contact",
        "multipleBirth", "communication",
    }  # fmt: skip


def write(door: Door, resource: dict[str, Any]) -> str:
    outcome = door.create(resource)
    assert outcome.draft is not None
    return outcome.draft.id


def test_the_view_shows_source_and_losing_values(door: Door, index: Connection) -> None:
    one = write(door, resident(birth="1980-01-01", identity=number(), phone=PHONE, institution="A"))
    two = write(door, resident(identity=number(), phone="15470862954", address=HOME, institution="B"))

    view = golden.view(index, str(queries.person_of(index, one)))

    assert view is not None
    birth, phone, name = view.fields["birthDate"], view.fields["phone"], view.fields["name"]
    assert (birth.value, birth.patient, birth.why) == ("1980-02-14", two, "valid")
    assert [choice.best.value for choice in birth.losing] == ["1980-01-01"]
    assert (phone.value["value"], phone.why, phone.disputed) == ("15470862954", "latest", True)
    assert (name.said_by, name.disputed) == ((one, two), False)
    assert view.fields["document:NI"].value == {"system": ID_SYSTEM, "value": number()}
    assert [stored.id for stored in view.sources] == [one, two]


def test_the_view_is_of_the_survivor(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    two = write(door, resident("司徒远", birth="1955-07-30", sex="male"))
    persons = [str(queries.person_of(index, id_)) for id_ in (one, two)]
    with index.transaction():
        actions.merge(index, survivor=persons[0], other=persons[1], actor=STEWARD, reason="resident")

    views = [golden.view(index, person) for person in persons]

    assert views[0] == views[1] is not None
    assert golden.view(index, "nobody") is None


def test_a_preview_needs_no_person(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    two = write(door, resident("司徒远", birth="1955-07-30", sex="male"))
    sources = [door.read("Patient", id_) for id_ in (one, two)]

    fields = golden.of_resources(sources)

    assert fields["gender"].disputed
    assert {choice.best.patient for choice in fields["gender"].losing} | {fields["gender"].patient} == {
        one,
        two,
    }


def test_a_person_is_a_valid_patient(door: Door, index: Connection) -> None:
    one = write(
        door,
        resident(
            identity=number(), phone=PHONE, address=HOME, institution="A", record="1", deceasedDateTime="2026-01-01",
            maritalStatus={"text": "已婚"}, multipleBirthInteger=1,
        ),
    )  # fmt: skip
    view = golden.view(index, str(queries.person_of(index, one)))
    assert view is not None

    shown = golden.as_patient(view)

    assert {**shown, "link": []} == {
        "resourceType": "Patient",
        "id": view.person.id,
        "active": True,
        "identifier": [
            {"system": ID_SYSTEM, "value": number()},
            {"system": "urn:xinglin:institution:A:patient", "value": "1"},
        ],
        "name": [{"text": "欧阳海棠"}],
        "telecom": [{"system": "phone", "value": PHONE, "use": "mobile"}],
        "gender": "female",
        "birthDate": "1980-02-14",
        "deceasedDateTime": "2026-01-01",
        "address": [{"text": HOME}],
        "maritalStatus": {"text": "已婚"},
        "multipleBirthInteger": 1,
        "link": [],
    }


def known(**given_: Any) -> traits.Traits:
    return traits.from_patient(resident(**given_))


def test_clusters_that_contradict_themselves_are_found() -> None:
    one = known(identity=number(order=10))
    other = known(identity=number(order=598))
    dead = known(identity=number(order=10), deceasedBoolean=True)

    assert clusters.findings([one, one], [1, 2]) == []
    assert clusters.findings([one], [1]) == []
    assert clusters.findings([one, other], [1, 2]) == ["two-documents"]
    assert clusters.findings([one, known(sex="male")], [1, 2]) == ["two-sexes"]
    assert clusters.findings([one, dead], [1, 2]) == []
    assert clusters.findings([one, dead], [1, 2], living=one) == ["dead-and-alive"]
    assert clusters.findings([one] * 5, [1] * 5) == ["one-institution"]
    assert clusters.findings([one] * 5, [0] * 5) == []
    assert clusters.findings([one] * 31, list(range(31))) == ["many-patients"]
