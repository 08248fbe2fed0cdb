from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.tables import make as tables
from xinglin.exchange.doors import Door
from xinglin.exchange.onboarding import placing, samples
from xinglin.exchange.tables import blanks, sets

if TYPE_CHECKING:
    from collections.abc import Iterator

HL7 = b"MSH|^~\\&|A\rPID|1\rOBX|1\rNTE|1\rOBX|2\r"
XML = b"<a xmlns='urn:x'>\n <b/>\n <b>\n  <c/>\n </b>\n</a>"


@pytest.mark.parametrize(
    ("place", "line"), [("PID-3.1", 2), ("OBX[2]-5", 5), ("MSH-9", 1), ("OBX[3]", 0), ("", 0), ("ZZZ-1", 0)]
)
def test_segments_are_found(place: str, line: int) -> None:
    assert placing.line_of(Door.HL7V2, HL7, place) == line


@pytest.mark.parametrize(
    ("place", "line"),
    [("/a", 1), ("/a/b[2]/c", 4), ("/a/b[2]/d", 3), ("/a/b[1]", 2), ("/z", 0), ("line 7, column 2", 7)],
)
def test_elements_are_found(place: str, line: int) -> None:
    assert placing.line_of(Door.CDA, XML, place) == line


def test_rows_are_found_by_their_number() -> None:
    assert placing.line_of(Door.TABLE, b"a,b\n1,2\n", "row 2, column b") == 2


MADE = ("Patient", "Observation", "Observation", "Encounter")
SOURCES = {"Patient": "PID", "Observation": "OBX", "Encounter": "PV1"}


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("Patient[0].name", 2),
        ("Observation[1]", 3),
        ("Observation[2].code", 5),
        ("Encounter[3]", 0),  # there is no such segment
        ("Specimen[0]", 0),
        ("Patient[7]", 0),
        ("", 0),
    ],
)
def test_what_was_made_leads_to_its_segment_where_that_is_certain(place: str, line: int) -> None:
    assert placing.line_of_made(Door.HL7V2, HL7, place, MADE, SOURCES) == line


def test_nothing_is_guessed_where_segments_and_resources_differ_in_number() -> None:
    made = ("Patient", "Observation", "Observation", "Observation")

    assert placing.line_of_made(Door.HL7V2, HL7, "Observation[1]", made, SOURCES) == 0


def test_a_patient_of_a_table_is_that_of_the_row() -> None:
    table = tables.as_csv([tables.result(1), tables.result(2)])
    made = ("Patient", "Patient", "Observation")

    assert placing.line_of_made(Door.TABLE, table, "Patient[1]", made, {"Patient": "row"}) == 3
    assert placing.line_of_made(Door.TABLE, b"", "Patient[1]", made, {"Patient": "row"}) == 0


def test_a_workbook_is_shown_by_its_rows() -> None:
    book = blanks.as_workbook(sets.find("WS445.4.2"))

    number, headings = samples.lines_of(book)[0]

    assert number == 1
    assert headings.startswith("患者编号*")
    assert samples.text_of(book) is None


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"\A[a-z]{1,4}\Z"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(_values)
def test_members_of_json_are_on_the_lines_where_they_are_written(value: Any) -> None:
    text = json.dumps({"resourceType": "X", "it": value}, indent=1, ensure_ascii=True)
    lines = text.split("\n")

    for path, found in _members(value, "it"):
        line = placing.line_of(Door.FHIR, text.encode(), f"X.{path}")
        assert _begins(lines[line - 1], path) or _of_list(lines[line - 1], found)


def _members(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _members(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _members(inner, f"{path}[{at}]")


def _begins(line: str, path: str) -> bool:
    return not path.endswith("]") and line.strip().startswith(f'"{path.rpartition(".")[2]}":')


def _of_list(line: str, value: Any) -> bool:
    start = json.dumps(value, indent=1).split("\n")[0]
    return line.strip().rstrip(",") == start.rstrip(",")


def test_several_messages_in_a_file_are_several_samples() -> None:
    batch = b"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\rPID|2\rBTS|2\rFTS|1\r"

    found = samples.of_file(Door.HL7V2, "x.hl7", batch)

    assert [(one.name, one.body) for one in found] == [
        ("x.hl7 #1", b"MSH|^~\\&|A\rPID|1"),
        ("x.hl7 #2", b"MSH|^~\\&|B\rPID|2"),
    ]


def test_what_is_empty_is_no_sample() -> None:
    assert samples.of_file(Door.HL7V2, "x", b"\r\n") == samples.of_file(Door.FHIR, "x", b" \n") == []
