"""What comes with the platform is loaded once, and anew where it has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terminology import make
from xinglin.kernel.errors import Fault
from xinglin.terminology import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.terminology.values import Connection

SEX = """
url = "urn:test:sex"
name = "Sex"
title = "性别代码"
title_en = "Sex"
version = "2003"
effective = 2004-04-01
source = "GB/T 2261.1-2003"
confidence = "certain"
hierarchy = "none"
properties = [{ code = "hl7", type = "code", description = "FHIR's code" }]
"""
SEX_CODES = """code,display,english,aliases,hl7
0,未知的性别,Unknown,未知,unknown
1,男性,Male,男,male
2,女性,Female,女,female
"""
SET = """
url = "urn:test:vs/sex"
name = "SexSet"
title = "性别"
version = "2003"
source = "GB/T 2261.1-2003"
confidence = "certain"
[[include]]
system = "urn:test:sex"
codes = ["1", "2"]
"""
MAP = """
url = "urn:test:map/sex"
name = "SexMap"
title = "性别对照"
version = "2003"
source = "judgement"
confidence = "likely"
source_system = "urn:test:sex"
target_system = "http://hl7.org/fhir/administrative-gender"
"""
MAP_LINES = "source,target,equivalence,comment\n1,male,equivalent,\n2,female,equivalent,\n9,,unmatched,无\n"

NO_DISPLAY = (
    "sex.csv:1: There is no column display; the first line names code, name, and should name code, display."
)
UNSURE = "sex.toml: confidence should be one of certain, likely, unsure."
OVERLAP = (
    "urn:test:sex|2023 would hold from 2004-04-01 at the same time as version 2003, which holds from 2004-04-01"
    " until …. End one before the other begins."
)


def shipped_in(root: Path) -> None:
    make.content(root, "codesystems", "sex", SEX, SEX_CODES)
    make.content(root, "valuesets", "sex", SET)
    make.content(root, "maps", "sex", MAP, MAP_LINES)


def counts(terms: Connection) -> tuple[int, ...]:
    tables = ("system", "concept", "valueset", "map", "mapping")
    rows = [terms.execute(f"SELECT count(*) FROM terminology_{name}").fetchone() for name in tables]
    return tuple(row[0] for row in rows if row)


def test_files_are_loaded_once(terms: Connection, tmp_path: Path) -> None:
    shipped_in(tmp_path)

    first = shipped.load(terms, tmp_path)
    second = shipped.load(terms, tmp_path)

    assert first == ["content:codesystems/sex", "content:valuesets/sex", "content:maps/sex"]
    assert second == []
    assert counts(terms) == (1, 3, 1, 1, 3)


def test_a_changed_file_replaces_what_it_said_before(terms: Connection, tmp_path: Path) -> None:
    shipped_in(tmp_path)
    shipped.load(terms, tmp_path)
    make.content(tmp_path, "codesystems", "sex", SEX, SEX_CODES + "9,未说明的性别,Not stated,,unknown\n")

    touched = shipped.load(terms, tmp_path)

    assert touched == ["content:codesystems/sex"]
    assert counts(terms) == (1, 4, 1, 1, 3)


def test_a_file_that_is_gone_is_dropped(terms: Connection, tmp_path: Path) -> None:
    shipped_in(tmp_path)
    shipped.load(terms, tmp_path)
    (tmp_path / "maps" / "sex.toml").unlink()

    touched = shipped.load(terms, tmp_path)

    assert touched == ["content:maps/sex"]
    assert counts(terms) == (1, 3, 1, 0, 0)


@pytest.mark.parametrize(
    ("toml", "codes", "said"),
    [
        (SEX, "code,display\n1,男\n1,女\n", ["sex.csv:3: The code 1 is there twice; before it was sex.csv:2: “男”."]),
        (
            SEX,
            "code,display,parent\n1,男,7\n",
            ["sex.csv:2: The code 1 has the parent 7, which is no code of this system."],
        ),
        (
            SEX,
            "code,display,parent\n1,甲,3\n2,乙,1\n3,丙,2\n",
            ["sex.csv:2: The hierarchy goes in a circle: 1 → 3 → 2 → 1. A code cannot be above itself."],
        ),
        (
            SEX,
            "code,display,confidence\n1,男,sure\n,女,\n",
            [
                "sex.csv:2 [confidence]: “sure” should be one of certain, likely, unsure.",
                "sex.csv:3 [code]: The code is missing.",
            ],
        ),
        (SEX, "code,display\n1,男,多\n", ["sex.csv:2 [display]: There are 3 cells under 2 columns."]),
        (
            SEX,
            "code,name\n1,男\n",
            [
                NO_DISPLAY
            ],
        ),
        (SEX.replace('"certain"', '"sure"'), SEX_CODES, [UNSURE]),
        (SEX.replace("url =", "uri ="), SEX_CODES, None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_nothing_is_loaded(
    terms: Connection, tmp_path: Path, toml: str, codes: str, said: list[str] | None
) -> None:
    make.content(tmp_path, "codesystems", "sex", toml, codes)

    with pytest.raises(Fault) as caught:
        shipped.load(terms, tmp_path)

    if said is not None:
        assert [issue.text for issue in caught.value.issues] == said
    assert counts(terms) == (0, 0, 0, 0, 0)


def test_versions_whose_days_overlap_are_refused(terms: Connection, tmp_path: Path) -> None:
    make.content(tmp_path, "codesystems", "sex", SEX, SEX_CODES)
    later = SEX.replace('"2003"', '"2023"').replace("effective = 2004-04-01", "effective = 2004-04-01")
    make.content(tmp_path, "codesystems", "sex_2023", later, SEX_CODES)

    with pytest.raises(Fault) as caught:
        shipped.load(terms, tmp_path)

    assert [issue.text for issue in caught.value.issues] == [OVERLAP]
    assert counts(terms) == (1, 3, 0, 0, 0)
