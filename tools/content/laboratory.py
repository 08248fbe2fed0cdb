"""Laboratory tests with the codes of LOINC that are known for them, and drugs with those of ATC."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from tools.content.files import CONTENT, HERE, MAP_COLUMNS, CodeSystem, Row, Value, named_lines, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOINC, ATC = "http://loinc.org", "http://www.whocc.no/atc"
TESTS, DRUGS = "urn:xinglin:codes:lab-test", "urn:xinglin:codes:drug"
_LOINC_NOTICE = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc."
    " and the LOINC Committee and is available at no cost under the license at"
    " http://loinc.org/license. Chinese names are ours."
)
_REMAINS = {"medicine": "Z"}


def systems(_facts: Path) -> Iterable[CodeSystem]:
    tests = list(_tests())
    yield CodeSystem("lab-tests", _tests_about(), [*_panels(), *tests])
    yield CodeSystem("loinc", _loinc_about(), list(_loinc(tests)))
    drugs = list(_drugs())
    yield CodeSystem("drugs", _drugs_about(), drugs)
    yield CodeSystem("atc", _atc_about(), list(_atc(drugs)))


def maps() -> Iterator[CodeSystem]:
    known = [row for row in _tests() if row.get("loinc")]
    rows = [
        {
            "source": row["code"],
            "target": row["loinc"],
            "equivalence": "equivalent" if row["loincConfidence"] == "certain" else "relatedto",
        }
        for row in known
    ]
    about = {
        "version": "2026.1",
        "confidence": "likely",
        "source": "codes of LOINC as known; “likely” ones are said to be related only",
    }
    yield CodeSystem(
        "lab-tests-to-loinc",
        {
            "url": "urn:xinglin:maps:lab-tests-to-loinc",
            "name": "LabTestsToLOINC",
            "title": "检验项目对LOINC",
            "source_system": TESTS,
            "target_system": LOINC,
            **about,
        },
        rows,
        MAP_COLUMNS,
    )
    rows = [
        {"source": row["code"], "target": row["atc"], "equivalence": "equivalent"}
        for row in _drugs()
        if len(row.get("atc", "")) == 7
    ]
    yield CodeSystem(
        "drugs-to-atc",
        {
            "url": "urn:xinglin:maps:drugs-to-atc",
            "name": "DrugsToATC",
            "title": "药品通用名对ATC",
            "source_system": DRUGS,
            "target_system": ATC,
            **about,
            "source": "ATC codes as known",
        },
        rows,
        MAP_COLUMNS,
    )


def _about(**said: Value) -> dict[str, Value]:
    return {
        **said,
        "version": "2026.1",
        "effective": "2026-01-01",
        "status": "active",
        "publisher": "Xinglin",
        "licence": said.get("licence", "Apache-2.0"),
        "language": "zh-CN",
        "case_sensitive": True,
        "content": said.get("content", "complete"),
        "compositional": False,
    }


def _lines(file: str) -> Iterator[list[str]]:
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("|")


def _tests() -> Iterator[Row]:
    panel = specimen = ""
    for parts in _lines("lab_tests.txt"):
        if len(parts) == 1:
            _, _, panel, specimen = parts[0].split(" ")
            continue
        code, name, aliases, english, loinc, sure, unit, own = (part.strip() for part in parts)
        yield {
            "code": code,
            "display": name,
            "parent": f"P-{panel}",
            "english": english,
            "aliases": aliases.replace(";", "|"),
            "loinc": loinc,
            "loincConfidence": sure,
            "unit": unit,
            "specimen": own or specimen,
        }


def _panels() -> Iterator[Row]:
    for parts in _lines("lab_tests.txt"):
        if len(parts) == 1:
            _, name, panel, specimen = parts[0].split(" ")
            yield {"code": f"P-{panel}", "display": name, "specimen": specimen, "notSelectable": "true"}


def _tests_about() -> dict[str, Value]:
    return _about(
        url=TESTS,
        name="LabTests",
        title="常用检验项目",
        title_en="Common laboratory tests",
        standard="own list; LOINC, UCUM",
        source="laboratory practice in China; abbreviations as on analysers and reports",
        confidence="certain",
        hierarchy="part-of",
        properties=[
            {"code": "loinc", "type": "code", "description": "Code of LOINC, as far as known"},
            {
                "code": "loincConfidence",
                "type": "code",
                "description": "certain or likely: likely ones want a look before they are relied on",
            },
            {"code": "unit", "type": "code", "description": "Usual unit, UCUM"},
            {"code": "specimen", "type": "string", "description": "Usual specimen"},
            {"code": "notSelectable", "type": "boolean", "description": "A group of tests"},
        ],
    )


def _loinc_about() -> dict[str, Value]:
    return _about(
        url=LOINC,
        oid=["2.16.840.1.113883.6.1"],
        name="LOINC_Fragment",
        title="LOINC（常用检验项目与生命体征）",
        title_en="LOINC: the codes of common laboratory tests and vital signs",
        standard="LOINC",
        source="codes as known, their check digits verified; Chinese and English names are ours, not LOINC's",
        confidence="likely",
        licence=_LOINC_NOTICE,
        content="fragment",
        hierarchy="none",
        properties=[
            {"code": "unit", "type": "code", "description": "Usual unit, UCUM"},
            {"code": "specimen", "type": "string", "description": "Usual specimen"},
        ],
    ) | {"case_sensitive": False}


def _loinc(tests: list[Row]) -> Iterator[Row]:
    for row in tests:
        if row["loinc"]:
            yield {
                "code": row["loinc"],
                "display": row["display"],
                "english": row["english"],
                "aliases": row["aliases"],
                "confidence": row["loincConfidence"],
                "unit": row["unit"],
                "specimen": row["specimen"],
            }

    seen = set()
    for row in read(CONTENT / "codesystems" / "vital-signs.csv"):
        if row["loinc"] not in seen:
            seen.add(row["loinc"])
            kept = {key: row[key] for key in ("display", "english", "aliases", "unit")}
            yield {"code": row["loinc"], "confidence": row["confidence"] or "certain"} | kept


def _drugs() -> Iterator[Row]:
    seen: dict[str, str] = {}
    by_code, by_name = (dict(named_lines(HERE / f"{file}_english.txt")) for file in ("atc", "drugs"))
    for parts in _lines("drugs.txt"):
        if len(parts) == 1:
            continue
        printed, name, aliases, forms = (part.strip() for part in parts)
        code = f"D{crc32(name.encode()) % 1_000_000:06d}"
        if code in seen:
            raise SystemExit(f"drugs: {name} and {seen[code]} have the same code")
        seen[code] = name
        atc = printed.rstrip("-")
        sure = "certain" if len(atc) == 7 and not printed.endswith("-") else ""
        yield {
            "code": code,
            "display": name,
            "english": by_name.get(name) or (by_code.get(atc, "") if sure else ""),
            "aliases": aliases.replace(";", "|"),
            "atc": atc if sure or atc else "",
            "atcGroup": atc[:3],
            "form": forms.replace(";", "|"),
            "kind": "western" if atc else "chinese",
        } | (
            {"confidence": "likely", "source": "no ATC code is certain; its group is given"}
            if atc and not sure
            else {}
        )


def _drugs_about() -> dict[str, Value]:
    return _about(
        url=DRUGS,
        name="Drugs",
        title="常用药品通用名",
        title_en="Common drugs by generic name",
        standard="own list; ATC",
        source="generic names in use in China; ATC codes and English names as known",
        confidence="likely",
        hierarchy="none",
        properties=[
            {
                "code": "atc",
                "type": "code",
                "description": "Code of ATC; three to five characters where only the group is certain",
            },
            {"code": "atcGroup", "type": "code", "description": "Therapeutic group of ATC"},
            {"code": "form", "type": "code", "description": "Usual dosage forms"},
            {
                "code": "kind",
                "type": "code",
                "description": "western or chinese (patent medicines of Chinese medicine)",
            },
        ],
    )


def _groups() -> Iterator[tuple[str, str]]:
    """ATC's main and therapeutic groups; Z, which is no group of ATC, is left out."""
    for file, marked in (("drugs.txt", "= "), ("atc_more.txt", "")):
        for line in (HERE / file).read_text(encoding="utf-8").splitlines():
            if line and line.startswith(marked) and "|" not in line and not line.startswith("#"):
                code, _, name = line.removeprefix(marked).partition(" ")
                if code != _REMAINS["medicine"]:
                    yield code, name


def _atc(drugs: list[Row]) -> Iterator[Row]:
    groups = dict(_groups())
    english = dict(named_lines(HERE / "atc_english.txt"))
    for code in sorted(groups):
        yield {
            "code": code,
            "display": groups[code],
            "english": english[code],
            "parent": code[:1] if len(code) > 1 else "",
            "notSelectable": "true",
            "source": "ATC; our wording",
        }
    for row in sorted(drugs, key=lambda row: row["atc"]):
        if len(row["atc"]) == 7 and row.get("confidence") != "likely":
            if row["atcGroup"] not in groups:
                raise SystemExit(f"atc: {row['atc']} has no group")
            yield {
                "code": row["atc"],
                "display": row["display"],
                "english": english[row["atc"]],
                "parent": row["atcGroup"],
                "aliases": row["aliases"],
            }


def _atc_about() -> dict[str, Value]:
    return _about(
        url=ATC,
        oid=["2.16.840.1.113883.6.73"],
        name="ATC_Fragment",
        title="ATC（常用药品）",
        title_en="ATC: the codes of common drugs, with their main and therapeutic groups",
        standard="ATC",
        source="codes as known; Chinese names are ours; English names of substances are the international"
        " non-proprietary names, which are facts, those of groups are ours",
        confidence="likely",
        licence="codes are facts; the ATC index belongs to its WHO Collaborating Centre and is not reproduced",
        content="fragment",
        hierarchy="is-a",
        properties=[{"code": "notSelectable", "type": "boolean", "description": "A group"}],
    )
