"""``python -m tools.content.page``: write the reference page that lists what comes with the platform."""

from __future__ import annotations

import tomllib
from collections import Counter

from tools.content.files import CONTENT, ROOT, Row, read

PAGE = ROOT / "docs" / "reference" / "terminology-content.md"
_HEAD = """# Shipped code systems, value sets and maps

This page is written by `python -m tools.content.page` from the files of `src/xinglin/terminology/content`; a test keeps it current.

Codes and official names are facts of the standards that are named. Columns, definitions, aliases and English names are ours.
*Confidence* is that of the file: **certain** (read from the standard or a table that agrees with it), **likely** (read from a good
source, or partly from knowledge) or **unsure** (not checked; to be looked at before use). Rows that are less sure than their file
say so themselves, and are counted under *less sure*. *Fragment* means that the system has more codes than these.

`xinglin terminology load` brings a running platform up to these files. Those that follow from tables of state standards are built by
`python -m tools.content FACTS`; the rest are written by hand.
"""  # noqa: E501 -- paragraphs of the page
_STATE = "ws364-"
_TRAPS = """
## Known traps

* **Rh(D) blood group** (CV04.50.020): 1 is negative and 2 positive. Some hospital systems have it the other way round; map their codes.
* **Danger of a person with severe mental illness** (CV05.10.013): the code is one more than the grade, 1 for grade 0.
* **Constitution** (CV05.01.005): 09 is printed 特秉质, in common writing 特禀质.
* **Identity documents** (CV02.01.101): the edition of 2011 has no permit of permanent residence for foreigners.
* **Notifiable diseases** (CV05.01.017) are those of 2011; `notifiable-diseases` is the list in force, 42 since 2026-04-01.
* **ICD-10**: a hospital may write `A01.001+K77.0*`. Here the code is `A01.001`; the manifestation is its property `asterisk`, and the
  written form an alias. Codes of manifestations alone (`G01`) carry `manifestation` and are no main diagnosis.
* **English names** of diseases are those of every category and of the subcategories people have most; a subcategory without one is
  to be called by its category, which is worded to be right for all of them. Blocks have none, chapters carry the titles of the
  classification. Substances of ATC have their international non-proprietary names, and what is for the skin, the eye or the nose
  says so; drugs of the own list have the name of their ATC code, patent medicines theirs in pinyin.
* **GB/T 15657**: a code that ends in a point is a heading where it has parts, and is not to be chosen alone.
* **LOINC**: codes were written from knowledge and have right check digits; those marked likely want a look before they are relied on.

## What is not there

* Codes of WS/T 363 and 364 of 2023; what is here is of 2011, which most messages still carry.
* A map from the edition of 1995 of the codes of Chinese medicine to that of 2021: too few of its codes are known for certain.
* The text of ICD-10, LOINC and ATC; only codes with Chinese names of ours or of the state standard, and English names of ours.
* Definitions of most concepts, and cardinalities of data sets.
"""  # noqa: E501 -- paragraphs of the page


def text() -> str:
    parts = [_HEAD, _summary()]
    for kind, title in (
        ("codesystems", "Code systems"),
        ("valuesets", "Value sets"),
        ("maps", "Maps"),
        ("datasets", "Data sets"),
    ):
        parts.append(f"\n## {title}\n\n{_table(kind)}")
    parts.append(f"\n## Value domains of WS 364-2011\n\n{_table('codesystems', state=True)}")
    return "".join([*parts, _TRAPS])


def _files(kind: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted((CONTENT / kind).glob("*.toml"))
    ]


def _rows(kind: str, name: str) -> list[Row]:
    path = CONTENT / kind / f"{name}.csv"
    return read(path) if path.exists() else []


def _summary() -> str:
    lines = ["\n| kind | files | rows |\n| --- | ---: | ---: |\n"]
    for kind in ("codesystems", "valuesets", "maps", "datasets"):
        names = [name for name, _ in _files(kind)]
        lines.append(f"| {kind} | {len(names)} | {sum(len(_rows(kind, name)) for name in names):,} |\n")
    return "".join(lines)


def _table(kind: str, *, state: bool = False) -> str:
    titles = ["file", "title", "rows", "less sure", "confidence", "standard", "source"]
    if kind in ("valuesets", "maps"):
        titles = ["file", "title", "rows", "confidence", "source"]
    if kind == "datasets":
        titles = ["id", "name", "rows", "standard", "set", "confidence"]
    if state:
        titles = ["file", "title", "rows", "less sure", "OID or URL"]
    lines = [
        f"| {' | '.join(titles)} |\n",
        f"| {' | '.join('---:' if t in ('rows', 'less sure') else '---' for t in titles)} |\n",
    ]
    for name, said in _files(kind):
        if name.startswith(_STATE) == state:
            cells = _cells(kind, name, said)
            lines.append(f"| {' | '.join(cells[title] for title in titles)} |\n")
    return "".join(lines)


def _cells(kind: str, name: str, said: dict[str, str]) -> dict[str, str]:
    rows = _rows(kind, name)
    sure = Counter(row.get("confidence") or said["confidence"] for row in rows)
    order = ("certain", "likely", "unsure")
    less = sum(sure[one] for one in order[order.index(said["confidence"]) + 1 :])
    title = said.get("title", said.get("name", ""))
    more = " (fragment)" if said.get("content") == "fragment" else ""
    note = f" {said['description']}" if said.get("description") else ""
    return {
        "file": f"`{name}`",
        "id": f"`{said.get('id', '')}`",
        "title": f"{title}{more}",
        "name": said.get("name", ""),
        "rows": f"{len(rows):,}" if rows else "",
        "less sure": str(less) if less else "",
        "confidence": said["confidence"],
        "standard": said.get("standard", ""),
        "source": said.get("source", "") + (f".{note}" if note else ""),
        "set": said.get("dataset", ""),
        "OID or URL": f"`{said.get('url', '')}`",
    }


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
