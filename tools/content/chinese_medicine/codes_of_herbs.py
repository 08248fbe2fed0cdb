"""The code system of herbs, for prescriptions: the ids of herbs and of their processed forms."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tools.content.files import CodeSystem, Row

from xinglin.tcm.knowledge import HERB_SYSTEM

if TYPE_CHECKING:
    from tools.content.chinese_medicine.book import Book

_FILE = "tcm-herbs"


def write(book: Book) -> None:
    """Write ``tcm-herbs`` into the content of the terminology."""
    said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for subject, predicate, object_, value, *_ in book.facts.values():
        said[subject][predicate].append(object_ or value)
    herbs = sorted((t for t in book.terms.values() if t.kind in ("herb", "piece")), key=lambda term: term.id)
    CodeSystem(
        _FILE, _about(), [_row(term.id, term.name, term.kind, said[term.id]) for term in herbs]
    ).write()


def _row(id_: str, name: str, kind: str, said: dict[str, list[str]]) -> Row:
    return {
        "code": id_,
        "display": name,
        "parent": (said["processed-from"] or [""])[0],
        "aliases": "|".join(said["alias"]),
        "kind": kind,
    }


def _about() -> dict[str, str | bool | list[str] | list[dict[str, str]]]:
    return {
        "url": HERB_SYSTEM,
        "name": "TcmHerbs",
        "title": "中药饮片",
        "title_en": "Herbs of Chinese medicine and their processed forms",
        "version": "2026.1",
        "effective": "2026-01-01",
        "status": "active",
        "publisher": "Xinglin",
        "standard": "names of the pharmacopoeia of 2020, and others in use; own codes",
        "source": "the knowledge of Chinese medicine that is shipped; names that mean several herbs are left out",
        "confidence": "likely",
        "licence": "Apache-2.0",
        "language": "zh-CN",
        "hierarchy": "grouped-by",
        "case_sensitive": True,
        "content": "complete",
        "compositional": False,
        "properties": [{"code": "kind", "type": "code", "description": "herb, or piece: a processed form"}],
    }
