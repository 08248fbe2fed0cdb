"""English names of what records say in Chinese."""

from __future__ import annotations

import pytest

from tests.portal.make import concept
from xinglin.summary import naming

ALLERGENS = "urn:oid:2.16.156.10011.2.3.1.137"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("1558-6", "Glucose, fasting"),  # the quantity's name, whatever code of it was sent
        ("14771-0", "Glucose, fasting"),
        ("6690-2", "White cells"),
        ("731-0", "Lymphocytes"),
        ("0-0", ""),
        ("", ""),
    ],
)
def test_tests_are_named_by_their_quantity_else_by_their_code(code: str, name: str) -> None:
    assert naming.of_test(code) == name


def test_diseases_are_named_by_the_nearest_code_that_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"E11": "Type 2 diabetes", "E11.2": "Type 2 diabetes with kidney disease", "I10": "Hypertension"}
    monkeypatch.setattr(naming.shipped, "english", {"icd10-who": names}.__getitem__)

    assert [naming.of_disease(code) for code in ("E11.200", "E11.2", "E11.900", "I10.x09", "I11.9", "")] == [
        "Type 2 diabetes with kidney disease",
        "Type 2 diabetes with kidney disease",
        "Type 2 diabetes",
        "Hypertension",
        "",
        "",
    ]


def test_medicines_are_named_only_when_each_of_their_substances_is(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"C09CA03": "valsartan", "C08CA01": "amlodipine", "C08CA": "Dihydropyridines"}
    monkeypatch.setattr(naming.shipped, "english", {"atc": names}.__getitem__)

    assert naming.of_medicine(["C09CA03"]) == "valsartan"
    assert naming.of_medicine(["C09CA03", "C08CA01", "C09CA03"]) == "valsartan + amlodipine"
    assert naming.of_medicine(["C09CA03", "C09XX99"]) == ""
    assert naming.of_medicine(["C08CA"]) == ""  # a group is no medicine
    assert naming.of_medicine([]) == ""


@pytest.mark.parametrize(
    ("said", "name"),
    [("二甲双胍片 0.5g", "Metformin"), ("盐酸二甲双胍缓释片", "Metformin"), ("没有这种药片", "")],
)
def test_medicines_without_a_code_are_named_by_what_they_are(said: str, name: str) -> None:
    assert naming.of_drug(said) == name


def test_concepts_are_named_by_the_first_of_their_codes_that_has_a_name() -> None:
    of_a_house = {"system": "urn:xinglin:institution:h:tests", "code": "WBC"}
    test = {"coding": [of_a_house, {"system": naming.LOINC, "code": "6690-2"}], "text": "白细胞"}

    assert naming.of_concept(test) == "White cells"
    assert naming.of_concept({"coding": [{"system": ALLERGENS, "code": "101"}]}) == "Penicillins"
    assert naming.of_concept({"coding": [of_a_house], "text": "白细胞"}) == ""
    assert naming.of_concept(concept("白细胞")) == ""
    assert naming.of_concept(None) == ""
