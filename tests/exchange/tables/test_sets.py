"""The data sets, their blanks and their shipped mappings."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from xinglin.exchange import doors
from xinglin.exchange.doors import Door, Sender
from xinglin.exchange.mapping.dialects import Row
from xinglin.exchange.tables import blanks, codes, sets
from xinglin.exchange.tables.handler import WORKBOOK, translate_rows
from xinglin.exchange.tables.work import table_of
from xinglin.fhir import validation
from xinglin.summary import medicines

SENDER = Sender(7, "h01", "Test hospital", "org-1", frozenset(Door))
KINDS = tuple(sets.all_sets())


def example(set_: sets.Set) -> Row:
    """A row of the examples that the set's columns give."""
    return Row(2, [column.example for column in set_.columns])


def test_there_are_the_sets_that_standards_ask_for_first() -> None:
    assert KINDS == (
        "HDSD00.01", "WS372.2", "WS372.5", "WS373.3", "WS375.12", "WS445.10", "WS445.2.1", "WS445.2.2", "WS445.3.1",
        "WS445.4.2",
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_says_its_format_and_how_sure_it_is(kind: str) -> None:
    for column in sets.find(kind).columns:
        assert column.confidence in {"certain", "likely", "own"}
        assert column.datatype in {"S1", "S2", "S3", "L", "N", "D", "DT"}
        assert column.limits is not None or column.format in {"T/F", "D8", "DT15"}
        assert not column.table or codes.table(column.table)
        assert (column.confidence == "own") or column.element


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_a_set_are_right_and_make_valid_resources(kind: str) -> None:
    set_ = sets.find(kind)

    made = translate_rows(set_, [example(set_)], SENDER)

    assert made.reasons == ()
    assert "Patient" in {resource["resourceType"] for resource in made.resources}
    for resource in made.resources:
        assert [issue.text for issue in validation.check(resource)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_is_used_by_the_mapping(kind: str) -> None:
    text = "\n".join([sets.shipped_text(kind), *sets.library().values()])

    unused = [c.name for c in sets.find(kind).columns if c.name not in text]

    assert unused == []


def test_a_medicine_lasts_by_its_total_and_not_by_how_long_the_prescription_may_be_dispensed() -> None:
    set_ = sets.find("WS445.3.1")
    said = {
        "药物使用次剂量": "20",
        "药物使用剂量单位": "mg",
        "药物使用频次代码": "01",
        "药物使用总剂量": "1120",
        "总量单位": "mg",
    }
    row = Row(2, [said.get(column.name, column.example) for column in set_.columns])

    made = translate_rows(set_, [row], SENDER)

    request = next(one for one in made.resources if one["resourceType"] == "MedicationRequest")
    assert request["dispenseRequest"] == {
        "quantity": {"value": 1120, "unit": "mg"},
        "validityPeriod": {"start": "2026-11-03", "end": "2026-11-05"},
    }
    assert medicines.end_of(request) == "2026-12-01"


def test_a_blank_is_read_again_with_all_its_columns() -> None:
    from xinglin.exchange.tables import headings

    for set_ in sets.all_sets().values():
        for content in (blanks.as_workbook(set_), blanks.as_csv(set_)):
            table = table_of(content, set_)
            head = headings.find(set_, table)
            assert headings.recognise(table) == set_
            assert (head.places, head.ignored()) == (tuple(range(len(set_.columns))), [])


def test_a_blank_has_lists_of_codes_and_a_legend() -> None:
    set_ = sets.find("HDSD00.01")

    book = load_workbook(io.BytesIO(blanks.as_workbook(set_)))

    assert book.sheetnames == ["个人基本健康信息登记", "说明", "代码"]
    lists = {str(rule.sqref): rule.formula1 for rule in book.worksheets[0].data_validations.dataValidation}
    assert lists["C2:C20000"] == "'代码'!$B$2:$B$5"
    assert [cell.value for cell in book["说明"][3]][:6] == [
        "HDSD00.01.001",
        None,
        "患者编号",
        "是",
        "文本",
        "AN..50",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_door_takes_a_template_as_it_is_filled_in(kind: str) -> None:
    book = blanks.as_workbook(sets.find(kind))

    assert doors.handler(Door.TABLE).open(book, WORKBOOK, SENDER).kind == kind
