"""The working tables follow the record."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from tests.directory.conftest import rows
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import sealing

DIVISIONS = "urn:xinglin:codes:division"


def division(code, name, within=None, **more):
    made = {
        "resourceType": "Location", "id": f"d-{code}", "name": name, "status": "active",
        "identifier": [{"system": DIVISIONS, "value": code.ljust(12, "0")}], **more,
    }  # fmt: skip
    return {**made, "partOf": {"reference": f"Location/d-{within}"}} if within else made


def phase(name, start=None, end=None, parent=None):
    period = {k: v for k, v in (("start", start), ("end", end)) if v}
    inner = [{"url": "name", "valueString": name}, {"url": "period", "valuePeriod": period}]
    if parent:
        inner.append({"url": "parent", "valueCode": parent})
    return {
        "url": "urn:xinglin:extension:division-phase",
        "extension": [e for e in inner if e.get("valuePeriod") != {}],
    }


def test_region_is_followed(region):
    kinds = dict(rows("SELECT kind, count(*) FROM directory_entry GROUP BY 1"))

    assert kinds == {
        "division": 1 + 6 + 12 + 72,
        "institution": 1 + 3 + 6 + 12 + 6 + 72,
        "site": 100,
        "department": 279,
        "practitioner": 475,
    }
    assert rows(
        "SELECT institution, division FROM directory_entry WHERE type = 'Organization' AND id = 'xc-h01-d00'"
    ) == [("xc-h01", None)]
    assert rows(
        "SELECT institution, division FROM directory_entry WHERE type = 'Organization' AND id = 'xc-h01'"
    ) == [("xc-h01", 459802001001)]
    assert rows("SELECT count(*) FROM directory_role WHERE institution IS NULL") == [(0,)]
    assert rows("SELECT level, parent FROM directory_division WHERE code = 459802001001") == [
        (5, 459802001000)
    ]
    assert rows("SELECT level FROM directory_entry WHERE type = 'Organization' AND id = 'xc-h01'") == [("2",)]
    assert (
        rows("SELECT value, sound FROM directory_code WHERE scheme = 'uscc' AND id = 'xc-h01'")[0][1] is True
    )


def test_a_department_moves_with_its_parent(directory):
    dept = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "dept"}]}
    for id_ in ("one", "two"):
        directory.update({"resourceType": "Organization", "id": id_, "name": id_})
    ward = {"resourceType": "Organization", "id": "ward", "name": "内科", "type": [dept]}
    directory.update({**ward, "partOf": {"reference": "Organization/one"}})
    directory.update({"resourceType": "Organization", "id": "team", "name": "一组", "type": [dept],
                      "partOf": {"reference": "Organization/ward"}})  # fmt: skip

    directory.update({**ward, "partOf": {"reference": "Organization/two"}})

    found = rows("SELECT id, institution FROM directory_entry WHERE kind = 'department' ORDER BY id")
    assert found == [("team", "two"), ("ward", "two")]
    assert rows(
        "SELECT parent, upper_inf(period) FROM directory_belonging WHERE id = 'ward' ORDER BY period"
    ) == [
        ("Organization/one", False),
        ("Organization/two", True),
    ]


def test_organizations_in_a_circle_are_refused_and_nothing_changes(directory):
    directory.update({"resourceType": "Organization", "id": "one", "name": "一"})
    directory.update(
        {
            "resourceType": "Organization",
            "id": "two",
            "name": "二",
            "partOf": {"reference": "Organization/one"},
        }
    )

    with pytest.raises(Fault) as refused:
        directory.update(
            {
                "resourceType": "Organization",
                "id": "one",
                "name": "一",
                "partOf": {"reference": "Organization/two"},
            }
        )

    assert refused.value.kind is Kind.CONFLICT
    assert "part of itself" in str(refused.value)
    assert directory.read("Organization", "one").version == 1
    assert rows("SELECT parent FROM directory_entry WHERE id = 'one'") == [(None,)]


def test_a_division_with_phases_is_dated(directory):
    directory.update(division("45", "广西壮族自治区"))
    directory.update(division("459800", "杏川市", "45"))

    extension = [
        phase("杏川地区", end="1999-12-31", parent="45"),
        phase("杏川市", start="2000-01-01", parent="45"),
    ]
    directory.update(division("459800", "杏川市", "45", extension=extension))

    assert rows("SELECT name, lower(period), upper(period), parent FROM directory_division WHERE code = 459800000000"
                " ORDER BY period") == [
        ("杏川地区", None, date(2000, 1, 1), 450000000000),
        ("杏川市", date(2000, 1, 1), None, 450000000000),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("extension", "said"),
    [
        ([phase("甲", end="2000-01-01"), phase("乙", start="2000-01-01")],
         "Two phases of 4598 hold on one day: 甲 and 乙."),
        ([phase("甲", parent="459802")],
         "459802 is not above 4598: a parent's code has fewer digits that are not zero."),
        ([phase("甲", parent="4598")], "4598 cannot be a part of itself."),
        ([{"url": "urn:xinglin:extension:division-successor", "extension": [
            {"url": "code", "valueCode": "4599"}, {"url": "day", "valueDate": "2020-01-01"}]}],
         "4598 is still in force on 2020-01-01; end it on that day, or give a later day."),
    ],
)  # fmt: skip
def test_a_false_tree_is_refused_and_nothing_is_stored(directory, extension, said):
    if "division-successor" in str(extension):
        extension = [phase("甲"), *extension]
    with pytest.raises(Fault) as refused:
        directory.update(division("4598", "杏川市", extension=extension))

    assert str(refused.value) == said
    assert rows("SELECT count(*) FROM directory_division") == [(0,)]
    assert rows("SELECT count(*) FROM record_resource") == [(0,)]


def test_one_code_cannot_mean_two_things_on_one_day(directory):
    directory.update(division("4598", "杏川市"))

    with pytest.raises(Fault) as refused:
        directory.update({**division("4598", "他市"), "id": "other"})

    assert refused.value.kind is Kind.CONFLICT
    assert str(refused.value).startswith("4598 means 杏川市 on some of these days: Location/d-4598 says so.")
    assert rows("SELECT name FROM directory_division") == [("杏川市",)]


def test_two_connections_cannot_give_one_code_two_meanings(directory):
    from xinglin.record import database

    insert = (
        "INSERT INTO directory_division (code, level, name, class, period, location)"
        " VALUES (459800000000, 2, %s, '', daterange(%s, %s), %s)"
    )
    with database.connect() as one, database.connect() as two:
        with one.transaction():
            one.execute(insert, ["甲", "2000-01-01", None, "a"])
            two.execute("SET lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                two.execute(insert, ["乙", "1999-01-01", "2000-01-02", "b"])
        with pytest.raises(psycopg.errors.ExclusionViolation):
            two.execute(insert, ["乙", "1999-01-01", "2000-01-02", "b"])
        two.execute(insert, ["丙", "1999-01-01", "2000-01-01", "b"])

    assert rows("SELECT name FROM directory_division ORDER BY name") == [("丙",), ("甲",)]


def test_what_is_deleted_leaves_the_tables(directory):
    directory.update(division("4598", "杏川市"))
    directory.delete("Location", "d-4598")

    assert [rows(f"SELECT count(*) FROM directory_{t}") for t in ("entry", "code", "key", "division")] == [
        [(0,)]
    ] * 4


def test_a_refused_transaction_leaves_no_entry(directory):
    from xinglin.record.steps import Step, Verb

    good = {"resourceType": "Organization", "id": "good", "name": "好医院"}
    bad = {"resourceType": "Practitioner", "id": "bad", "gender": "nonsense"}
    with pytest.raises(Fault):
        directory.transaction([Step(Verb.UPDATE, r["resourceType"], r["id"], r) for r in (good, bad)])

    assert rows("SELECT count(*) FROM directory_entry") == [(0,)]


def test_registrations_and_roles_are_dated(directory):
    directory.update({"resourceType": "Organization", "id": "one", "name": "医院"})
    directory.update({
        "resourceType": "Practitioner", "id": "p", "name": [{"text": "单雄信"}],
        "qualification": [{
            "identifier": [{"system": "urn:xinglin:identifier:nurse-practice", "value": "201545001234"}],
            "code": {"text": "护士执业证书"}, "period": {"start": "2020-05-01", "end": "2025-04-30"},
        }],
    })  # fmt: skip
    directory.update({
        "resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/p"},
        "organization": {"reference": "Organization/one"}, "code": [{"text": "护师"}],
    })  # fmt: skip

    found = rows("SELECT kind, number, upper(period) FROM directory_registration")
    assert [(kind, sealing.open_text(number), until) for kind, number, until in found] == [
        ("nurse_practice", "201545001234", date(2025, 5, 1))
    ]
    assert rows("SELECT organization, institution, title FROM directory_role") == [("one", "one", "护师")]
    assert ("sxx",) in rows("SELECT key FROM directory_key WHERE id = 'p'")


def test_tables_made_anew_are_the_same(region):
    from xinglin.directory import rebuilding

    city = dict(region.read("Location", "xc-459800").resource)
    region.update({**city, "alias": ["杏城"]})  # written after its children
    tables = ("entry", "code", "key", "registration", "role", "division", "succession", "affiliation")
    before = {name: sorted(rows(f"SELECT t::text FROM directory_{name} t")) for name in tables}

    rebuilding.rebuild()

    assert {name: sorted(rows(f"SELECT t::text FROM directory_{name} t")) for name in tables} == before
