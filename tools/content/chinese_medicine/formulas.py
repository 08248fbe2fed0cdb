"""Formulas with their composition, and patent medicines."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tools.content.chinese_medicine.book import Origin
from tools.content.chinese_medicine.lexicons import shows
from tools.content.chinese_medicine.phrases import named_syndromes, phrases
from tools.content.files import HERE, named_lines, read

if TYPE_CHECKING:
    from pathlib import Path

    from tools.content.chinese_medicine.book import Book
    from tools.content.chinese_medicine.herbs import Herbs

_FORMULAS = Origin("szjg-38-2-2011", "local")
_PATENTS = Origin("drug-names", "literature", "likely")
_CODE_SYSTEM = "SZJG/T 38.2-2011"


def gather(book: Book, kb: Path, content: Path, herbs: Herbs) -> None:
    table = json.loads((kb / "szjg-tcm-formula-standard.json").read_text(encoding="utf-8"))
    entries = table["entries"]
    double = {name for name in (e["name"] for e in entries) if sum(e["name"] == name for e in entries) > 1}
    for entry in entries:
        _formula(book, entry, herbs, double)
    for row in read(content / "codesystems" / "drugs.csv"):
        if row.get("kind") == "chinese":
            _patent(book, row)


def classics(book: Book) -> None:
    """Classics with author and era; those that formulas are from, and those that every student reads."""
    origin = Origin("histories", "textbook", "likely")
    for name, rest in named_lines(HERE / "tcm" / "classics.txt"):
        author, era, *others = rest.split()
        term = book.term("classic", name, origin)
        if author != "-":
            book.fact(term, "written-by", origin, value=author)
        book.fact(term, "written-in", origin, value=era)
        for other in others[0].split("|") if others else ():
            book.fact(term, "alias", origin, value=other)


def _formula(book: Book, entry: dict[str, Any], herbs: Herbs, double: set[str]) -> None:
    origin = _FORMULAS.at(f"第 {entry['sourcePage']} 页")
    classic = entry["source"].strip("《》 ")
    name = entry["name"]
    shown = f"{name}（{classic}）" if name in double else name
    if book.known("formula", shown):
        shown = f"{shown} {entry['code']}"
    term = book.term("formula", shown, origin)
    if shown != name:
        book.fact(term, "ambiguous-alias", origin, value=name)
    book.fact(term, "code", origin, value=entry["code"], data={"system": _CODE_SYSTEM})
    if re.fullmatch(r"[\u3400-\u9fff·]{2,12}", classic):
        book.fact(term, "from-classic", origin, object_=book.term("classic", classic, origin))
    for place, given in enumerate(_mended(entry["ingredients"], book, herbs), 1):
        _ingredient(book, term, given, place, origin, herbs)
    _uses(book, term, entry, origin)


def _uses(book: Book, term: str, entry: dict[str, Any], origin: Origin) -> None:
    """What a formula does, what it is for."""
    for said in entry["functions"]:
        for effect in filter(None, (piece.strip() for piece in re.split("[，、；。,]", said))):
            if len(effect) <= 8:
                book.fact(term, "effect", origin, object_=book.term("effect", effect, origin))
    for text in entry["indications"]:
        for phrase in phrases(text):
            shows(book, term, phrase, origin, often=bool(book.known("symptom", phrase)))
        for said in named_syndromes(text):
            found = book.known("syndrome", said) or book.known("disease", said)
            if found:
                book.fact(term, "treats", origin.less_sure(), object_=found)
            else:
                book.fact(term, "treats", origin.less_sure(), value=said)


def _mended(given: list[str], book: Book, herbs: Herbs) -> list[str]:
    """Names that a line break in the table cut in two, joined where both halves are nothing and the whole is a herb."""
    known = [name for name in given if name.strip()]
    found: list[str] = []
    place = 0
    while place < len(known):
        pair = "".join(known[place : place + 2])
        halves = known[place : place + 2]
        if (
            len(halves) == 2
            and not any(_stands(book, herbs, half) for half in halves)
            and _stands(book, herbs, pair)
        ):
            found.append(pair)
            place += 2
        else:
            found.append(known[place])
            place += 1
    return found


def _stands(book: Book, herbs: Herbs, name: str) -> bool:
    return bool(herbs.term(book, name)) or name in herbs.unclear


def _ingredient(book: Book, term: str, given: str, place: int, origin: Origin, herbs: Herbs) -> None:
    herb = herbs.term(book, given)
    if herb and given not in herbs.unclear:
        book.fact(term, "contains", origin, object_=herb, value=given, data={"order": place})
        return
    candidates = [found for name in herbs.unclear.get(given, []) if (found := book.known("herb", name))]
    data: dict[str, Any] = {"order": place} | ({"candidates": candidates} if candidates else {})
    book.fact(term, "contains", origin.less_sure(), value=given, data=data)


def _patent(book: Book, row: dict[str, str]) -> None:
    origin = _PATENTS.at(row["code"])
    term = book.term("patent", row["display"], origin)
    book.fact(term, "code", origin, value=row["code"], data={"system": "urn:xinglin:codes:drug"})
    for form in filter(None, row["form"].split("|")):
        book.fact(term, "dosage-form", origin, value=form)
    for alias in filter(None, (row["aliases"] or "").split("|")):
        book.fact(term, "alias", origin, value=alias)
    formula = next(
        (
            found
            for ending in ("", "丸", "散", "汤", "饮", "片")
            if (found := book.known("formula", row["display"] + ending))
        ),
        "",
    )
    if (
        formula
        and sum(
            bool(book.known("formula", row["display"] + ending))
            for ending in ("", "丸", "散", "汤", "饮", "片")
        )
        == 1
    ):
        book.fact(term, "named-like", origin.less_sure(), object_=formula)
