"""Every kind has a template that accepts a good document and names what is wrong in a bad one."""

from __future__ import annotations

import csv

import pytest

from tests.exchange.cda import make
from xinglin.exchange.cda import checking, kinds, reading, writing
from xinglin.exchange.cda.checking import findings
from xinglin.exchange.cda.documents import Value

CODES = list(kinds.kinds())


def checked(document):
    return checking.check(reading.read(writing.write(document)))


def told(reasons):
    return [(one.severity, one.code, one.place, one.words) for one in reasons]


def test_there_are_seventy_three_kinds_as_the_terminology_names_them():
    file = kinds.Path(kinds.shipped.CONTENT) / "codesystems" / "document-type.csv"
    with file.open(encoding="utf-8", newline="") as text:
        rows = {row["code"]: (row["display"], row["template"]) for row in csv.DictReader(text)}

    assert {code: (kind.title, kind.template) for code, kind in kinds.kinds().items()} == rows
    assert len(rows) == 73


@pytest.mark.parametrize("code", CODES)
def test_a_good_document_of_every_kind_is_accepted(code):
    assert told(checked(make.good(kinds.kinds()[code]))) == []


@pytest.mark.parametrize("code", CODES)
def test_a_bad_document_of_every_kind_is_told_what_is_wrong_and_where(code):
    kind = kinds.kinds()[code]
    part = next(part for part in kind.parts if part.required)
    document = make.good(kind)
    document.sections = [one for n, one in zip(kind.parts, document.sections, strict=True) if n is not part]
    document.patient.name = ""
    document.time = "2026-01-02"

    reasons = checked(document)

    severity = "warning" if part.confidence == "unsure" else "error"
    assert told(reasons) == [
        (
            "error", "value", "/ClinicalDocument/effectiveTime",
            "“2026-01-02” is no date or time; right would be such as 20260102 or 20260102030405.",
        ),
        (
            "error", "required", "/ClinicalDocument/recordTarget/patientRole/patient/name",
            "patient/name is missing; right would be ….",
        ),
        (
            severity, "required", "/ClinicalDocument/component/structuredBody",
            f"The section {part.name} ({part.code or '—'}) is missing, which this kind of document must have.",
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_every_kind_refuses_a_value_of_another_type_in_each_of_its_elements(code):
    kind = kinds.kinds()[code]
    document = make.good(kind)
    wanted = 0
    for part, section in zip(kind.parts, document.sections, strict=True):
        for one in section.all():
            element = part.element(one.code, one.name)
            if element is None or one.value is None or "ST" in element.types:
                continue
            one.value = Value("ST", text="不是这样的值")
            wanted += 1

    reasons = checked(document)

    said = [one for one in reasons if one.text == findings.WRONG_TYPE]
    assert len(said) == wanted
    assert len({one.place for one in said}) == wanted


def test_a_code_that_is_not_in_its_table_is_named_with_what_would_be_right():
    document = make.good(kinds.kinds()["HSDB04.01"])
    one = next(s for section in document.sections for s in section.all() if s.code == "DE06.00.108.00")
    one.value = Value("CD", code="8", system="2.16.156.10011.2.3.1.183", display="电话")

    (reason,) = checked(document)

    assert reason.severity == "error"
    assert reason.code == "code-invalid"
    assert reason.place == (
        "/ClinicalDocument/component/structuredBody/component[1]/section/entry[2]/observation/value"
    )
    assert reason.words == "“8” is no code of 随访方式; right would be 3 电话."


def test_an_element_that_must_be_there_is_missed_in_its_section():
    document = make.good(kinds.kinds()["C0002"])
    section = next(one for one in document.sections if one.code == "10154-3")
    section.statements = []

    (reason,) = checked(document)

    assert reason.code == "required"
    assert reason.place == "/ClinicalDocument/component/structuredBody/component[2]/section"
    assert reason.words == "The data element 主诉 (DE04.01.119.00) is missing from the section 主诉."


def test_a_template_of_another_kind_and_an_unknown_kind_are_named():
    other = make.good(kinds.kinds()["C0007"])
    other.template = "2.16.156.10011.2.1.1.26"
    unknown = make.good(kinds.kinds()["C0007"])
    unknown.code = "C0099"

    assert [one.words for one in checked(other)] == [
        "templateId should be 2.16.156.10011.2.1.1.27, not “2.16.156.10011.2.1.1.26”."
    ]
    (reason,) = checked(unknown)
    assert reason.place == "/ClinicalDocument/code"
    assert reason.words.startswith(
        "There is no kind of shared document with the code “C0099”; right would be C0001"
    )


def test_a_wrong_identity_number_a_strange_section_and_a_unit_are_warnings():
    document = make.good(kinds.kinds()["HSDB04.01"])
    document.patient.identities[0].extension = "110105194912310021"
    document.sections[0].code = "99999-1"
    one = next(s for section in document.sections for s in section.all() if s.code == "DE04.10.174.00")
    one.value = Value("PQ", text="18.6", unit="kPa")

    reasons = checked(document)

    assert [(one.severity, one.words.partition(";")[0]) for one in reasons] == [
        ("warning", "The identity number is wrong: it should have 18 places and a right check character."),
        ("error", "The section 随访事件 (99999-33) is missing, which this kind of document must have."),
        ("warning", "The section 随访事件 (99999-1) is not known in this kind of document"),
        ("warning", "The unit of 收缩压(mmHg) should be mmHg, not “kPa”."),
    ]
