"""Medicines and diseases that come with the platform have English names of their own, right for their codes."""

from __future__ import annotations

import csv
import re
from collections import defaultdict

import pytest

from xinglin.synth.tables import by_key
from xinglin.synth.vocabulary import international
from xinglin.terminology import shipped

# Latin letters with or without accents, figures, and what stands between words.
NAME = re.compile(r"[A-Z0-9À-Þ][A-Za-z0-9À-ÿ ,'+()/-]*[A-Za-z0-9À-ÿ)]")
SUBSTANCE = 7
CATEGORY = 3
LONGEST = 80


def rows(name: str) -> list[dict[str, str]]:
    with (shipped.CONTENT / "codesystems" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def english(name: str) -> dict[str, str]:
    return {row["code"]: row["english"] for row in rows(name)}


def disease(code: str, names: dict[str, str]) -> str:
    """The name of a subcategory, else that of its category."""
    return names.get(code) or names[code[:CATEGORY]]


@pytest.mark.parametrize("system", ["atc", "drugs"])
def test_every_medicine_and_every_group_has_an_english_name(system):
    assert [row for row in rows(system) if not NAME.fullmatch(row["english"])] == []


def test_no_two_codes_of_atc_have_the_same_english_name():
    codes = defaultdict(list)
    for code, name in english("atc").items():
        codes[name.lower()].append(code)

    assert {name: of for name, of in codes.items() if len(of) > 1} == {}


def test_one_substance_has_one_english_name_whatever_it_is_for():
    plain = {row["display"]: row["english"] for row in rows("atc") if len(row["code"]) == SUBSTANCE}
    forms = {display: display.partition("(")[0] for display in plain if re.search(r"\((?!\d)", display)}

    said = {display: plain[display].partition(",")[0] for display, bare in forms.items() if bare in plain}

    assert said == {display: plain[forms[display]] for display in said}
    assert len(said) > 15
    assert [display for display in forms if "," not in plain[display]] == []


def test_drugs_are_called_as_their_atc_code_is():
    names = english("atc")
    drugs = rows("drugs")

    other = [d for d in drugs if len(d["atc"]) == SUBSTANCE and d["english"] != names[d["atc"]]]

    # One code is that of levodopa with either of two inhibitors.
    assert {d["display"]: (d["atc"], d["english"]) for d in other} == {
        "多巴丝肼": ("N04BA02", "Levodopa + benserazide"),
        "卡左双多巴": ("N04BA02", "Levodopa + carbidopa"),
    }


def test_every_category_of_icd10_has_an_english_name_in_ordinary_form():
    found = [row for row in rows("icd10-who") if row["kind"] in ("category", "subcategory")]
    lacking = [row["code"] for row in found if row["kind"] == "category" and not row["english"]]
    odd = [row["english"] for row in found if row["english"] and not NAME.fullmatch(row["english"])]
    long = [row["english"] for row in found if len(row["english"]) > LONGEST]

    assert (lacking, odd, long) == ([], [], [])
    assert sum(1 for row in found if row["kind"] == "subcategory" and row["english"]) > 600


def test_no_two_categories_of_icd10_are_called_the_same():
    categories = defaultdict(set)
    for row in rows("icd10-who"):
        if row["english"] and row["kind"] in ("category", "subcategory"):
            categories[row["english"].lower()].add(row["code"][:CATEGORY])

    assert {name: of for name, of in categories.items() if len(of) > 1} == {}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("E11.9", "Type 2 diabetes"),
        ("J44.1", "COPD with acute exacerbation"),
        ("J20.9", "Acute bronchitis"),
        ("I10", "Primary hypertension"),
        ("I63.9", "Ischaemic stroke"),
        ("J44.9", "COPD"),
        ("H25.1", "Cataract, age-related, nuclear"),
        ("M10.0", "Gout"),
        ("H81.4", "Central vertigo"),
        ("L71.0", "Perioral dermatitis"),
    ],
)
def test_a_disease_is_called_by_its_own_name_or_that_of_its_category(code, name):
    assert disease(code, english("icd10-who")) == name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("A10BA02", "Metformin"),
        ("J05AB01", "Aciclovir"),
        ("R03AK07", "Budesonide + formoterol"),
        ("S01AE05", "Levofloxacin, for the eye"),
        ("M03BX09", "Eperisone"),
        ("R02AA06", "Cetylpyridinium chloride"),
    ],
)
def test_a_substance_has_its_non_proprietary_name(code, name):
    assert english("atc")[code] == name


@pytest.mark.parametrize(
    ("system", "code", "name"), [("icd10-who", "E11.9", "Type 2 diabetes"), ("atc", "C08CA01", "Amlodipine")]
)
def test_the_english_name_is_the_display_of_that_language(system, code, name):
    (file,) = (one for one in shipped.files() if one.origin == f"content:codesystems/{system}")
    (concept,) = (one for one in shipped.read(file).concepts if one.code == code)

    assert [d.value for d in concept.designations if (d.language, d.use) == ("en", "display")] == [name]


def test_diseases_of_the_synthetic_region_have_english_names():
    names = english("icd10-who")
    codes = [international(row["icd10"]) for row in by_key("diseases").values()]

    assert [code for code in codes if not NAME.fullmatch(disease(code, names))] == []
    assert len(codes) > 60


def test_medicines_of_the_synthetic_region_have_english_names():
    by_code = english("atc")
    by_name = {row["display"]: row["english"] for row in rows("drugs")}
    wanted = by_key("drugs").values()

    named = {
        row["name"]: by_code.get(row["atc"])
        or by_name[max((name for name in by_name if row["name"].startswith(name)), key=len)]
        for row in wanted
    }

    assert [name for name, said in named.items() if not said] == []
    assert named["碳酸钙D3片"] == "Calcium carbonate + vitamin D3"
