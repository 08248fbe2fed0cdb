"""The tables of states, rights and relations."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.healthcard import reference, rules
from xinglin.healthcard.rules import LEADS, LIVING, NEXT, Act, Right, State, Wish
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind

TODAY = date(2026, 11, 20)
GOOD = Wish("h", "c", "parent", "birth-certificate", "证号 1", False, TODAY, None)


def test_states_lead_where_the_table_says():
    led = {(origin, target) for origins, target in LEADS.values() for origin in origins}

    assert led == {(origin, target) for origin, targets in NEXT.items() for target in targets}


def test_living_states_are_those_that_lead_somewhere():
    assert {state for state, targets in NEXT.items() if targets} == LIVING


@given(acts=st.lists(st.sampled_from(Act), max_size=12))
def test_any_sequence_of_acts_stays_on_the_table(acts):
    state = State.REQUESTED
    for act in acts:
        before = state
        if before in LEADS[act][0]:
            state = rules.step(state, act)
            assert state in NEXT[before]
        else:
            with pytest.raises(Fault) as refused:
                rules.step(state, act)
            assert refused.value.kind is Kind.CONFLICT
    if state not in LIVING:
        assert all(state not in LEADS[act][0] for act in Act)


@pytest.mark.parametrize("state", State)
def test_what_is_offered_can_be_done(state):
    for act in rules.possible(state):
        rules.step(state, act)


@pytest.mark.parametrize("act", [Act.FREEZE, Act.UNFREEZE, Act.REPLACE, Act.CANCEL])
def test_reason_must_be_one_of_the_acts_own(act):
    for code in reference.reasons(act.value):
        rules.require_reason(act, code)
    for wrong in ("", "merged", "because"):
        with pytest.raises(Fault, match="Say why"):
            rules.require_reason(act, wrong)


def test_handing_over_needs_no_reason():
    rules.require_reason(Act.ACTIVATE, "")


RIGHTS = {
    "doctor": {Right.VERIFY, Right.LOOK},
    "nurse": {Right.VERIFY, Right.LOOK, Right.ISSUE},
    "steward": {Right.LOOK, Right.ISSUE, Right.OVERSEE},
    "client": {Right.VERIFY},
    "administrator": set(Right),
    "nobody": set(),
}


@pytest.mark.parametrize(("role", "right"), [(role, right) for role in RIGHTS for right in Right])
def test_rights_by_role(role, right):
    actor = Actor("x", "X", frozenset({role}))
    if right in RIGHTS[role]:
        rules.require(actor, right)
    else:
        with pytest.raises(Fault) as refused:
            rules.require(actor, right)
        assert refused.value.kind is Kind.FORBIDDEN


@pytest.mark.parametrize(
    ("role", "institution", "bound"),
    [("steward", "hospital", "hospital"), ("steward", None, None), ("administrator", "hospital", None)],
)
def test_who_oversees_an_institution_is_bound_to_it(role, institution, bound):
    assert rules.bound_to(Actor("x", "X", frozenset({role}), institution=institution)) == bound


def test_good_binding_is_allowed():
    rules.require_binding(GOOD, age=6, today=TODAY)


@pytest.mark.parametrize(
    ("change", "age", "said"),
    [
        ({"carer": "h"}, 6, "own card"),
        ({"relation": "friend"}, 6, "no relation"),
        ({}, None, "birth date is not known"),
        ({}, 18, "under 18 years; this one is 18"),
        ({"relation": "carer", "evidence": "authorisation", "consent": True}, 17, "from 18"),
        ({"evidence": "authorisation"}, 6, "proved by one of"),
        ({"reference": "  "}, 6, "number of the evidence"),
        ({"relation": "carer", "evidence": "authorisation"}, 70, "must agree"),
        ({"ends": date(2026, 11, 19)}, 6, "2026-11-19 lies before 2026-11-20"),
    ],
)
def test_wrong_binding_is_told(change, age, said):
    fields = {name: getattr(GOOD, name) for name in Wish.__dataclass_fields__}

    with pytest.raises(Fault, match=said) as refused:
        rules.require_binding(Wish(**{**fields, **change}), age=age, today=TODAY)

    assert refused.value.kind is Kind.INVALID


@pytest.mark.parametrize(
    ("relation", "birth", "asked", "last"),
    [
        ("parent", date(2020, 6, 1), None, date(2038, 5, 31)),
        ("parent", date(2020, 6, 1), date(2030, 1, 1), date(2030, 1, 1)),
        ("parent", date(2020, 6, 1), date(2050, 1, 1), date(2038, 5, 31)),
        ("parent", date(2020, 2, 29), None, date(2038, 2, 28)),
        ("carer", date(1949, 12, 31), None, None),
        ("carer", date(1949, 12, 31), date(2027, 1, 1), date(2027, 1, 1)),
    ],
)
def test_parents_binding_ends_when_the_child_is_grown_up(relation, birth, asked, last):
    assert rules.last_day(relation, birth, asked) == last


def test_tables_name_only_what_there_is():
    evidence = set(reference.evidence())

    assert all(set(r.evidence) <= evidence for r in reference.relations().values())
    assert set(rules.ALLOWED) == {"system", "administrator", "client", "doctor", "nurse", "steward"}


@pytest.mark.parametrize(
    ("roles", "named"),
    [({"doctor"}, True), ({"steward"}, False), ({"steward", "nurse"}, True), ({"x"}, None)],
)
def test_counter_is_told_as_much_as_its_role_allows(roles, named):
    told = reference.disclosed(roles)

    assert ("name" in told) is bool(named)
    assert ("name-masked" in told) is (named is not None and "steward" in roles)
    assert "document" not in told
