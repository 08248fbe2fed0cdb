"""Data sets are read as they stand in their files."""

from __future__ import annotations

import tomllib

import pytest

from xinglin.terminology import shipped
from xinglin.terminology.datasets import ELEMENTS, dataset, datasets
from xinglin.terminology.values import System


def elements() -> set[str]:
    file = next(file for file in shipped.files() if file.toml.stem == "data-elements")
    made = shipped.read(file)
    assert isinstance(made, System)
    assert made.about.url == ELEMENTS
    return {concept.code for concept in made.concepts}


def test_there_is_one_for_every_shared_document_and_one_for_personal_information():
    found = datasets()

    assert [one.id for one in found] == [*(f"C{n:04d}" for n in range(1, 54)), "HDSD00.01"]
    assert all(one.entries and one.gaps and one.source for one in found)


def test_personal_information_names_its_elements_and_value_domains():
    found = {entry.id: entry for entry in dataset("HDSD00.01").entries}

    sex = found["HDSD00.01.003"]
    assert (sex.element, sex.datatype, sex.format) == ("DE02.01.040.00", "S3", "N1")
    assert sex.domain == "urn:oid:2.16.156.10011.2.3.3.4"
    assert found["HDSD00.01.015"].confidence == "likely"


def test_document_has_its_sections_in_order():
    assert list(dataset("C0004").sections()) == ["诊断记录", "用药", "费用"]


def test_every_element_of_a_data_set_is_in_the_catalogue():
    used = {entry.element for one in datasets() for entry in one.entries if entry.element}

    assert used - elements() == set()


def test_every_value_domain_is_a_code_system_that_is_there():
    systems = {tomllib.loads(f.toml.read_text())["url"] for f in shipped.files() if f.kind == "codesystems"}
    used = {entry.domain for one in datasets() for entry in one.entries if entry.domain}

    assert used - systems == set()


def test_unknown_data_set_is_refused_by_name():
    with pytest.raises(LookupError, match="C9999"):
        dataset("C9999")
