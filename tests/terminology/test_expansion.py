"""Value sets are worked out once, and again when what they rest on has changed."""

from __future__ import annotations

import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.terminology import make
from xinglin.record import database
from xinglin.terminology import checking, listing, memory
from xinglin.terminology.expansion import Expander

if TYPE_CHECKING:
    from xinglin.terminology.values import Connection

TODAY = date(2026, 1, 1)
CODES = [one.code for one in make.diseases()]
OPERATORS = ("is-a", "descendent-of", "is-not-a", "generalizes")


def members(connection: Connection, *include: dict[str, Any], exclude: Any = None) -> list[str]:
    known = memory.at(connection)
    compose: dict[str, Any] = {"include": list(include), **({"exclude": exclude} if exclude else {})}
    found = Expander(connection, known, TODAY).of_compose(compose)
    total, entries = listing.page(connection, known, found, listing.Window())
    assert total == len(entries)
    return [one.code for one in entries]


def by(op: str, value: str, property_: str = "concept") -> dict[str, Any]:
    return {"system": make.ICD, "filter": [{"property": property_, "op": op, "value": value}]}


@pytest.fixture
def icd(terms: Connection) -> Connection:
    make.keep(terms, make.system())
    return terms


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.sampled_from(CODES), st.sampled_from(OPERATORS))
def test_hierarchies_keep_their_laws(icd: Connection, code: str, op: str) -> None:
    below, above = members(icd, by("is-a", code)), members(icd, by("generalizes", code))

    assert set(below) & set(above) == {code}
    assert sorted(below + members(icd, by("is-not-a", code))) == sorted(CODES)
    assert members(icd, by("descendent-of", code)) == [one for one in below if one != code]
    assert set(members(icd, {"system": make.ICD}, exclude=[by(op, code)])) == set(CODES) - set(
        members(icd, by(op, code))
    )


def test_properties_and_displays_are_filtered_by(icd: Connection) -> None:
    assert members(icd, by("=", "IX", "chapter")) == ["I10", "I11"]
    assert members(icd, by("=", "false", "notifiable")) == ["I10"]
    assert members(icd, by("=", "true", "inactive")) == ["I11.9"]
    assert members(icd, by("regex", ".*心脏病.*", "display")) == ["I11", "I11.0", "I11.9"]
    assert members(icd, by("exists", "false", "chapter")) == ["I10-I15", "I11.0", "I11.9", "E11"]


def test_an_expansion_is_kept_until_its_system_changes(icd: Connection) -> None:
    def kept() -> list[Any]:
        return icd.execute("SELECT id FROM terminology_expansion").fetchall()

    members(icd, by("is-a", "I11"))
    first = kept()
    members(icd, by("is-a", "I11"))
    again = kept()
    make.keep(icd, make.system("urn:test:other", version="1"))
    unchanged = kept()
    make.keep(icd, make.system())

    assert len(first) == 1
    assert (first, first, []) == (again, unchanged, kept())
    assert icd.execute("SELECT count(*) FROM terminology_member").fetchone() == (0,)


def test_two_who_work_out_the_same_make_it_once(icd: Connection) -> None:
    compose = {"include": [by("is-a", "I10-I15")]}
    found: list[int] = []
    start = threading.Barrier(2)

    def work() -> None:
        with database.connect() as connection:
            start.wait()
            expander = Expander(connection, memory.Memory("", -1), TODAY)
            found.append(expander.of_compose(compose).id)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(found) == 2
    assert len(set(found)) == 1
    assert icd.execute("SELECT count(*) FROM terminology_expansion").fetchone() == (1,)


def test_what_another_connection_commits_is_seen_at_the_next_question(icd: Connection) -> None:
    coding = checking.Coding(make.ICD, "Z00")
    before = checking.Checker(icd, memory.at(icd), TODAY).in_system(coding).right
    with database.connect() as other:
        make.keep(other, make.system(concepts=[*make.diseases(), make.concept("Z00", "体检")]))

    after = checking.Checker(icd, memory.at(icd), TODAY).in_system(coding).right

    assert (before, after) == (False, True)


def test_codes_are_told_apart_by_case_only_where_the_system_does(terms: Connection) -> None:
    make.keep(
        terms,
        make.system("urn:sensitive", [make.concept("Ab", "甲"), make.concept("AB", "乙")]),
        make.system("urn:insensitive", [make.concept("Ab", "甲")], case_sensitive=False),
    )
    checker = checking.Checker(terms, memory.at(terms), TODAY)

    def right(system: str, code: str) -> bool:
        return checker.in_system(checking.Coding(system, code)).right

    assert [right("urn:sensitive", code) for code in ("Ab", "AB", "ab")] == [True, True, False]
    assert [right("urn:insensitive", code) for code in ("Ab", "AB", "ab")] == [True, True, True]


def test_of_a_fragment_nothing_is_certain(terms: Connection) -> None:
    make.keep(terms, make.system("urn:part", [make.concept("A", "甲")], content="fragment"))
    checker = checking.Checker(terms, memory.at(terms), TODAY)

    verdict = checker.in_system(checking.Coding("urn:part", "B"))

    assert (verdict.right, [issue.severity for issue in verdict.issues]) == (False, ["warning"])


def test_a_system_is_known_by_its_oid_too(terms: Connection) -> None:
    make.keep(terms, make.system(oids=("1.2.3",)))
    checker = checking.Checker(terms, memory.at(terms), TODAY)

    assert checker.in_system(checking.Coding("urn:oid:1.2.3", "I10")).system == make.ICD
