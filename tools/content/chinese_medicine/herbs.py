"""Herbs and their processed forms: dose, nature, flavour, meridians, effects, cautions, other names."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.content.chinese_medicine.book import Origin
from tools.content.files import HERE, named_lines

if TYPE_CHECKING:
    from pathlib import Path

    from tools.content.chinese_medicine.book import Book

_CHP = Origin("chp-2020", "chp")
_CURATED = Origin("dose-tables", "literature", "unsure")
_NAMES = Origin("herb-names", "literature", "unsure")
_PROPERTIES = Origin("tcm-mkg", "literature", "unsure")
_EFFECTS = Origin("effect-tables", "literature", "unsure")
_PAIRS = Origin("incompatible-pairs", "textbook", "likely")
_CAUTIONS = Origin("caution-rules", "project", "unsure")
_TEACHING = Origin("textbook-herbs", "textbook", "likely")

_PROPERTY = {
    "Therapeutic nature": (
        "nature",
        {"Cold": "寒", "Cool": "凉", "Neutral": "平", "Warm": "温", "Hot": "热"},
    ),
    "Medicinal flavor": (
        "flavour",
        {"Bitter": "苦", "Pungent": "辛", "Sweet": "甘", "Astringent": "涩", "Sour": "酸", "Salty": "咸"},
    ),
}
_MERIDIANS = {
    "Liver": "LR", "Lung": "LU", "Stomach": "ST", "Spleen": "SP", "Kidney": "KI", "Heart": "HT", "Bladder": "BL",
    "Large intestine": "LI", "Gallbladder": "GB", "Small intestine": "SI", "Pericardium": "PC", "Triple burner": "TE",
}  # fmt: skip
_ROUTES = {
    "煎服/汤剂": "煎服",
    "另煎兑服": "另煎兑服",
    "研粉/散剂": "研粉吞服",
    "丸散": "入丸散",
    "外用": "外用",
}


@dataclass
class Herbs:
    """How names are resolved: ``sure`` to one name, ``unclear`` to several."""

    sure: dict[str, str] = field(default_factory=dict)
    unclear: dict[str, list[str]] = field(default_factory=dict)
    processed: dict[str, str] = field(default_factory=dict)

    def term(self, book: Book, name: str) -> str:
        """The id of what a name stands for; empty where that is not one thing."""
        return book.known("herb", name) or book.known("herb", self.sure.get(name, ""))


def gather(book: Book, kb: Path) -> Herbs:
    tables = json.loads((kb / "tcm-knowledge.json").read_text(encoding="utf-8"))
    names = json.loads((kb / "tcm-herb-identity-catalog.json").read_text(encoding="utf-8"))
    herbs = _named(book, names, tables)
    for one in tables["herbs"]:
        term = book.known("herb", one["name"])
        if term:
            for entry in one["entries"]:
                _ENTRIES.get(entry["type"], _nothing)(book, term, entry, herbs)
    _incompatible(book, tables, herbs)
    _ways(book)
    _properties(book, kb)
    _taught(book)
    return herbs


def _named(book: Book, names: dict[str, Any], tables: dict[str, Any]) -> Herbs:
    left_out = {
        name for first, rest in named_lines(HERE / "tcm" / "not_herbs.txt") for name in (first, *rest.split())
    }
    for one in names["entries"]:
        origin = _CHP.at(f"条目 {one['chpEntryId']}") if one["inChp2020"] else _NAMES
        term = book.term("herb", one["standardName"], origin)
        book.fact(term, "in-pharmacopoeia", origin, value="2020" if one["inChp2020"] else "未收载")
    for one in tables["herbs"]:
        if one["name"] not in left_out and one["entries"]:
            book.term("herb", one["name"], _NAMES)
    for name, said in names["resolutionIndex"].items():
        if said["autoResolvable"] and said["canonicalName"] == name:
            book.term("herb", name, _NAMES)
    herbs = _resolved(names)
    _write_names(book, herbs)
    _processed(book, names)
    return herbs


def _processed(book: Book, names: dict[str, Any]) -> None:
    """Names of the pharmacopoeia that are processed forms of others, as 炙黄芪 of 黄芪; leaves are other parts."""
    for one in names["entries"]:
        for variant in one["variants"]:
            form, base = book.known("herb", variant["name"]), book.known("herb", one["standardName"])
            if (
                variant["mappingType"] == "PROCESSED_VARIANT"
                and form
                and form != base
                and not variant["name"].endswith("叶")
            ):
                book.fact(form, "processed-from", _NAMES.less_sure(), object_=base)


def _resolved(names: dict[str, Any]) -> Herbs:
    herbs = Herbs()
    for one in names["entries"]:
        for part in halves(one["standardName"]):
            herbs.sure.setdefault(part, one["standardName"])
    for name, said in names["resolutionIndex"].items():
        if not said["autoResolvable"]:
            herbs.unclear[name] = said.get("candidates", [])
        elif said["status"] == "source_backed_preparation_form":
            herbs.processed[name] = said["canonicalName"]
        elif said["canonicalName"] != name:
            herbs.sure[name] = said["canonicalName"]
    for one in names["ambiguities"]:
        chosen = names["resolutionIndex"].get(one["inputName"], {}).get("canonicalName")
        others = [chosen] if chosen and chosen not in (*one["candidates"], one["inputName"]) else []
        herbs.unclear.setdefault(one["inputName"], [*one["candidates"], *others])
    return herbs


def _write_names(book: Book, herbs: Herbs) -> None:
    for name, of in herbs.processed.items():
        base = book.known("herb", of)
        if base and not book.known("herb", name):
            piece = book.term("piece", name, _NAMES)
            book.fact(piece, "processed-from", _NAMES, object_=base)
    for name, of in herbs.sure.items():
        term = book.known("herb", of)
        if term and name not in herbs.unclear and not book.known("herb", name):
            book.fact(term, "alias", _NAMES, value=name)
    for name, candidates in herbs.unclear.items():
        herbs.sure.pop(name, None)
        for candidate in candidates:
            term = book.known("herb", candidate)
            if term and candidate != name:
                book.fact(term, "ambiguous-alias", _NAMES, value=name)


# -- the entries of a herb, by their type


def _nothing(book: Book, term: str, entry: dict[str, Any], herbs: Herbs) -> None:
    pass


def _range(entry: dict[str, Any]) -> dict[str, Any]:
    return {"low": entry["minG"], "high": entry["maxG"], "unit": "g"}


def _dose(book: Book, term: str, entry: dict[str, Any], herbs: Herbs) -> None:
    del herbs
    origin = _CHP.at(f"条目 {entry['sourceUrl'].rpartition('=')[2]}")
    if entry["minG"] is not None:
        book.fact(term, "dose", origin, value=_said(entry), data=_range(entry))
    for way in filter(None, entry["usageFlags"].split("、")):
        book.fact(term, "decoction" if way in _WAYS else "way-of-use", origin, value=way)


_WAYS = {"先煎", "后下", "包煎", "另煎", "烊化", "冲服", "兑服"}


def _said(entry: dict[str, Any]) -> str:
    low, high = (f"{entry[end]:g}" for end in ("minG", "maxG"))
    return f"{low}g" if low == high else f"{low}–{high}g"


def _route_dose(book: Book, term: str, entry: dict[str, Any], herbs: Herbs) -> None:
    del herbs
    route = _ROUTES.get(entry["routeForm"], entry["routeForm"])
    origin = _CHP if "药典" in entry["basis"] else _CURATED
    data = {"route": route} | (_range(entry) if entry["minG"] is not None else {})
    value = f"{route} {_said(entry)}" if entry["minG"] is not None else f"{route} 适量"
    book.fact(term, "dose-by-route", origin, value=value, data=data)


def _curated(book: Book, term: str, entry: dict[str, Any], herbs: Herbs) -> None:
    del herbs
    if entry["minG"] is not None:
        book.fact(term, "dose", _CURATED, value=_said(entry), data=_range(entry))


def _special(book: Book, term: str, entry: dict[str, Any], herbs: Herbs) -> None:
    del herbs
    origin = _CHP if entry["basis"] == "中国药典2020一部【注意】原文抽取" else _CAUTIONS
    data = {"population": entry["population"], "severity": entry["severity"]}
    book.fact(term, "caution", origin, value=f"{entry['population']}：{entry['riskLevel']}", data=data)


def _risk(book: Book, term: str, entry: dict[str, Any], herbs: Herbs) -> None:
    del herbs
    for category in dict.fromkeys(filter(None, entry["primaryCategory"].split("；"))):
        if category.endswith("药"):
            book.fact(term, "category", _EFFECTS, value=category)
    if entry["toxicity"]:
        book.fact(term, "toxicity", _CHP.less_sure(), value=entry["toxicity"])
    for effect in dict.fromkeys(re.split("[、；]", entry["functionText"])):
        if re.fullmatch(r"[\u3400-\u9fff]{2,6}", effect):
            book.fact(term, "effect", _EFFECTS, object_=book.term("effect", effect, _EFFECTS))


_ENTRIES = {
    "dose": _dose,
    "routeDose": _route_dose,
    "curatedDose": _curated,
    "specialPopulation": _special,
    "herbRisk": _risk,
}


def _incompatible(book: Book, tables: dict[str, Any], herbs: Herbs) -> None:
    for one in tables["herbs"]:
        for entry in one["entries"]:
            if entry["type"] != "incompatibility":
                continue
            left, right = herbs.term(book, entry["leftDrug"]), herbs.term(book, entry["rightDrug"])
            predicate = {"十八反": "opposes", "十九畏": "fears"}.get(entry["category"])
            if left and right and left != right and predicate:
                book.fact(left, predicate, _PAIRS, object_=right, value=entry["formula"])


def _ways(book: Book) -> None:
    for way, rest in named_lines(HERE / "tcm" / "decoctions.txt"):
        for name in rest.split():
            term = book.known("herb", name)
            if term:
                book.fact(term, "decoction", _TEACHING, value=way)


def _properties(book: Book, kb: Path) -> None:
    """Nature, flavour and meridians: by the name of the piece, else by a synonym that one piece alone has."""
    by_name: dict[str, set[str]] = defaultdict(set)
    by_synonym: dict[str, set[str]] = defaultdict(set)
    with (kb / "TCM-MKG_Chinese_herbal_pieces.tsv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            by_name[row["Chinese_herbal_pieces"]].add(row["CHP_ID"])
            for synonym in re.split("[;；|,，、]", row["Chinese_synonyms"] or ""):
                by_synonym[synonym.strip()].add(row["CHP_ID"])
    properties: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with (kb / "TCM-MKG_CHP_Medicinal_properties.tsv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            properties[row["CHP_ID"]].append((row["Class"], row["Medicinal_properties"]))
    for (letter, name), term in list(book.terms.items()):
        if letter != "H":
            continue
        for number in _agreeing(_numbers(name, by_name, by_synonym), properties):
            for class_, value in properties[number]:
                _property(book, term.id, class_, value, _PROPERTIES.at(number))


def _taught(book: Book) -> None:
    """Nature, flavours, meridians and dose of a few herbs that the tables lack."""
    origin = _TEACHING.less_sure()
    for name, rest in named_lines(HERE / "tcm" / "herb_properties.txt"):
        nature, flavours, meridians, *dose = rest.split()
        term = book.term("herb", name, origin)
        book.fact(term, "nature", origin, value=nature)
        for flavour in flavours:
            book.fact(term, "flavour", origin, value=flavour)
        for meridian in meridians.split(","):
            book.fact(term, "enters", origin, object_=meridian)
        for low, high in (given.split("-") for given in dose):
            entry = {"minG": float(low), "maxG": float(high)}
            book.fact(term, "dose", origin, value=_said(entry), data=_range(entry))


def _numbers(name: str, by_name: dict[str, set[str]], by_synonym: dict[str, set[str]]) -> set[str]:
    """The pieces that a name may be, or either half of one like 土鳖虫（䗪虫）."""
    for table in (by_name, by_synonym):
        for part in (name, *halves(name)):
            if part in table:
                return table[part]
    return set()


def _agreeing(numbers: set[str], properties: dict[str, list[tuple[str, str]]]) -> list[str]:
    """The one piece; of several that are said the same of, the first; none if they differ."""
    said = {number: tuple(sorted(properties.get(number, []))) for number in sorted(numbers)}
    telling = {number: words for number, words in said.items() if words}
    return list(telling)[:1] if len(set(telling.values())) == 1 else []


def halves(name: str) -> list[str]:
    """土鳖虫（䗪虫） → 土鳖虫, 䗪虫."""
    return [part for part in re.split("[（）()]", name) if part] if re.search("[（(]", name) else []


def _property(book: Book, term: str, class_: str, said: str, origin: Origin) -> None:
    word = said.removesuffix(" medicinal").removesuffix(" therapeutic").removesuffix(" meridian")
    if class_ == "Meridian tropism":
        book.fact(term, "enters", origin, object_=_MERIDIANS[word])
    elif class_ in _PROPERTY:
        predicate, words = _PROPERTY[class_]
        book.fact(term, predicate, origin, value=words[word])
