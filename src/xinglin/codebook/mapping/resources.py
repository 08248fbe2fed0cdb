"""A book as a FHIR ConceptMap, and what differs between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from xinglin.codebook.mapping.queries import Book, Line

URL = "urn:xinglin:maps:institution:"


@dataclass(frozen=True, slots=True)
class Said:
    """What a map says of one local code; ``target`` is empty where it says that there is none."""

    code: str
    name: str
    target: str
    display: str
    equivalence: str
    comment: str


@dataclass(frozen=True, slots=True)
class Differences:
    added: list[Said]
    changed: list[tuple[Said, Said]]
    dropped: list[Said]
    same: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.dropped)


def concept_map(book: Book, lines: Iterable[Line], *, version: int, now: datetime) -> dict[str, Any]:
    """The ConceptMap of the lines that are decided: https://hl7.org/fhir/R4/conceptmap.html"""
    elements = [_element(line) for line in sorted(lines, key=lambda line: line.code)]
    made: dict[str, Any] = {
        "resourceType": "ConceptMap",
        "url": f"{URL}{book.id}",
        "version": str(version),
        "name": f"InstitutionMap{book.id}",
        "title": book.title,
        "status": "active",
        "experimental": False,
        "date": now.date().isoformat(),
        "publisher": book.institution or "Xinglin",
    }
    if elements:
        made["group"] = [{"source": book.source, "target": book.target, "element": elements}]
    return {**({"id": book.resource} if book.resource else {}), **made}


def _element(line: Line) -> dict[str, Any]:
    target = {"code": line.target, "display": line.display} if line.target else {}
    target["equivalence"] = line.equivalence if line.target else "unmatched"
    if line.comment:
        target["comment"] = line.comment
    return {"code": line.code, "display": line.name, "target": [target]}


def said(resource: Mapping[str, Any] | None) -> dict[str, Said]:
    """What a map says, by local code."""
    found = {}
    for group in (resource or {}).get("group", ()):
        for element in group.get("element", ()):
            for target in element.get("target", ()):
                found[element["code"]] = Said(
                    code=element["code"],
                    name=element.get("display", ""),
                    target=target.get("code", ""),
                    display=target.get("display", ""),
                    equivalence=target["equivalence"],
                    comment=target.get("comment", ""),
                )
    return found


def differences(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Differences:
    """From ``old`` to ``new``; the name of a local code alone is no difference."""
    before, after = said(old), said(new)
    both = before.keys() & after.keys()
    changed = [
        (before[code], after[code])
        for code in sorted(both)
        if _meaning(before[code]) != _meaning(after[code])
    ]
    return Differences(
        added=[after[code] for code in sorted(after.keys() - before.keys())],
        changed=changed,
        dropped=[before[code] for code in sorted(before.keys() - after.keys())],
        same=len(both) - len(changed),
    )


def _meaning(one: Said) -> tuple[str, str, str]:
    return one.target, one.equivalence, one.comment
