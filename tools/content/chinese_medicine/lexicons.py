"""Diseases, syndromes, therapies and techniques from the state standards, and what was seen of them together."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tools.content.chinese_medicine.book import Origin
from tools.content.chinese_medicine.phrases import phrases

if TYPE_CHECKING:
    from pathlib import Path

    from tools.content.chinese_medicine.book import Book

_DISEASES = Origin("gbt-15657-2021", "national")
_EXTENSION = Origin("clinical-names", "textbook", "unsure")
_SYNDROMES = Origin("gbt-16751-2-2021", "national")
_THERAPIES = Origin("gbt-16751-3-2023", "national")
_OUTCOMES = Origin("zyt-001-94", "ministry", "unsure")
_CODES = Origin("gbt-15657-2021", "national")
_SYSTEM = "urn:oid:2.16.156.10011.2.3.3.14"
_LONGEST_ALIAS = 24
_TECHNIQUES = "疗法类术语"


def gather(book: Book, kb: Path, codes: dict[str, list[str]]) -> None:
    """``codes``: the codes of GB/T 15657-2021 by the letter of the part and the name."""
    _diseases(book, json.loads((kb / "tcm-disease-lexicon.json").read_text(encoding="utf-8")))
    for file, origin, kind in (
        ("tcm-syndrome-lexicon.json", _SYNDROMES, "syndrome"),
        ("tcm-treatment-principle-lexicon.json", _THERAPIES, "therapy"),
    ):
        _numbered(book, json.loads((kb / file).read_text(encoding="utf-8")), origin, kind)
    _coded(book, codes)
    _seen_together(book, json.loads((kb / "zyt001-94_from_veterans.json").read_text(encoding="utf-8")))


def _diseases(book: Book, table: dict[str, Any]) -> None:
    unclear = {one["alias"] for one in table["ambiguousAliases"]}
    by_code = {}
    for one in table["entries"]:
        origin = _EXTENSION if one["code"].startswith("EXT-") else _DISEASES.at(one["code"])
        term = book.term("disease", one["canonical"], origin)
        by_code[one["code"]] = term
        if not one["code"].startswith("EXT-"):
            book.fact(term, "code", origin, value=one["code"], data={"system": _SYSTEM})
        book.fact(term, "category", origin, value=one["category"])
        if one["temporary"]:
            book.fact(term, "provisional", origin, value="临时诊断用术语")
        for alias in one["aliases"]:
            _alias(book, term, alias, origin, unclear=alias in unclear)
    for code, term in by_code.items():
        above = code.rpartition(".")[0]
        if above in by_code:
            book.fact(term, "broader", _DISEASES.at(code), object_=by_code[above])
    for one in table["ambiguousAliases"]:
        for name in one["candidates"]:
            term = book.known("disease", name)
            if term:
                _alias(book, term, one["alias"], _EXTENSION, unclear=True)


def _alias(book: Book, term: str, alias: str, origin: Origin, *, unclear: bool) -> None:
    if len(alias) > _LONGEST_ALIAS:
        return  # a description that slipped into a column of names
    book.fact(
        term,
        "ambiguous-alias" if unclear else "alias",
        origin.less_sure() if unclear else origin,
        value=alias,
    )


def _numbered(book: Book, table: dict[str, Any], origin: Origin, kind: str) -> None:
    meant = Counter(alias for one in table["entries"] for alias in one["aliases"])
    by_number: dict[str, str] = {}
    for one in table["entries"]:
        number = str(one["standardNumber"])
        is_kind = "technique" if kind == "therapy" and one["category"] == _TECHNIQUES else kind
        at = origin.at(number)
        term = book.term(is_kind, one["standardTerm"], at, english=one["english"] or "")
        by_number[number] = term
        book.fact(term, "number", at, value=number)
        if one["termClass"] == "category_heading":
            book.fact(term, "heading", at, value="类目")
        else:
            book.fact(term, "category", at, value=one["category"])
        for alias in one["aliases"]:
            if alias != one["standardTerm"]:
                standard = alias in one.get("standardAliases", [])
                _alias(book, term, alias, at if standard else at.less_sure(), unclear=meant[alias] > 1)
        if one["canonical"] not in (one["standardTerm"], *one["aliases"]):
            book.fact(term, "short-name", at, value=one["canonical"])
    for number, term in by_number.items():
        above = number.rpartition(".")[0]
        if above in by_number:
            book.fact(term, "broader", origin.at(number), object_=by_number[above])


def _coded(book: Book, codes: dict[str, list[str]]) -> None:
    """The code of GB/T 15657 where one code and no more has exactly the name."""
    for (letter, name), term in list(book.terms.items()):
        part = {"S": "B", "T": "C", "Q": "C"}.get(letter)
        found = codes.get(f"{part}|{name}", []) if part else []
        if len(found) == 1:
            book.fact(term.id, "code", _CODES.at(found[0]), value=found[0], data={"system": _SYSTEM})


def _seen_together(book: Book, table: dict[str, Any]) -> None:
    """Syndromes of a disease with their signs, of the criteria of 1994."""
    said: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in table["syndromes"]:
        name = one["syndrome"].strip()
        if not re.fullmatch(r"[\u3400-\u9fff]{2,12}", name):
            continue
        syndrome = _syndrome(book, name, _OUTCOMES.at(one["code"]))
        for disease_name in re.split("[、，]", one["disease"].strip()):
            disease = book.known("disease", disease_name) or book.known("disease", f"{disease_name}病")
            if disease:
                book.fact(syndrome, "seen-in", _OUTCOMES.at(one["code"]), object_=disease)
        for phrase in phrases(one["manifestation"] or ""):
            said[phrase].append((syndrome, one["code"]))
    for phrase, places in said.items():
        for syndrome, code in places:
            shows(book, syndrome, phrase, _OUTCOMES.at(code), often=len(places) > 1)


def _syndrome(book: Book, name: str, origin: Origin) -> str:
    """A syndrome by its name with or without 证; one of its own where the standard has none of that name."""
    for wanted in (name, f"{name}证"):
        found = book.known("syndrome", wanted)
        if found:
            return found
    return book.term("syndrome", name if name.endswith("证") else f"{name}证", origin)


def shows(book: Book, subject: str, phrase: str, origin: Origin, *, often: bool) -> None:
    """A sign of a syndrome, or what a formula is for: a term where several name it, else words alone."""
    if often or book.known("symptom", phrase):
        book.fact(subject, "shows", origin, object_=book.term("symptom", phrase, origin), value=phrase)
    else:
        book.fact(subject, "shows", origin, value=phrase)
