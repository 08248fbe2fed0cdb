"""What is shipped: as much as is promised, every fact with source, basis and review state, nothing that hangs loose."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from xinglin.tcm.knowledge import rules, shipped, vocabulary
from xinglin.terminology.shipped import CONTENT as TERMINOLOGY

FACTS = list(shipped.facts())
TERMS = {row[0]: row for row in shipped.terms()}
SOURCES = {row["id"]: row for row in shipped.sources()}


def subjects(predicate: str) -> set[str]:
    return {fact.term for fact in FACTS if fact.predicate == predicate}


def of_kind(kind: str) -> set[str]:
    return {id_ for id_, row in TERMS.items() if row[1] == kind}


def test_every_fact_has_a_source_a_basis_a_confidence_and_a_review_state() -> None:
    counted = Counter(
        (
            fact.source in SOURCES,
            fact.basis in vocabulary.bases(),
            fact.confidence in vocabulary.listed("confidence"),
            fact.state in vocabulary.listed("state"),
        )
        for fact in FACTS
    )

    assert counted == {(True, True, True, True): len(FACTS)}
    assert len(FACTS) > 50_000


def test_nothing_is_shipped_as_reviewed() -> None:
    assert {fact.state for fact in FACTS} == {"unreviewed"}


def test_every_fact_is_about_a_term_and_leads_to_one_of_the_right_kind() -> None:
    wrong = [
        fact
        for fact in FACTS
        if fact.term not in TERMS
        or (
            fact.object
            and TERMS.get(fact.object, ["", ""])[1] not in vocabulary.predicates()[fact.predicate].objects
        )
    ]

    assert wrong == []


def test_every_predicate_says_what_it_takes() -> None:
    takes = {name: word.takes for name, word in vocabulary.predicates().items()}
    wrong = [
        fact
        for fact in FACTS
        if (takes[fact.predicate] == "value" and (fact.object or not fact.value))
        or (takes[fact.predicate] == "object" and not fact.object)
        or not (fact.object or fact.value)
    ]

    assert wrong == []


def test_values_are_those_that_the_vocabulary_lists() -> None:
    allowed = {name: word.values for name, word in vocabulary.predicates().items() if word.values}

    assert {f.value for f in FACTS if f.predicate in allowed and f.value not in allowed[f.predicate]} == set()


def test_facts_differ_and_every_term_has_one_name() -> None:
    lines = Counter(fact.line for fact in FACTS)
    names = Counter(fact.term for fact in FACTS if fact.predicate == "name")

    assert [line for line, count in lines.items() if count > 1] == []
    assert {names[id_] for id_ in TERMS} == {1}


def test_no_value_is_longer_than_a_fact_may_be() -> None:
    assert max(len(fact.value) for fact in FACTS) <= rules.LONGEST_VALUE


def test_there_is_as_much_as_is_promised() -> None:
    herbs = of_kind("herb")

    assert len(herbs & subjects("dose") & subjects("nature")) >= 600
    assert len(of_kind("formula") & subjects("contains")) >= 300
    assert len(of_kind("syndrome")) >= 2_000
    assert len(of_kind("point")) >= 360
    assert len(of_kind("meridian")) == 14


@pytest.mark.parametrize(
    ("meridian", "points"),
    [
        ("LU", 11),
        ("LI", 20),
        ("ST", 45),
        ("SP", 21),
        ("HT", 9),
        ("SI", 19),
        ("BL", 67),
        ("KI", 27),
        ("PC", 9),
        ("TE", 23),
        ("GB", 44),
        ("LR", 14),
        ("GV", 28),
        ("CV", 24),
    ],
)
def test_a_meridian_has_its_points(meridian: str, points: int) -> None:
    on_it = {fact.term for fact in FACTS if fact.predicate == "on-meridian" and fact.object == meridian}

    assert on_it == {f"{meridian}{number}" for number in range(1, points + 1)}


@pytest.mark.parametrize(
    ("code", "name", "pinyin"),
    [
        ("ST36", "足三里", "zu san li"),
        ("LI4", "合谷", "he gu"),
        ("PC6", "内关", "nei guan"),
        ("BL13", "肺俞", "fei shu"),
        ("GV20", "百会", "bai hui"),
        ("CV17", "膻中", "dan zhong"),
        ("GB8", "率谷", "shuai gu"),
        ("EX-HN1", "四神聪", "si shen cong"),
    ],
)
def test_points_have_their_names(code: str, name: str, pinyin: str) -> None:
    assert (TERMS[code][2], TERMS[code][4]) == (name, pinyin)


def test_a_name_of_several_herbs_is_kept_for_all_of_them() -> None:
    named: dict[str, set[str]] = defaultdict(set)
    clear: dict[str, set[str]] = defaultdict(set)
    for fact in FACTS:
        if fact.predicate == "ambiguous-alias":
            named[fact.value].add(fact.term)
        if fact.predicate == "alias" and fact.term.startswith("H"):
            clear[fact.value].add(fact.term)

    assert {TERMS[id_][2] for id_ in named["一口血"]} == {"四季青", "拳参"}
    assert {name for name, ids in clear.items() if len(ids) > 1} == set()
    assert {name for name in clear if name in named} == set()


def test_an_ingredient_that_may_be_several_herbs_leads_to_none() -> None:
    guessed = [f for f in FACTS if f.predicate == "contains" and f.object and "candidates" in f.data]

    assert guessed == []
    assert any("candidates" in f.data for f in FACTS if f.predicate == "contains")


def test_entries_of_other_medicines_all_have_a_source_and_none_is_verified() -> None:
    entries = shipped.peoples()

    assert {row["tradition"] for row in entries} == {"zhuang", "yao"}
    assert [
        row["code"] for row in entries if not row["source"] or row["basis"] not in vocabulary.bases()
    ] == []
    assert [row["code"] for row in entries if row["part"] not in vocabulary.listed("part")] == []
    assert all("state" not in row for row in entries)


PAGE = Path(__file__).parents[2] / "docs" / "tcm.md"


def test_the_documentation_counts_what_is_shipped() -> None:
    said = {
        name.strip(): int(count)
        for name, count in re.findall(r"^\| ([^|]+) \| (\d+) \|$", PAGE.read_text(), re.MULTILINE)
    }

    composed = of_kind("formula") & subjects("contains")
    standard = {f.term for f in FACTS if f.predicate == "number" and f.source == "gbt-16751-2-2021"}
    assert said == {
        "herbs": len(of_kind("herb")),
        "of them with a dose range in grams and a nature": len(
            of_kind("herb") & subjects("dose") & subjects("nature")
        ),
        "processed forms": len(of_kind("piece")),
        "formulas": len(of_kind("formula")),
        "of them with composition": len(composed),
        "patent medicines": len(of_kind("patent")),
        "points": len(of_kind("point")),
        "of them on the fourteen meridians": len(of_kind("point") & subjects("on-meridian")),
        "meridians": len(of_kind("meridian")),
        "diseases": len(of_kind("disease")),
        "syndromes": len(of_kind("syndrome")),
        "of them in GB/T 16751.2-2021": len(standard),
        "principles and methods of treatment": len(of_kind("therapy")),
        "techniques": len(of_kind("technique")),
        "classics": len(of_kind("classic")),
        "effects": len(of_kind("effect")),
        "signs and symptoms": len(of_kind("symptom")),
        "entries of Zhuang and Yao medicine": len(shipped.peoples()),
        "facts": len(FACTS),
        "of them reviewed": sum(fact.state == "reviewed" for fact in FACTS),
    }


def test_the_terminology_has_every_herb_under_its_id() -> None:
    path = TERMINOLOGY / "codesystems" / "tcm-herbs.csv"
    with path.open(encoding="utf-8", newline="") as file:
        said = {row["code"]: row["display"] for row in csv.DictReader(file)}

    assert said == {id_: TERMS[id_][2] for id_ in of_kind("herb") | of_kind("piece")}


def test_the_builder_gives_the_same_files_again(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PAGE.parents[1]))
    from tools.content import files
    from tools.content.chinese_medicine import __main__ as builder

    monkeypatch.setattr(files, "TARGET", tmp_path)
    (tmp_path / "terms.tsv.gz").write_bytes((vocabulary.DATA / "terms.tsv.gz").read_bytes())  # ids are kept
    builder.build(shared_data, tmp_path)

    names = ("terms.tsv.gz", "facts.tsv.gz", "peoples.csv")
    assert [
        name for name in names if (tmp_path / name).read_bytes() != (vocabulary.DATA / name).read_bytes()
    ] == []
