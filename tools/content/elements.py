"""Data elements of WS 363, and the data sets that they stand in."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from tools.content.files import HERE, CodeSystem, Row, Value, read
from tools.content.state_tables import url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OID = "2.16.156.10011.2.2.1"
DATASET_COLUMNS = (
    "section",
    "section_code",
    "id",
    "element",
    "name",
    "datatype",
    "format",
    "domain",
    "cardinality",
    "confidence",
    "source",
)
_SLIPS = (("DE056.", "DE06."), ("DE06.0.", "DE06.00."))
_UNIT = re.compile(r"[(（]([^()（）]+)[)）]$")
_UNITS = {"ml", "cm", "g", "kg", "min", "次/min", "mmol/L", "%", "周", "元", "cmH2O", "mmHg", "d", "h"}


def systems(facts: Path) -> Iterable[CodeSystem]:
    yield CodeSystem("data-elements", _about(), rows_of(facts))


def _about() -> dict[str, Value]:
    return {
        "url": f"urn:oid:{OID}",
        "oid": [OID],
        "name": "DataElements",
        "title": "卫生健康信息数据元",
        "title_en": "Data elements of health information",
        "version": "2011",
        "effective": "2012-02-01",
        "status": "active",
        "publisher": "National Health Commission of the People's Republic of China",
        "standard": "WS 363-2011 (superseded by WS/T 363-2023)",
        "source": "the elements that the templates of the 53 shared documents and the personal basic data set use",
        "confidence": "likely",
        "licence": "codes and names are facts of a state standard; arrangement Apache-2.0",
        "language": "zh-CN",
        "hierarchy": "none",
        "case_sensitive": True,
        "content": "fragment",
        "compositional": False,
        "properties": [
            {
                "code": "datatype",
                "type": "code",
                "description": "S1 free text, S2 listed code, S3 code of a table, L true or false, N, D, DT",
            },
            {"code": "format", "type": "string", "description": "Format of WS 363, as A..50 or N..5,2"},
            {"code": "domain", "type": "string", "description": "The code system that its values come from"},
            {"code": "unit", "type": "string", "description": "Unit, as printed"},
            {
                "code": "group",
                "type": "code",
                "description": "Part of the catalogue: DE02.01 demography, DE04.10 physical examination …",
            },
        ],
    }


def code_of(printed: str) -> str:
    """The element's code, where a template prints it with a slip."""
    for wrong, right in _SLIPS:
        if printed.startswith(wrong):
            return right + printed.removeprefix(wrong)
    return printed


def documents_of(facts: Path) -> list[tuple[str, str, list[tuple[list[str], str, list[list[str]]]]]]:
    read_ = json.loads((facts / "terminology" / "cda_sections.json").read_text(encoding="utf-8"))
    return [(code, name, sections) for code, name, sections in read_]


def _names(facts: Path) -> dict[str, Counter[str]]:
    """Under which names each element stands in the documents."""
    found: dict[str, Counter[str]] = {}
    for line in (facts / "terminology" / "de_from_cda.tsv").read_text(encoding="utf-8").splitlines():
        code, name, _ = line.split("\t")
        found.setdefault(code_of(code), Counter())[clean(name)] += 1
    for _, _, sections in documents_of(facts):
        for _, _, elements in sections:
            for code, name in elements:
                found.setdefault(code_of(code), Counter())[clean(name)] += 1
    return found


def clean(name: str) -> str:
    return name.strip().replace("检査", "检查").replace("（", "(").replace("）", ")")


def rows_of(facts: Path) -> list[Row]:
    known = {row["code"]: row for row in read(HERE / "elements.csv")}
    names = _names(facts)
    domains = _domains(facts)
    made = []
    for code in sorted(names.keys() | known.keys()):
        fact = known.get(code, {})
        used = [name for name, _ in names.get(code, Counter()).most_common()]
        display = fact.get("display") or used[0]
        row = {
            "code": code,
            "display": display,
            "aliases": "|".join(name for name in used if name != display),
            "group": code[:7] if code.startswith("DE") else code[:9],
        }
        row |= _typed(code, display, fact, domains)
        if not fact:
            row["confidence"] = "likely"
            row["source"] = "named as in the shared documents" + (
                "; type read off the name" if row["datatype"] else ""
            )
        else:
            row |= {"confidence": fact["confidence"], "source": "WS 363-2011, WS 365-2011"}
        made.append({key: value for key, value in row.items() if value})
    return made


def unit_of(name: str) -> str:
    """The unit that a name ends with, as printed."""
    found = _UNIT.search(name)
    return found[1] if found and found[1] in _UNITS else ""


def _typed(code: str, display: str, fact: Row, domains: dict[str, str]) -> Row:
    """Type, format, unit and value domain: known, or read off the name."""
    said = unit_of(display)
    domain = fact.get("domain") or domains.get(code) or domains.get(_stem(display), "")
    if fact.get("datatype"):
        kind = fact["datatype"]
    elif display.endswith("标志"):
        kind = "L"
    elif display.endswith(("日期时间", "时间")) and not said:
        kind = "DT"
    elif display.endswith("日期"):
        kind = "D"
    elif domain and (display.endswith(("代码", "代码表")) or code in domains):
        kind = "S3"
    elif said or display.endswith(("费", "费用", "金额")) or code.startswith("HDSD"):
        kind = "N"
    else:
        kind = ""
        domain = fact.get("domain", "")
    return {
        "datatype": kind,
        "format": fact.get("format", ""),
        "domain": domain,
        "unit": fact.get("unit") or said,
    }


def _stem(name: str) -> str:
    return re.sub(r"(代码表|代码|编码)$", "", name)


def _domains(facts: Path) -> dict[str, str]:
    """Code systems by the name of the element that takes its values from them, and by the element's own code."""
    known = {row["table"]: row for row in read(HERE / "state_tables.csv")}
    found: dict[str, str] = {}
    for row in read(facts / "terminology" / "ws364_valuesets_2011.csv"):
        table = row["codesystem"]
        if table.startswith(("CV", "DE")):
            system = url(table, known.get(table, {}))
            found.setdefault(_stem(row["name"]), system)
            if table.startswith("DE"):
                found[table] = system
    return found


def datasets(facts: Path) -> Iterator[CodeSystem]:
    """One data set for each shared document of WS/T 500, and that of personal basic information."""
    elements = {row["code"]: row for row in rows_of(facts)}
    parts = {row["code"]: row for row in read(HERE / "documents.csv")}
    for code, _, sections in documents_of(facts):
        part = parts[code]
        rows = [
            _entry(element, name, section, heading, elements)
            for heading, section, listed in sections
            for element, name in listed
        ]
        yield CodeSystem(code.lower(), _dataset_about(part, code), rows, DATASET_COLUMNS)
    about = _dataset_about(
        {"display": "个人基本健康信息登记", "standard": "WS 365-2011 HDSD00.01", "dataset": "WS 365-2011"},
        "HDSD00.01",
    )
    about |= {
        "confidence": "certain",
        "gaps": "elements 027-032 and 037-042 are named together in the source and carry no code of their own",
    }
    yield CodeSystem("hdsd00-01", about, read(HERE / "hdsd00_01.csv"), DATASET_COLUMNS)


def _dataset_about(part: Row, code: str) -> dict[str, Value]:
    return {
        "id": code,
        "name": part["display"],
        "standard": part["standard"],
        "dataset": part["dataset"],
        "version": "2016" if code.startswith("C") else "2011",
        "source": "the template of the shared document" if code.startswith("C") else "the data set of WS 365",
        "confidence": "likely",
        "gaps": "only elements of the body, not of the header; cardinalities are not known",
    }


def _entry(printed: str, name: str, section: str, heading: list[str], elements: dict[str, Row]) -> Row:
    element = elements[code_of(printed)]
    row = {
        "section": section.removesuffix("章节"),
        "section_code": heading[0],
        "element": element["code"],
        "name": clean(name),
        **{key: element.get(key, "") for key in ("datatype", "format", "domain")},
    }
    if code_of(printed) != printed:
        row |= {"confidence": "likely", "source": f"printed as {printed}"}
    return row
