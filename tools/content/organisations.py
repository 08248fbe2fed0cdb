"""What institutions and their documents are: classes, levels, management, status, legal kinds, document types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.content.files import HERE, CodeSystem, Row, Value, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DOCUMENTS = "2.16.156.10011.2.4"
_WITH_PARTS = ("A220", "D120", "D150", "N110", "N120", "N210", "N220", "N300", "Q300")
_LICENCE = "facts of a state standard; arrangement Apache-2.0"


def systems(facts: Path) -> Iterable[CodeSystem]:
    folder = facts / "terminology"
    yield CodeSystem("institution-kind", _kinds_about(), _kinds(folder))
    for file, table in _SMALL.items():
        about = _about(file, *table[:4])
        rows = [{"code": r["code"], "display": _plain(r["display"])} for r in read(folder / table[4])]
        if file == "legal-entity-kind":
            about["hierarchy"] = "is-a"
            known = {row["code"] for row in rows}
            for row in rows:
                row["parent"] = row["code"][:-1] if row["code"][:-1] in known else ""
        yield CodeSystem(file, about, rows)
    yield _documents()


_SMALL = {
    "hospital-level": (
        "医院等级",
        "Level of a hospital",
        "statistical reporting of health resources",
        "certain",
        "cqcore_CNHospitalLevelCS.csv",
    ),
    "hospital-management": (
        "医疗机构分类管理",
        "For profit or not",
        "statistical reporting of health resources",
        "certain",
        "cqcore_CNHospitalManagementTypeCS.csv",
    ),
    "operating-status": (
        "机构运营状态",
        "Operating status of an institution",
        "statistical reporting of health resources",
        "certain",
        "cqcore_OperatingStatusCS.csv",
    ),
    "legal-entity-kind": (
        "组织机构类型",
        "Kind of organisation",
        "GB/T 20091-2021",
        "certain",
        "cqcore_OrganizationTypeCS.csv",
    ),
}


def _about(file: str, title: str, english: str, standard: str, confidence: str) -> dict[str, Value]:
    return {
        "url": f"urn:xinglin:codes:{file}",
        "name": "".join(part.capitalize() for part in file.split("-")),
        "title": title,
        "title_en": english,
        "version": "2022",
        "effective": "2022-01-01",
        "status": "active",
        "publisher": "Xinglin",
        "standard": standard,
        "source": f"{standard}, through code tables that a Chinese regional guide of FHIR publishes under CC0",
        "confidence": confidence,
        "licence": _LICENCE,
        "language": "zh-CN",
        "hierarchy": "none",
        "case_sensitive": True,
        "content": "complete",
        "compositional": False,
    }


def _kinds_about() -> dict[str, Value]:
    about = _about(
        "institution-kind",
        "卫生机构（组织）类别",
        "Kind of health institution",
        "WS 218 and the codes of statistical reporting after it",
        "certain",
    )
    about["hierarchy"] = "is-a"
    about["source"] = (
        "WS 218-2002 and the codes of statistical reporting; where they differ the older name is an alias"
    )
    about["properties"] = [
        {
            "code": "edition",
            "type": "code",
            "description": "2002 where only WS 218-2002 has it, current where only the codes in use have it",
        },
        {"code": "notSelectable", "type": "boolean", "description": "A heading"},
    ]
    return about


def _plain(text: str) -> str:
    return text.replace("（", "(").replace("）", ")").replace("针炙", "针灸").replace("干都学院", "干部学院")


def _kinds(folder: Path) -> list[Row]:
    old = {r["code"]: _plain(r["display"]) for r in read(folder / "ws218_org_type_raw.csv")}
    new = {r["code"]: _plain(r["display"]) for r in read(folder / "cqcore_HealthcareInstitutionsTypeCS.csv")}
    new = {
        code: name for code, name in new.items() if code[0] not in "XZ"
    }  # accounts of offices, no institutions
    heads = {
        "A6": "疗养院、康复和安宁疗护机构",
        "A9": "互联网医院",
        "P4": "医学检验、诊断等独立设置机构",
        "R": "托育服务机构",
    }
    known = old | new | heads
    made = []
    for code in sorted(known):
        row = {"code": code, "display": known[code], "parent": _parent(code, known)}
        if code in old and code in new and old[code] != new[code]:
            row["aliases"] = old[code]
        if code in heads:
            row |= {"confidence": "likely", "source": "heading named after its members"}
        row["edition"] = (
            ""
            if code in old and code in new
            else "current"
            if code in new
            else ""
            if len(code) < 3
            else "2002"
        )
        row["notSelectable"] = "true" if len(code) < 3 else ""
        made.append(row)
    return made


def _parent(code: str, known: dict[str, str]) -> str:
    """The heading of one or two characters, or one of the few four-figure codes that have parts of their own."""
    for head in _WITH_PARTS:
        if code != head and len(code) == 4 and code.startswith(head.rstrip("0")):
            return head
    return next((code[:length] for length in (2, 1) if length < len(code) and code[:length] in known), "")


def _documents() -> CodeSystem:
    about = _about(
        "document-type",
        "共享文档类型",
        "Type of a shared document",
        "WS/T 483-2016, WS/T 500-2016",
        "certain",
    )
    about |= {
        "url": f"urn:oid:{DOCUMENTS}",
        "oid": [DOCUMENTS],
        "name": "SharedDocumentType",
        "version": "2016",
        "effective": "2017-02-01",
        "publisher": "National Health Commission of the People's Republic of China",
        "source": "the templates of WS/T 500 and lists of WS/T 483; numbers of the last four of WS/T 483 are inferred",
        "properties": [
            {"code": "standard", "type": "string", "description": "The part that specifies it"},
            {"code": "template", "type": "code", "description": "OID of its template"},
            {
                "code": "dataset",
                "type": "string",
                "description": "The part of WS 445 whose data set it carries",
            },
        ],
    }
    return CodeSystem("document-type", about, read(HERE / "documents.csv"))
