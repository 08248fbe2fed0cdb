"""What a row of results is found by."""

from __future__ import annotations

import csv
from importlib import resources

from tests.portal import make
from xinglin.portal.rules import finding, results
from xinglin.portal.rules.sources import Sources


def test_name_is_found_by_characters_initials_and_syllables():
    assert finding.words(["血钾"]) == "血钾 xj xuejia"


def test_latin_name_is_found_as_it_is_written():
    assert finding.words(["HbA1c (IFCC)"]) == "hba1c (ifcc)"


def test_test_is_found_by_its_short_name_whatever_a_laboratory_calls_it():
    assert (
        finding.words(["糖化血红蛋白"], "4548-4") == "糖化血红蛋白 thxhdb tanghuaxuehongdanbai hba1c ghb a1c"
    )
    assert finding.words(["糖化血红蛋白"], "0-0") == "糖化血红蛋白 thxhdb tanghuaxuehongdanbai"


def test_series_is_found_by_every_name_that_it_had():
    code = make.concept("空腹血糖", loinc="14771-0")
    other = make.concept("葡萄糖", loinc="14771-0")
    sent = [
        make.quantity("1", code, "2026-01-02", 6.5, "mmol/L"),
        make.quantity("2", other, "2026-01-01", 6, "mmol/L"),
    ]

    (found,) = results.series(sent, Sources({"Patient/p": "甲医院"}))

    assert found.find == "空腹血糖 kfxt kongfuxuetang 葡萄糖 ptt putaotang glucose, fasting fpg fbg glu"


def test_short_names_stand_once_for_each_code():
    text = resources.files("xinglin.portal").joinpath("data/abbreviations-1.tsv").read_text("utf-8")
    rows = list(csv.DictReader((line for line in text.splitlines() if line[0] != "#"), delimiter="\t"))

    assert len({row["loinc"] for row in rows}) == len(rows) > 60
    assert all(row["names"].split() for row in rows)
