"""Sections with their narratives and statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda.documents import (
    Document,
    Medicine,
    Section,
    Statement,
    Value,
)
from xinglin.exchange.cda.reading.pieces import (
    SPACES,
    N,
    attribute_of,
    child_of,
    coded_of,
    quantity_of,
    rate_of,
    span_of,
    value_of,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATEMENTS = {
    N + name: name
    for name in (
        "observation", "organizer", "procedure", "act", "substanceAdministration", "supply", "encounter",
        "observationMedia", "regionOfInterest",
    )
}  # fmt: skip
_INSIDE = (N + "entryRelationship", N + "component")
_BREAKS = {"br", "paragraph", "item", "tr", "list", "table", "caption", "td", "th"}


def take_body(document: Document, node: Any) -> None:
    for child in node:
        if child.tag == N + "structuredBody":
            for part in child.iterfind(f"{N}component/{N}section"):
                document.sections.append(_section(part))
        elif child.tag == N + "section":
            document.sections.append(_section(child))
        elif child.tag == N + "nonXMLBody":
            document.unstructured = attribute_of(child_of(child, "text"), "mediaType") or "text/plain"


def _section(node: Any) -> Section:
    section = Section(node=node)
    for child in node:
        tag = child.tag
        if tag == N + "code":
            section.code, section.system = attribute_of(child, "code"), attribute_of(child, "codeSystem")
            section.name = section.name or attribute_of(child, "displayName")
        elif tag == N + "title":
            section.name = words_of(child) or section.name
        elif tag == N + "text":
            section.text = narrative(child)
        elif tag == N + "entry":
            section.statements.extend(_statements(child))
        elif tag == N + "component":
            section.sections.extend(_section(part) for part in child.iterfind(N + "section"))
    return section


def narrative(node: Any) -> str:
    """The text of a narrative, with a line for each block."""
    lines = "".join(_pieces(node)).splitlines()
    return "\n".join(line for line in (SPACES.sub(" ", one).strip() for one in lines) if line)


def _pieces(node: Any) -> Iterator[str]:
    block = node.tag.rpartition("}")[2] in _BREAKS
    cell = node.tag.rpartition("}")[2] in ("td", "th")
    if block:
        yield " " if cell else "\n"
    if node.text:
        yield node.text.replace("\n", " ")
    for child in node:
        yield from _pieces(child)
        if child.tail:
            yield child.tail.replace("\n", " ")
    if block:
        yield " " if cell else "\n"


def _statements(holder: Any) -> Iterator[Statement]:
    """The statements in an entry, entryRelationship or component."""
    for child in holder:
        kind = _STATEMENTS.get(child.tag)
        if kind is not None:
            yield _statement(child, kind)


def _statement(node: Any, kind: str) -> Statement:
    made = Statement(kind, node=node)
    for child in node:
        tag = child.tag
        if tag == N + "code":
            made.code, made.system = attribute_of(child, "code"), attribute_of(child, "codeSystem")
            made.name = attribute_of(child, "displayName")
        elif tag == N + "value":
            made.value = value_of(child)
        elif tag == N + "effectiveTime":
            made.at, made.low, made.high = span_of(child)
        elif tag in _INSIDE:
            made.inside.extend(_statements(child))
        elif tag == N + "performer":
            entity = child_of(child, "assignedEntity")
            if entity is not None:
                made.performer = words_of(child_of(entity, "assignedPerson", "name")) or words_of(
                    child_of(entity, "representedOrganization", "name")
                )
    if kind == "substanceAdministration":
        made.medicine = _medicine(node)
    return made


def _medicine(node: Any) -> Medicine:
    product = child_of(node, "consumable", "manufacturedProduct")
    drug = child_of(product, "manufacturedLabeledDrug") if product is not None else None
    if drug is None and product is not None:
        drug = child_of(product, "manufacturedMaterial")
    named = coded_of(child_of(drug, "code")) if drug is not None else Value()
    if drug is not None and (words := words_of(child_of(drug, "name"))):
        named.display = words
    found = Medicine(
        named,
        quantity_of(child_of(node, "doseQuantity")),
        rate_of(child_of(node, "rateQuantity")),
        coded_of(child_of(node, "routeCode")),
        coded_of(child_of(node, "administrationUnitCode")),
    )
    for name in ("drug", "dose", "rate", "route", "form"):
        if getattr(found, name).is_empty:
            setattr(found, name, Value())
        elif name == "drug":
            found.drug.kind = "CD"
    return found
