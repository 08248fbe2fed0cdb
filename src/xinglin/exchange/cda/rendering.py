"""Any shared document as people read it: facts of the header, sections with their narrative and their elements.

Everything is plain text; markup of a narrative is dropped while it is read, so nothing of a document reaches a page as
markup.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy
from lxml import etree

from xinglin.exchange.cda import checking, kinds
from xinglin.exchange.cda.documents import (
    BED,
    CARD,
    CASE,
    DEPARTMENT,
    EXAMINATION,
    FILE,
    IDENTITY,
    INPATIENT,
    LABORATORY,
    LOCAL_PATIENT,
    OUTPATIENT,
    PRESCRIPTION,
    REQUEST,
    ROOM,
    SPECIMEN,
    WARD,
    place_of,
)
from xinglin.exchange.cda.wording import said, time_words
from xinglin.identity import identifiers

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from xinglin.exchange.cda.documents import Document, Section, Signer, Statement
    from xinglin.exchange.cda.kinds import Part
    from xinglin.exchange.doors import Reason

_LONGEST = 300_000  # characters of the original that a page shows
_TELLING = 8  # digits of a number that tells who somebody is
_NUMBERS = {
    OUTPATIENT: gettext_lazy("Outpatient number"),
    INPATIENT: gettext_lazy("Inpatient number"),
    CASE: gettext_lazy("Medical record number"),
    FILE: gettext_lazy("Health file number"),
    CARD: gettext_lazy("Health card number"),
    LOCAL_PATIENT: gettext_lazy("Patient number"),
    REQUEST: gettext_lazy("Request number"),
    SPECIMEN: gettext_lazy("Specimen number"),
    EXAMINATION: gettext_lazy("Report number"),
    LABORATORY: gettext_lazy("Report number"),
    PRESCRIPTION: gettext_lazy("Prescription number"),
}
_PLACES = {
    BED: gettext_lazy("Bed"),
    ROOM: gettext_lazy("Room"),
    DEPARTMENT: gettext_lazy("Department"),
    WARD: gettext_lazy("Ward"),
}
_SIGNERS = {
    "author": gettext_lazy("Author"),
    "legal": gettext_lazy("Legally responsible"),
    "professional": gettext_lazy("Signed by"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    name: _StrPromise | str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """An element of a section: ``depth`` inside others; ``known`` is whether the template has it."""

    name: str
    code: str
    words: str
    time: str
    depth: int
    known: bool
    place: str


@dataclass(slots=True)
class Shown:
    """A section as it is drawn."""

    title: str
    code: str
    lines: list[str]
    rows: list[Row]
    known: bool
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """A document as it is drawn."""

    title: str
    code: str
    standard: str
    facts: list[Fact]
    sections: list[Shown]
    signers: list[Fact]
    reasons: list[Reason]


def page(document: Document, reasons: list[Reason]) -> Page:
    """The document with what is wrong with it."""
    kind = kinds.find(document.code)
    matched = checking.match(document, kind) if kind else [(one, None) for one in document.all_sections()]
    return Page(
        document.title or (kind.title if kind else ""),
        document.code,
        kind.standard if kind else "",
        facts(document),
        [_shown(section, part) for section, part in matched],
        [_signer(one) for one in document.signers if one.name or one.number.extension],
        reasons,
    )


def facts(document: Document) -> list[Fact]:
    """What the header says; numbers of people are masked."""
    patient = document.patient
    pairs: list[tuple[_StrPromise | str, str]] = [
        (gettext_lazy("Name"), patient.name),
        (gettext_lazy("Sex"), patient.sex.display or _sex(patient.sex.code)),
        (gettext_lazy("Born"), time_words(patient.birth)),
        (gettext_lazy("Age"), f"{patient.age.text}{patient.age.unit}"),
    ]
    pairs += [
        (gettext_lazy("Identity number"), identifiers.mask_identity(one.extension))
        for one in patient.identities
        if one.root == IDENTITY
    ]
    pairs += [(_NUMBERS[one.root], one.extension) for one in patient.numbers if one.root in _NUMBERS]
    pairs += [
        (gettext_lazy("Phone"), identifiers.mask_phone(patient.phone) if patient.phone else ""),
        (gettext_lazy("Address"), patient.address.text),
        (gettext_lazy("Institution"), document.institution.name or document.custodian.name),
        (gettext_lazy("Department"), document.department.name),
    ]
    pairs += [
        (_PLACES[one.number.root], one.name or one.number.extension)
        for one in document.places
        if one.number.root in _PLACES and (one.name or one.number.extension)
    ]
    span = " – ".join(filter(None, (time_words(document.begin), time_words(document.end))))
    pairs += [
        (gettext_lazy("Visit"), span),
        (gettext_lazy("Written"), time_words(document.time)),
        (gettext_lazy("Document number"), document.number.extension),
        (gettext_lazy("Version"), document.version),
        (gettext_lazy("Replaces"), ", ".join(one.number.extension for one in document.replaces)),
    ]
    return [Fact(name, words) for name, words in pairs if words]


def _sex(code: str) -> str:
    table = kinds.table("urn:oid:2.16.156.10011.2.3.3.4")
    return table.codes.get(code, code) if table else code


def _signer(one: Signer) -> Fact:
    words = " ".join(filter(None, (one.name or one.number.extension, time_words(one.time))))
    return Fact(one.role or _SIGNERS.get(one.mode, one.mode), words)


def _shown(section: Section, part: Part | None) -> Shown:
    rows = [row for one in section.statements for row in _rows(one, part, 0)]
    return Shown(
        section.name or (part.name if part else ""),
        section.code,
        section.text.splitlines(),
        rows,
        part is not None,
    )


def _rows(one: Statement, part: Part | None, depth: int) -> list[Row]:
    words = said(one)
    element = part.element(one.code, one.name) if part is not None else None
    name = one.name or (element.name if element is not None else "") or one.code
    made = []
    if words or name:
        when = (
            time_words(one.at) if one.at else " – ".join(filter(None, map(time_words, (one.low, one.high))))
        )
        made.append(
            Row(
                name,
                one.code,
                words,
                when,
                min(depth, 4),
                element is not None,
                place_of(one.node) if one.node is not None else "",
            )
        )
    deeper = depth + 1 if words or name else depth
    for inner in one.inside:
        made += _rows(inner, part, deeper)
    return made


def source(document: Document) -> tuple[str, bool]:
    """The original, indented for reading, and whether all of it is there; numbers of people are masked here too."""
    root = document.node
    etree.indent(root, space="  ")
    text: str = etree.tostring(root, encoding="unicode")
    for one in document.patient.identities:
        if len(one.extension) >= _TELLING:
            text = text.replace(one.extension, identifiers.mask_identity(one.extension))
    if len(document.patient.phone) >= _TELLING:
        text = text.replace(document.patient.phone, identifiers.mask_phone(document.patient.phone))
    return text[:_LONGEST], len(text) <= _LONGEST
