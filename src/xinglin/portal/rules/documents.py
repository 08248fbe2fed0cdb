"""What was written in prose: documents and reports, as a list and for reading."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import codings, each, first_date, has_code, moment, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.portal.rules.sources import Source, Sources

_VOID = {"entered-in-error", "cancelled", "registered"}
IMAGING = frozenset(
    {"RAD", "RX", "CT", "MR", "NMR", "CUS", "RUS", "OUS", "VUS", "XRC", "EC", "CG", "ENDO", "LP29684-5"}
)
LABORATORY = frozenset({"LAB", "HM", "CH", "MB", "SR", "BLB", "CP", "LP29693-6", "11502-2"})
_XML = {"application/xml", "text/xml", "application/hl7-v3+xml"}
_CHARSET = re.compile(r"charset=\"?([\w.-]+)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/tr|/h[1-6])\b[^>]*>", re.IGNORECASE)
_BLANKS = re.compile(r"\n\s*\n\s*\n+")


@dataclass(frozen=True, slots=True)
class Document:
    """One document. ``kind`` is ``imaging``, ``laboratory`` or ``document``; ``conclusion`` may be empty."""

    title: str
    kind: str
    conclusion: str
    author: str
    source: Source


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a document to read; ``kind`` is ``finding``, ``conclusion`` or ``text``."""

    kind: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a document holds that is not text: its type and its size in bytes (0 when not told)."""

    title: str
    content_type: str
    size: int

    @property
    def shared(self) -> bool:
        """Whether it is a document in XML, as institutions share them."""
        return self.content_type.partition(";")[0] in _XML


@dataclass(frozen=True, slots=True)
class Content:
    """A document opened."""

    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...]
    results: tuple[str, ...]  # references to Observations


def documents(resources: Iterable[Mapping[str, Any]], sources: Sources) -> tuple[Document, ...]:
    """DocumentReferences, Compositions and DiagnosticReports, the latest first; what a reference is of only once."""
    kept = [r for r in resources if r.get("status") not in _VOID]
    twice = {one.get("reference") for r in kept for one in each((r.get("context") or {}).get("related"))}
    kept = [r for r in kept if f"{r.get('resourceType')}/{r.get('id')}" not in twice]
    kept.sort(key=lambda r: moment(date_of(r)), reverse=True)
    return tuple(document(resource, sources) for resource in kept)


def document(resource: Mapping[str, Any], sources: Sources) -> Document:
    author = next(
        (p for name in ("author", "resultsInterpreter", "performer") for p in each(resource.get(name))), {}
    )
    return Document(
        title=title_of(resource),
        kind=kind_of(resource),
        conclusion=" ".join(str(resource.get("conclusion", "")).split()),
        author=str(author.get("display", "")),
        source=sources.of(resource, date_of(resource)),
    )


def date_of(resource: Mapping[str, Any]) -> str:
    return first_date(resource, "effectiveDateTime", "effectivePeriod", "date", "issued")


def title_of(resource: Mapping[str, Any]) -> str:
    """What it is called: the type's words before the free description."""
    said = (
        resource.get("title"),
        text_of(resource.get("type")),
        text_of(resource.get("code")),
        resource.get("description"),
    )
    return next((str(text) for text in said if text), "")


def kind_of(resource: Mapping[str, Any]) -> str:
    if resource.get("resourceType") != "DiagnosticReport":
        return "document"
    if has_code(resource.get("category"), IMAGING):
        return "imaging"
    laboratory = has_code(resource.get("category"), LABORATORY) or resource.get("result")
    return "laboratory" if laboratory else "document"


def content(resource: Mapping[str, Any]) -> Content:
    """The document for reading. Of marked-up text only the text is read, so no markup reaches the page."""
    parts: list[Part] = []
    attachments: list[Attachment] = []
    report = resource.get("resourceType") == "DiagnosticReport"
    for attachment in _attachments(resource):
        text = _decoded(attachment)
        title = str(attachment.get("title", ""))
        if text is None:
            attachments.append(
                Attachment(title, str(attachment.get("contentType", "")), int(attachment.get("size", 0)))
            )
        else:
            parts.append(Part("finding" if report else "text", title, text))
    parts += [Part("text", str(s.get("title", "")), _narrative(s)) for s in each(resource.get("section"))]
    if resource.get("conclusion"):
        parts.append(Part("conclusion", "", str(resource["conclusion"])))
    if not parts and not attachments:
        parts.append(Part("text", "", _narrative(resource)))
    results = tuple(str(r["reference"]) for r in each(resource.get("result")) if "reference" in r)
    return Content(tuple(p for p in parts if p.text), tuple(attachments), results)


def _narrative(holder: Mapping[str, Any]) -> str:
    return plain(str((holder.get("text") or {}).get("div", "")))


def _attachments(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = [c["attachment"] for c in each(resource.get("content")) if isinstance(c.get("attachment"), dict)]
    return [*held, *each(resource.get("presentedForm"))]


def _decoded(attachment: Mapping[str, Any]) -> str | None:
    """An attachment's text, if it is text and here."""
    kind = str(attachment.get("contentType", "text/plain"))
    if not kind.startswith("text/") or "data" not in attachment:
        return None
    charset = _CHARSET.search(kind)
    try:
        held = b64decode("".join(str(attachment["data"]).split()), validate=True)
        text = held.decode(charset[1] if charset else "utf-8")
    except (binascii.Error, UnicodeDecodeError, LookupError):
        return None
    return plain(text) if kind.startswith("text/html") else text.strip()


def plain(markup: str) -> str:
    """HTML's text, with a line for each block."""
    text = unescape(_TAG.sub("", _BREAK.sub("\n", markup)))
    lines = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return _BLANKS.sub("\n\n", lines).strip()


def encounter_of(resource: Mapping[str, Any]) -> str:
    """The id of the visit that a document is of, as it says itself; or empty."""
    said = [resource.get("encounter"), *each((resource.get("context") or {}).get("encounter"))]
    references = (str((one or {}).get("reference", "")) for one in said)
    return next((r.removeprefix("Encounter/") for r in references if r.startswith("Encounter/")), "")


def codes_of(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The document's type codes, for the reading view."""
    return tuple(code for _, code in codings(resource.get("type") or resource.get("code")))
