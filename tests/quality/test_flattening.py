"""From resources to flat rows: what is kept, what is judged, what never stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.quality import make
from tests.quality.make import hospital, patient, pressure, result, store, visit
from xinglin.kernel.checkdigits import resident
from xinglin.kernel.ids import self_number
from xinglin.quality import following, places
from xinglin.quality.columns import TABLES
from xinglin.quality.flattening import flat
from xinglin.quality.flattening.reading import moment, week_of
from xinglin.record import database
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.record.database import Connection

ID_SYSTEM = "urn:oid:2.16.156.10011.1.3"


def number(first17: str) -> dict[str, str]:
    return {"system": ID_SYSTEM, "value": first17 + resident(first17)}


def judged(**more: Any) -> dict[str, Any]:
    """The own columns of a person's row."""
    row = flat(patient("p1", **more))
    return dict(zip(TABLES["person"].own, row.parts[0], strict=True))


def rows(connection: Connection, table: str, columns: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT {columns} FROM {TABLES[table].sql} ORDER BY self, part").fetchall()


def test_an_identity_number_becomes_verdicts() -> None:
    good = number("45010319600304204")
    assert good["value"][16] in "02468"

    row = judged(identifier=[good])

    assert [row[name] for name in ("id_filled", "id_proven", "id_birth", "id_sex", "id_division")] == [
        True
    ] * 5


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("450103196003042041", "id_proven"),
        (number("45010319600305204")["value"], "id_birth"),
        (number("45010319600304203")["value"], "id_sex"),
        (number("99010319600304204")["value"], "id_division"),
    ],
)
def test_each_fault_of_an_identity_number_has_its_own_verdict(value: str, wrong: str) -> None:
    if wrong == "id_proven" and value[17] == resident(value[:17]):
        value = value[:17] + "2"

    row = judged(identifier=[{"system": ID_SYSTEM, "value": value}])

    assert row["id_filled"] is True
    assert row[wrong] is False


def test_what_is_typed_for_want_of_a_number_is_none() -> None:
    assert judged(identifier=[{"system": ID_SYSTEM, "value": "000000000000000000"}])["id_filled"] is False


@pytest.mark.parametrize(
    ("name", "plain"), [("王桂兰", True), ("无名氏", False), ("张3", False), ("买买提·依明", True)]
)
def test_a_name_is_judged(name: str, plain: bool) -> None:
    row = judged(name=[{"text": name}])
    assert (row["name_filled"], row["name_plain"]) == (True, plain)


@pytest.mark.parametrize(
    ("phone", "shaped"), [("13812345678", True), ("0771-5554444", True), ("12345", False)]
)
def test_a_telephone_is_judged(phone: str, shaped: bool) -> None:
    assert judged(telecom=[{"system": "phone", "value": phone}])["phone_shaped"] is shaped


def test_no_flat_table_can_hold_who_somebody_is(quality: Connection) -> None:
    texts = {
        (table, column)
        for table, column in quality.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE data_type = 'text'"
            " AND table_name = ANY(%s)",
            [[table.sql for table in TABLES.values()]],
        )
    }
    allowed = {
        "receipt", "class", "status", "code", "system", "syndrome", "value_code", "unit", "category", "dose_unit",
        "teller",
    }  # fmt: skip
    assert {column for _, column in texts} == allowed
    assert ("quality_person", "receipt") in texts
    assert {column for table, column in texts if table == "quality_person"} == {"receipt"}


def test_the_columns_of_rules_are_those_of_the_database(quality: Connection) -> None:
    for table in TABLES.values():
        found = [
            name
            for (name,) in quality.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
                [table.sql],
            )
        ]
        assert found[13:] == list(table.own), table.name
        assert sorted(found[:13]) == sorted(list(table.columns)[:13])


def test_components_are_rows_of_their_own() -> None:
    row = flat(pressure("o1", "p1", 130, 80))
    own = list(TABLES["observation"].own)
    assert [(part[own.index("code")], part[own.index("value")]) for part in row.parts] == [
        ("8480-6", 130.0),
        ("8462-4", 80.0),
    ]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024", "2024-01-01T00:00:00+08:00"),
        ("2024-05", "2024-05-01T00:00:00+08:00"),
        ("2024-05-06", "2024-05-06T00:00:00+08:00"),
        ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09+00:00"),
        ("2024-13", None),
        ("soon", None),
        (None, None),
    ],
)
def test_times_are_read_as_far_as_they_go(text: str | None, iso: str | None) -> None:
    found = moment(text)
    assert (found.isoformat() if found else None) == iso


def test_a_row_counts_for_the_week_of_the_event_unless_that_cannot_be() -> None:
    received = moment("2026-11-20T10:00:00+08:00")
    assert received is not None
    assert week_of(moment("2026-11-02T00:10:00+08:00"), received) == week_of(
        moment("2026-11-08T23:50:00+08:00"), received
    )
    for impossible in (None, moment("2036-01-01"), moment("1888-01-01")):
        assert week_of(impossible, received) == week_of(received, received)


def test_what_was_written_is_flat_after_following(quality: Connection) -> None:
    store(
        hospital(),
        patient("p1"),
        visit("e1", "p1"),
        result("o1", "p1", encounter={"reference": "Encounter/e1"}),
    )

    assert make.flatten() == 4

    unit, department = places.unit_number("h1"), places.word_number("心血管内科")
    assert rows(quality, "encounter", "self, person, institution, department, class") == [
        (self_number("Encounter", "e1"), self_number("Patient", "p1"), unit, department, "AMB")
    ]
    assert rows(quality, "observation", "institution, department, code, value, unit") == [
        (unit, department, "14771-0", 5.2, "mmol/L")
    ]
    assert places.names(quality, [unit, department]) == {unit: "第一人民医院", department: "心血管内科"}


def test_following_twice_changes_nothing(quality: Connection) -> None:
    store(hospital(), patient("p1"), visit("e1", "p1"))
    make.flatten()
    before = rows(quality, "encounter", "*")

    quality.execute("UPDATE record_consumer SET place = 0 WHERE name = %s", [following.NAME])
    make.flatten()

    assert rows(quality, "encounter", "*") == before


def test_a_new_version_replaces_the_row_and_keeps_when_it_came_first(quality: Connection) -> None:
    store(hospital(), patient("p1"), pressure("o1", "p1", 130, 80))
    make.flatten()
    quality.execute("UPDATE quality_observation SET received = '2026-01-01'")
    store(result("o1", "p1", 6.1))

    make.flatten()

    ((part, value, received),) = rows(quality, "observation", "part, value, received")
    assert (part, value, received.isoformat()) == (0, 6.1, "2026-01-01T00:00:00+00:00")


def test_a_deletion_leaves_no_row(quality: Connection) -> None:
    store(hospital(), patient("p1"), result("o1", "p1"))
    make.flatten()
    open_as(make.CLIENT).delete("Observation", "o1")

    make.flatten()

    assert rows(quality, "observation", "self") == []


def test_the_receipt_of_the_message_is_kept(quality: Connection) -> None:
    store(hospital(), patient("p1", meta={"source": "urn:xinglin:message:R-0001"}))
    make.flatten()
    assert rows(quality, "person", "receipt") == [("R-0001",)]


def test_a_department_that_is_an_organization_belongs_to_its_institution(quality: Connection) -> None:
    ward = {**hospital("h1-d1", "心血管内科病区"), "partOf": {"reference": "Organization/h1"}}
    store(
        hospital(),
        ward,
        patient("p1"),
        visit("e1", "p1", serviceProvider={"reference": "Organization/h1-d1"}),
    )

    make.flatten()

    assert rows(quality, "encounter", "institution, department") == [
        (places.unit_number("h1"), places.unit_number("h1-d1"))
    ]


def test_all_rows_can_be_made_anew(quality: Connection) -> None:
    store(
        hospital(),
        patient("p1"),
        visit("e1", "p1"),
        result("o1", "p1", encounter={"reference": "Encounter/e1"}),
    )
    make.flatten()
    store(result("o1", "p1", 7.0, encounter={"reference": "Encounter/e1"}))
    make.flatten()
    before = {name: rows(quality, name, "*") for name in TABLES}
    quality.execute("TRUNCATE quality_person, quality_encounter")

    done = following.rebuild(quality, lambda *_: None, size=1)

    assert done == 4
    assert {name: rows(quality, name, "*") for name in TABLES} == before
    assert make.flatten() == 0


def test_what_cannot_be_made_flat_does_not_stop_the_rest(quality: Connection) -> None:
    wrong = following.Incoming("Encounter", "e9", 9, {"resourceType": "Encounter", "id": "e9", "class": 7})
    right = following.Incoming("Patient", "p1", 8, patient("p1"))
    with database.connection().transaction():
        batch = following.put(database.connection(), [wrong, right])
    assert (batch.skipped, batch.rows) == (1, 1)
    assert rows(quality, "encounter", "self") == []
