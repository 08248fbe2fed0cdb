"""What a fact must be like, who may change it, and the way of a change."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.tcm.knowledge import rules
from xinglin.tcm.knowledge.rules import NEXT, Progress, Statement

NATURE = Statement("H0001", "nature", "chp-2020", "chp", value="温")
DOSE = Statement("H0001", "dose", "chp-2020", "chp", value="3–9g", data={"low": 3, "high": 9})
ENTERS = Statement("H0001", "enters", "chp-2020", "chp", object="LU")


@pytest.mark.parametrize(("said", "kind"), [(NATURE, ""), (DOSE, ""), (ENTERS, "meridian")])
def test_a_fact_that_says_enough_is_accepted(said: Statement, kind: str) -> None:
    rules.require_statement(said, kind)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (replace(NATURE, source=""), ""),
        (replace(NATURE, basis=""), ""),
        (replace(NATURE, basis="hearsay"), ""),
        (replace(NATURE, confidence="perhaps"), ""),
        (replace(NATURE, value=" "), ""),
        (replace(NATURE, value="喜"), ""),
        (replace(NATURE, predicate="colour"), ""),
        (replace(NATURE, object="LU"), "meridian"),
        (replace(DOSE, data={}), ""),
        (replace(DOSE, data={"low": 9, "high": 3}), ""),
        (replace(DOSE, data={"low": 0, "high": 3}), ""),
        (replace(DOSE, value="很" * 201), ""),
        (replace(ENTERS, object=""), ""),
        (ENTERS, "herb"),
        (replace(ENTERS, term="LU"), "meridian"),
    ],
)
def test_a_fact_that_says_too_little_or_wrongly_is_refused(said: Statement, kind: str) -> None:
    with pytest.raises(Fault) as refused:
        rules.require_statement(said, kind)

    assert refused.value.kind is Kind.INVALID


@pytest.mark.parametrize(("now", "then"), list(product(Progress, Progress)))
def test_a_change_goes_only_where_the_table_says(now: Progress, then: Progress) -> None:
    if then in NEXT[now]:
        rules.require_step(now.value, then)
        return

    with pytest.raises(Fault) as refused:
        rules.require_step(now.value, then)

    assert refused.value.kind is Kind.CONFLICT


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        ("doctor", {"proposing", "reviewing"}),
        ("nurse", {"proposing"}),
        ("steward", {"proposing", "reviewing", "publishing"}),
        ("administrator", {"proposing", "reviewing", "publishing"}),
        ("client", set()),
        ("auditor", set()),
        ("resident", set()),
        ("operator", set()),
    ],
)
def test_roles_have_their_rights_and_no_others(role: str, rights: set[str]) -> None:
    actor = Actor("account/1", "somebody", frozenset({role}))

    assert {what for what in ("proposing", "reviewing", "publishing") if rules.may(actor, what)} == rights


def test_nobody_reviews_their_own() -> None:
    actor = Actor("account/1", "somebody", frozenset({"steward"}))

    rules.require_other(actor, "account/2")
    with pytest.raises(Fault) as refused:
        rules.require_other(actor, "account/1")

    assert refused.value.kind is Kind.FORBIDDEN


@pytest.mark.parametrize(
    ("basis", "state", "confidence", "stops"),
    [
        ("chp", "unreviewed", "likely", True),
        ("chp", "reviewed", "certain", True),
        ("chp", "disputed", "certain", False),
        ("chp", "unreviewed", "unsure", False),
        ("textbook", "reviewed", "certain", False),
        ("literature", "unreviewed", "likely", False),
        ("", "reviewed", "certain", False),
    ],
)
def test_only_what_rests_on_authority_may_stop(
    basis: str, state: str, confidence: str, *, stops: bool
) -> None:
    assert rules.may_stop(basis, state, confidence) is stops
