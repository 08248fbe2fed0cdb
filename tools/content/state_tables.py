"""The value domains of WS 364, and the tables of GB standards that it carries."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tools.content.files import HERE, CodeSystem, Row, named_lines, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SOURCE = "WS 364-2011 value domains, read from a public table of them"
STATE = "National Health Commission of the People's Republic of China"
_ENDS = re.compile(r"(编码表|代码表|代码|表)(\(Confidentiality\))?$")
_HOLDS = re.compile(r"^\d+$")
# Tables whose codes are a list, not a tree, though one code begins with another.
_FLAT = {"CV04.30.002", "DE06.00.186.00", "GB/T 16835-1997"}


def systems(facts: Path) -> Iterable[CodeSystem]:
    tables: dict[tuple[str, str], list[Row]] = {}
    for row in read(facts / "terminology" / "ws364_valuesets_2011.csv"):
        tables.setdefault((row["codesystem"], row["name"]), []).append(row)
    known = {row["table"]: row for row in read(HERE / "state_tables.csv")}
    for (name, title), rows in sorted(tables.items()):
        yield _system(name, title, rows, known.get(name, {}))


def _system(name: str, title: str, rows: list[Row], known: Row) -> CodeSystem:
    standard = known.get("standard") or (name if name.startswith("GB") else f"WS 364-2011 {name}")
    about: dict[str, str | bool | list[str] | list[dict[str, str]]] = {
        "url": url(name, known),
        **({"oid": [known["oid"]]} if known.get("oid") else {}),
        "name": _identifier(name),
        "title": known.get("title") or _ENDS.sub("", title),
        "title_en": known.get("title_en") or name,
        "version": known.get("version") or "2011",
        "effective": known.get("effective") or "2012-02-01",
        "status": "active",
        "publisher": STATE,
        "standard": standard,
        "source": SOURCE,
        "confidence": known.get("confidence") or "certain",
        "licence": "facts of a state standard; arrangement Apache-2.0",
        "language": "zh-CN",
        "hierarchy": "none",
        "case_sensitive": True,
        "content": known.get("content") or "complete",
        "compositional": False,
    }
    if known.get("note"):
        about["description"] = known["note"]
    made = _repaired(name, rows)
    if name not in _FLAT:
        about["hierarchy"] = _nested(made)
    return CodeSystem(file_name(name), about, _with_facts(name, made, about))


def url(name: str, known: Row) -> str:
    """The identifier under which records name a table: its OID where that is known."""
    if known.get("oid"):
        return "urn:oid:" + known["oid"]
    return "urn:xinglin:codes:" + re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


def file_name(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return plain if name.startswith(("GB", "WS")) else f"ws364-{plain}"


def _identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")


def _repaired(name: str, rows: list[Row]) -> list[Row]:
    """The rows as the standard means them, where the table at hand has a slip."""
    mended = _MENDED.get(name)
    plain = [{"code": row["code"], "display": row["display"]} for row in rows]
    if mended is not None:
        plain = mended(plain)
    counted = Counter(row["code"] for row in plain)
    if any(count > 1 for count in counted.values()):
        raise SystemExit(f"{name}: codes twice: {[c for c, n in counted.items() if n > 1]}")
    return plain


def _once(rows: list[Row]) -> list[Row]:
    """Of rows with the same code the first; other names become aliases, and the row is no longer certain."""
    kept: dict[str, Row] = {}
    for row in rows:
        first = kept.setdefault(row["code"], row)
        if first is not row and first["display"] != row["display"]:
            first["aliases"] = "|".join(filter(None, [first.get("aliases"), row["display"]]))
            first["confidence"] = "unsure"
            first["source"] = "two names stand under this code in the table at hand"
    return list(kept.values())


def _radiation(rows: list[Row]) -> list[Row]:
    """Chapter 4 of GB/T 18201 is the classification; what follows repeats it and is left out."""
    groups = {
        "电离辐射所致的全身性疾病": "4.1",
        "电离辐射所致的器官和组织损伤": "4.2",
        "电离辐射诱发的恶性肿瘤": "4.3",
        "放射性复合损伤": "4.4",
    }
    made = []
    for row in rows:
        if row["display"] in groups:
            heading = {"code": groups[row["display"]], "display": row["display"], "confidence": "likely"}
            made.append(heading | {"source": "number of the heading completed from its place"})
        elif re.fullmatch(r"4\.\d(\.\d)+", row["code"]):
            organ, _, rest = row["display"].partition(" ")
            display = organ if row["code"] == "4.3.7" else rest or organ
            made.append({"code": row["code"], "display": display})
    return sorted(made, key=lambda row: [int(part) for part in row["code"].split(".")])


def _countries(rows: list[Row]) -> list[Row]:
    """The table of 2000 with the countries named since, and those that no longer exist retired."""
    for row in rows:
        if row["code"] in ("158", "344", "446"):
            row |= {"display": "中国" + row["display"], "aliases": row["display"]}
        elif row["code"] in ("530", "736", "891"):
            row["status"] = "retired"
        row["display"] = row["display"].removesuffix("Gambia")
    since = [
        {
            "code": code,
            "display": name,
            "confidence": "likely",
            "source": "ISO 3166-1; named after the edition of 2000",
        }
        for code, name in named_lines(HERE / "countries_since.txt")
    ]
    return sorted([*rows, *since], key=lambda row: row["code"])


def _tens(rows: list[Row]) -> list[Row]:
    """Tables in which a round number heads its ten: 20 married, 21 married for the first time."""
    known = {row["code"] for row in rows}
    for row in rows:
        head = row["code"][0] + "0"
        if head in known and head != row["code"]:
            row["parent"] = head
    return rows


def _peoples(rows: list[Row]) -> list[Row]:
    """The fifty-six, with the name that the thirty-sixth has borne since 1986."""
    for row in rows:
        if row["display"] == "毛难族":
            row |= {"display": "毛南族", "aliases": "毛难族"}
    return rows


_MENDED = {
    "CV04.30.002": _once,
    "DE03.00.046.00": _once,
    "GB 3304-1991": _peoples,
    "GB/T 18201-2000": _radiation,
    "GB/T 2261.2-2003": _tens,
    "GB/T 2659-2000": _countries,
    "GB/T 4658-2006": _tens,
    "GB/T 8561-2001": _once,
}


def _nested(rows: list[Row]) -> str:
    """Give every row the longest code that begins its own as parent, unless the codes are numbers in a row."""
    codes = [row["code"] for row in rows]
    if all(map(_HOLDS.match, codes)) and sorted(map(int, codes)) == list(range(1, len(codes) + 1)):
        return "none"
    known, found = set(codes), any(row.get("parent") for row in rows)
    for row in rows:
        code = row["code"]
        if row.get("parent"):
            continue
        for length in range(len(code) - 1, 0, -1):
            parent = code[:length].rstrip(".-")
            if parent in known and parent != code:
                row["parent"], found = parent, True
                break
    return "is-a" if found else "none"


def _with_facts(
    name: str, rows: list[Row], about: dict[str, str | bool | list[str] | list[dict[str, str]]]
) -> list[Row]:
    """Join what else is known about a table's codes: letters of peoples, codes of countries, English names."""
    path = HERE / f"{file_name(name)}.csv"
    if path.exists():
        more = {row["code"]: row for row in read(path)}
        properties = [
            key for key in next(iter(more.values())) if key not in ("code", "english", "aliases", "status")
        ]
        about["properties"] = [
            {"code": key, "type": "string", "description": _PROPERTIES[key]} for key in properties
        ]
        for row in rows:
            row |= {key: value for key, value in more.get(row["code"], {}).items() if value}
    english = dict(named_lines(HERE / "english.txt"))
    for row in rows:
        said = english.get(f"{file_name(name)}:{row['code']}")
        if said:
            row["english"] = said
    return rows


_PROPERTIES = {
    "letters": "Two-letter code of GB/T 3304",
    "alpha2": "Two-letter code of ISO 3166-1",
    "alpha3": "Three-letter code of ISO 3166-1",
}
