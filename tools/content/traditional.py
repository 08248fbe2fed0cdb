"""Diseases, syndromes and therapies of Chinese medicine: GB/T 15657-2021."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.content.files import CodeSystem, Row, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OID = "2.16.156.10011.2.3.3.14"
_PARTS = (("disease", "A"), ("syndrome", "B"), ("therapy", "C"))
_CODE = re.compile(r"[ABC](\d\d\.)*\d\d\.?$")
_LOST = {"C03.02.08": "㨰法推拿疗法"}


def systems(facts: Path) -> Iterable[CodeSystem]:
    rows: list[Row] = []
    for kind, letter in _PARTS:
        part = [
            row
            for row in read(facts / "terminology" / f"tcm_{kind}_{letter}.csv")
            if _CODE.match(row["code"])
        ]
        rows += _placed(part, kind, letter)
    yield CodeSystem("gbt-15657-2021", _about(), rows)


def _about() -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    return {
        "url": f"urn:oid:{OID}",
        "oid": [OID],
        "name": "GBT_15657_2021",
        "title": "中医病证分类与代码",
        "title_en": "Classification and codes of diseases and patterns of Chinese medicine, with therapies",
        "version": "2021",
        "effective": "2021-01-01",
        "status": "active",
        "publisher": "National Administration of Traditional Chinese Medicine",
        "standard": "GB/T 15657-2021; therapies by GB/T 16751.3",
        "source": "a public table of the edition of 2020/2021; counts agree with the official ones",
        "confidence": "certain",
        "licence": "codes and official names are facts of a state standard; arrangement Apache-2.0",
        "language": "zh-CN",
        "hierarchy": "is-a",
        "case_sensitive": True,
        "content": "complete",
        "compositional": False,
        "properties": [
            {"code": "kind", "type": "code", "description": "disease, syndrome or therapy"},
            {
                "code": "provisional",
                "type": "boolean",
                "description": "Group A17: a symptom as diagnosis for the time being",
            },
            {
                "code": "notSelectable",
                "type": "boolean",
                "description": "A heading (its code ends in a point): not to be chosen alone where it has parts",
            },
        ],
    }


def _placed(part: list[Row], kind: str, letter: str) -> list[Row]:
    by_number = {row["code"].rstrip("."): row["code"] for row in part}
    made = []
    for row in part:
        number = row["code"].rstrip(".")
        parent = ""
        while "." in number and not parent:
            number = number.rpartition(".")[0]
            parent = by_number.get(number, "")
        said = {
            "code": row["code"],
            "display": _LOST.get(row["code"], row["display"]),
            "parent": parent,
            "kind": kind,
        }
        if row["code"] in _LOST:
            said |= {"confidence": "likely", "source": "a character missing in the table at hand completed"}
        if letter == "A" and row["code"].startswith("A17") and row["code"] != "A17.":
            said["provisional"] = "true"
        made.append(said)
    heads = {row["parent"] for row in made}
    for row in made:
        if row["code"].endswith(".") and row["code"] in heads:
            row["notSelectable"] = "true"
    return made
