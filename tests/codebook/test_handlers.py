"""The tables keep in step with the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import forget_terms
from tests.terminology import make
from tests.terminology.conftest import terms  # noqa: F401 -- a fixture
from xinglin.codebook import actions, membership
from xinglin.kernel.errors import Fault
from xinglin.terminology import queries

if TYPE_CHECKING:
    from xinglin.record.door import Door
    from xinglin.terminology.values import Connection

CURRENCIES = "http://hl7.org/fhir/ValueSet/currencies"


def code_system(*codes: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem", "id": "cs", "url": "urn:cs", "status": "active", "content": "complete",
        "concept": [{"code": code, "display": code} for code in codes], **more,
    }  # fmt: skip


def codes(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT code FROM terminology_concept ORDER BY place").fetchall()
    return [code for (code,) in rows]


def test_a_new_version_replaces_the_old_and_a_deletion_drops_it(terms: Connection, door: Door) -> None:  # noqa: F811
    door.update(code_system("a", "b"))
    first = codes(terms)
    door.update(code_system("c"))
    second = codes(terms)
    door.delete("CodeSystem", "cs")

    assert (first, second, codes(terms)) == (["a", "b"], ["c"], [])


def test_a_write_that_is_taken_back_leaves_nothing(terms: Connection, door: Door) -> None:  # noqa: F811
    door.update(code_system("a"))

    with pytest.raises(Fault):
        door.update(code_system("b", "b"))

    assert codes(terms) == ["a"]


def test_what_was_not_followed_is_caught_up_with(terms: Connection, door: Door) -> None:  # noqa: F811
    door.update(code_system("a"))
    forget_terms(terms)

    before = codes(terms)
    first = actions.catch_up(terms)
    second = actions.catch_up(terms)

    assert (before, first, second, codes(terms)) == ([], (1, []), (0, []), ["a"])


def test_a_version_in_force_is_chosen_by_the_day(terms: Connection) -> None:  # noqa: F811
    from datetime import date

    from xinglin.terminology import memory

    make.keep(
        terms,
        make.system(version="1", effective=date(2010, 1, 1)),
        make.system(version="2", effective=date(2020, 1, 1), until=date(2025, 1, 1)),
    )
    known = memory.at(terms)

    def on(day: date) -> str | None:
        found = queries.system(terms, known, make.ICD, queries.settled(terms, known, day))
        return found.version if found else None

    days = [date(2009, 12, 31), date(2010, 1, 1), date(2019, 12, 31), date(2024, 12, 31), date(2025, 1, 1)]
    assert [on(day) for day in days] == [None, "1", "1", "2", "1"]


def test_required_codes_are_checked_where_their_value_set_is_known(terms: Connection, door: Door) -> None:  # noqa: F811
    def claim(currency: str) -> dict[str, Any]:
        account = {"resourceType": "ChargeItem", "status": "billable", "code": {"text": "x"}}
        subject = {"subject": {"display": "某人"}}
        return {**account, **subject, "priceOverride": {"value": 1, "currency": currency}}

    membership.look_again()
    door.create(claim("XXX"))
    door.update(code_system("CNY", "USD", url="urn:iso:std:iso:4217"))
    door.create(
        {
            "resourceType": "ValueSet", "url": CURRENCIES, "status": "active",
            "compose": {"include": [{"system": "urn:iso:std:iso:4217"}]},
        }
    )  # fmt: skip
    membership.look_again()

    door.create(claim("CNY"))
    with pytest.raises(Fault) as refused:
        door.create(claim("XXX"))

    assert [issue.text for issue in refused.value.issues] == [
        f'ChargeItem.priceOverride.currency is "XXX", which is not in the value set {CURRENCIES}.'
    ]
    membership.look_again()
