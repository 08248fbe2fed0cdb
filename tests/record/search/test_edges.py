"""Search inside a transaction, by parameters of one's own, and whom a search is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import make
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.kernel.ids import self_number
from xinglin.record import actions, database, parameters, search
from xinglin.record.search import sorting
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from tests.record.search.finding import Finder

pytestmark = pytest.mark.django_db


def test_a_search_in_a_transaction_sees_what_was_written_there_and_leaves_the_plan_mode(
    finder: Finder,
) -> None:
    finder.store(make.patient(id="p1"))
    query = search.parse("Observation", [("subject:Patient.family", "张"), ("_count", "2")])
    new = make.observation("Patient/p1", id="o1")

    with database.connect() as connection, connection.transaction():
        before = connection.execute("SHOW plan_cache_mode").fetchone()
        actions.perform([Step(Verb.UPDATE, "Observation", "o1", new)], actor=SYSTEM, connection=connection)
        inside = [stored.id for stored in search.find(connection, query)]
        outside = [stored.id for stored in search.find(database.connection(), query)]
        after = connection.execute("SHOW plan_cache_mode").fetchone()

    assert (inside, outside) == (["o1"], [])
    assert before == after == ("force_generic_plan",)


def test_a_search_leaves_no_transaction_open(finder: Finder) -> None:
    finder.page("Patient?name:contains=xx&_total=accurate&_include=*")

    assert database.connection().info.transaction_status.name == "IDLE"


def test_a_stored_search_parameter_is_searched_and_sorted_by(finder: Finder) -> None:
    finder.store(
        {
            "resourceType": "SearchParameter",
            "id": "marital",
            "url": "http://example.org/SearchParameter/marital",
            "name": "marital",
            "status": "active",
            "description": "Marital status",
            "code": "marital",
            "base": ["Patient"],
            "type": "token",
            "expression": "Patient.maritalStatus",
        }
    )
    parameters.look_again()
    finder.store(
        make.patient(id="a", maritalStatus={"coding": [{"code": "M"}]}),
        make.patient(id="b", maritalStatus={"coding": [{"code": "D"}]}),
        make.patient(id="c"),
    )

    assert finder.found("Patient?marital=M") == {"a"}
    assert finder.found("Patient?marital:not=M") == {"b", "c"}
    assert finder.ids("Patient?_sort=-marital") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("pairs", "compartment", "id_"),
    [
        ([("patient", "p1")], None, "p1"),
        ([("subject", "Patient/p1"), ("code", "x")], None, "p1"),
        ([("subject:Patient", "p1")], None, "p1"),
        ([], ("Patient", "p1"), "p1"),
        ([("patient", "p1,p2")], None, None),
        ([("subject", "Group/g")], None, None),
        ([("patient", "p1"), ("patient", "p2")], None, None),
        ([("code", "x")], None, None),
        ([], ("Encounter", "p1"), None),
    ],
)
def test_a_search_tells_which_patient_it_is_about(
    pairs: list[tuple[str, str]], compartment: tuple[str, str] | None, id_: str | None
) -> None:
    assert search.patient_of(pairs, compartment) == (self_number("Patient", id_) if id_ else None)


def test_results_to_be_sorted_by_code_may_not_be_too_many(
    finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "MAX_SORTED", 2)
    finder.store(*(make.patient(id=f"p{n}") for n in range(3)))

    with pytest.raises(Fault) as refused:
        finder.page("Patient?_sort=gender")
    assert refused.value.issues[0].code == "too-costly"
    assert finder.found("Patient?_sort=gender&_id=p0,p1") == {"p0", "p1"}
