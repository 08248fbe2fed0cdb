"""Sections and data elements by the template of the kind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xinglin.exchange.cda import kinds
from xinglin.exchange.cda.checking.elements import check_value
from xinglin.exchange.cda.checking.findings import (
    NO_ELEMENT,
    NO_SECTION,
    NO_VALUE,
    OTHERWISE,
    STRANGE_ELEMENT,
    STRANGE_SECTION,
    Findings,
)
from xinglin.exchange.cda.documents import (
    ELEMENTS,
    LOINC,
)
from xinglin.exchange.doors import ERROR, WARNING

if TYPE_CHECKING:
    from xinglin.exchange.cda.documents import Document, Section
    from xinglin.exchange.cda.kinds import Element, Kind, Part


def check_body(found: Findings, document: Document, kind: Kind) -> None:
    if document.unstructured:
        found.add(
            ERROR, "structure", "/ClinicalDocument/component/nonXMLBody", OTHERWISE,
            name="component", right="structuredBody", found="nonXMLBody",
        )  # fmt: skip
        return
    matched = match(document, kind)
    seen = {part.number for _, part in matched if part is not None}
    for lacking in kind.parts:
        if lacking.required and lacking.number not in seen:
            severity = WARNING if lacking.confidence == "unsure" else ERROR
            found.add(
                severity, "required", "/ClinicalDocument/component/structuredBody", NO_SECTION,
                name=lacking.name, code=lacking.code or "—",
            )  # fmt: skip
    for section, part in matched:
        if part is None:
            found.add(
                WARNING,
                "structure",
                section.node,
                STRANGE_SECTION,
                name=section.name,
                code=section.code or "—",
            )
            for one in section.all():
                check_value(found, one, None)
        else:
            _section(found, section, part)


def match(document: Document, kind: Kind) -> list[tuple[Section, Part | None]]:
    """Which section of the template each section is: by its code, among several by name and by what is in them."""
    left = list(kind.parts)
    found: list[tuple[Section, Part | None]] = []
    for section in document.all_sections():
        fitting = [part for part in left if _fits(section, part)]
        best: Part | None = max(fitting, key=partial(_likeness, section), default=None)
        if best is not None:
            left.remove(best)
        else:  # one that is there already stands here again
            best = next((one for one in kind.parts if _fits(section, one)), None)
        found.append((section, best))
    return found


def _fits(section: Section, part: Part) -> bool:
    if section.code:
        return section.code == part.code
    name = section.name.removesuffix("章节")
    if name and (name == part.name or any(name == one.name for one in part.elements[:1])):
        return True
    within = {one.code for one in section.all() if one.code}
    return not name and bool(within) and within <= {one.code for one in part.elements}


def _likeness(section: Section, part: Part) -> int:
    named = {(one.code, kinds.plain(one.name)) for one in part.elements}
    alike = sum((one.code, kinds.plain(one.name)) in named for one in section.all())
    return alike + (2 if section.name.removesuffix("章节") == part.name else 0)


def _section(found: Findings, section: Section, part: Part) -> None:
    if section.system and section.code and section.system != _system(part.code):
        found.add(
            WARNING, "value", section.node, OTHERWISE,
            name="code/@codeSystem", right=_system(part.code), found=section.system,
        )  # fmt: skip
    seen: set[int] = set()
    for one in section.all():
        element = part.element(one.code, one.name)
        if element is not None:
            if one.value is not None and not one.value.is_empty:
                seen.add(element.number)
            check_value(found, one, element)
        else:
            if one.kind == "observation" and (one.code or one.name):
                found.add(
                    WARNING, "structure", one.node, STRANGE_ELEMENT,
                    name=one.name, code=one.code or "—", section=part.name,
                )  # fmt: skip
            check_value(found, one, None)
    for element in part.elements:
        if element.required and element.number not in seen:
            _missing(found, section, part, element)


def _missing(found: Findings, section: Section, part: Part, element: Element) -> None:
    unsure = "unsure" in (element.confidence, part.confidence)
    holder = next((one for one in section.all() if part.element(one.code, one.name) == element), None)
    severity = WARNING if unsure else ERROR
    if holder is None:
        found.add(
            severity, "required", section.node, NO_ELEMENT,
            name=element.name, code=element.code or "—", section=part.name,
        )  # fmt: skip
    elif not (holder.value is not None and holder.value.null):
        found.add(
            severity, "required", holder.node, NO_VALUE, name=element.name, right=" | ".join(element.types)
        )


def _system(code: str) -> str:
    return ELEMENTS if code.startswith("DE") else LOINC
