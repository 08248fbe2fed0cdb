"""What comes with the platform is whole: every code once, every parent there, every row with its source."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from functools import cache

import pytest

from xinglin.terminology import shipped
from xinglin.terminology.hierarchy import Hierarchy
from xinglin.terminology.spelling import term_keys
from xinglin.terminology.values import CONFIDENCES, ConceptMap, System, ValueSet

FILES = shipped.files()
LARGEST = 6 * 1024 * 1024
HAN = re.compile("[\u4e00-\u9fff]")


@cache
def kept(file: shipped.File):
    return shipped.read(file)


def rows(name: str, kind: str = "codesystems") -> list[dict[str, str]]:
    with (shipped.CONTENT / kind / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def codes(name: str) -> set[str]:
    return {row["code"] for row in rows(name)}


def loinc_digit(number: str) -> int:
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(number))]
    return -sum(value - 9 if value > 9 else value for value in doubled) % 10


@pytest.mark.parametrize("kind", shipped.KINDS)
def test_every_file_can_be_read_and_says_where_it_is_from(kind):
    for file in FILES:
        if file.kind == kind:
            said = tomllib.loads(file.toml.read_text(encoding="utf-8"))
            made = kept(file)

            assert said["source"], file.toml.name
            assert said["confidence"] in CONFIDENCES, file.toml.name
            assert made.about.title, file.toml.name


def test_no_code_lacks_a_name_and_no_parent_is_missing():
    for file in FILES:
        made = kept(file)
        if isinstance(made, System):
            assert [c.code for c in made.concepts if not c.display.strip()] == [], file.toml.name
            assert [i.text for i in Hierarchy(made.concepts).issues] == [], file.toml.name
            assert made.concepts, file.toml.name


def test_no_two_files_have_the_same_address_and_no_two_systems_the_same_oid():
    made = [kept(file) for file in FILES]
    oids = Counter(oid for one in made if isinstance(one, System) for oid in one.oids)

    assert [url for url, n in Counter(one.about.url for one in made).items() if n > 1] == []
    assert [oid for oid, n in oids.items() if n > 1] == []


def test_value_sets_and_maps_speak_of_systems_that_are_there():
    systems = {one.about.url for f in FILES if isinstance(one := kept(f), System)}
    of_others = re.compile(r"http://(hl7\.org|terminology\.hl7\.org)/|urn:iso:")

    for file in FILES:
        made = kept(file)
        if isinstance(made, ValueSet):
            parts = made.compose["include"] + made.compose.get("exclude", [])
            assert {part["system"] for part in parts} <= systems, file.toml.name
        elif isinstance(made, ConceptMap):
            assert made.source in systems, file.toml.name
            assert made.target in systems or of_others.match(made.target), file.toml.name


def test_maps_map_codes_that_are_there():
    by_url = {
        one.about.url: {c.code for c in one.concepts} for f in FILES if isinstance(one := kept(f), System)
    }

    for file in FILES:
        made = kept(file)
        if isinstance(made, ConceptMap):
            unknown = {line.source for line in made.mappings} - by_url[made.source]
            assert unknown == set(), file.toml.name
            if made.target in by_url:
                reached = {line.target for line in made.mappings if line.target}
                assert reached - by_url[made.target] == set(), file.toml.name


def test_chinese_names_can_be_typed():
    for name in ("lab-tests", "drugs", "notifiable-diseases", "gbt-15657-2021", "gb-3304-1991"):
        for row in rows(name):
            if HAN.search(row["display"]):
                assert any(key.initials for key in term_keys(row["code"], row["display"])), row["display"]


def test_everything_together_stays_small():
    assert sum(path.stat().st_size for path in shipped.CONTENT.rglob("*") if path.is_file()) <= LARGEST


def test_there_are_fifty_six_peoples_each_with_letters():
    found = rows("gb-3304-1991")

    assert [row["code"] for row in found] == [f"{n:02d}" for n in range(1, 57)]
    assert len({row["letters"] for row in found}) == 56
    assert all(re.fullmatch("[A-Z]{2}", row["letters"]) for row in found)


def test_sexes_are_four_and_their_map_covers_them():
    assert codes("gb-t-2261-1-2003") == {"0", "1", "2", "9"}
    assert {row["source"]: row["target"] for row in rows("sex-to-fhir", "maps")} == {
        "0": "unknown",
        "1": "male",
        "2": "female",
        "9": "unknown",
    }


def test_every_relationship_is_mapped_or_belongs_to_no_one_relation():
    left = codes("gb-t-4761-2008") - {row["source"] for row in rows("relationship-to-fhir", "maps")}

    assert left == {"0", "02", "45", "46", "47", "48", "49", "59", "65", "68", "69", "79", "8", "80"}


def test_countries_have_the_letters_of_iso():
    found = {row["code"]: row for row in rows("gb-t-2659-2000")}

    assert (found["156"]["alpha2"], found["156"]["alpha3"]) == ("CN", "CHN")
    assert {code for code, row in found.items() if not row["alpha2"]} == {"530", "736", "891"}
    assert all(found[code]["status"] == "retired" for code in ("530", "736", "891"))
    assert len({row["alpha2"] for row in found.values() if row["alpha2"]}) == len(found) - 3 == 249


def test_ws_364_has_all_its_tables():
    tables = [
        file.toml.stem for file in FILES if file.kind == "codesystems" and file.toml.stem.startswith("ws364-")
    ]

    assert Counter(name.split("-")[1][:2] for name in tables) == {"cv": 269, "de": 179, "ep": 1, "sd": 2}


def test_the_law_lists_two_twenty_nine_and_eleven_diseases():
    found = rows("notifiable-diseases")

    assert Counter(row["class"] for row in found if row["class"]) == {"A": 2, "B": 29, "C": 11}
    within_two = {row["code"] for row in found if row["hours"] == "2"}
    assert within_two == {"plague", "cholera", "sars", "anthrax-pulmonary"}
    assert {row["hours"] for row in found if row["notSelectable"] != "true"} == {"2", "24"}


def test_every_notifiable_disease_can_be_told_from_a_diagnosis():
    by_parent = {row["code"]: row["parent"] for row in rows("notifiable-diseases")}
    reached = {row["target"] for row in rows("icd10-cn-to-notifiable", "maps")}
    reached |= {by_parent[code] for code in reached}
    wanted = {row["code"] for row in rows("notifiable-diseases") if row["class"]}

    assert wanted - reached == set()


@pytest.mark.parametrize(
    ("code", "disease"),
    [
        ("A00.900", "cholera"),
        ("A22.100", "anthrax-pulmonary"),
        ("B16.900", "hepatitis-b"),
        ("A93.802", "sfts"),
        ("A09.004", "diarrhoea"),
        ("B08.401", "hfmd"),
    ],
)
def test_diagnosis_leads_to_its_disease(code, disease):
    found = {row["source"]: row["target"] for row in rows("icd10-cn-to-notifiable", "maps")}

    assert found.get(code) == disease


def test_icd10_hangs_together():
    found = {row["code"]: row for row in rows("icd10-cn")}
    kinds = Counter(row["kind"] for row in found.values())

    assert (kinds["chapter"], kinds["block"], kinds["item"]) == (22, 254, 22388)
    for row in found.values():
        if row["kind"] == "item":
            assert row["code"].startswith(row["who"][:3]), row
            assert row["who"] in (row["code"][:3], row["code"][:5]), row
    assert found["E11.201"]["asterisk"] == "N08.3"
    assert found["E11.201"]["parent"] == "E11.200"
    assert found["E11.200"]["parent"] == "E11"
    assert found["E11"]["parent"] == "E10-E14"
    assert found["E10-E14"]["parent"] == "IV"


def test_a_manifestation_is_no_main_diagnosis():
    marked = [row for row in rows("icd10-cn") if row["manifestation"] == "true"]

    assert len(marked) > 290
    assert all(row["aliases"].endswith("*") for row in marked)


def test_traditional_medicine_has_the_counts_of_the_standard():
    kinds = Counter(row["kind"] for row in rows("gbt-15657-2021"))

    assert kinds == {"disease": 1369, "syndrome": 2060, "therapy": 1168}


def test_headings_of_traditional_medicine_are_not_chosen_alone():
    found = {row["code"]: row for row in rows("gbt-15657-2021")}

    assert found["A01."]["notSelectable"] == "true"
    assert found["A01.01.01"]["notSelectable"] == ""
    assert found["A17.42"]["provisional"] == "true"
    parents = {row["parent"] for row in found.values()}
    assert {c for c, row in found.items() if row["notSelectable"] == "true"} <= parents


def test_every_code_of_loinc_has_the_right_check_digit():
    wrong = [c for c in codes("loinc") if loinc_digit(c.split("-")[0]) != int(c.split("-")[1])]

    assert wrong == []


def test_codes_of_atc_are_of_its_form_and_stand_in_their_group():
    for row in rows("atc"):
        assert re.fullmatch(r"[A-Z](\d\d([A-Z]{2}\d\d)?)?", row["code"]), row
        assert row["code"].startswith(row["parent"]), row


def test_there_are_enough_tests_and_drugs():
    tests = [row for row in rows("lab-tests") if row["notSelectable"] != "true"]

    assert len(tests) >= 250
    assert len(rows("drugs")) >= 400
    assert {row["loincConfidence"] for row in tests if row["loinc"]} == {"certain", "likely"}


def test_units_of_tests_are_known_units():
    units = codes("ucum-common")

    assert {row["unit"] for row in rows("lab-tests") if row["unit"]} - units == set()
    assert {row["unit"] for row in rows("vital-signs") if row["unit"]} - units == set()


def test_what_the_synthetic_region_says_is_known():
    from xinglin.synth.tables import rows as table

    said = {
        "icd10-cn": {row["icd10"] for row in table("diseases")},
        "loinc": {row["loinc"] for row in table("tests")},
        "atc": {row["atc"] for row in table("drugs") if len(row["atc"]) == 7},
        "vaccines": {row["key"] for row in table("vaccines")},
        "institution-kind": {row["code"] for row in table("institution_kinds")},
        "gbt-15657-2021": {row["disease_code"] for row in table("tcm_patterns")},
    }

    assert {name: wanted - codes(name) for name, wanted in said.items()} == {name: set() for name in said}


def test_terms_of_zhuang_and_yao_medicine_support_no_decision():
    for name in ("zhuang-medicine", "yao-medicine"):
        assert {row["decisionSupport"] for row in rows(name)} == {"false"}
        assert all(row["confidence"] in ("", "likely", "unsure") for row in rows(name))
