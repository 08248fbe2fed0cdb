"""Templates of the shared documents: which sections and data elements each of the 73 kinds has, as far as is known.

Written to ``src/xinglin/exchange/cda/data/templates``: ``documents.csv``, ``sections.csv``, ``elements.csv`` and
``about.toml``, which says what the columns are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.content import elements
from tools.content.files import HERE, ROOT, Row, read, table, toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TARGET = ROOT / "src" / "xinglin" / "exchange" / "cda" / "data" / "templates"
DOCUMENTS = ("code", "template", "title", "standard", "numbers", "signers", "confidence")
SECTIONS = ("document", "number", "code", "name", "required", "statement", "confidence")
ELEMENTS = (
    "document", "section", "number", "element", "name", "type", "unit", "domain", "required", "under", "confidence"
)  # fmt: skip
_VISIT = {"out": "2.16.156.10011.1.11", "in": "2.16.156.10011.1.12"}
_OUTPATIENT = {"C0002", "C0003", "C0004", "C0005"}
_EITHER = {"C0001", "C0006", "C0007", "C0008", "C0030", "C0031", "C0045"}
_FILES = "2.16.156.10011.1.2|2.16.156.10011.1.19"
_SIGNERS = {
    "C0004": "处方审核药剂师|处方调配药剂师|处方核对药剂师|处方发药药剂师",
    "C0005": "处方审核药剂师|处方调配药剂师|处方核对药剂师|处方发药药剂师",
    "C0006": "审核医师|检查技师|检查医师",
    "C0007": "审核医师|检验技师|检验医师",
}
_MEDICATION = {  # sections in which medicines stand as substanceAdministration
    ("C0004", "10160-0"), ("C0005", "10160-0"), ("C0008", "18610-6"), ("C0011", "18610-6"),
}  # fmt: skip
_UNDER = {
    "DE04.30.016.00": "DE04.30.015.00",
    "DE04.50.134.00": "DE04.30.019.00",
    "DE04.50.135.00": "DE04.30.019.00",
}
_V3 = "urn:oid:2.16.156.10011.2.3."
_TCM = _V3 + "3.14"
_ICD = _V3 + "3.11"
# What the table of elements does not say, or what a name in one document says otherwise.
_BY_CODE = {
    "DE04.30.015.00": ("REAL|PQ", ""),
    "DE04.30.016.00": ("ST", ""),
    "DE04.30.017.00": ("CD", _V3 + "2.38"),
    "DE04.30.018.00": ("ST|CD", ""),
    "DE04.30.019.00": ("ST|CD", ""),
    "DE04.50.026.00": ("ST|CD", ""),
    "DE05.10.129.00": ("CD", _V3 + "1.255"),
    "DE06.00.108.00": ("CD", _V3 + "1.183"),
    "DE06.00.133.00": ("ST|CD|PQ", ""),
    "DE06.00.135.00": ("PQ|REAL|INT", ""),
    "DE06.00.185.00": ("CD|ST", ""),
    "DE06.00.193.00": ("ST", ""),
    "DE06.00.286.00": ("CD", _V3 + "2.58"),
    "DE06.00.289.00": ("CD", _V3 + "1.268"),
    "DE06.00.290.00": ("ST|CD", ""),
    "DE06.00.294.00": ("PQ|INT", ""),
    "DE08.50.024.00": ("ST", ""),
    "DE08.50.050.00": ("PQ|INT", ""),
    "DE08.50.056.00": ("INT|ST", ""),
    "DE09.00.104.00": ("CD", _V3 + "1.253"),
    "DE09.00.103.00": ("CD", "urn:xinglin:codes:de09.00.103.00"),
    "DE05.01.003.00": ("CD", "urn:xinglin:codes:cv05.01.010"),
    "DE05.10.001.00": ("INT", ""),
    "DE05.10.098.00": ("TS", ""),
    "DE06.00.304.00": ("CD", "urn:xinglin:codes:cv06.00.225"),
    "DE06.00.265.00": ("CD|ST", "urn:xinglin:codes:cv05.01.040"),
}
_BY_NAME = {
    "住院者疾病状态代码": ("CD", _V3 + "1.100"),
    "执行有创操作和检测方法": ("ST", ""),
    "使用医疗机构中药制剂": ("BL|ST", ""),
    "诊疗计划": ("ST", ""),
    "家族史": ("ST", ""),
    "入院诊断编码": ("CD", _ICD),  # in one document under the element of family relations
    "治疗结果代码": ("CD", _V3 + "1.148"),
}
_COUNTS = ("次数", "天数", "剂数", "针数", "数目", "孕次", "产次", "评分值", "组号")
_WORDS = ("名称", "描述", "记录", "情况", "内容", "姓名", "历史", "病史", "史")
_DECIMAL = re.compile(r"-(d|h|min)$")


@dataclass
class _Section:
    code: str
    name: str
    required: bool = False
    confidence: str = "likely"
    elements: list[Row] = field(default_factory=list)


@dataclass
class _Facts:
    """What ``facts/shared_documents.txt`` says."""

    names: dict[str, str] = field(default_factory=dict)
    named: dict[tuple[str, int], str] = field(default_factory=dict)
    required: dict[str, set[str]] = field(default_factory=dict)
    keys: set[tuple[str, str]] = field(default_factory=set)
    documents: dict[str, list[_Section]] = field(default_factory=dict)


class _Typing:
    """What kind of value an element has: by this document's name for it, then by the table of elements."""

    def __init__(self, facts: Path) -> None:
        self._known = {row["code"]: row for row in elements.rows_of(facts)}

    def of(self, code: str, name: str) -> tuple[str, str, str]:
        """Type, unit and domain."""
        row = self._known.get(code, {})
        unit = elements.unit_of(name) or row.get("unit", "")
        if name in _BY_NAME:
            return _BY_NAME[name][0], "", _BY_NAME[name][1]
        if code in _BY_CODE and not name.endswith(("名称", "标志")):
            kind, domain = _BY_CODE[code]
            return kind, unit if "PQ" in kind else "", domain
        kind = self._by_name(name, row, unit)
        domain = self._domain(code, name, row) if "CD" in kind else ""
        return kind, unit if kind == "PQ" else "", domain

    def name_of(self, code: str) -> str:
        return self._known[code]["display"]

    @staticmethod
    def _by_name(name: str, row: Row, unit: str) -> str:
        if name.endswith("标志"):
            return "BL"
        if name.endswith(("代码", "编码", "代码表")):
            return "CD"
        if name.endswith(("日期", "日期时间", "开始时间", "结束时间")):
            return "TS"
        if name.endswith(("金额", "费", "费用", "金额(元)")) or row.get("code", "").startswith("HDSD"):
            return "MO"
        if elements.unit_of(name) or _DECIMAL.search(name):
            return "PQ"
        if name.endswith(_COUNTS):
            return "INT"
        if name.endswith(_WORDS) and row.get("datatype") != "L":
            return "ST"
        kinds = {"S2": "CD", "S3": "CD", "L": "BL", "D": "TS", "DT": "TS", "N": "PQ" if unit else "INT"}
        return kinds.get(row.get("datatype", ""), "ST")

    @staticmethod
    def _domain(code: str, name: str, row: Row) -> str:
        if code == "DE05.01.024.00" and ("中医" in name or "证候" in name):
            return _TCM
        return row.get("domain", "")


_SURE_WORDS = {"certain": "certain", "likely": "likely", "unsure": "**unsure**"}
PAGE = ROOT / "docs" / "reference" / "shared-documents.md"


def page(documents: list[Row], sections: list[Row], rows: list[Row]) -> str:
    """The table of kinds for people."""
    lines = []
    for one in documents:
        own = [row for row in sections if row["document"] == one["code"]]
        held = [row for row in rows if row["document"] == one["code"]]
        needed = [
            f"({row['name']})" if row["confidence"] == "unsure" else row["name"]
            for row in own
            if row["required"]
        ]
        unsure = sum(row["confidence"] == "unsure" for row in held)
        arranged = sum(row["confidence"] == "unsure" for row in own)
        sure = _SURE_WORDS[one["confidence"]]
        if arranged:
            sure += f"; {arranged} sections arranged by us"
        if unsure:
            sure += f"; {unsure} elements unsure"
        must = sum(bool(row["required"]) for row in held)
        tables = sum(bool(row["domain"]) for row in held)
        lines.append(
            f"| {one['code']} | {one['title']} | {one['standard']} | {len(own)} | {'、'.join(needed)} "
            f"| {len(held)} / {must} | {tables} | {sure} |"
        )
    head = (HERE / "shared_documents_page.md").read_text(encoding="utf-8")
    return head.format(version=_about()["version"]) + "\n".join(lines) + "\n"


def write(facts: Path) -> tuple[int, int, int]:
    """Write the templates; how many documents, sections and elements that was."""
    said, typing = _read(_Typing(facts)), _Typing(facts)
    documents, sections, rows = [], [], []
    known = {code: found for code, _, found in elements.documents_of(facts)}
    for part in read(HERE / "documents.csv"):
        code = part["code"]
        documents.append(_document(part))
        found = said.documents.get(code) or list(_known_sections(code, known[code], said, typing))
        for number, section in enumerate(found, 1):
            sections.append(_section(code, number, section))
            rows.extend(
                {"document": code, "section": str(number), "number": str(place), **row}
                for place, row in enumerate(section.elements, 1)
            )
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, made, columns in (
        ("documents", documents, DOCUMENTS),
        ("sections", sections, SECTIONS),
        ("elements", rows, ELEMENTS),
    ):
        (TARGET / f"{name}.csv").write_text(table(made, columns), encoding="utf-8")
    (TARGET / "about.toml").write_text(toml(_about()), encoding="utf-8")
    PAGE.write_text(page(documents, sections, rows), encoding="utf-8")
    return len(documents), len(sections), len(rows)


def _about() -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    return {
        "version": "2016.1",
        "effective": "2017-02-01",
        "standard": "WS/T 482-2016, WS/T 483.1-20-2016, WS/T 500.1-53-2016",
        "source": "sections and elements of WS/T 500 from public templates of the 53 documents; those of WS/T 483 from "
        "the basic data sets and the forms of public health, arranged by us",
        "confidence": "likely",
        "licence": "codes and names are facts of state standards; arrangement Apache-2.0",
        "gaps": "cardinalities of the standard are not known: what must be there is our judgement, marked likely where "
        "a document says nothing without it and unsure elsewhere; elements without a code are told by their names",
        "columns": [
            {"name": "documents.numbers", "means": "OIDs: recordTarget must carry one, besides an identity number"},
            {"name": "documents.signers", "means": "who signs, in words: legalAuthenticator, then authenticators"},
            {"name": "sections.code", "means": "LOINC, or the data element by which it is told; empty where not known"},
            {"name": "sections.statement", "means": "medication: medicines stand in it as substanceAdministration"},
            {"name": "elements.type", "means": "types of HL7 v3 that its value may have; the first is written"},
            {"name": "elements.domain", "means": "the code system of its values"},
            {"name": "elements.required", "means": "1: must be there where its section is"},
            {"name": "elements.under", "means": "the element inside whose entry it is written"},
        ],
    }  # fmt: skip


def _document(part: Row) -> Row:
    code = part["code"]
    if code.startswith("HSD"):
        numbers = _FILES
    elif code in _OUTPATIENT:
        numbers = _VISIT["out"]
    elif code in _EITHER:
        numbers = "|".join(_VISIT.values())
    else:
        numbers = f"{_VISIT['in']}|2.16.156.10011.1.13"
    return {
        "code": code,
        "template": part["template"],
        "title": part["display"],
        "standard": part["standard"],
        "numbers": numbers,
        "signers": _SIGNERS.get(code, ""),
        "confidence": part.get("confidence") or "certain",
    }


def _section(code: str, number: int, section: _Section) -> Row:
    return {
        "document": code,
        "number": str(number),
        "code": section.code,
        "name": section.name,
        "required": "1" if section.required else "",
        "statement": "medication" if (code, section.code) in _MEDICATION else "",
        "confidence": section.confidence,
    }


def _known_sections(
    document: str, found: list[tuple[list[str], str, list[list[str]]]], said: _Facts, typing: _Typing
) -> Iterator[_Section]:
    """The sections of a document of WS/T 500."""
    for number, (heading, printed, listed) in enumerate(found, 1):
        code = elements.code_of(heading[0])
        name = said.named.get((document, number)) or said.names.get(code) or printed.removesuffix("章节")
        made = _Section(code, name, code in said.required[document])
        for element, words in listed:
            known = elements.code_of(element)
            name = elements.clean(words) or said.names.get(known, "") or typing.name_of(known)
            kind, unit, domain = typing.of(known, name)
            needed = len(listed) == 1 or (known, name) in said.keys or (known, "") in said.keys
            made.elements.append(
                {
                    "element": known, "name": name, "type": kind, "unit": unit, "domain": domain,
                    "required": "1" if needed else "", "under": _UNDER.get(known, ""), "confidence": "likely",
                }
            )  # fmt: skip
        yield made


def _read(typing: _Typing) -> _Facts:
    said = _Facts()
    document = ""
    for line in (HERE / "shared_documents.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        words = rest.split()
        match mark:
            case "" | "#":
                continue
            case "~":
                said.names[words[0]] = words[1]
            case "^":
                said.named[words[0], int(words[1])] = words[2]
            case "!":
                said.required[words[0]] = set(words[1:])
            case "*":
                said.keys.add((words[0], words[1] if len(words) > 1 else ""))
            case "=":
                document = words[0]
                said.documents[document] = []
            case "@":
                sure = words[0] in _SURE.get(document, ())
                code = "" if words[0] == "?" else words[0]
                said.documents[document].append(
                    _Section(code, words[1], words[-1] == "!", "likely" if sure else "unsure")
                )
            case _:
                said.documents[document][-1].elements.append(_element(mark, words, typing))
    return said


# sections that are known, not arranged by us
_FOLLOW_UP = (
    "99999-33",
    "11450-4",
    "8716-3",
    "99999-24",
    "18776-5",
    "30954-2",
    "10160-0",
    "18776-1",
    "99999-29",
)
_SURE = {"HSDB04.01": (*_FOLLOW_UP, "99999-25"), "HSDB04.02": (*_FOLLOW_UP, "51848-0")}


def _element(mark: str, words: list[str], typing: _Typing) -> Row:
    code = "" if mark == "?" else mark
    name, *more = words
    kind, unit, domain = typing.of(code, name)
    required = bool(more) and more[-1] == "!"
    for one in more[: len(more) - required]:
        if one.startswith("unit="):
            unit = one.removeprefix("unit=")
        elif one.startswith("."):
            domain = f"{_V3}1{one}"
        elif one.startswith(("cv", "de")):
            domain = f"urn:xinglin:codes:{one}"
        elif one.startswith("urn:"):
            domain = one
        else:
            kind = one
    return {
        "element": code, "name": name, "type": kind, "unit": unit if "PQ" in kind else "",
        "domain": domain if "CD" in kind else "", "required": "1" if required else "", "under": "",
        "confidence": "likely" if code else "unsure",
    }  # fmt: skip
