"""The patient summary on paper: who it is of, and every section in two languages."""

from __future__ import annotations

import base64
import re
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.portal.conftest import doctor, resident_without_rights, stored  # noqa: F401 -- fixtures
from xinglin.summary import building, printing

if TYPE_CHECKING:
    from django.test import Client

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def read(pdf: bytes) -> str:
    """What is written on the pages; the font's encoding is that of UTF-16."""
    found = ""
    for stream in _STREAM.findall(pdf):
        try:
            page = zlib.decompress(base64.a85decode(stream.strip().removesuffix(b"~>")))
        except (ValueError, zlib.error):
            continue
        for written in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", page, re.DOTALL):
            found += _ESCAPE.sub(_unescaped, written).decode("utf-16-be", "replace")
    return found


def _unescaped(found: re.Match[bytes]) -> bytes:
    said = found[1]
    return bytes([int(said, 8)]) if said.isdigit() else _SHORT.get(said, said)


def test_paper_says_who_it_is_of_and_every_section(doctor: Client) -> None:  # noqa: F811 -- the fixture
    answer = doctor.get("/residents/a/summary/paper/")

    said = read(answer.content)
    assert answer["Content-Type"] == "application/pdf"
    assert "attachment" in answer["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")
    for words in (
        "国际患者摘要",
        "王桂兰",
        "WANG Guilan",
        "1949-12-31",
        "青霉素",
        "2型糖尿病",
        "第一人民医院",
    ):
        assert words in said, words


def test_paper_is_not_for_who_may_not_read_the_record(
    resident_without_rights: Client,  # noqa: F811 -- the fixture
) -> None:
    answer = resident_without_rights.get("/residents/a/summary/paper/")

    assert answer.status_code == 403
    assert b"%PDF" not in answer.content


def test_section_of_which_nobody_wrote_says_so_and_markup_stays_text() -> None:
    allergy = {
        "resourceType": "AllergyIntolerance", "id": "x", "patient": {"reference": "Patient/p"},
        "code": {"text": "<b>青霉素</b> & 头孢"},
    }  # fmt: skip
    patient = {"resourceType": "Patient", "id": "p"}
    made = building.summary([patient], [allergy], {"Patient/p": "甲医院"}, NOW.date())

    said = read(printing.draw(made, [("姓名 Name", "张<三>")], now=NOW))

    assert "<b>青霉素</b> & 头孢" in said
    assert "张<三>" in said
    assert "无人记录" in said


def test_long_summary_goes_on_on_the_next_page() -> None:
    allergies = [
        {
            "resourceType": "AllergyIntolerance", "id": f"x{number}", "patient": {"reference": "Patient/p"},
            "code": {"text": f"药物{number}号"},
        }
        for number in range(90)
    ]  # fmt: skip
    made = building.summary([{"resourceType": "Patient", "id": "p"}], allergies, {}, NOW.date())

    pdf = printing.draw(made, [], now=NOW)

    rows = len(made.sections[0].rows) if made.sections[0].rows else len(made.sections[1].rows)
    assert rows > 40
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 1
