"""Households: formed, joined, left; proposed from addresses and confirmed by people."""

from __future__ import annotations

from datetime import date

import pytest

from tests.identity.people import LATER, NOW, STEWARD, VILLAGE, entry
from tests.identity.test_register import TREE
from xinglin.identity.population import households, residents, resources
from xinglin.identity.population.households import Entrance, Home
from xinglin.kernel.errors import Fault, Kind

HOME = Home(VILLAGE, "松塘社区人民路38号3栋501室")
SINCE = date(2020, 5, 1)


def form(connection, *members):
    entrances = [Entrance(person, relation, SINCE) for person, relation in members]
    return households.form(connection, home=HOME, entrances=entrances, actor=STEWARD, now=NOW)


def shown(connection, household):
    return [(m.person, m.relation) for m in households.members(connection, household)]


def test_household_has_a_number_and_its_head_first(register):
    made = form(register, ("p2", "10"), ("p1", "02"))

    assert made.record == VILLAGE + "-00001"
    assert shown(register, made.id) == [("p1", "02"), ("p2", "10")]


@pytest.mark.parametrize("members", [[("p1", "10")], [("p1", "02"), ("p2", "02")], []])
def test_household_without_exactly_one_head_is_refused(register, members):
    with pytest.raises(Fault) as fault, register.transaction():
        form(register, *members)

    assert fault.value.kind is Kind.INVALID
    assert register.execute("SELECT count(*) FROM identity_household").fetchone() == (0,)


def test_relation_that_is_no_code_is_refused(register):
    with pytest.raises(Fault, match="is no relation of GB/T 4761"), register.transaction():
        form(register, ("p1", "02"), ("p2", "zz"))

    assert register.execute("SELECT count(*) FROM identity_member").fetchone() == (0,)


def test_person_is_in_one_household_at_a_time(register):
    first, second = form(register, ("p1", "02"), ("p2", "30")), form(register, ("p3", "02"))

    households.join(
        register, household=second.id, entrance=Entrance("p2", "10", date(2026, 1, 1)), actor=STEWARD, now=NOW
    )

    assert shown(register, first.id) == [("p1", "02")]
    assert shown(register, second.id) == [("p3", "02"), ("p2", "10")]
    former = households.members(register, first.id, former=True)[-1]
    assert (former.person, former.until) == ("p2", date(2026, 1, 1))


def test_last_to_leave_closes_the_household(register):
    made = form(register, ("p1", "02"))

    households.leave(register, person="p1", until=date(2026, 2, 1), actor=STEWARD, now=NOW)

    assert households.find(register, made.id).closed == NOW
    with pytest.raises(Fault, match="Form a new one"):
        households.join(
            register, household=made.id, entrance=Entrance("p2", "10", SINCE), actor=STEWARD, now=NOW
        )


def test_leaving_before_coming_is_refused(register):
    made = form(register, ("p1", "02"))

    with pytest.raises(Fault, match="The day of leaving"), register.transaction():
        households.leave(register, person="p1", until=date(2019, 1, 1), actor=STEWARD, now=NOW)

    assert shown(register, made.id) == [("p1", "02")]


def test_new_head_is_named_with_everybodys_relation(register):
    made = form(register, ("p1", "02"), ("p2", "10"), ("p3", "20"))

    households.relate(
        register, household=made.id, relations={"p1": "10", "p2": "02", "p3": "20"}, actor=STEWARD, now=LATER
    )

    assert shown(register, made.id) == [("p2", "02"), ("p1", "10"), ("p3", "20")]
    assert next(e.kind for e in households.history(register, made.id)) == "confirmed"


@pytest.mark.parametrize(
    ("relations", "kind"),
    [({"p1": "02"}, Kind.CONFLICT), ({"p1": "02", "p2": "02"}, Kind.INVALID), ({"p1": "10", "p2": "11"}, Kind.INVALID)],
)  # fmt: skip
def test_relations_that_do_not_fit_the_members_are_refused(register, relations, kind):
    made = form(register, ("p1", "02"), ("p2", "10"))

    with pytest.raises(Fault) as fault, register.transaction():
        households.relate(register, household=made.id, relations=relations, actor=STEWARD, now=LATER)

    assert fault.value.kind is kind
    assert shown(register, made.id) == [("p1", "02"), ("p2", "10")]


# -- proposals


def propose(connection, mothers=None):
    return households.propose(connection, mothers=lambda _: mothers or {}, actor=STEWARD, now=NOW)


def test_who_shares_a_door_is_proposed_as_a_household(register):
    residents.enter(
        register,
        [entry("m", "王芳", "1990-01-01"), entry("c", "陈小", "2018-01-01", sex="male"),
         entry("g", "王老", "1950-01-01"), entry("x", "别人", address="松塘社区人民路39号")],
        TREE, NOW,
    )  # fmt: skip

    assert propose(register, {"c": "m"}) == 4

    member = households.of_person(register, ["c"])
    assert member is not None
    assert shown(register, member.household) == [("m", "02"), ("c", "20"), ("g", "99")]
    assert households.find(register, member.household).source == "inferred"
    assert propose(register) == 0


def test_door_that_too_many_share_is_no_household(register):
    residents.enter(register, [entry(f"p{n}", f"工人{n}") for n in range(13)], TREE, NOW)

    propose(register)

    assert register.execute("SELECT count(*) FROM identity_household").fetchone() == (0,)


def test_who_comes_to_a_known_door_joins_with_no_relation_stated(register):
    residents.enter(register, [entry("p1", "王芳")], TREE, NOW)
    propose(register)
    residents.enter(register, [entry("p2", "李明")], TREE, LATER)

    propose(register)

    member = households.of_person(register, ["p1"])
    assert member is not None
    assert shown(register, member.household) == [("p1", "02"), ("p2", "99")]


def test_who_left_by_statement_is_not_put_back(register):
    residents.enter(register, [entry("p1", "王芳"), entry("p2", "李明")], TREE, NOW)
    propose(register)
    households.leave(register, person="p2", until=date(2026, 3, 1), actor=STEWARD, now=NOW)

    assert propose(register) == 0
    assert households.of_person(register, ["p2"]) is None


def test_household_is_handed_on_as_a_group(register):
    made = form(register, ("p1", "02"), ("p2", "10"))

    group = resources.group(made, households.members(register, made.id), {"p1": ["a", "b"], "p2": ["c"]})

    assert [m["entity"]["reference"] for m in group["member"]] == ["Patient/a", "Patient/c"]
    assert (group["type"], group["actual"], group["quantity"]) == ("person", True, 2)
