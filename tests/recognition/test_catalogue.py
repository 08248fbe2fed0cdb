"""The catalogue as a file: what is shipped, what is refused, what a comparison says."""

from __future__ import annotations

import pytest

from xinglin.kernel.errors import Fault
from xinglin.recognition import catalogue, reference
from xinglin.recognition.values import Kind

HEAD = "# version\t2\n# effective\t2027-01-01\n# source\tS\n# confidence\texpert\n"
COLUMNS = "\t".join(catalogue.COLUMNS)
ROW = {
    "code": "glucose", "name": "空腹血糖", "kind": "laboratory", "loinc": "14771-0", "days": "30", "mark": "city",
    "price": "6.5", "source": "S", "confidence": "expert",
}  # fmt: skip


def file(*rows: dict[str, str], head: str = HEAD) -> str:
    lines = ["\t".join(row.get(name, "") for name in catalogue.COLUMNS) for row in rows]
    return head + "\n".join([COLUMNS, *lines]) + "\n"


def test_what_is_shipped_is_read_and_written_without_loss() -> None:
    shipped = reference.shipped()

    assert catalogue.read(catalogue.write(shipped)) == shipped
    assert {item.kind for item in shipped.items.values()} == set(Kind)
    assert all(item.source and item.days for item in shipped.items.values())


def test_what_is_shipped_means_one_item_by_each_name_and_code() -> None:
    shipped = reference.shipped()
    unclear = [
        (item.code, text)
        for item in shipped.items.values()
        for text in (item.name, *item.names, *item.codes)
        if catalogue.resolve(shipped, text) != item
    ]

    assert unclear == []


@pytest.mark.parametrize(
    "text", ["glucose", "14771-0", "http://loinc.org|14771-0", "空腹血糖", "葡萄糖(空腹)", "fpg"]
)
def test_an_item_is_meant_by_code_loinc_or_name(text) -> None:
    found = catalogue.resolve(reference.shipped(), text)

    assert found is not None
    assert found.code == "glucose"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"code": "a b"}, "the code “a b” is to be letters, digits, points and hyphens, at most 40"),
        ({"name": ""}, "the item glucose has no name"),
        ({"kind": "lab"}, "kind is “lab”, but must be one of laboratory, imaging"),
        ({"loinc": "14771"}, "“14771” is no LOINC code, such as 14771-0"),
        ({"codes": "4201"}, "“4201” in codes is to be written system|code"),
        ({"days": "0"}, "days is “0”, but must be a whole number from 1 to 3650"),
        ({"days": "7.5"}, "days is “7.5”, but must be a whole number from 1 to 3650"),
        ({"tier": "A"}, "tier is “A”, but must be one of primary, secondary, tertiary"),
        ({"mark": "HR"}, "mark is “HR”, but must be one of district, city, province, provinces, national"),
        ({"price": "6,50"}, "price is “6,50”, but must be yuan such as 20.00"),
        ({"source": ""}, "the column source is empty"),
        ({"confidence": "sure"}, f"confidence is “sure”, but must be one of {', '.join(catalogue.CONFIDENCES)}"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_refused_with_its_number_and_what_would_be_right(changed, message) -> None:
    with pytest.raises(Fault) as caught:
        catalogue.read(file(ROW | {"code": "other", "name": "别"}, ROW | changed))

    assert [(one.expression, one.text) for one in caught.value.issues] == [("7", message)]


def test_all_faults_of_a_file_are_said_at_once() -> None:
    with pytest.raises(Fault) as caught:
        catalogue.read(
            file(ROW, ROW, ROW | {"code": "b", "days": "x"}, head="# version\t1\n# effective\tsoon\n")
        )

    assert [(one.expression, one.text) for one in caught.value.issues] == [
        ("5", "the code glucose stands in the file twice"),
        ("6", "days is “x”, but must be a whole number from 1 to 3650"),
        (None, "A line “# effective” with a day such as 2026-11-27 is missing."),
        (None, "A line “# source” with its value is missing."),
        (None, "A line “# confidence” with its value is missing."),
    ]


def test_a_heading_without_a_column_is_refused() -> None:
    with pytest.raises(Fault) as caught:
        catalogue.read(HEAD + COLUMNS.replace("\tprice", "\tcost") + "\n")

    assert "missing: price; not known: cost" in caught.value.issues[0].text


def test_a_table_with_commas_and_a_byte_order_mark_is_read_too() -> None:
    text = file(ROW).replace("\t", ",")

    assert catalogue.read("\ufeff" + text).items["glucose"].fen == 650


def test_a_comparison_says_what_is_added_changed_and_falls_away() -> None:
    before = catalogue.read(file(ROW, ROW | {"code": "gone", "name": "去"}))
    after = catalogue.read(file(ROW | {"days": "14", "price": "7"}, ROW | {"code": "new", "name": "新"}))

    assert catalogue.compare(before, after) == [
        catalogue.Change("glucose", "空腹血糖", "changed", (("days", "30", "14"), ("price", "6.50", "7.00"))),
        catalogue.Change("new", "新", "added"),
        catalogue.Change("gone", "去", "removed"),
    ]
    assert catalogue.compare(after, after) == []
