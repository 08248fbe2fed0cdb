"""ICD-10 as Chinese hospitals use it: chapters, blocks, categories, and the six-figure codes below them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tools.content.files import HERE, MAP_COLUMNS, CodeSystem, Row, named_lines, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OID = "2.16.156.10011.2.3.3.11"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
_MORPHOLOGY = re.compile(r"M\d{5}/\d$")
_CODE = re.compile(
    r"(?P<main>[A-Z]\d\d(?:\.(?:\d\d\d|\d|x\d\d))?)(?:\+ ?(?P<asterisk>[A-Z]\d\d(?:\.\d)?)\*)?(?P<star>\*)?$"
)
_SLIPS = {"R55.X03": "R55.x03", "T66.x02H47.5": "T66.x02+H47.5*"}
_HALLUX = "\ue13b"  # a private character in the table at hand: the big toe


def systems(facts: Path) -> Iterable[CodeSystem]:
    rows = read(facts / "terminology" / "icd10_cn.csv")
    items = [_item(row) for row in rows if not _MORPHOLOGY.match(row["code"])]
    _add_aliases(items)
    tree = _tree(items)
    yield CodeSystem("icd10-cn", _about(), [*tree, *sorted(_placed(items), key=lambda row: row["code"])])
    yield CodeSystem("icd10-cn-morphology", _about_morphology(), _morphology(rows))
    yield CodeSystem("icd10-who", _about_who(), _who(tree, items))


def to_who(facts: Path) -> CodeSystem:
    """The map from six-figure codes to WHO's."""
    items = [
        _item(row)
        for row in read(facts / "terminology" / "icd10_cn.csv")
        if not _MORPHOLOGY.match(row["code"])
    ]
    rows = [
        {"source": row["code"], "target": row["who"], "equivalence": _equivalence(row), "comment": ""}
        for row in sorted(items, key=lambda row: row["code"])
    ]
    about: dict[str, str | bool | list[str] | list[dict[str, str]]] = {
        "url": "urn:xinglin:maps:icd10-cn-to-who",
        "name": "ICD10CNToWHO",
        "title": "ICD-10临床用码对世界卫生组织编码",
        "version": "1",
        "source_system": f"urn:oid:{OID}",
        "target_system": ICD10,
        "source": "the first characters of a six-figure code are WHO's",
        "confidence": "certain",
    }
    return CodeSystem("icd10-cn-to-who", about, rows, MAP_COLUMNS)


def _equivalence(row: Row) -> str:
    """What ends in .x00 or in two noughts says what WHO's code says; the rest is narrower."""
    return "equivalent" if row["code"][5:] in ("", "00") else "wider"


def _about() -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    return {
        "url": f"urn:oid:{OID}",
        "oid": [OID, *(f"{OID}.{n}" for n in range(1, 6))],
        "name": "ICD10_CN",
        "title": "疾病分类与代码（ICD-10，临床用六位码）",
        "title_en": "ICD-10 as used in Chinese hospitals, six-figure codes",
        "version": "2016",
        "effective": "2017-02-01",
        "status": "active",
        "publisher": "National Health Commission of the People's Republic of China",
        "standard": "GB/T 14396-2016 and clinical extensions",
        "source": "a public table of six-figure codes in the manner of GB/T 14396; headings from WHO ICD-10",
        "confidence": "likely",
        "licence": "codes and official names are facts of a state standard; arrangement Apache-2.0",
        "language": "zh-CN",
        "hierarchy": "is-a",
        "case_sensitive": False,
        "content": "fragment",
        "compositional": False,
        "properties": [
            {"code": "kind", "type": "code", "description": "chapter, block, category or item"},
            {
                "code": "who",
                "type": "code",
                "description": "The code of WHO ICD-10 that it extends, three or four characters",
            },
            {
                "code": "asterisk",
                "type": "code",
                "description": "The code of the manifestation, for a code of the cause",
            },
            {
                "code": "manifestation",
                "type": "boolean",
                "description": "Whether it is itself an asterisk code, never a main diagnosis",
            },
            {
                "code": "notSelectable",
                "type": "boolean",
                "description": "A heading: not to be chosen as a diagnosis",
            },
        ],
    }


def _item(row: Row) -> Row:
    """One six-figure code. A table prints ``A01.001+K77.0*``; the code is what stands before the plus."""
    printed = _SLIPS.get(row["code"], row["code"])
    found = _CODE.match(printed)
    if not found:
        raise SystemExit(f"icd10: {row['code']} is no code")
    code = found["main"]
    made = {
        "code": code,
        "display": _display(row["display"]),
        "kind": "item",
        "who": code[:3] if code[4:5] in ("x", "") else code[:5],
        "asterisk": found["asterisk"] or "",
        "manifestation": "true" if found["star"] else "",
        "aliases": printed if printed != code else "",
    }
    if _HALLUX in row["display"] or row["code"] in _SLIPS:
        made |= {"confidence": "likely", "source": "a slip of the table at hand mended"}
    elif row["display"].startswith("紧急使用"):
        made |= {
            "confidence": "likely",
            "source": "kept free by WHO for new diseases",
            "notSelectable": "true",
        }
    return made


def _add_aliases(items: list[Row]) -> None:
    by_code = {row["code"]: row for row in items}
    for code, names in named_lines(HERE / "icd10_aliases.txt"):
        if code not in by_code:
            raise SystemExit(f"icd10: aliases for {code}, which is no code")
        row = by_code[code]
        new = [name for name in names.split(";") if name != row["display"]]
        row["aliases"] = "|".join(filter(None, [row["aliases"], *new]))


def _display(text: str) -> str:
    """Without stray blanks, the private character written out, brackets of one kind."""
    text = re.sub(
        r"(?<=[\u4e00-\u9fff，；、）］)\]])\s+|\s+(?=[\u4e00-\u9fff，；、）［(\[])", "", text.strip()
    )
    return (
        text.replace(_HALLUX, "踇")
        .replace("［", "[")
        .replace("］", "]")
        .replace("（", "(")
        .replace("）", ")")
    )


def _tree(items: list[Row]) -> list[Row]:
    """Chapters, blocks and categories."""
    blocks = read(HERE / "icd10_blocks.csv")
    chapters = read(HERE / "icd10_chapters.csv")
    known = dict(named_lines(HERE / "icd10_categories.txt"))
    whole = {row["code"] for row in items}
    heads: dict[str, str] = {}
    for row in items:
        category, rest = row["code"][:3], row["code"][4:]
        if rest in ("", "x00", "900") and category not in heads:
            heads[category] = row["display"]
    categories = sorted({row["code"][:3] for row in items})
    missing = [c for c in categories if c not in known and c not in heads]
    if missing:
        raise SystemExit(f"icd10: categories without a name: {missing}")
    made = [
        _heading(row["code"], row["display"], "", "chapter") | {"english": row["english"]} for row in chapters
    ]
    for block in blocks:
        chapter = _within(block["code"][:3], chapters)
        made.append(_heading(block["code"], block["display"], chapter, "block"))
    for category in categories:
        if category in whole:
            continue  # the asterisk categories that have no figures of their own
        parent = _block(category, blocks)
        row = _heading(category, known.get(category, heads.get(category, "")), parent, "category") | {
            "who": category
        }
        if category not in known:
            row |= {"confidence": "likely", "source": "named after its item .x00 or .900"}
        made.append(row)
    return made


def _heading(code: str, display: str, parent: str, kind: str) -> Row:
    row = {
        "code": code,
        "display": _display(display),
        "parent": parent,
        "kind": kind,
        "notSelectable": "true",
    }
    return row | {
        "source": "WHO ICD-10; Chinese name as usual in the state standard",
        "confidence": "certain",
    }


def _within(code: str, ranges: list[Row]) -> str:
    for row in ranges:
        if row["first"] <= code <= row["last"]:
            return row["code"]
    raise SystemExit(f"icd10: {code} is in no chapter")


def _block(category: str, blocks: list[Row]) -> str:
    for row in blocks:
        first, last = row["code"].split("-")
        if first <= category <= last:
            return row["code"]
    raise SystemExit(f"icd10: {category} is in no block")


def _placed(items: list[Row]) -> list[Row]:
    """Every item with its parent: A02.001 stands under A02.000, that under A02."""
    known = {row["code"] for row in items}
    blocks = read(HERE / "icd10_blocks.csv")
    for row in items:
        code = row["code"]
        head = code[:5] + "00"
        if len(code) == 3:
            row["parent"] = _block(code, blocks)
        elif len(code) == 7 and code != head and head in known:
            row["parent"] = head
        elif len(code) == 7 and code != (plain := code[:5]) and plain in known:
            row["parent"] = plain
        else:
            row["parent"] = code[:3]
    return items


def _morphology(rows: list[Row]) -> list[Row]:
    made = []
    for row in rows:
        if _MORPHOLOGY.match(row["code"]):
            behaviour = row["code"][-1]
            made.append(
                {
                    "code": row["code"],
                    "display": _display(row["display"]),
                    "behaviour": behaviour,
                    "icdo": f"{row['code'][1:5]}/{behaviour}",
                }
            )
    return made


def _about_morphology() -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    about = _about()
    return about | {
        "url": "urn:xinglin:codes:icd10-cn-morphology",
        "oid": [],
        "name": "ICD10_CN_Morphology",
        "title": "肿瘤形态学编码（ICD-10 M码）",
        "title_en": "Morphology of neoplasms, as printed with ICD-10 in China",
        "source": "a public table of six-figure codes in the manner of GB/T 14396",
        "hierarchy": "none",
        "properties": [
            {
                "code": "behaviour",
                "type": "code",
                "description": "0 benign, 1 uncertain, 2 in situ, 3 malignant, 6 metastatic, 9 primary or metastatic",
            },
            {
                "code": "icdo",
                "type": "code",
                "description": "The first four figures and the behaviour: the form of ICD-O",
            },
        ],
    }


def _about_who() -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    return _about() | {
        "url": ICD10,
        "oid": ["2.16.840.1.113883.6.3"],
        "name": "ICD10_WHO",
        "title": "ICD-10（世界卫生组织，类目与亚目）",
        "title_en": "ICD-10 of WHO: chapters, blocks, categories and subcategories with Chinese names",
        "version": "2019",
        "effective": "2019-01-01",
        "publisher": "World Health Organization",
        "standard": "ICD-10",
        "source": "ranges and codes of WHO ICD-10; Chinese names as usual in the state standard; English names of"
        " categories and subcategories in ordinary words of ours",
        "licence": "codes are facts; the text of ICD-10 belongs to WHO and is not reproduced",
        "properties": [
            {"code": "kind", "type": "code", "description": "chapter, block, category or subcategory"},
            {
                "code": "notSelectable",
                "type": "boolean",
                "description": "A heading: not to be chosen as a diagnosis",
            },
        ],
    }


def _who(tree: list[Row], items: list[Row]) -> list[Row]:
    """In WHO's classification categories and subcategories are diagnoses; chapters and blocks are headings."""
    made = [{key: value for key, value in row.items() if key != "who"} for row in tree]
    for row in made:
        if row["kind"] == "category":
            row["notSelectable"] = ""
    for row in items:
        who, rest = row["who"], row["code"][5:]
        if len(row["code"]) == 3 or (len(who) == 5 and rest in ("", "00")):
            parent = who[:3] if len(who) == 5 else row["parent"]
            said = {
                "code": who,
                "display": row["display"],
                "parent": parent,
                "kind": "category" if len(who) == 3 else "subcategory",
            }
            made.append(
                said
                | {"confidence": "likely", "source": "named after the six-figure code that begins with it"}
            )
    _name_in_english(made)
    return made


def _name_in_english(rows: list[Row]) -> None:
    """Categories, and those subcategories that have a name of their own."""
    english = dict(named_lines(HERE / "icd10_english.txt"))
    unknown = english.keys() - {row["code"] for row in rows}
    if unknown:
        raise SystemExit(f"icd10: English names of no code: {sorted(unknown)}")
    for row in rows:
        row["english"] = row.get("english") or english.get(row["code"], "")
