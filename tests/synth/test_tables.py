from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xinglin.synth import admissions, chronic, orders, tables, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = sorted(path.stem for path in (Path(tables.__file__).parent / "data").glob("*.csv"))


@pytest.mark.parametrize("name", TABLES)
def test_every_row_says_its_source_and_confidence(name: str) -> None:
    for row in tables.rows(name):
        assert row["source"] != ""
        assert row["confidence"] in {"confirmed", "expert", "estimated", "invented"}


def test_diseases_carry_the_names_of_icd10(standard: Callable[[str], dict[str, str]]) -> None:
    names = standard("icd10_cn")

    ours = {row["icd10"]: row["display"] for row in tables.rows("diseases")}

    assert ours == {code: names[code] for code in ours}


def test_patterns_carry_the_names_of_gbt15657(standard: Callable[[str], dict[str, str]]) -> None:
    names = standard("tcm_disease_A") | standard("tcm_syndrome_B") | standard("tcm_therapy_C")

    for row in tables.rows("tcm_patterns"):
        assert names[row["disease_code"]] == row["disease"]
        assert names[row["syndrome_code"]] == row["syndrome"]
        assert row["therapy_code"] == "" or names[row["therapy_code"]] == row["therapy"]


def test_procedures_carry_the_names_of_icd9(standard: Callable[[str], dict[str, str]]) -> None:
    names = standard("icd9cm3_cn")

    ours = dict(admissions.PROCEDURES.values())

    assert ours == {code: names[code] for code in ours}


def test_tables_refer_only_to_what_exists() -> None:
    diseases, drugs, images = (set(tables.by_key(name)) for name in ("diseases", "drugs", "images"))
    for row in tables.rows("episodes"):
        assert row["disease"] in diseases
        assert set(filter(None, row["drugs"].split("|"))) <= drugs
        assert row["image"] in images | {""}
    for care in chronic.CARE.values():
        assert set(care.drugs) <= drugs
        assert set(care.panels) <= set(chronic.TITLES)
        assert care.image in images | {""}
        assert care.stay in diseases | {""}


def test_every_formula_reads_as_herbs_and_grams() -> None:
    for row in tables.rows("tcm_patterns"):
        (medication,) = orders.formula(row["formula"], row["herbs"])
        amounts = [i["strength"]["numerator"]["value"] for i in medication["ingredient"]]
        assert len(amounts) == len(row["herbs"].split())
        assert min(amounts) >= 1
        assert max(amounts) <= 60


def test_there_are_surnames_enough() -> None:
    kinds = [row["kind"] for row in tables.rows("surnames")]
    assert kinds.count("single") >= 100
    assert kinds.count("compound") >= 10
    assert len({row["surname"] for row in tables.rows("surnames")}) == len(kinds)


@pytest.mark.parametrize(
    ("national", "international"),
    [("I10.x09", "I10"), ("E11.900", "E11.9"), ("E04.101", "E04.1"), ("N40.x00", "N40")],
)
def test_a_national_code_extends_an_international_one(national: str, international: str) -> None:
    assert vocabulary.international(national) == international
