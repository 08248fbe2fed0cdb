"""ICD-9-CM-3 as Chinese hospitals use it: chapters, two-figure categories and the six-figure codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.content.files import HERE, CodeSystem, Row, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OID = "2.16.156.10011.2.3.3.12"
_HALLUX = "？？"


def systems(facts: Path) -> Iterable[CodeSystem]:
    rows = [_item(row) for row in read(facts / "terminology" / "icd9cm3_cn.csv")]
    known = {row["code"] for row in rows}
    yield CodeSystem("icd9cm3-cn", _about(), [*_headings(rows), *(_placed(row, known) for row in rows)])


def _about() -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    return {
        "url": f"urn:oid:{OID}",
        "oid": [OID],
        "name": "ICD9CM3_CN",
        "title": "手术操作分类代码（ICD-9-CM-3，临床用六位码）",
        "title_en": "Procedures: ICD-9-CM volume 3 as used in Chinese hospitals, six-figure codes",
        "version": "2016",
        "effective": "2017-01-01",
        "status": "active",
        "publisher": "National Health Commission of the People's Republic of China",
        "standard": "ICD-9-CM-3, clinical edition",
        "source": "a public table of six-figure procedure codes; headings from ICD-9-CM volume 3",
        "confidence": "likely",
        "licence": "codes and official names are facts; arrangement Apache-2.0",
        "language": "zh-CN",
        "hierarchy": "is-a",
        "case_sensitive": False,
        "content": "fragment",
        "compositional": False,
        "properties": [
            {"code": "kind", "type": "code", "description": "chapter, category or item"},
            {"code": "icd9", "type": "code", "description": "The code of ICD-9-CM that it extends"},
            {
                "code": "notSelectable",
                "type": "boolean",
                "description": "A heading: not to be chosen as a procedure",
            },
        ],
    }


def _item(row: Row) -> Row:
    display = (
        re.sub(r"\s+", "", row["display"])
        if re.search(r"[\u4e00-\u9fff] [(（]|\n", row["display"])
        else row["display"].strip()
    )
    made = {
        "code": row["code"],
        "display": display.replace(_HALLUX, "踇").replace("（", "(").replace("）", ")"),
        "kind": "item",
    }
    base, rest = row["code"][:5], row["code"][5:]
    made["icd9"] = base[:4] if base.endswith("x") else base
    if rest == "00" and base.endswith("x"):
        made["icd9"] = base[:4]
    if _HALLUX in row["display"]:
        made |= {"confidence": "likely", "source": "a character missing in the table at hand completed"}
    return made


def _headings(rows: list[Row]) -> list[Row]:
    chapters = read(HERE / "icd9_chapters.csv")
    used = {row["code"][:2] for row in rows}
    source = {
        "source": "ICD-9-CM volume 3; Chinese name as usual in the clinical edition",
        "confidence": "certain",
    }
    made = [
        {"code": f"CH{row['code']}", "display": row["display"], "kind": "chapter", "notSelectable": "true"}
        | source
        for row in chapters
    ]
    for row in read(HERE / "icd9_categories.csv"):
        if row["code"] in used:
            parent = next(c["code"] for c in chapters if c["first"] <= row["code"] <= c["last"])
            made.append(
                {
                    "code": row["code"],
                    "display": row["display"],
                    "parent": f"CH{parent}",
                    "kind": "category",
                    "notSelectable": "true",
                }
                | source
            )
    return made


def _placed(row: Row, known: set[str]) -> Row:
    """A code ending in other than 00 stands under the one that ends so: 00.0101 under 00.0100."""
    head = row["code"][:5] + "00"
    return row | {"parent": head if head != row["code"] and head in known else row["code"][:2]}
